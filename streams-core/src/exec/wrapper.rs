//! The edge to a wrapped processor, and what the task calls of it.

use super::cx::{Cx, Meta};
use super::edge::{Edge, End, ErasedEdge, Outlets, Process};
use super::env::GraphEnv;
use super::graph::{Maintain, NodeFactory, Types};
use super::timers::TimerId;
use crate::topology::{AroundContext, AroundFactory, AroundProcessor, Waiting, WrappedPunctuation, WrappedRecord};
use crate::{BoxError, Data, Record, Result};
use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

/// The processor that is wrapped: an `Edge`, its types forgotten.
pub(crate) struct AnyProcessor {
    edge: Box<dyn Any>,
    types: Option<Types>,
}

impl AnyProcessor {
    pub fn typed<K: Data, V: Data>(&mut self, node: &str) -> Result<&mut Edge<K, V>, BoxError> {
        let types = self.types.map_or("none", |types| types.name);
        self.edge.downcast_mut().ok_or_else(|| {
            format!(
                "node {node} takes {types} as (key, value), and is to process {}: ask `WrappedNode::takes` first",
                Types::of::<K, V>().name
            )
            .into()
        })
    }
}

/// The edges to the nodes that follow, their types forgotten until they are named.
pub(crate) struct AnyOutlets {
    names: Vec<Arc<str>>,
    /// Until they are `typed`.
    edges: Vec<ErasedEdge>,
    typed: Option<Box<dyn Any>>,
    /// `None`: nothing can follow.
    types: Option<Types>,
}

impl AnyOutlets {
    pub fn typed<K: Data, V: Data>(&mut self, node: &str) -> Result<&mut Outlets<K, V>, BoxError> {
        let asked = Types::of::<K, V>();
        if self.types.is_none_or(|types| types.id != asked.id) {
            let gives = self.types.map_or("nothing", |types| types.name);
            return Err(format!(
                "node {node} gives {gives} as (key, value), and {} was forwarded: ask `WrappedNode::gives` first",
                asked.name
            )
            .into());
        }
        let (names, edges) = (&mut self.names, &mut self.edges);
        let typed = self.typed.get_or_insert_with(|| Box::new(Outlets::<K, V>::new(std::mem::take(names), std::mem::take(edges))));
        Ok(typed.downcast_mut().expect("the types were compared"))
    }
}

/// A processor with the code around it: shared by the edge to it and what the task calls of it; neither goes on within the other.
pub(super) struct AroundNode {
    name: Arc<str>,
    index: usize,
    around: Box<dyn AroundProcessor>,
    inner: AnyProcessor,
    next: AnyOutlets,
}

pub(super) type Around = Rc<RefCell<AroundNode>>;

impl AroundNode {
    /// Makes what goes around the node that is to be built. `next`: the edges to its children, of which it gets its own; the answer is those for
    /// the processor.
    pub fn begin(
        make: &AroundFactory,
        factory: &dyn NodeFactory,
        env: &mut GraphEnv<'_>,
        next: Vec<ErasedEdge>,
    ) -> Result<(Around, Vec<ErasedEdge>)> {
        let (name, index, names) = (env.node_name(), env.next_maintained(), env.children());
        let around = make(env)?;
        let (edges, of_processor) = next.into_iter().map(ErasedEdge::twice).unzip();
        let next = AnyOutlets { names, edges, typed: None, types: factory.output() };
        // until the processor is made, by `wrapped`
        let inner = AnyProcessor { edge: Box::new(Box::new(End) as Edge<(), ()>), types: factory.input() };
        let node = Rc::new(RefCell::new(AroundNode { name, index, around, inner, next }));
        env.maintain(Box::new(AroundMaintain(node.clone())));
        Ok((node, of_processor))
    }

