//! Building a task's graph, children first, and the calls that a task makes to it between records.

use super::cx::Cx;
use super::edge::ErasedEdge;
use super::env::GraphEnv;
use super::source::{CountedSource, SourceNode};
use super::stores::StoreSlots;
use super::stream_time::resume;
use super::timers::{PunctuationType, TimerId};
use super::wrapper::AroundNode;
use crate::cluster::RawRecord;
use crate::error::panic_text;
use crate::metrics::NodeMetrics;
use crate::topology::{NodeKind, NodeSpec, StoreLog, Subtopology};
use crate::{Error, ErrorKind, Headers, Result};
use std::any::{TypeId, type_name};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use streams_state::store::{PositionEntry, StateStore};

/// The key and value type of one end of an edge.
#[derive(Clone, Copy)]
pub(crate) struct Types {
    pub id: TypeId,
    pub name: &'static str,
}

impl Types {
    pub fn of<K: 'static, V: 'static>() -> Self {
        Types { id: TypeId::of::<(K, V)>(), name: type_name::<(K, V)>() }
    }
}

/// What a factory made.
pub(crate) enum Built {
    Edge(ErasedEdge),
    Source(Box<dyn SourceNode>),
}

/// Makes one physical node for one task. Lives in the topology, shared by all tasks.
pub(crate) trait NodeFactory: Send + Sync {
    /// `None` for a source.
    fn input(&self) -> Option<Types>;
    /// `None` for a sink.
    fn output(&self) -> Option<Types>;
    fn build(&self, env: &mut GraphEnv<'_>, next: Vec<ErasedEdge>) -> Result<Built>;
}

/// The calls a task makes to a node between records.
pub(crate) trait Maintain {
    /// Forwards what the node's cache holds back.
    fn flush(&mut self, _cx: &mut Cx) -> Result<()> {
        Ok(())
    }
    /// Gives up one cache entry, forwarding it if it was held back; false when there is none.
    fn evict(&mut self, _cx: &mut Cx) -> Result<bool> {
        Ok(false)
    }
    fn punctuate(&mut self, _cx: &mut Cx, _timer: TimerId, _time: i64) -> Result<()> {
        Ok(())
    }
    /// Bytes of changes that wait for a flush, beside the node's store.
    fn held_bytes(&self) -> usize {
        0
    }
    /// The node is about to be dropped for good.
    fn close(&mut self, _cx: &mut Cx) {}
}

/// A node held by its parents' edges and by the task.
pub(crate) struct Outside<N>(pub Rc<RefCell<N>>);

impl<N: Maintain> Maintain for Outside<N> {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.0.borrow_mut().flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.0.borrow_mut().evict(cx)
    }
    fn punctuate(&mut self, cx: &mut Cx, timer: TimerId, time: i64) -> Result<()> {
        self.0.borrow_mut().punctuate(cx, timer, time)
    }
    fn held_bytes(&self) -> usize {
        self.0.borrow().held_bytes()
    }
    fn close(&mut self, cx: &mut Cx) {
        self.0.borrow_mut().close(cx);
    }
}

/// Makes a node, and what a wrapper puts around it.
fn build_node(spec: &NodeSpec, env: &mut GraphEnv<'_>, next: Vec<ErasedEdge>) -> Result<Built> {
    let built = match &spec.around {
        None => spec.factory.build(env, next)?,
        Some(make) => {
            let (around, next) = AroundNode::begin(make, &*spec.factory, env, next)?;
            let first = env.next_maintained();
            match spec.factory.build(env, next)? {
                Built::Edge(edge) => {
                    env.wrap_maintained(first, &around);
                    Built::Edge(edge.wrapped(around))
                }
                source @ Built::Source(_) => source,
            }
        }
    };
    env.scheduled()?;
    Ok(built)
}

