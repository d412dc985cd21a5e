//! `GlobalKTable`, and stores that every instance has whole.

mod store;
mod table;

pub use table::GlobalKTable;
