//! Key layouts, Java's byte for byte. Pure functions, no I/O.

pub(crate) mod session;
pub(crate) mod window;
