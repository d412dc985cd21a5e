//! What an application tells about its threads.

use super::ThreadState;
use crate::{TaskId, TopicPartition};

/// A stream thread and its tasks (Java: `ThreadMetadata`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadMetadata {
    /// The thread's name.
    pub name: String,
    /// What it is doing.
    pub state: ThreadState,
    /// Its tasks, by id.
    pub tasks: Vec<TaskMetadata>,
}

/// A task of a thread (Java: `TaskMetadata`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskMetadata {
    /// The task.
    pub id: TaskId,
    /// The partitions it reads.
    pub partitions: Vec<TopicPartition>,
    /// Whether it processes records; otherwise its state is being restored.
    pub running: bool,
}
