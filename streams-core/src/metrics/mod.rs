//! What the library measures.

mod limit;

pub use limit::LogLimiter;
pub(crate) use limit::NotLogged;
