//! One running instance of a sub-topology: nodes joined by typed edges. It does no I/O and reads no clock: a task hands it records and
//! time, and a [`Collector`] takes what it sends.
//!
//! The shape was chosen by measurement (docs/adr/0001): a boxed, typed edge called with `(key, value, &Meta)` costs about a nanosecond and
//! allocates nothing; a record struct by value costs ten times that, boxed `Any` thirty times.

mod cx;
mod edge;
mod env;
mod facts;
mod globals;
mod graph;
mod kept;
mod operator;
mod source;
mod stores;
mod stream_time;
mod timers;
mod wrapper;

pub(crate) use crate::metrics::DropReason;
pub use cx::Cx;
pub(crate) use cx::{Collector, Meta, OutTopic, SendTo};
pub(crate) use edge::{Edge, End, ErasedEdge, Outlets, Process};
pub use env::GraphEnv;
pub(crate) use facts::TaskFacts;
pub(crate) use globals::GlobalStores;
pub(crate) use graph::{Built, Graph, Maintain, NodeFactory, Outside, Types};
pub(crate) use kept::KeptNumbers;
pub(crate) use operator::{Maker, branching, operator, terminal};
pub(crate) use source::SourceFactory;
pub(crate) use stores::StoreSlots;
pub(crate) use stream_time::StreamTime;
pub use timers::{PunctuationType, TimerId};
pub(crate) use wrapper::{AnyOutlets, AnyProcessor};
