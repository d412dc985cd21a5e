//! The life of a running task: records wait in its queues, are chosen by time, run through its graph, and are committed. It does no I/O and
//! reads no clock: the stream thread hands it records and time, and its collector hands what it writes to the thread's producer.

mod collector;
mod metadata;
mod process;
mod producer;
mod publish;
mod queue;
mod settings;

pub(crate) use producer::{SharedProducer, ThreadProducer};
pub(crate) use settings::{TaskEnv, TaskSettings};

use crate::cluster::{CommittedOffset, RecordBatch};
use crate::error::panic_text;
use crate::exec::{Cx, Graph, KeptNumbers};
use crate::handlers::TimestampExtractor;
use crate::metrics::{StoreMetrics, TaskMetrics};
use crate::topology::{NodeKind, Topology};
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use collector::RecordCollector;
use metadata::PartitionMetadata;
use queue::RecordQueue;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use streams_state::NO_HEADERS;
use streams_state::store::{Changelog, Origin, PositionEntry, StateStore};

/// A task that is restored and running. Lives on its thread.
pub(crate) struct Task {
    id: TaskId,
    graph: Graph,
    queues: Vec<RecordQueue>,
    /// By the index of the input: the offset that was committed when the task began.
    committed: Vec<Option<i64>>,
    settings: Arc<TaskSettings>,
    /// When an input was first found empty while others wait for it; `None` while nothing waits.
    idle_since_ms: Option<i64>,
    /// Something was done since the last commit began.
    changed: bool,
    /// How far the commit that has begun takes the inputs.
    sealed: Option<Vec<PositionEntry>>,
    /// It was said that there is too much to be kept with the offsets.
    told_left_out: bool,
    /// Records to be left out: they made user code panic, and the policy said to go on without them.
    skip: Vec<(usize, i64)>,
    poisoned: Option<(usize, i64)>,
    metrics: Arc<TaskMetrics>,
    /// By the index of the store.
    store_metrics: Vec<Arc<StoreMetrics>>,
}

