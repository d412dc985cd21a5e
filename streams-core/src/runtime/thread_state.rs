//! The states of a stream thread, as Java's `StreamThread.State`.

use std::fmt;

/// What a stream thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "StreamThread.State")]
pub enum ThreadState {
    /// Made, its loop has not begun.
    Created,
    /// Joining the group for the first time.
    Starting,
    /// Gave up tasks, or lost them; those it kept go on.
    PartitionsRevoked,
    /// Was given tasks; some are still being restored.
    PartitionsAssigned,
    /// Runs all of its tasks.
    Running,
    /// Closing its tasks.
    PendingShutdown,
    /// Ended.
    Dead,
}

impl ThreadState {
    pub(crate) fn may_become(self, next: ThreadState) -> bool {
        use ThreadState::*;
        match self {
            Created => matches!(next, Starting | PendingShutdown),
            Starting | PartitionsRevoked => matches!(next, PartitionsRevoked | PartitionsAssigned | PendingShutdown),
            PartitionsAssigned | Running => matches!(next, PartitionsRevoked | PartitionsAssigned | Running | PendingShutdown),
            PendingShutdown => next == Dead,
            Dead => false,
        }
    }

    /// Between its start and the beginning of its end.
    pub fn is_alive(self) -> bool {
        !matches!(self, ThreadState::Created | ThreadState::PendingShutdown | ThreadState::Dead)
    }
}

impl fmt::Display for ThreadState {
    /// Java's word, such as `PARTITIONS_ASSIGNED`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ThreadState::Created => "CREATED",
            ThreadState::Starting => "STARTING",
            ThreadState::PartitionsRevoked => "PARTITIONS_REVOKED",
            ThreadState::PartitionsAssigned => "PARTITIONS_ASSIGNED",
            ThreadState::Running => "RUNNING",
            ThreadState::PendingShutdown => "PENDING_SHUTDOWN",
            ThreadState::Dead => "DEAD",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ThreadState::{self, *};

    #[test]
    fn transitions_are_javas_table() {
        const ALL: [ThreadState; 7] = [Created, Starting, PartitionsRevoked, PartitionsAssigned, Running, PendingShutdown, Dead];
        // StreamThread.State: CREATED(1, 5), STARTING(2, 3, 5), PARTITIONS_REVOKED(2, 3, 5), PARTITIONS_ASSIGNED(2, 3, 4, 5), RUNNING(2, 3, 4, 5),
        // PENDING_SHUTDOWN(6), DEAD
        let java: [&[usize]; 7] = [&[1, 5], &[2, 3, 5], &[2, 3, 5], &[2, 3, 4, 5], &[2, 3, 4, 5], &[6], &[]];
        for (from, legal) in ALL.iter().zip(java) {
            for (number, to) in ALL.iter().enumerate() {
                assert_eq!(from.may_become(*to), legal.contains(&number), "{from} -> {to}");
            }
        }
    }
}
