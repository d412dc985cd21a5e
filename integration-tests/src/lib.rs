//! What the end-to-end tests share.

pub mod apps;
pub mod behaviour;
#[cfg(feature = "kafka")]
pub mod failover;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(feature = "kafka")]
mod keyed_load;
pub mod ledger;
#[cfg(feature = "kafka")]
pub mod memory;
pub mod process;
