//! The first build, which takes long, and how not to do it twice.

use std::process::Command;

use crate::failure::Outcome;
use crate::{process, workspace};

/// Cargo, told to `verb` what of the whole workspace is named next. Some dependencies of a package chosen alone have other features, and RocksDB would be
/// compiled once more for it.
pub fn cargo(verb: &str) -> Command {
    let mut cargo = process::cargo();
    cargo.args([verb, "--workspace"]);
    cargo
}

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
