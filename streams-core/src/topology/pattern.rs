//! Sources by pattern: which topics they read is known when the cluster's topics are.

use super::spec::{SourceTopic, Subtopology, TopicName};
use super::{Inner, Topology, TopologyError};
use regex::Regex;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A pattern that the whole name of a topic must match. Equal texts are equal patterns.
#[derive(Clone)]
pub struct TopicPattern {
    text: Arc<str>,
    whole: Regex,
}

impl TopicPattern {
    /// # Errors
    /// What is wrong with the pattern.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        match Regex::new(text).and_then(|_| Regex::new(&format!("^(?:{text})$"))) {
            Ok(whole) => Ok(TopicPattern { text: text.into(), whole }),
            Err(error) => Err(format!(
                "{text:?} is not a pattern for topics (syntax of the crate `regex`; of Java's it lacks back references and look-around): {error}"
            )),
        }
    }

    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    pub(crate) fn matches(&self, topic: &str) -> bool {
        self.whole.is_match(topic)
    }
}

impl fmt::Debug for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TopicPattern({})", self.text)
    }
}

impl PartialEq for TopicPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for TopicPattern {}

impl Hash for TopicPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for TopicPattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TopicPattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

/// Topics that Kafka keeps for itself, as consumers that subscribe by pattern leave them out (`exclude.internal.topics`).
fn is_kafkas_own(topic: &str) -> bool {
    matches!(topic, "__consumer_offsets" | "__transaction_state" | "__share_group_state")
}

impl Topology {
    /// Whether any source reads topics by pattern.
    pub(crate) fn has_patterns(&self) -> bool {
        !self.patterns().is_empty()
    }

    /// The patterns, by the ids of the sub-topologies that read by them.
    pub(crate) fn patterns(&self) -> BTreeMap<u32, Vec<TopicPattern>> {
        let of = |sub: &Subtopology| sub.sources.iter().filter_map(|source| source.topic.pattern().cloned()).collect::<Vec<_>>();
        self.subtopologies().iter().map(|sub| (sub.id, of(sub))).filter(|(_, patterns)| !patterns.is_empty()).collect()
    }

