//! What the end-to-end tests share.

pub mod apps;
pub mod behaviour;
#[cfg(feature = "kafka")]
pub mod failover;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod ledger;
pub mod process;
