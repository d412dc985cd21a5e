use super::*;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn open(dir: &Path) -> StateDirectory {
    StateDirectory::open(dir, "app", false).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn layout_modes_and_process_id_are_java_s() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    assert_eq!((state.path(), mode(state.path())), (&*dir.path().join("app"), 0o750));
    let file = state.path().join("kafka-streams-process-metadata");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{{\"processId\":\"{}\"}}", state.process_id()));
    let task = state.lock_task(2, 13).unwrap().unwrap();
    assert_eq!((task.path(), mode(task.path())), (&*state.path().join("2_13"), 0o750));
    assert_eq!(state.global().unwrap(), state.path().join("global"));
    let id = state.process_id();
    drop((state, task));
    fs::write(&file, format!("{{\"later\": [1], \"processId\": \"{id}\"}}")).unwrap();
    let state = StateDirectory::open(dir.path(), "app", true).unwrap();
    assert_eq!((state.process_id(), mode(state.path())), (id, 0o770), "fields of later versions are ignored");
    drop(state);
    fs::write(&file, "{\"proc").unwrap();
    let renewed = open(dir.path()).process_id();
    assert_ne!(renewed, id, "what a crash cut off is made anew");
    assert_eq!(open(dir.path()).process_id(), renewed);
}

#[test]
fn two_instances_of_one_process_cannot_share_it() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let same = dir.path().join("x/..");
    fs::create_dir(dir.path().join("x")).unwrap();
    let e = StateDirectory::open(&same, "app", false).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Io);
    let expected =
        format!("{} is in use by another instance of the application in this process", state.path().canonicalize().unwrap().display());
    assert!(e.to_string().contains(&expected), "{e}");
    StateDirectory::open(dir.path(), "other-app", false).unwrap();
    let clone = state.clone();
    drop(state);
    assert!(StateDirectory::open(dir.path(), "app", false).is_err(), "a clone still holds it");
    drop(clone);
    open(dir.path());
}

const CHILD: &str = "STREAMS_STATE_LOCK_CHILD";

#[test]
fn another_process_is_named() {
    if let Some(dir) = std::env::var_os(CHILD) {
        let _state = open(Path::new(&dir));
        println!("{CHILD}");
        loop {
            std::thread::park();
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["dir::tests::another_process_is_named", "--exact", "--nocapture"])
        .env(CHILD, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let locked = lines.any(|line| line.unwrap().contains(CHILD));
    let refused = StateDirectory::open(dir.path(), "app", false);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(locked);
    let e = refused.unwrap_err();
    assert!(e.to_string().contains(&format!("is in use by process {}: stop it", child.id())), "{e}");
    // A refusal leaves nothing behind, and the lock went with the process.
    open(dir.path());
}

#[test]
fn a_task_directory_is_held_by_one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let task = state.lock_task(0, 1).unwrap().unwrap();
    assert!(state.lock_task(0, 1).unwrap().is_none());
    assert!(state.lock_task(0, 2).unwrap().is_some());
    let e = state.clean_up().unwrap_err();
    assert!(e.to_string().contains("task 0_1"), "{e}");
    drop(task);
    assert!(state.lock_task(0, 1).unwrap().is_some());
}

#[test]
fn tasks_and_stores_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    for path in [
        "10_2/rocksdb/b",
        "10_2/rocksdb/a",
        "2_0/w/w.0",
        "2_0/w/w.60000",
        "2_1/w/other",
        "3_0",
        "x_1/rocksdb/a",
        "1_/rocksdb/a",
        "+1_1/rocksdb/a",
    ] {
        fs::create_dir_all(state.path().join(path)).unwrap();
    }
    let found: Vec<_> = state.tasks().unwrap().into_iter().map(|task| (task.subtopology, task.partition, task.stores.join(","))).collect();
    assert_eq!(found, [(2, 0, "w".to_owned()), (10, 2, "a,b".to_owned())]);
    state.clean_up().unwrap();
    assert_eq!(state.tasks().unwrap(), []);
    assert!(state.path().join("kafka-streams-process-metadata").exists());
    assert!(state.path().join("x_1").exists(), "only tasks go");
}

#[test]
fn only_tasks_let_go_long_ago_are_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    for task in ["0_0", "0_1", "0_2"] {
        fs::create_dir_all(state.path().join(task).join("rocksdb/s")).unwrap();
        fs::File::open(state.path().join(task)).unwrap().set_modified(long_ago).unwrap();
    }
    let held = state.lock_task(0, 1).unwrap().unwrap();
    drop(state.lock_task(0, 2).unwrap());
    let now = SystemTime::now();
    let gone = state.clean_obsolete(now, Duration::from_secs(600)).unwrap();
    assert_eq!(gone.iter().map(|task| task.partition).collect::<Vec<_>>(), [0], "0_1 is held, 0_2 was held until now");
    assert!(!state.path().join("0_0").exists());
    drop(held);
    assert_eq!(state.clean_obsolete(now, Duration::from_secs(600)).unwrap(), []);
    let later = now + Duration::from_secs(700);
    assert_eq!(state.clean_obsolete(later, Duration::from_secs(600)).unwrap().len(), 2);
    assert!(state.lock_task(0, 0).unwrap().is_some(), "cleaning lets go again");
}

#[test]
fn only_tasks_in_which_nothing_was_written_for_long_are_outdated() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path());
    let (age, now) = (Duration::from_secs(600), SystemTime::now());
    for (task, file_is_old) in [("0_0", true), ("0_1", false)] {
        let store = state.path().join(task).join("rocksdb/s");
        fs::create_dir_all(&store).unwrap();
        fs::write(store.join("000004.log"), b"x").unwrap();
        let long_ago = now - Duration::from_secs(3600);
        let old = [store.join("000004.log"), store.clone(), state.path().join(task).join("rocksdb"), state.path().join(task)];
        for path in &old[usize::from(!file_is_old)..] {
            fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
        }
    }
    let gone = state.clean_outdated(now, age).unwrap();
    assert_eq!(gone.iter().map(|task| task.partition).collect::<Vec<_>>(), [0], "0_1 was killed, and wrote until then");
    assert!(!state.path().join("0_0").exists() && state.path().join("0_1").exists());
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("app"), "a file in the way").unwrap();
    let e = StateDirectory::open(dir.path(), "app", false).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Io);
    let expected = format!("could not create the state directory {}: check `state.dir`", dir.path().join("app").display());
    assert!(e.to_string().contains(&expected), "{e}");
    if !rustix::process::geteuid().is_root() {
        fs::set_permissions(dir.path(), Permissions::from_mode(0o500)).unwrap();
        let e = StateDirectory::open(dir.path(), "other", false).unwrap_err();
        assert!(e.to_string().contains("ermission denied"), "{e}");
    }
}
