//! How duplicates are left out.

use super::{SerdeChoice, StoreType, serde_settings, store_settings};
use crate::Data;
use crate::plan::Named;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use streams_state::serde::{DefaultSerde, Serde};

/// How [`KStream::deduplicate_by_key`](crate::KStream::deduplicate_by_key) and
/// [`deduplicate_by_key_value`](crate::KStream::deduplicate_by_key_value) work: grace, names, serdes, the store. A `&str` is a name of the
/// operator with everything else by default.
pub struct Deduplicated<K, V, I = ()> {
    pub(crate) key: SerdeChoice<K>,
    pub(crate) value: SerdeChoice<V>,
    pub(crate) id: SerdeChoice<I>,
    pub(crate) named: Named,
    pub(crate) store_name: Option<Arc<str>>,
    pub(crate) grace: Option<Duration>,
    pub(crate) pass_late: bool,
    pub(crate) logging: Option<BTreeMap<String, String>>,
    pub(crate) store_type: StoreType,
}

impl<K: Data, V: Data, I: Data> Deduplicated<K, V, I> {
    fn new(key: SerdeChoice<K>, value: SerdeChoice<V>, id: SerdeChoice<I>) -> Self {
        Deduplicated {
            key,
            value,
            id,
            named: Named::default(),
            store_name: None,
            grace: None,
            pass_late: false,
            logging: Some(BTreeMap::new()),
            store_type: StoreType::Default,
        }
    }

    /// With the serdes that came with the stream.
    pub fn inherited() -> Self {
        Deduplicated::new(SerdeChoice::default(), SerdeChoice::default(), SerdeChoice::default())
    }

    serde_settings!(
        "The key's serde: in the store, and in the repartition topic where there is one.",
        value: V,
        "The value's serde in the repartition topic."
    );

    /// The serde of the ids: two records have the same id where it writes the same bytes.
    #[must_use]
    pub fn id_serde(mut self, id: impl Serde<I>) -> Self {
        self.id = SerdeChoice::given(id);
        self
    }

    /// A name for the operator's node and for the repartition topic (`<application.id>-<name>-repartition`), where there is one.
    #[must_use]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }

    /// A name for the store; its changelog is `<application.id>-<name>-changelog`.
    #[must_use]
    pub fn store_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.store_name = Some(name.into());
        self
    }

    /// How far behind stream time a record may be and still be judged. A later one is dropped and counted as late: what it might repeat is
    /// forgotten. Ids are kept for this and the time within which repetitions are left out, some for up to that time longer. Default: as long as
    /// that time.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// Records that come later than the grace are passed on unless the store still knows that they repeat one: none is lost, and one may come
    /// twice. Default: they are dropped.
    #[must_use]
    pub fn pass_late_records(mut self) -> Self {
        self.pass_late = true;
        self
    }

    store_settings!("after a move or a lost disk ids are passed once more.");
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde, I: Data + DefaultSerde> Default for Deduplicated<K, V, I> {
    fn default() -> Self {
        Deduplicated::new(SerdeChoice::by_type(), SerdeChoice::by_type(), SerdeChoice::by_type())
    }
}

impl<K: Data + DefaultSerde, V: Data + DefaultSerde, I: Data + DefaultSerde> From<&str> for Deduplicated<K, V, I> {
    fn from(name: &str) -> Self {
        Self::default().named(name)
    }
}

impl<K, V, I> fmt::Debug for Deduplicated<K, V, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deduplicated").field("named", &self.named).field("grace", &self.grace).finish_non_exhaustive()
    }
}
