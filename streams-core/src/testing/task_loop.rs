//! One task by itself, for tests and benchmarks of what the engine costs without a cluster.

use super::memory_task::{memory_env, memory_task};
use super::producer::CapturingProducer;
use crate::cluster::{RawRecord, RecordBatch};
use crate::config::StreamsConfig;
use crate::handlers::Handlers;
use crate::task::Task;
use crate::topology::Topology;
use crate::{Error, ErrorKind, Headers, Result};
use std::fmt;
use std::rc::Rc;

/// Task 0_0 of a topology, which gets the same records again and again, all in one batch, and whose output goes nowhere. Stores are in
/// memory. It is the production task otherwise.
pub struct TaskLoop {
    task: Task,
    records: Rc<[(Vec<u8>, Vec<u8>)]>,
    next_offset: i64,
}

impl fmt::Debug for TaskLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskLoop({} records)", self.records.len())
    }
}

impl TaskLoop {
    /// `records`: keys and values, for the first topic that the sub-topology reads.
    ///
    /// # Errors
    /// When a node cannot be made, or there are no records.
    pub fn new(topology: &Topology, records: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Self> {
        let Some(subtopology) = topology.subtopology(0).filter(|_| !records.is_empty()) else {
            return Err(Error::new(ErrorKind::Config, "a task loop needs a sub-topology and records"));
        };
        let settings = StreamsConfig::new("loop", "embedded").settings()?;
        let env = memory_env(&settings, Handlers::from_settings(&settings), CapturingProducer::discarding());
        Ok(TaskLoop { task: memory_task(topology, subtopology, &env, 0)?, records: records.into(), next_offset: 0 })
    }

    /// Queues the records once more.
    pub fn queue(&mut self) {
        self.task.add(0, Box::new(Batch { records: self.records.clone(), first_offset: self.next_offset }));
        self.next_offset += self.records.len() as i64;
    }

    /// Runs what is queued; the answer is how many records that were.
    ///
    /// # Errors
    /// Those of the topology's nodes.
    pub fn run(&mut self) -> Result<usize> {
        self.task.process(0, usize::MAX)
    }

    /// Flushes caches and takes stores to their commit.
    ///
    /// # Errors
    /// Those of nodes and stores.
    pub fn commit(&mut self) -> Result<()> {
        self.task.prepare_commit()?;
        self.task.post_commit()
    }
}

struct Batch {
    records: Rc<[(Vec<u8>, Vec<u8>)]>,
    first_offset: i64,
}

impl RecordBatch for Batch {
    fn len(&self) -> usize {
        self.records.len()
    }
    fn record(&self, index: usize) -> RawRecord<'_> {
        let (key, value) = &self.records[index];
        let offset = self.first_offset + index as i64;
        RawRecord { key: Some(key), value: Some(value), timestamp: offset, offset }
    }
    fn headers(&self, _: usize) -> Headers {
        Headers::new()
    }
}
