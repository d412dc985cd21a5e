//! Tasks by themselves, as the driver runs them.

mod choice;
mod dropped;
mod finals;
