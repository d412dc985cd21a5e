//! What the end-to-end tests share.

pub mod apps;
pub mod behaviour;
