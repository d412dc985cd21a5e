//! Joins of a stream with a global table whose joiner sees both keys.

use super::KStream;
use super::join_global::Joiner;
use crate::Data;
use crate::dsl::GlobalKTable;
use crate::plan::Named;
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// [`join_global`](Self::join_global) with a joiner that sees the stream's key and then the mapped one, which `select` gave (KIP-1340, Kafka
    /// 4.4).
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let names = builder.global_table::<i64, String>("names");
    /// let visits = builder.stream::<String, i64>("visits");
    /// let joiner = |page: &String, user: &i64, _, name: &String| format!("{name} ({user}) saw {page}");
    /// visits.join_global_mapped(&names, |_, user| *user, joiner).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<i64, String>("names").pipe(7, "Ada".to_string())?;
    /// driver.input::<String, i64>("visits").pipe("home".to_string(), 7)?;
    /// assert_eq!(driver.output::<String, String>("out").read_values()?, ["Ada (7) saw home"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ValueJoinerWithStreamAndMappedKey")]
    pub fn join_global_mapped<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(&K, &KG, V, &VG) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.join_global_mapped_with(table, select, joiner, Named::default())
    }

    /// [`join_global_mapped`](Self::join_global_mapped) with a name for its node.
    pub fn join_global_mapped_with<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(&K, &KG, V, &VG) -> VO + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, KG, VG, VO> = Arc::new(move |key, mapped, value, row| Some(Ok(joiner(key, mapped?, value, row?))));
        self.global_join(false, table, Arc::new(move |key, value| Ok(select(key, value).into())), joiner, &named.into())
    }

    /// [`left_join_global`](Self::left_join_global) with a joiner that sees the stream's key and then the mapped one; that is `None` where
    /// `select` gave none (KIP-1340, Kafka 4.4).
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// let builder = StreamsBuilder::new();
    /// let names = builder.global_table::<i64, String>("names");
    /// let visits = builder.stream::<String, i64>("visits");
    /// let joiner = |page: &String, user: Option<&i64>, _, name: Option<&String>| format!("{page} {user:?} {name:?}");
    /// visits.left_join_global_mapped(&names, |_, user| (*user > 0).then_some(*user), joiner).to("out");
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("visits").pipe("home".to_string(), 7)?;
    /// driver.input::<String, i64>("visits").pipe("home".to_string(), 0)?;
    /// assert_eq!(driver.output::<String, String>("out").read_values()?, ["home Some(7) None", "home None None"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "ValueJoinerWithStreamAndMappedKey")]
    pub fn left_join_global_mapped<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(&K, Option<&KG>, V, Option<&VG>) -> VO + Send + Sync + 'static,
    ) -> KStream<K, VO> {
        self.left_join_global_mapped_with(table, select, joiner, Named::default())
    }

    /// [`left_join_global_mapped`](Self::left_join_global_mapped) with a name for its node.
    pub fn left_join_global_mapped_with<KG: Data, VG: Data, VO: Data, S: Into<Option<KG>>>(
        &self,
        table: &GlobalKTable<KG, VG>,
        select: impl Fn(&K, &V) -> S + Send + Sync + 'static,
        joiner: impl Fn(&K, Option<&KG>, V, Option<&VG>) -> VO + Send + Sync + 'static,
        named: impl Into<Named>,
    ) -> KStream<K, VO> {
        let joiner: Joiner<K, V, KG, VG, VO> = Arc::new(move |key, mapped, value, row| Some(Ok(joiner(key, mapped, value, row))));
        self.global_join(true, table, Arc::new(move |key, value| Ok(select(key, value).into())), joiner, &named.into())
    }
}