impl Task {
    /// Builds the graph on this thread.
    ///
    /// `inputs`: the partitions it reads, by the order of the sub-topology's sources, those that exist. `stores`: opened and restored, in the
    /// order of the sub-topology's. `committed`: what the group has for each input. `skip`: (index of the input, offset) of records to leave out.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        topology: &Topology,
        id: TaskId,
        inputs: Vec<TopicPartition>,
        stores: Vec<Box<dyn StateStore>>,
        committed: &[Option<CommittedOffset>],
        env: TaskEnv,
        now_ms: i64,
        skip: &[(usize, i64)],
    ) -> Result<Task> {
        let subtopology = topology
            .subtopology(id.subtopology)
            .ok_or_else(|| Error::new(ErrorKind::Internal, format!("task {id} is of a sub-topology that the topology does not have")))?;
        let (mut queues, mut stream_time) = (Vec::with_capacity(inputs.len()), i64::MIN);
        let mut kept = KeptNumbers::new(env.settings.remember_stream_time);
        for (index, input) in inputs.iter().enumerate() {
            let source = subtopology.sources.iter().position(|s| *s.topic.resolve(&env.application_id) == *input.topic);
            let Some(source) = source else {
                return Err(Error::new(ErrorKind::Internal, format!("task {id} does not read topic {}", input.topic)));
            };
            let extractor: Arc<dyn TimestampExtractor> = match &topology.nodes()[subtopology.sources[source].node].kind {
                NodeKind::Source { extractor: Some(extractor), .. } => extractor.clone(),
                _ => env.settings.handlers.timestamp_extractor.clone(),
            };
            let metadata = PartitionMetadata::decode(committed.get(index).and_then(|c| c.as_ref()).map_or("", |c| &c.metadata));
            if let Some(time) = metadata.time {
                stream_time = stream_time.max(time);
            }
            metadata.kept.iter().for_each(|(name, number)| kept.merge(name, number));
            queues.push(RecordQueue::new(input.clone(), index, source, extractor, metadata.time));
        }
        let collector = RecordCollector::new(id, subtopology, &env)?;
        let metrics = env.metrics(id);
        let cx = Cx {
            out: Box::new(collector),
            handlers: Arc::new(env.settings.handlers.clone()),
            inputs,
            stream_time,
            wall_clock: now_ms,
            origin: Origin::default(),
            in_hand: None,
            timestamp: stream_time,
            headers: NO_HEADERS.clone(),
            in_record: false,
            record_known: false,
            task_id: id,
            application_id: env.application_id.clone(),
            facts: env.facts(),
            commit_requested: false,
            timers: Default::default(),
            metrics: metrics.clone(),
            budget: env.budget.clone(),
            kept,
            globals: env.globals.clone(),
            touched: usize::MAX,
        };
        let mut graph = Graph::new(topology.nodes(), subtopology, stores, cx, &|node| env.node_metrics(id, node))?;
        let store_metrics = graph.stores_mut().names().iter().map(|store| env.store_metrics(id, store)).collect();
        Ok(Task {
            id,
            graph,
            committed: (0..queues.len()).map(|input| committed.get(input)?.as_ref().map(|committed| committed.offset)).collect(),
            queues,
            settings: env.settings.clone(),
            idle_since_ms: None,
            changed: false,
            sealed: None,
            told_left_out: false,
            skip: skip.to_vec(),
            poisoned: None,
            metrics,
            store_metrics,
        })
    }

    pub fn id(&self) -> TaskId {
        self.id
    }

    /// One more input of the source that input `like` has; the answer is its index.
    pub fn add_input(&mut self, partition: TopicPartition, like: usize) -> usize {
        let index = self.queues.len();
        let queue = self.queues[like].of_same_source(partition.clone(), index);
        self.queues.push(queue);
        self.committed.push(None);
        self.graph.cx_mut().inputs.push(partition);
        index
    }

    /// The input's topic was deleted: nothing can be committed for it.
    pub fn input_deleted(&mut self, input: usize) {
        self.queues[input].deleted = true;
    }

    /// Whether the queue of an input has room for another batch.
    pub fn wants(&self, input: usize) -> bool {
        self.queues[input].len() < self.settings.buffered_records
    }

    /// Queues records as fetched.
    pub fn add(&mut self, input: usize, batch: Box<dyn RecordBatch>) {
        self.queues[input].push(batch);
    }

    /// Told when a fetch gave nothing: whether the cluster has nothing more either.
    pub fn set_caught_up(&mut self, input: usize, caught_up: bool) {
        self.queues[input].caught_up = caught_up;
    }

    /// When the next wall-clock punctuation is due.
    pub fn next_wall_clock(&self) -> Option<i64> {
        self.graph.cx().timers.next_wall_clock()
    }

    /// Whether there is anything that the last commit did not cover; a commit that has begun counts until `post_commit`.
    pub fn commit_needed(&self) -> bool {
        self.changed || self.sealed.is_some()
    }

    /// Whether user code asked for a commit since the last call.
    pub fn take_commit_request(&mut self) -> bool {
        std::mem::take(&mut self.graph.cx_mut().commit_requested)
    }

    /// Bytes that wait for their commit, in stores and before them.
    pub fn uncommitted_bytes(&mut self) -> usize {
        self.graph.uncommitted_bytes()
    }

    /// Begins a commit: forwards what caches hold back, so that all output and all changes are with the producer, and remembers how far that
    /// goes; the answer is what to commit. The task may go on before the commit is made. May be called again when it was not.
    pub fn prepare_commit(&mut self) -> Result<Vec<(TopicPartition, CommittedOffset)>> {
        self.caught(|task| task.graph.flush())?;
        self.graph.seal_stores().map_err(|e| e.at(format!("task {}", self.id)))?;
        let (mut offsets, mut position) = (Vec::with_capacity(self.queues.len()), Vec::with_capacity(self.queues.len()));
        let mut left_out = 0;
        for (queue, committed) in self.queues.iter().zip(&self.committed).filter(|(queue, _)| !queue.deleted) {
            // as in Java inputs without news take part: all of them have the same numbers then, and none has old ones
            let kept = &self.graph.cx().kept;
            if let Some(offset) = queue.next_offset().or(committed.filter(|_| kept.iter().next().is_some())) {
                let metadata;
                (metadata, left_out) = PartitionMetadata::encode(queue.time(), kept);
                offsets.push((queue.input.clone(), CommittedOffset { offset, metadata }));
            }
            if let Some(offset) = queue.last_offset() {
                position.push(PositionEntry { topic: queue.input.topic.to_string(), partition: queue.input.partition, offset });
            }
        }
        (self.changed, self.sealed) = (false, Some(position));
        if left_out > 0 && !std::mem::replace(&mut self.told_left_out, true) {
            metadata::tell_left_out(self.id, left_out);
        }
        Ok(offsets)
    }

    /// After everything is acknowledged and the offsets are committed: takes the stores to where the commit began, rows and changelog offset
    /// together.
    pub fn post_commit(&mut self) -> Result<()> {
        if let Some(position) = &self.sealed {
            self.graph.commit_stores(position).map_err(|e| e.at(format!("task {}", self.id)))?;
        }
        self.sealed = None;
        Ok(())
    }

    /// After `process` failed: the record to leave out, when the policy says to go on without it.
    pub fn take_poisoned(&mut self) -> Option<(usize, i64)> {
        self.poisoned.take()
    }

    /// Drops the graph and gives the stores back; `clean: false` takes them back to the last commit.
    pub fn into_stores(self, clean: bool) -> Result<Vec<Box<dyn StateStore>>> {
        // what user code drops may panic, as what it calls
        let id = self.id;
        let stores = catch_unwind(AssertUnwindSafe(|| self.graph.into_stores()))
            .unwrap_or_else(|panic| Err(Error::new(ErrorKind::UserCode, format!("panic while closing: {}", panic_text(&*panic)))));
        let mut stores = stores.map_err(|e| e.at(format!("task {id}")))?;
        if !clean {
            stores.iter_mut().for_each(|store| store.abort());
        }
        Ok(stores)
    }

    /// The next record of an input to be processed; `None` before the first one came.
    pub fn next_offset(&self, input: usize) -> Option<i64> {
        self.queues.get(input)?.next_offset()
    }

    /// For queries and tests: the stores in use.
    pub fn stores_mut(&mut self) -> &mut crate::exec::StoreSlots {
        self.graph.stores_mut()
    }

    /// For tests: where stores write their changelogs.
    pub fn changelog(&mut self) -> &mut dyn Changelog {
        &mut *self.graph.cx_mut().out
    }
}
