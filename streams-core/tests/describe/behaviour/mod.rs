//! What Java's test driver answered to random records, recorded by `cargo xtask oracle record`: outputs, changelogs and repartition topics must
//! be the same here, step by step, byte by byte, and so must the rows of all stores at the end. `STREAMS_ORACLE` names another folder of
//! recordings.

mod kinds;
mod known;
mod recording;
mod replay;
mod sabotage;

use crate::optimized::BEFORE_THE_JOIN;
use crate::topologies;
use recording::{Recording, recordings};
use replay::{Difference, difference};
use std::path::PathBuf;
use streams_core::config::TopologyOptimization;

/// A folder of recordings: the one that the variable names, or the repository's.
fn folder(variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| crate::compare::folder(name), PathBuf::from)
}

#[test]
fn every_recording_is_answered_as_java_does() {
    compare_all(folder("STREAMS_ORACLE", "behaviour"), TopologyOptimization::NONE);
}

/// Those that optimisation changes, recorded with it.
#[test]
fn every_optimized_recording_is_answered_as_java_does() {
    compare_all(folder("STREAMS_ORACLE_OPTIMIZED", "behaviour-optimized"), TopologyOptimization::ALL);
}

/// Of each topology the first difference. One recording is held at a time: they may be large.
fn compare_all(folder: PathBuf, optimization: TopologyOptimization) {
    let all = topologies();
    let (mut differences, mut compared, mut cases) = (Vec::new(), 0, 0);
    for file in recordings(&folder) {
        let recording = Recording::read(&file);
        let Some(write) = all.get(recording.id()) else { continue };
        if optimization != TopologyOptimization::NONE && BEFORE_THE_JOIN.contains(&recording.id()) {
            continue;
        }
        compared += 1;
        cases += recording.cases().len();
        differences.extend(difference(&recording, *write, optimization));
    }
    assert!(compared > 0, "none of the recordings is of a topology of this crate");
    println!("{compared} topologies compared, {cases} cases");
    let told: Vec<String> = differences.iter().map(Difference::to_string).collect();
    assert!(told.is_empty(), "{} of {compared} topologies differ\n{}", told.len(), told.join("\n"));
}