    /// Runs code around the processor; an error of it is decided about.
    fn call(
        &mut self,
        cx: &mut Cx,
        f: impl FnOnce(&mut dyn AroundProcessor, &mut AroundContext<'_>) -> Result<(), BoxError>,
    ) -> Result<()> {
        let AroundNode { name, index, around, inner, next } = self;
        let result = f(&mut **around, &mut AroundContext { cx, inner, next, index: *index, node: name });
        result.or_else(|error| cx.user_error(name, error))
    }
}

/// A record that waits for its processor.
struct Held<'m, K, V> {
    /// Taken by `take` and `run`.
    record: Option<(K, V)>,
    meta: &'m Meta<'m>,
}

impl<K: Data, V: Data> Waiting for Held<'_, K, V> {
    fn key(&self) -> Option<&dyn Any> {
        self.record.as_ref().map(|(key, _)| key as &dyn Any)
    }
    fn value(&self) -> Option<&dyn Any> {
        self.record.as_ref().map(|(_, value)| value as &dyn Any)
    }
    fn value_mut(&mut self) -> Option<&mut dyn Any> {
        self.record.as_mut().map(|(_, value)| value as &mut dyn Any)
    }
    fn meta(&self) -> &Meta<'_> {
        self.meta
    }
    fn take(&mut self) -> Option<Box<dyn Any>> {
        let (key, value) = self.record.take()?;
        Some(Box::new(Record { key, value, timestamp: self.meta.timestamp, headers: self.meta.headers.clone() }))
    }
    fn run(&mut self, cx: &mut Cx, inner: &mut AnyProcessor, node: &str) -> Result<(), BoxError> {
        match self.record.take() {
            Some((key, value)) => Ok(inner.typed(node)?.process(cx, key, value, self.meta)?),
            None => Ok(()),
        }
    }
}

/// An edge to a wrapped processor.
struct Wrapped<K, V>(Around, PhantomData<fn(K, V)>);

impl<K: Data, V: Data> Process<K, V> for Wrapped<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let mut held = Held { record: Some((key, value)), meta };
        let mut node = self.0.borrow_mut();
        cx.with_record(meta.timestamp, meta.headers, |cx| node.call(cx, |around, ctx| around.process(ctx, WrappedRecord(&mut held))))
    }
}

/// The edge to a processor with code around it, of the edge to the processor.
pub(super) fn wrapped<K: Data, V: Data>(edge: Edge<K, V>, around: Around) -> Edge<K, V> {
    around.borrow_mut().inner.edge = Box::new(edge);
    Box::new(Wrapped(around, PhantomData))
}

/// What the task calls of the code around a processor.
struct AroundMaintain(Around);

impl Maintain for AroundMaintain {
    fn punctuate(&mut self, cx: &mut Cx, timer: TimerId, time: i64) -> Result<()> {
        self.0.borrow_mut().call(cx, |around, ctx| around.punctuate(ctx, timer, time))
    }
    fn close(&mut self, _: &mut Cx) {
        self.0.borrow_mut().around.close();
    }
}

/// What the task calls of a wrapped processor.
pub(super) struct WrappedMaintain {
    pub around: Around,
    pub node: Box<dyn Maintain>,
}

impl Maintain for WrappedMaintain {
    fn flush(&mut self, cx: &mut Cx) -> Result<()> {
        self.node.flush(cx)
    }
    fn evict(&mut self, cx: &mut Cx) -> Result<bool> {
        self.node.evict(cx)
    }
    fn punctuate(&mut self, cx: &mut Cx, timer: TimerId, time: i64) -> Result<()> {
        let node = &mut self.node;
        let mut run = |cx: &mut Cx| node.punctuate(cx, timer, time);
        self.around.borrow_mut().call(cx, |around, ctx| around.around_punctuation(ctx, WrappedPunctuation { time, run: &mut run }))
    }
    fn held_bytes(&self) -> usize {
        self.node.held_bytes()
    }
    fn close(&mut self, cx: &mut Cx) {
        self.node.close(cx);
    }
}