/// A running graph.
pub(crate) struct Graph {
    cx: Cx,
    /// By the index of the topic in the sub-topology's sources.
    sources: Vec<Box<dyn SourceNode>>,
    source_of_topic: Vec<usize>,
    /// In the order of building: children before parents.
    maintained: Vec<Box<dyn Maintain>>,
    /// What they are called.
    maintained_names: Vec<Arc<str>>,
    stores: StoreSlots,
    /// By the index of the store: where its stream time is kept.
    store_times: Vec<usize>,
    /// By the index of the store: the input it is restored from.
    source_logs: Vec<Option<Arc<str>>>,
}

impl Graph {
    /// Builds the graph of one task on the thread that will run it. `cx` brings collector, time and budget. `measured`: where the records of
    /// a node are counted, if they are.
    pub fn new(
        nodes: &[NodeSpec],
        subtopology: &Subtopology,
        mut stores: Vec<Box<dyn StateStore>>,
        mut cx: Cx,
        measured: &dyn Fn(&str) -> Option<Arc<NodeMetrics>>,
    ) -> Result<Graph> {
        let logged: Vec<bool> = subtopology.changelogs.iter().map(StoreLog::is_written).collect();
        let store_times = stores.iter_mut().map(|store| resume(&mut **store, &mut cx.kept)).collect();
        let mut slots = StoreSlots::new(stores, &logged, &cx.budget);
        let (application_id, globals) = (cx.application_id.clone(), cx.globals.clone());
        let mut env = GraphEnv::new(&mut slots, &globals, &application_id, &mut cx);
        // edges into a node, one for each parent
        let mut waiting: Vec<Vec<ErasedEdge>> = nodes.iter().map(|_| Vec::new()).collect();
        let mut sources: Vec<Box<dyn SourceNode>> = Vec::new();
        let mut source_of_node = vec![usize::MAX; nodes.len()];
        for &index in subtopology.nodes.iter().rev() {
            let spec = &nodes[index];
            env.node = spec.name.clone();
            env.children = spec.children.iter().map(|&child| nodes[child].name.clone()).collect();
            let next = spec.children.iter().filter_map(|&child| waiting[child].pop()).collect();
            let built = build_node(spec, &mut env, next).map_err(|e| e.at(format!("node {}", spec.name)))?;
            // what `describe()` does not show is not measured either
            let metrics = if matches!(spec.kind, NodeKind::Hidden) { None } else { measured(&spec.name) };
            match built {
                Built::Edge(edge) => {
                    let edge = match metrics {
                        Some(metrics) => edge.counted(metrics),
                        None => edge,
                    };
                    waiting[index] = edge.split(spec.parents.len().max(1));
                }
                Built::Source(source) => {
                    source_of_node[index] = sources.len();
                    sources.push(match metrics {
                        Some(metrics) => Box::new(CountedSource { metrics, source }),
                        None => source,
                    });
                }
            }
        }
        let (timers, maintained, maintained_names) = env.finish();
        cx.timers = timers;
        cx.kept.forget_unused();
        let source_of_topic = subtopology.sources.iter().map(|s| source_of_node[s.node]).collect();
        let source_log = |(store, log): (usize, &StoreLog)| match log {
            StoreLog::Source(_) => subtopology.restored_from(store, &application_id),
            StoreLog::Changelog | StoreLog::None => None,
        };
        let source_logs = subtopology.changelogs.iter().enumerate().map(source_log).collect();
        Ok(Graph { cx, sources, source_of_topic, maintained, maintained_names, stores: slots, store_times, source_logs })
    }

    pub fn cx(&self) -> &Cx {
        &self.cx
    }

    pub fn cx_mut(&mut self) -> &mut Cx {
        &mut self.cx
    }

    pub fn stores_mut(&mut self) -> &mut StoreSlots {
        &mut self.stores
    }

    /// Runs one record through. `topic` is the index of the source topic in the sub-topology, `input` that of the task's input partition;
    /// `timestamp` was chosen by the extractor.
    #[inline]
    pub fn process(&mut self, topic: usize, input: u32, record: &RawRecord<'_>, headers: &Headers, timestamp: i64) -> Result<()> {
        let cx = &mut self.cx;
        cx.origin.source = input;
        cx.origin.offset = record.offset;
        cx.timestamp = timestamp;
        if timestamp > cx.stream_time {
            cx.stream_time = timestamp;
        }
        (cx.in_record, cx.record_known) = (true, true);
        let result = self.sources[self.source_of_topic[topic]].accept(cx, record, headers, timestamp);
        (cx.in_record, cx.record_known) = (false, false);
        result?;
        if cx.timers.stream_due(cx.stream_time) {
            self.punctuate(PunctuationType::StreamTime, self.cx.stream_time)?;
        }
        if self.cx.budget.over() { self.evict() } else { Ok(()) }
    }

