//! The one factory of all inner nodes and sinks: a boxed closure that makes the node, so that little code depends on a user's closure type.

use super::edge::{Edge, ErasedEdge, Outlets};
use super::env::GraphEnv;
use super::graph::{Built, NodeFactory, Types};
use crate::{Data, Result};
use std::sync::Arc;

/// Makes a node in front of the edge to its children.
pub(crate) type Maker<KI, VI, KO, VO> = Box<dyn Fn(&mut GraphEnv<'_>, Edge<KO, VO>) -> Result<Edge<KI, VI>> + Send + Sync>;

struct Operator<KI, VI, KO, VO>(Maker<KI, VI, KO, VO>);

impl<KI: Data, VI: Data, KO: Data, VO: Data> NodeFactory for Operator<KI, VI, KO, VO> {
    fn input(&self) -> Option<Types> {
        Some(Types::of::<KI, VI>())
    }
    fn output(&self) -> Option<Types> {
        Some(Types::of::<KO, VO>())
    }
    fn build(&self, env: &mut GraphEnv<'_>, next: Vec<ErasedEdge>) -> Result<Built> {
        Ok(Built::Edge(ErasedEdge::new((self.0)(env, ErasedEdge::join::<KO, VO>(next))?)))
    }
}

/// A node with an input and an output.
pub(crate) fn operator<KI: Data, VI: Data, KO: Data, VO: Data>(make: Maker<KI, VI, KO, VO>) -> Arc<dyn NodeFactory> {
    Arc::new(Operator(make))
}

/// Makes a node that may address its children one by one.
pub(crate) type BranchingMaker<KI, VI, KO, VO> = Box<dyn Fn(&mut GraphEnv<'_>, Outlets<KO, VO>) -> Result<Edge<KI, VI>> + Send + Sync>;

struct Branching<KI, VI, KO, VO>(BranchingMaker<KI, VI, KO, VO>);

impl<KI: Data, VI: Data, KO: Data, VO: Data> NodeFactory for Branching<KI, VI, KO, VO> {
    fn input(&self) -> Option<Types> {
        Some(Types::of::<KI, VI>())
    }
    fn output(&self) -> Option<Types> {
        Some(Types::of::<KO, VO>())
    }
    fn build(&self, env: &mut GraphEnv<'_>, next: Vec<ErasedEdge>) -> Result<Built> {
        let outlets = Outlets::new(env.children(), next);
        Ok(Built::Edge(ErasedEdge::new((self.0)(env, outlets)?)))
    }
}

/// A node with an input and an output that may choose between its children.
pub(crate) fn branching<KI: Data, VI: Data, KO: Data, VO: Data>(make: BranchingMaker<KI, VI, KO, VO>) -> Arc<dyn NodeFactory> {
    Arc::new(Branching(make))
}

/// Makes a node that nothing follows.
pub(crate) type SinkMaker<K, V> = Box<dyn Fn(&mut GraphEnv<'_>) -> Result<Edge<K, V>> + Send + Sync>;

struct Terminal<K, V>(SinkMaker<K, V>);

impl<K: Data, V: Data> NodeFactory for Terminal<K, V> {
    fn input(&self) -> Option<Types> {
        Some(Types::of::<K, V>())
    }
    fn output(&self) -> Option<Types> {
        None
    }
    fn build(&self, env: &mut GraphEnv<'_>, _: Vec<ErasedEdge>) -> Result<Built> {
        Ok(Built::Edge(ErasedEdge::new((self.0)(env)?)))
    }
}

/// A node without an output.
pub(crate) fn terminal<K: Data, V: Data>(make: SinkMaker<K, V>) -> Arc<dyn NodeFactory> {
    Arc::new(Terminal(make))
}
