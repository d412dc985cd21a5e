//! The ledger: an application whose every effect can be traced to its cause, a load with an id in every record, and a checker that computes
//! from topics and store dumps, with nothing but its own code, whether anything was lost, counted twice, reordered or invented.
//!
//! `kills` runs it while processes and brokers die; `docs/RELIABILITY.md` says what its measures mean.

mod app;
mod checker;
mod entry;
mod evidence;
mod stage_checker;
mod stages;

#[cfg(feature = "kafka")]
mod collect;
#[cfg(feature = "kafka")]
mod faults;
#[cfg(feature = "kafka")]
mod load;
#[cfg(feature = "kafka")]
mod lost_markers;
#[cfg(feature = "kafka")]
mod offline;
#[cfg(feature = "kafka")]
mod run;
#[cfg(feature = "kafka")]
mod scene;

pub use app::{CHAIN_STORE, Topics, WINDOW_MS, topology};
pub use checker::{Findings, Guarantee, check};
pub use entry::{Entry, Link, next_hash};
pub use evidence::{Evidence, StageEvidence, Window};
pub use stages::{GRACE_MS, Half, PAIR_GRACE_MS, PAIR_WINDOW_MS, StageTopics, block_of, group_of, group_that_grows};

#[cfg(feature = "kafka")]
pub use faults::Fault;
#[cfg(feature = "kafka")]
pub use lost_markers::LostMarkers;
#[cfg(feature = "kafka")]
pub use offline::Offline;
#[cfg(feature = "kafka")]
pub use run::{Plan, Report, run};
#[cfg(feature = "kafka")]
pub use scene::restored;
