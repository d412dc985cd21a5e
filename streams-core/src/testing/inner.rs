//! What a test driver, its topics and its stores share.

use super::producer::{Written, WrittenRecords};
use super::store::TestRow;
use crate::cluster::{RawRecord, RecordBatch};
use crate::metrics::MetricsRegistry;
use crate::task::Task;
use crate::topology::TopicPattern;
use crate::{Error, ErrorKind, Headers, Result, TopicPartition};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use streams_state::store::{Changelog, Origin, StateStore};

/// What driver, topics and stores share.
pub(super) struct Inner {
    pub tasks: Vec<Task>,
    pub metrics: Arc<MetricsRegistry>,
    /// Task and input index of each topic that is read.
    pub readers: HashMap<Arc<str>, (usize, usize)>,
    /// The same of patterns, whose topics get inputs of their own when they are first written to.
    pub patterns: Vec<(TopicPattern, (usize, usize))>,
    pub written: WrittenRecords,
    pub outputs: BTreeMap<Arc<str>, VecDeque<Written>>,
    pub offsets: HashMap<Arc<str>, i64>,
    pub now_ms: i64,
    pub commit_by_hand: bool,
    pub closed: bool,
}

#[cold]
pub(super) fn driver_closed() -> Error {
    Error::new(ErrorKind::Closed, "the test driver is closed: keep it for as long as its topics are written to and its stores are used")
}

impl Inner {
    /// Runs one record, and everything that follows from it.
    pub fn pipe(&mut self, record: Written) -> Result<()> {
        if self.closed {
            return Err(driver_closed());
        }
        self.run(record)?;
        if self.commit_by_hand { Ok(()) } else { self.settle() }
    }

    /// Who reads a topic: task and input.
    fn reader(&mut self, topic: &Arc<str>) -> Option<(usize, usize)> {
        if let Some(reader) = self.readers.get(topic) {
            return Some(*reader);
        }
        let &(_, (task, like)) = self.patterns.iter().find(|(pattern, _)| pattern.matches(topic))?;
        let input = self.tasks[task].add_input(TopicPartition::new(topic.clone(), 0), like);
        self.readers.insert(topic.clone(), (task, input));
        Some((task, input))
    }

    fn run(&mut self, record: Written) -> Result<()> {
        let Some((task, input)) = self.reader(&record.topic) else {
            return Err(Error::new(ErrorKind::Topology, format!("the topology does not read topic {}", record.topic)));
        };
        let offset = self.offsets.entry(record.topic.clone()).or_insert(0);
        let batch = OneRecord { offset: *offset, record };
        *offset += 1;
        let task = &mut self.tasks[task];
        task.add(input, Box::new(batch));
        while task.process(self.now_ms, usize::MAX)? > 0 {}
        Ok(())
    }

    /// Commits all tasks, and lets them read what they wrote, until nothing moves. As Java's driver, it commits after every record, those of
    /// internal topics included.
    pub fn settle(&mut self) -> Result<()> {
        let mut internal = VecDeque::new();
        loop {
            for task in &mut self.tasks {
                task.prepare_commit()?;
                task.post_commit()?;
            }
            let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
            for record in written {
                if self.reader(&record.topic).is_some() {
                    internal.push_back(record.clone());
                }
                self.outputs.entry(record.topic.clone()).or_default().push_back(record);
            }
            let Some(next) = internal.pop_front() else { return Ok(()) };
            self.run(next)?;
            while self.commit_by_hand
                && let Some(next) = internal.pop_front()
            {
                self.run(next)?;
            }
        }
    }

    /// Closes processors and stores, once, after a last commit if it is wanted; what was written can still be read. All are closed, whatever
    /// fails before; the first failure is the answer, the others are logged.
    pub fn close(&mut self, commit: bool) -> Result<()> {
        if std::mem::replace(&mut self.closed, true) {
            return Ok(());
        }
        let committed = if commit { self.settle() } else { Ok(()) };
        let clean = commit && committed.is_ok();
        let mut results = vec![committed];
        self.readers.clear();
        self.patterns.clear();
        // global stores come first and go last: others read them
        for task in self.tasks.drain(..).rev() {
            match task.into_stores(clean) {
                Ok(stores) => results.extend(stores.into_iter().map(|store| store.close().map_err(Error::from))),
                Err(error) => results.push(Err(error)),
            }
        }
        let mut errors = results.into_iter().filter_map(Result::err);
        let first = errors.next();
        errors.for_each(|error| tracing::error!(target: "streams::testing", "closing the test driver: {error}"));
        first.map_or(Ok(()), Err)
    }

    pub fn rows(&mut self, name: &str) -> Result<Option<Vec<TestRow>>> {
        for task in &mut self.tasks {
            let stores = task.stores_mut();
            if let Some(index) = stores.index_of(name) {
                let mut rows = Vec::new();
                let there_are = stores.rows(index, &mut |row| rows.push(TestRow::from(row)))?;
                return Ok(there_are.then_some(rows));
            }
        }
        Ok(None)
    }

    /// A store, and the index of the task that it belongs to.
    pub fn store<S: StateStore>(&mut self, name: &str) -> Option<(usize, Rc<RefCell<S>>)> {
        self.tasks.iter_mut().enumerate().find_map(|(number, task)| {
            let stores = task.stores_mut();
            let index = stores.index_of(name)?;
            Some((number, stores.typed::<S>(index).ok()?))
        })
    }

    /// Changes a store of a task, and runs everything that follows from it. `change` is told what the change is made by, which is no record,
    /// and where changelog records go.
    pub fn change<R>(&mut self, task: usize, change: impl FnOnce(Origin, &mut dyn Changelog) -> Result<R>) -> Result<R> {
        let result = change(Origin::default(), self.tasks[task].changelog())?;
        if !self.commit_by_hand {
            self.settle()?;
        }
        Ok(result)
    }
}

/// A batch of one.
struct OneRecord {
    offset: i64,
    record: Written,
}

impl RecordBatch for OneRecord {
    fn len(&self) -> usize {
        1
    }
    fn record(&self, _: usize) -> RawRecord<'_> {
        let Written { key, value, timestamp, .. } = &self.record;
        RawRecord { key: key.as_deref(), value: value.as_deref(), timestamp: *timestamp, offset: self.offset }
    }
    fn headers(&self, _: usize) -> Headers {
        self.record.headers.clone()
    }
}
