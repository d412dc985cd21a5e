//! The first build, which takes long.

use crate::failure::Outcome;
use crate::workspace;

/// Says how long the first build takes, unless RocksDB lies built in the target folder.
pub fn announce_first() -> Outcome {
    let builds = workspace::target_dir()?.join("debug/build");
    let has_rocksdb =
        std::fs::read_dir(builds).into_iter().flatten().flatten().any(|entry| {
            entry.file_name().to_string_lossy().starts_with("librocksdb-sys-") && entry.path().join("out/librocksdb.a").is_file()
        });
    if !has_rocksdb {
        eprintln!("The first build compiles RocksDB: about 15 minutes on two cores. Later builds take seconds.");
    }
    Ok(())
}
