//! What makes tasks run on a cluster: the application, its threads, the restorer.

mod app;
mod app_plan;
mod backoff;
mod builder;
mod global;
mod internal_topics;
mod listener;
mod mailbox;
mod metadata;
mod purge;
mod restorer;
mod shared;
mod signal;
mod state;
mod stores;
mod supervisor;
mod thread;
mod thread_state;

pub use app::KafkaStreams;
pub use builder::KafkaStreamsBuilder;
pub use listener::{RestoreEvent, RestoreListener};
pub use metadata::{TaskMetadata, ThreadMetadata};
pub(crate) use shared::Shared;
pub use state::{State, StateListener};
pub(crate) use thread::{Query, ThreadMessage};
pub use thread_state::ThreadState;
