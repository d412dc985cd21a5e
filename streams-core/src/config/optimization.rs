//! `topology.optimization`.

use std::fmt;

/// By which rewrites a topology is optimised (`topology.optimization`): none by default. It counts when the topology is built, see
/// [`StreamsBuilder::build_with`](crate::StreamsBuilder::build_with); an application must be configured with what its topology was built with.
///
/// Changing it for an application that has run changes its internal topics and the numbers of its tasks: reset the application first.
///
/// ```
/// use streams_core::config::TopologyOptimization;
/// assert_eq!(TopologyOptimization::ALL.to_string(), "all");
/// let some = TopologyOptimization { merge_repartition_topics: true, ..TopologyOptimization::NONE };
/// assert_eq!(some.to_string(), "merge.repartition.topics");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopologyOptimization {
    /// `reuse.ktable.source.topics` (KIP-295): a table read from a topic is restored from it, and has no changelog. The topic should be
    /// compacted.
    pub reuse_ktable_source_topics: bool,
    /// `merge.repartition.topics` (KIP-295): groupings and joins of one re-keyed stream share a repartition topic.
    pub merge_repartition_topics: bool,
    /// `single.store.self.join` (KIP-862): a stream joined with itself is kept once.
    pub single_store_self_join: bool,
}

impl TopologyOptimization {
    /// No rewrites: the default.
    #[doc(alias = "NO_OPTIMIZATION")]
    pub const NONE: Self =
        TopologyOptimization { reuse_ktable_source_topics: false, merge_repartition_topics: false, single_store_self_join: false };
    /// All of them.
    #[doc(alias = "OPTIMIZE")]
    pub const ALL: Self =
        TopologyOptimization { reuse_ktable_source_topics: true, merge_repartition_topics: true, single_store_self_join: true };

    /// `none` or `all` alone, or names of rewrites separated by commas; `None` for anything else.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        match value.trim() {
            "none" => return Some(Self::NONE),
            "all" => return Some(Self::ALL),
            _ => {}
        }
        let mut all = Self::NONE;
        for name in value.split(',') {
            let (_, is_on) = all.by_name().into_iter().find(|(known, _)| *known == name.trim())?;
            *is_on = true;
        }
        Some(all)
    }

    fn by_name(&mut self) -> [(&'static str, &mut bool); 3] {
        [
            ("reuse.ktable.source.topics", &mut self.reuse_ktable_source_topics),
            ("merge.repartition.topics", &mut self.merge_repartition_topics),
            ("single.store.self.join", &mut self.single_store_self_join),
        ]
    }
}

impl fmt::Display for TopologyOptimization {
    /// As the setting is written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.write_str("none"),
            Self::ALL => f.write_str("all"),
            mut some => {
                f.write_str(&some.by_name().into_iter().filter_map(|(name, is_on)| is_on.then_some(name)).collect::<Vec<_>>().join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_java_reads_them() {
        let two = TopologyOptimization { single_store_self_join: false, ..TopologyOptimization::ALL };
        assert_eq!(TopologyOptimization::parse("merge.repartition.topics ,reuse.ktable.source.topics"), Some(two));
        assert_eq!(two.to_string(), "reuse.ktable.source.topics,merge.repartition.topics");
        for value in ["none", "all", "single.store.self.join", "reuse.ktable.source.topics,merge.repartition.topics"] {
            assert_eq!(TopologyOptimization::parse(value).expect("a value of Java's").to_string(), value);
        }
        for wrong in ["", "none,all", "all,merge.repartition.topics", "ALL", "merge.repartition.topics,", "everything"] {
            assert_eq!(TopologyOptimization::parse(wrong), None, "{wrong}");
        }
    }
}
