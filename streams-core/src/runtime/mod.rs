//! What makes tasks run on a cluster: the application, its threads, the restorer.
#![allow(dead_code)]

mod backoff;
mod listener;
mod mailbox;
mod restorer;
mod state;
mod thread_state;

pub use listener::{RestoreEvent, RestoreListener};
pub use state::{State, StateListener};
pub use thread_state::ThreadState;
