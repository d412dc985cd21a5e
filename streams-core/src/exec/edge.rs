//! Typed edges, and how they are put together while a graph is built.

use super::cx::{Cx, Meta};
use super::wrapper::{Around, wrapped};
use crate::metrics::NodeMetrics;
use crate::{Data, Result};
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A node's input. One virtual call per edge.
pub(crate) trait Process<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()>;
}

/// The way to a node of which only the input types are known.
pub(crate) type Edge<K, V> = Box<dyn Process<K, V>>;

/// Where nothing follows.
pub(crate) struct End;

impl<K, V> Process<K, V> for End {
    fn process(&mut self, _: &mut Cx, _: K, _: V, _: &Meta<'_>) -> Result<()> {
        Ok(())
    }
}

/// Several children: a clone for all but the last, in the order in which they were declared.
struct FanOut<K, V> {
    rest: Vec<Edge<K, V>>,
    last: Edge<K, V>,
}

impl<K: Clone, V: Clone> Process<K, V> for FanOut<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        for edge in &mut self.rest {
            edge.process(cx, key.clone(), value.clone(), meta)?;
        }
        self.last.process(cx, key, value, meta)
    }
}

/// The edges of a node of the Processor API: to all of its children, or to one by its name.
pub(crate) struct Outlets<K, V> {
    names: Vec<Arc<str>>,
    edges: Vec<Edge<K, V>>,
}

impl<K: Data, V: Data> Outlets<K, V> {
    /// `names` are those of the children, in the order of the edges.
    pub fn new(names: Vec<Arc<str>>, edges: Vec<ErasedEdge>) -> Self {
        Outlets { names, edges: typed(edges) }
    }

    /// To all children, in the order in which they were declared: a clone for all but the last.
    #[inline]
    pub fn forward(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let Some((last, rest)) = self.edges.split_last_mut() else { return Ok(()) };
        for edge in rest {
            edge.process(cx, key.clone(), value.clone(), meta)?;
        }
        last.process(cx, key, value, meta)
    }

    /// To one child; `None` where there is none of that name, and nothing was done.
    pub fn forward_to(&mut self, child: &str, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Option<Result<()>> {
        let index = self.names.iter().position(|name| **name == *child)?;
        Some(self.edges[index].process(cx, key, value, meta))
    }

    /// The children's names, for messages.
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }
}

/// One child of several parents whose type is not known here.
struct SharedEdge<K, V>(Rc<RefCell<Edge<K, V>>>);

impl<K, V> Process<K, V> for SharedEdge<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        self.0.borrow_mut().process(cx, key, value, meta)
    }
}

/// A node whose records are counted.
struct Counted<K, V> {
    metrics: Arc<NodeMetrics>,
    edge: Edge<K, V>,
}

impl<K, V> Process<K, V> for Counted<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        self.metrics.records_processed.add(1);
        self.edge.process(cx, key, value, meta)
    }
}

/// A node that is also reached from outside its parents, by the task's flush or punctuation.
pub(crate) struct Shared<N>(pub Rc<RefCell<N>>);

impl<K, V, N: Process<K, V>> Process<K, V> for Shared<N> {
    #[inline]
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        self.0.borrow_mut().process(cx, key, value, meta)
    }
}

/// An edge whose types are forgotten between the making of a child and the making of its parents, once per task.
pub(crate) struct ErasedEdge {
    edge: Box<dyn Any>,
    share: fn(Box<dyn Any>, usize) -> Vec<Box<dyn Any>>,
    count: fn(Box<dyn Any>, Arc<NodeMetrics>) -> Box<dyn Any>,
    wrap: fn(Box<dyn Any>, Around) -> Box<dyn Any>,
}

const CHECKED: &str = "the types of both ends of an edge are compared when the topology is built";

impl ErasedEdge {
    pub fn new<K: Data, V: Data>(edge: Edge<K, V>) -> Self {
        fn share<K: Data, V: Data>(edge: Box<dyn Any>, parents: usize) -> Vec<Box<dyn Any>> {
            let shared = Rc::new(RefCell::new(*edge.downcast::<Edge<K, V>>().expect(CHECKED)));
            (0..parents).map(|_| Box::new(Box::new(SharedEdge(shared.clone())) as Edge<K, V>) as Box<dyn Any>).collect()
        }
        fn count<K: Data, V: Data>(edge: Box<dyn Any>, metrics: Arc<NodeMetrics>) -> Box<dyn Any> {
            let edge = *edge.downcast::<Edge<K, V>>().expect(CHECKED);
            Box::new(Box::new(Counted { metrics, edge }) as Edge<K, V>)
        }
        fn wrap<K: Data, V: Data>(edge: Box<dyn Any>, around: Around) -> Box<dyn Any> {
            let edge = *edge.downcast::<Edge<K, V>>().expect(CHECKED);
            Box::new(wrapped(edge, around))
        }
        ErasedEdge { edge: Box::new(edge), share: share::<K, V>, count: count::<K, V>, wrap: wrap::<K, V> }
    }

    /// The same edge, counting what goes to its node.
    pub fn counted(self, metrics: Arc<NodeMetrics>) -> ErasedEdge {
        ErasedEdge { edge: (self.count)(self.edge, metrics), ..self }
    }

    /// The same edge, with the user's code around its node.
    pub(super) fn wrapped(self, around: Around) -> ErasedEdge {
        ErasedEdge { edge: (self.wrap)(self.edge, around), ..self }
    }

    /// Two edges to the same node.
    pub(super) fn twice(self) -> (ErasedEdge, ErasedEdge) {
        let mut both = self.split(2);
        let other = both.swap_remove(1);
        (both.swap_remove(0), other)
    }

    /// One edge for each parent.
    pub fn split(self, parents: usize) -> Vec<ErasedEdge> {
        if parents == 1 {
            return vec![self];
        }
        let ErasedEdge { edge, share, count, wrap } = self;
        share(edge, parents).into_iter().map(|edge| ErasedEdge { edge, share, count, wrap }).collect()
    }

    /// The edges to all children as one.
    pub fn join<K: Data, V: Data>(edges: Vec<ErasedEdge>) -> Edge<K, V> {
        let mut edges = typed(edges);
        match edges.pop() {
            None => Box::new(End),
            Some(only) if edges.is_empty() => only,
            Some(last) => Box::new(FanOut { rest: edges, last }),
        }
    }
}

fn typed<K: Data, V: Data>(edges: Vec<ErasedEdge>) -> Vec<Edge<K, V>> {
    edges.into_iter().map(|e| *e.edge.downcast::<Edge<K, V>>().expect(CHECKED)).collect()
}
