//! What a global store is built from.

use super::spec::TopicName;
use crate::exec::NodeFactory;
use crate::handlers::TimestampExtractor;
use std::sync::Arc;
use streams_state::StoreSupplier;

/// A source, the processor that keeps the store, and the store: a sub-topology without tasks, which every instance runs whole.
pub(crate) struct GlobalStoreSpec {
    pub source: Arc<str>,
    pub topic: TopicName,
    pub extractor: Option<Arc<dyn TimestampExtractor>>,
    pub source_factory: Arc<dyn NodeFactory>,
    pub processor: Arc<str>,
    pub processor_factory: Arc<dyn NodeFactory>,
    pub store: Arc<dyn StoreSupplier>,
}
