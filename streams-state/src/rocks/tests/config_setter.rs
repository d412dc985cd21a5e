//! Options that the user changes.

use super::*;
use rocksdb::DBCompactionStyle;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

#[test]
fn users_change_the_options_of_a_store_but_not_what_its_rows_need() {
    let dir = tempfile::tempdir().unwrap();
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let told = seen.clone();
    let setter = move |store: &str, options: &mut Options| {
        told.lock().unwrap().insert(store.to_owned());
        options.set_max_open_files(77);
        options.set_write_buffer_size(3 << 20);
        options.set_atomic_flush(false);
        options.set_num_levels(7);
        options.set_compaction_style(DBCompactionStyle::Level);
    };
    let shared = SharedResources::with_config_setter(ResourceLimits::default(), Arc::new(setter));
    let env = OpenEnv { shared, ..env(dir.path()) };
    let counts = Stores::key_value::<String, u64>("counts").build().unwrap();
    let windows = Stores::window::<String, u64>("windows", Duration::from_secs(3600), Duration::from_secs(60)).build().unwrap();
    drop(counts.open(&env).unwrap());
    let mut store: Box<WindowStore<String, u64>> = windows.open(&env).unwrap().into_any().downcast().unwrap();
    store.put(b"k", MINUTE, Some(1), 0, Origin::default()).unwrap();
    store.flush(&mut NoChangelog).unwrap();
    store.commit(Some(0), &[]).unwrap();
    assert_eq!(store.fetch(b"k", MINUTE).unwrap(), Some((1, 0)));
    assert_eq!(*seen.lock().unwrap(), ["counts", "windows"].map(str::to_owned).into());
    let options = |database: &Path| {
        let files = std::fs::read_dir(database).unwrap().map(|file| file.unwrap().path());
        let newest = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("OPTIONS-")).max().unwrap();
        std::fs::read_to_string(newest).unwrap()
    };
    let task = env.task_dir.unwrap();
    let of_counts = options(&task.join("rocksdb/counts"));
    for line in ["max_open_files=77", "write_buffer_size=3145728", "atomic_flush=true"] {
        assert!(of_counts.contains(line), "{line} in {of_counts}");
    }
    let segment = std::fs::read_dir(task.join("windows")).unwrap().next().unwrap().unwrap().path();
    let of_windows = options(&segment);
    for line in ["num_levels=1", "compaction_style=kCompactionStyleUniversal", "write_buffer_size=3145728"] {
        assert!(of_windows.contains(line), "{line} in {of_windows}");
    }
}

#[test]
fn a_setter_that_panics_is_an_error_of_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let setter = |store: &str, _: &mut Options| assert_ne!(store, "counts", "not for this one");
    let shared = SharedResources::with_config_setter(ResourceLimits::default(), Arc::new(setter));
    let env = OpenEnv { shared, ..env(dir.path()) };
    let open = |name: &str| Stores::key_value::<String, u64>(name).build().unwrap().open(&env).map(drop);
    let error = open("counts").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UserCode);
    assert!(error.to_string().starts_with("store counts: the RocksDB config setter panicked: "), "{error}");
    assert!(error.to_string().contains("not for this one"), "{error}");
    open("others").unwrap();
}
