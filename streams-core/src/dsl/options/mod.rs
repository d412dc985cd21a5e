//! The one options value that the `_with` form of an operator takes.

mod branched;
mod consumed;
mod deduplicated;
mod grouped;
mod joined;
mod materialized;
mod produced;
mod repartitioned;
mod serde_choice;
mod store_settings;
mod stream_joined;
mod suppressed;
mod table_joined;
mod topics;

pub use branched::Branched;
pub use consumed::Consumed;
pub use deduplicated::Deduplicated;
pub use grouped::Grouped;
pub use joined::Joined;
pub use materialized::Materialized;
pub(crate) use materialized::{History, Needs};
pub use produced::{Partitions, Produced, StreamPartitioner};
pub use repartitioned::Repartitioned;
pub(crate) use serde_choice::SerdeChoice;
pub(crate) use store_settings::{StoreType, kept_as};
use store_settings::{serde_settings, store_settings};
pub use stream_joined::StreamJoined;
pub(crate) use suppressed::Until;
pub use suppressed::{BufferConfig, EmitEarlyWhenFull, ShutDownWhenFull, Suppressed, WhenFull};
pub(crate) use table_joined::KeyPartitioner;
pub use table_joined::TableJoined;
pub use topics::Topics;
