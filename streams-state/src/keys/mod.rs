//! Key layouts, Java's byte for byte. Pure functions, no I/O.

pub(crate) mod session;
pub(crate) mod time_first;
pub(crate) mod window;
