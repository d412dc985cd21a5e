//! Code around the processors of a topology.

use super::cx::{Cx, Meta};
use super::edge::{Edge, Process};
use super::graph::Maintain;
use super::timers::TimerId;
use crate::{Headers, Result, TaskId};
use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// Puts code around the processors of a topology, those of the DSL included: for tracing, timing and tests (KIP-1112). Set by
/// [`Topology::with_processor_wrapper`](crate::Topology::with_processor_wrapper).
///
/// It can leave records and punctuations out, and change values. Java's can put another processor in the place of one, with other stores: here
/// the edges between nodes have the types of their records, which one wrapper of all nodes does not know, and a topology has its stores when it
/// is built. For another processor, give the builder another one.
pub trait ProcessorWrapper: Send + Sync + 'static {
    /// What goes around the processor `node` in a task; `None` leaves it as it is, at no cost. Asked each time when the task's graph is put
    /// together, on the thread that runs it: here is the place for what has to be done at the start.
    fn wrap(&self, task: TaskId, node: &str) -> Option<Box<dyn AroundProcessor>>;
}

/// What goes around one processor of one task. Records of the nodes that follow are processed within the call, as they are forwarded.
pub trait AroundProcessor: 'static {
    /// A record is about to be processed: [`WrappedRecord::proceed`] does it. Without it the record goes no further.
    ///
    /// # Errors
    /// Those of `proceed`, to be passed on. Others fail the task.
    fn process(&mut self, record: WrappedRecord<'_>) -> Result<()>;

    /// A punctuation is about to be called, at this time of its clock.
    ///
    /// # Errors
    /// As [`process`](Self::process).
    fn punctuate(&mut self, punctuation: WrappedPunctuation<'_>) -> Result<()> {
        punctuation.proceed()
    }

    /// The task is closed, or moves away.
    fn close(&mut self) {}
}

/// A record on its way into a processor, its types forgotten.
trait Waiting {
    fn key(&self) -> Option<&dyn Any>;
    fn value(&self) -> Option<&dyn Any>;
    fn value_mut(&mut self) -> Option<&mut dyn Any>;
    fn meta(&self) -> &Meta<'_>;
    fn run(&mut self) -> Result<()>;
}

struct Record<'a, 'm, K, V> {
    cx: &'a mut Cx,
    edge: &'a mut Edge<K, V>,
    /// Taken by `run`.
    record: Option<(K, V)>,
    meta: &'a Meta<'m>,
}

impl<K: 'static, V: 'static> Waiting for Record<'_, '_, K, V> {
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
    fn run(&mut self) -> Result<()> {
        match self.record.take() {
            Some((key, value)) => self.edge.process(self.cx, key, value, self.meta),
            None => Ok(()),
        }
    }
}

/// A record on its way into a processor.
#[must_use = "a record that does not proceed is left out"]
pub struct WrappedRecord<'a>(&'a mut dyn Waiting);

impl WrappedRecord<'_> {
    /// The key, if it is of this type.
    pub fn key<K: 'static>(&self) -> Option<&K> {
        self.0.key()?.downcast_ref()
    }

    /// The value, if it is of this type. Behind tables it is a [`Change`](crate::Change).
    pub fn value<V: 'static>(&self) -> Option<&V> {
        self.0.value()?.downcast_ref()
    }

    /// The value, if it is of this type, to be changed before it is processed. Only the processor sees the change: other nodes behind the same
    /// parent have the value as it was. A key cannot be changed: by it the record has come to this task.
    pub fn value_mut<V: 'static>(&mut self) -> Option<&mut V> {
        self.0.value_mut()?.downcast_mut()
    }

    /// Event time in milliseconds.
    pub fn timestamp(&self) -> i64 {
        self.0.meta().timestamp
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        self.0.meta().headers
    }

    /// Has it processed.
    ///
    /// # Errors
    /// Those of the processor and of the nodes that follow, already decided about.
    pub fn proceed(self) -> Result<()> {
        self.0.run()
    }
}

impl fmt::Debug for WrappedRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedRecord(at {})", self.timestamp())
    }
}

/// A punctuation that is due.
#[must_use = "a punctuation that does not proceed is left out"]
pub struct WrappedPunctuation<'a> {
    time: i64,
    run: &'a mut dyn FnMut() -> Result<()>,
}

impl WrappedPunctuation<'_> {
    /// Stream time or wall clock, in milliseconds.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Calls it.
    ///
    /// # Errors
    /// Those of the processor and of the nodes that follow, already decided about.
    pub fn proceed(self) -> Result<()> {
        (self.run)()
    }
}

impl fmt::Debug for WrappedPunctuation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedPunctuation(at {})", self.time)
    }
}

/// Shared by the edge to a processor and what the task calls of it; neither goes on within the other.
pub(super) type Around = Rc<RefCell<Box<dyn AroundProcessor>>>;

/// An edge to a wrapped processor.
pub(super) struct Wrapped<K, V> {
    pub around: Around,
    pub edge: Edge<K, V>,
}

impl<K: 'static, V: 'static> Process<K, V> for Wrapped<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let mut record = Record { cx, edge: &mut self.edge, record: Some((key, value)), meta };
        self.around.borrow_mut().process(WrappedRecord(&mut record))
    }
}

/// What the task calls of a wrapped processor.
pub(super) struct WrappedMaintain {
    pub around: Around,
    pub node: Box<dyn Maintain>,
    /// Of several that one processor has, one tells that it is closed.
    pub closes: bool,
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
        self.around.borrow_mut().punctuate(WrappedPunctuation { time, run: &mut || node.punctuate(cx, timer, time) })
    }
    fn held_bytes(&self) -> usize {
        self.node.held_bytes()
    }
    fn close(&mut self, cx: &mut Cx) {
        self.node.close(cx);
        if self.closes {
            self.around.borrow_mut().close();
        }
    }
}

/// Of a processor that the task calls for nothing else.
pub(super) struct OnlyCloses;

impl Maintain for OnlyCloses {}