    /// The same topology with the topics of a cluster in place of patterns. Topics that the application makes for itself are left out, and so
    /// are those of global tables and Kafka's own.
    ///
    /// # Errors
    /// When two patterns match one topic.
    #[allow(clippy::mutable_key_type, reason = "a pattern is compared by its text")]
    pub(crate) fn with_topics(&self, application_id: &str, cluster: &[String]) -> Result<Topology, TopologyError> {
        if !self.has_patterns() {
            return Ok(self.clone());
        }
        let mut own: Vec<Arc<str>> = self.0.repartition_topics.iter().map(|topic| topic.name.resolve(application_id)).collect();
        let all = || self.0.subtopologies.iter().chain(&self.0.globals);
        own.extend(all().flat_map(|sub| &sub.stores).map(|store| TopicName::changelog(store.name()).resolve(application_id)));
        own.extend(self.0.globals.iter().flat_map(|sub| &sub.sources).map(|source| source.topic.resolve(application_id)));
        let mut topics: Vec<&str> =
            cluster.iter().map(String::as_str).filter(|t| !is_kafkas_own(t) && own.iter().all(|own| **own != **t)).collect();
        topics.sort_unstable();
        topics.dedup();

        let mut taken: BTreeMap<&str, Arc<str>> = BTreeMap::new();
        let mut matched: BTreeMap<TopicPattern, Vec<TopicName>> = BTreeMap::new();
        for pattern in all().flat_map(|sub| &sub.sources).filter_map(|source| source.topic.pattern()) {
            let of_pattern: Vec<&str> = topics.iter().copied().filter(|topic| pattern.matches(topic)).collect();
            for &topic in &of_pattern {
                if let Some(other) = taken.insert(topic, pattern.text().clone()) {
                    return Err(TopologyError::new(format!(
                        "topic {topic} matches both patterns {other} and {}: a topic can be read by one source only; make the patterns apart",
                        pattern.text()
                    )));
                }
            }
            matched.insert(pattern.clone(), of_pattern.into_iter().map(|topic| TopicName::External(topic.into())).collect());
        }
        let expand = |topic: &TopicName| match topic.pattern().and_then(|pattern| matched.get(pattern)) {
            Some(topics) => topics.clone(),
            None => vec![topic.clone()],
        };
        let mut subtopologies = self.0.subtopologies.clone();
        for sub in &mut subtopologies {
            let expanded = sub
                .sources
                .iter()
                .flat_map(|source| expand(&source.topic).into_iter().map(move |topic| SourceTopic { topic, ..source.clone() }));
            sub.sources = expanded.collect();
        }
        let groups = self.0.copartition_groups.iter().map(|group| group.iter().flat_map(expand).collect()).collect();
        Ok(Topology(Arc::new(Inner {
            nodes: self.0.nodes.clone(),
            store_names: self.0.store_names.clone(),
            subtopologies,
            globals: self.0.globals.clone(),
            repartition_topics: self.0.repartition_topics.clone(),
            copartition_groups: groups,
            optimization: self.0.optimization,
            unnamed: self.0.unnamed.clone(),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StreamsBuilder;

    #[test]
    fn the_whole_name_must_match() {
        let pattern = TopicPattern::new("a|b-[0-9]").expect("a pattern");
        assert_eq!(["a", "b-1", "xa", "b-12", "ab-1"].map(|topic| pattern.matches(topic)), [true, true, false, false, false]);
        let error = TopicPattern::new("(a").expect_err("an open group");
        assert!(error.contains("(a") && error.contains("unclosed group"), "{error}");
        // each half of it is none, although between `^(?:` and `)$` it would be one
        assert!(TopicPattern::new("a)|(b").is_err());
    }

    fn cluster(topics: &[&str]) -> Vec<String> {
        topics.iter().map(|topic| (*topic).to_owned()).collect()
    }

    #[test]
    fn the_clusters_topics_take_the_place_of_patterns() {
        let builder = StreamsBuilder::new();
        let global = builder.global_table::<String, String>("in-global");
        let stream = builder.stream_pattern::<String, String>(".*");
        let _ = stream.join_global(&global, |key, _| key.clone(), |value, _| value).group_by(|_, v| v.clone()).count_with("counts");
        let topology = builder.build().expect("it is right");
        let own = ["app-counts-repartition", "app-counts-changelog", "in-global", "__consumer_offsets"];
        let topics = cluster(&[&own[..], &["b", "a"]].concat());
        let resolved = topology.with_topics("app", &topics).expect("topics match");
        let config = crate::config::StreamsConfig::new("app", "embedded");
        let sources = resolved.topics(&config).expect("topics").subtopologies.iter().map(|s| s.sources.clone()).collect::<Vec<_>>();
        assert_eq!(sources, [vec![Arc::from("a"), Arc::from("b")], vec![Arc::from("app-counts-repartition")]]);
        assert_eq!(resolved.describe(), topology.describe());
    }

    #[test]
    fn a_topic_of_two_patterns_is_told_and_a_pattern_without_topics_reads_nothing() {
        let builder = StreamsBuilder::new();
        builder.stream_pattern::<String, String>("a.*").to("out");
        builder.stream_pattern::<String, String>(".*b").to("out");
        let topology = builder.build().expect("nothing is known yet");
        let error = topology.with_topics("app", &cluster(&["aa", "bb", "ab"])).expect_err("ab is of both").to_string();
        assert!(error.contains("topic ab matches both patterns a.* and .*b"), "{error}");
        assert!(topology.with_topics("app", &cluster(&["aa"])).is_ok());
        let empty = topology.with_topics("app", &cluster(&["c"])).expect("topics may come later");
        assert!(empty.subtopologies().iter().all(|sub| sub.sources.is_empty()) && !empty.has_patterns());
        let texts = |patterns: &Vec<TopicPattern>| patterns.iter().map(|p| p.text().to_string()).collect::<Vec<_>>();
        assert_eq!(topology.patterns().values().map(texts).collect::<Vec<_>>(), [["a.*"], [".*b"]]);
    }
}
