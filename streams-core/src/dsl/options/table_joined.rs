//! How two tables are joined by a foreign key.

use super::{Materialized, SerdeChoice};
use crate::Data;
use crate::plan::Named;
use std::fmt;
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, Serde};

/// Chooses the partition of a key: topic, key, number of partitions. `None`: by the hash of the key.
pub(crate) type KeyPartitioner<K> = Arc<dyn Fn(&str, &K, i32) -> Option<i32> + Send + Sync>;

/// How two tables are joined by a foreign key: names, partitioners of the topics, how the result is kept, and serdes where the tables bring
/// none. `K` and `V` are key and value of the table that is joined, `KO` and `VO` those of the other table, `R` the value of the result.
pub struct TableJoined<K, V, KO, VO, R> {
    pub(crate) key: SerdeChoice<K>,
    pub(crate) value: SerdeChoice<V>,
    pub(crate) other_key: SerdeChoice<KO>,
    pub(crate) other_value: SerdeChoice<VO>,
    pub(crate) named: Named,
    pub(crate) partitioner: Option<KeyPartitioner<K>>,
    pub(crate) other_partitioner: Option<KeyPartitioner<KO>>,
    pub(crate) materialized: Option<Materialized<K, R>>,
    pub(crate) answer_every_change: bool,
}

impl<K: Data, V: Data, KO: Data, VO: Data, R: Data> TableJoined<K, V, KO, VO, R> {
    /// With the serdes that come with the tables.
    pub fn inherited() -> Self {
        TableJoined {
            key: SerdeChoice::default(),
            value: SerdeChoice::default(),
            other_key: SerdeChoice::default(),
            other_value: SerdeChoice::default(),
            named: Named::default(),
            partitioner: None,
            other_partitioner: None,
            materialized: None,
            answer_every_change: false,
        }
    }

    /// A name for the join's nodes, its store and its two topics (`<application.id>-<name>-subscription-registration-topic` and
    /// `..-subscription-response-topic`).
    #[must_use]
    #[doc(alias = "withName")]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }

    /// How the topic of this table is partitioned, where that is not by the hash of the key; `None` is the hash. Answers are sent to the
    /// partition that it names, in place of the one that asked.
    #[must_use]
    #[doc(alias = "withPartitioner")]
    pub fn partitioner(mut self, partitioner: impl Fn(&str, &K, i32) -> Option<i32> + Send + Sync + 'static) -> Self {
        self.partitioner = Some(Arc::new(partitioner));
        self
    }

    /// How the topic of the other table is partitioned, where that is not by the hash of its key; `None` is the hash.
    #[must_use]
    #[doc(alias = "withOtherPartitioner")]
    pub fn other_partitioner(mut self, partitioner: impl Fn(&str, &KO, i32) -> Option<i32> + Send + Sync + 'static) -> Self {
        self.other_partitioner = Some(Arc::new(partitioner));
        self
    }

    /// How the result is kept: in a store only if it has a name.
    #[must_use]
    pub fn materialized(mut self, materialized: impl Into<Materialized<K, R>>) -> Self {
        self.materialized = Some(materialized.into());
        self
    }

    /// Has every change of a row of this table answered, also where its partner does not exist: an inner join then keeps no row that should be
    /// gone when changes of the two tables cross each other on their way, and gives a deletion of what was never there for each change of a row
    /// without a partner. Default: answered only if the partner exists, or the row has named another one, as in Java, where such a row stays until
    /// the next change that is answered. Left joins always answer.
    #[must_use]
    pub fn answer_every_change(mut self) -> Self {
        self.answer_every_change = true;
        self
    }

    /// The serde of this table's keys.
    #[must_use]
    pub fn key_serde(mut self, key: impl Serde<K>) -> Self {
        self.key = SerdeChoice::given(key);
        self
    }

    /// The serde of this table's values, by whose bytes an answer is known to be for the newest row: equal values must have equal bytes.
    #[must_use]
    pub fn value_serde(mut self, value: impl Serde<V>) -> Self {
        self.value = SerdeChoice::given(value);
        self
    }

    /// The serde of the other table's keys.
    #[must_use]
    pub fn other_key_serde(mut self, key: impl Serde<KO>) -> Self {
        self.other_key = SerdeChoice::given(key);
        self
    }

    /// The serde of the other table's values.
    #[must_use]
    pub fn other_value_serde(mut self, value: impl Serde<VO>) -> Self {
        self.other_value = SerdeChoice::given(value);
        self
    }
}

impl<K, V, KO, VO, R> Default for TableJoined<K, V, KO, VO, R>
where
    K: Data + DefaultSerde,
    V: Data + DefaultSerde,
    KO: Data + DefaultSerde,
    VO: Data + DefaultSerde,
    R: Data,
{
    fn default() -> Self {
        TableJoined {
            key: SerdeChoice::by_type(),
            value: SerdeChoice::by_type(),
            other_key: SerdeChoice::by_type(),
            other_value: SerdeChoice::by_type(),
            ..TableJoined::inherited()
        }
    }
}

impl<K, V, KO, VO, R> fmt::Debug for TableJoined<K, V, KO, VO, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableJoined").field("named", &self.named).finish_non_exhaustive()
    }
}