    /// Fires what is due; the answer is whether anything was.
    #[cold]
    pub fn punctuate(&mut self, kind: PunctuationType, time: i64) -> Result<bool> {
        let mut fired = false;
        while let Some((node, timer)) = self.cx.timers.take_due(kind, time) {
            fired = true;
            self.cx.timestamp = time;
            self.maintained[node].punctuate(&mut self.cx, timer, time)?;
        }
        Ok(fired)
    }

    /// Gives up cache entries until the thread's record cache is within its limit: first of the cache that grew last, as Java does, then of
    /// any other.
    #[cold]
    #[inline(never)]
    fn evict(&mut self) -> Result<()> {
        // where nothing is left to evict, the rest of the budget is another task's
        while self.cx.budget.over() && self.evict_one()? {
            self.cx.metrics.cache_evictions.add(1);
        }
        Ok(())
    }

    fn evict_one(&mut self) -> Result<bool> {
        let touched = self.cx.touched;
        if let Some(node) = self.maintained.get_mut(touched)
            && node.evict(&mut self.cx)?
        {
            return Ok(true);
        }
        for node in &mut self.maintained {
            if node.evict(&mut self.cx)? {
                return Ok(true);
            }
        }
        self.stores.evict_one(&mut *self.cx.out)
    }

    /// Forwards everything that caches hold back, parents first, so that each node sees what its parents still had.
    pub fn flush(&mut self) -> Result<()> {
        for node in self.maintained.iter_mut().rev() {
            node.flush(&mut self.cx)?;
        }
        self.stores.flush(&mut *self.cx.out)
    }

    /// Bytes that wait for their commit, in stores and before them.
    pub fn uncommitted_bytes(&mut self) -> usize {
        self.stores.uncommitted_bytes() + self.maintained.iter().map(|node| node.held_bytes()).sum::<usize>()
    }

    /// Marks what was flushed: what comes later is not part of the commit that begins now.
    pub fn seal_stores(&mut self) -> Result<()> {
        let (times, kept) = (&self.store_times, &mut self.cx.kept);
        self.stores.each(|store, sealed| {
            if let (Some(index), Some(time)) = (times.get(store), sealed.stream_time().filter(|time| *time >= 0)) {
                kept.set(*index, time);
            }
        });
        self.stores.seal()
    }

    /// Takes the stores to what was sealed, each with the offset that its changelog has acknowledged, or up to which the input was processed
    /// that it is restored from.
    pub fn commit_stores(&mut self, position: &[PositionEntry]) -> Result<()> {
        let (out, source_logs) = (&self.cx.out, &self.source_logs);
        let mut offset = |store: usize| match source_logs.get(store).and_then(Option::as_ref) {
            Some(topic) => position.iter().find(|entry| *entry.topic == **topic).map(|entry| entry.offset),
            None => out.acknowledged(store),
        };
        self.stores.commit(&mut offset, position)
    }

    /// Closes the nodes, parents first, drops them and gives back the stores. A node that panics does not keep the others from closing.
    pub fn into_stores(self) -> Result<Vec<Box<dyn StateStore>>> {
        let Graph { mut cx, sources, mut maintained, maintained_names, stores, .. } = self;
        let mut panicked = Vec::new();
        for (node, name) in maintained.iter_mut().zip(&maintained_names).rev() {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| node.close(&mut cx))) {
                panicked.push(format!("node {name} panicked while closing: {}", panic_text(&*panic)));
            }
        }
        drop(sources);
        drop(maintained);
        let stores = stores.into_stores();
        if panicked.is_empty() { stores } else { Err(Error::new(ErrorKind::UserCode, panicked.join("; "))) }
    }
}
