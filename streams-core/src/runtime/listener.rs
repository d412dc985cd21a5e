//! What an application may listen to.

use crate::TopicPartition;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Progress of the restore of one store (Java: `StateRestoreListener`).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RestoreEvent<'a> {
    /// Begins at offset `start` of the changelog; `end` is where the log ended then. Equal when there is nothing to read.
    Start {
        /// Where it is restored from.
        changelog: &'a TopicPartition,
        /// The store's name.
        store: &'a str,
        /// First offset to be read.
        start: i64,
        /// Offset after the last one.
        end: i64,
    },
    /// A batch was applied.
    Batch {
        /// Where it is restored from.
        changelog: &'a TopicPartition,
        /// The store's name.
        store: &'a str,
        /// Offset of the batch's last record.
        end_offset: i64,
        /// How many records the batch had.
        records: u64,
    },
    /// The store is complete.
    End {
        /// Where it is restored from.
        changelog: &'a TopicPartition,
        /// The store's name.
        store: &'a str,
        /// How many records were applied in all.
        total: u64,
    },
    /// The task went away before its store was complete; what was applied is kept.
    Suspended {
        /// Where it is restored from.
        changelog: &'a TopicPartition,
        /// The store's name.
        store: &'a str,
        /// How many records were applied so far.
        total: u64,
    },
}

/// Called on the restorer's thread, in order for each changelog partition. It should return soon: restoring waits for it.
pub type RestoreListener = Arc<dyn Fn(&RestoreEvent<'_>) + Send + Sync>;

pub(crate) fn tell(listener: Option<&RestoreListener>, event: &RestoreEvent<'_>) {
    if let Some(listener) = listener
        && catch_unwind(AssertUnwindSafe(|| listener(event))).is_err()
    {
        tracing::error!(target: "streams::restore", ?event, "the restore listener panicked; restoring goes on");
    }
}
