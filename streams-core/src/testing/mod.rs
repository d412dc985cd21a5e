//! Tests of topologies without a cluster: the same graph and the same tasks as in production, one record at a time.

mod captured;
mod driver;
mod example;
mod inner;
mod input;
mod memory_task;
mod mock_context;
mod no_output;
mod output;
mod producer;
mod store;
mod task_loop;
#[cfg(test)]
mod tests;

pub use captured::CapturedForward;
pub use driver::{TopologyTestDriver, TopologyTestDriverBuilder};
pub use example::{Owned, through};
pub use input::TestInputTopic;
pub use mock_context::{CapturedPunctuation, MockProcessorContext};
pub use output::TestOutputTopic;
pub use store::{TestKeyValueStore, TestOwnStore, TestRow, TestSessionStore, TestVersionedStore, TestWindowStore};
#[doc(hidden)]
pub use task_loop::TaskLoop;
