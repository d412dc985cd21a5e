//! The ledger: first that it would notice, then what it notices.

#[cfg(feature = "kafka")]
mod kills;
mod sabotage;
