//! The topics of a topology under an application's config: what it reads and writes, and what it makes for itself, named and configured as
//! Java does.

use super::Topology;
use super::spec::{Subtopology, TopicName};
use crate::config::{Settings, StreamsConfig};
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use streams_state::StoreKind;

/// Every topic of an application, by its name on the cluster: see [`Topology::topics`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopologyTopics {
    /// By the ids of the sub-topologies.
    pub subtopologies: Vec<SubtopologyTopics>,
    /// The topics of global tables and stores: every instance reads all of their partitions.
    pub global: Vec<Arc<str>>,
    /// Topics that are joined: those of one group must have equally many partitions.
    pub copartitioned: Vec<Vec<Arc<str>>>,
}

/// The topics of one sub-topology.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubtopologyTopics {
    /// The sub-topology's id, the first number of its tasks' ids.
    pub id: u32,
    /// The topics it reads, repartition topics among them. Which topics match a pattern is not known here: a sub-topology that reads nothing
    /// else is left out.
    pub sources: Vec<Arc<str>>,
    /// The topics it writes, repartition topics among them, but not those that are computed for each record.
    pub sinks: Vec<Arc<str>>,
    /// The repartition topics it reads: made by the application where they do not exist.
    pub repartition: Vec<InternalTopic>,
    /// The changelogs of its stores: made by the application where they do not exist, with as many partitions as it has tasks.
    pub changelogs: Vec<InternalTopic>,
}

/// A topic that an application makes for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InternalTopic {
    /// Its name on the cluster.
    pub name: Arc<str>,
    /// How many partitions the topology asks for; `None` where that follows from other topics.
    pub partitions: Option<i32>,
    /// The topic's configs, beside the broker's.
    pub configs: BTreeMap<String, String>,
}

impl Topology {
    /// The topics that an application with this config reads, writes and makes: for those who create topics by hand or grant access to them.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, config::StreamsConfig};
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<String, String>("in").group_by_key().count_with("counts").to_stream().to("out");
    /// let topics = builder.build()?.topics(&StreamsConfig::new("app", "broker:9092"))?;
    /// assert_eq!(&*topics.subtopologies[0].changelogs[0].name, "app-counts-changelog");
    /// assert_eq!(topics.subtopologies[0].changelogs[0].configs["cleanup.policy"], "compact");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the config is wrong.
    pub fn topics(&self, config: &StreamsConfig) -> Result<TopologyTopics> {
        self.topics_with(&config.settings()?)
    }

    pub(crate) fn topics_with(&self, settings: &Settings) -> Result<TopologyTopics> {
        let app = settings.application_id.as_str();
        let known = |sub: &&Subtopology| sub.sources.iter().any(|source| source.topic.pattern().is_none());
        let subtopologies = self.subtopologies().iter().filter(known).map(|sub| self.topics_of(sub, settings)).collect::<Result<_>>()?;
        let global = self.globals().iter().flat_map(|sub| &sub.sources).map(|source| source.topic.resolve(app)).collect();
        let resolve = |group: &Vec<TopicName>| group.iter().filter(|t| t.pattern().is_none()).map(|t| t.resolve(app)).collect::<Vec<_>>();
        let copartitioned = self.copartition_groups().iter().map(resolve).filter(|group| group.len() > 1).collect();
        Ok(TopologyTopics { subtopologies, global, copartitioned })
    }

    fn topics_of(&self, sub: &Subtopology, settings: &Settings) -> Result<SubtopologyTopics> {
        let app = settings.application_id.as_str();
        let repartition = sub.sources.iter().filter_map(|source| {
            let topic = self.repartition_topics().iter().find(|topic| topic.name == source.topic)?;
            Some(InternalTopic { name: topic.name.resolve(app), partitions: topic.partitions, configs: repartition_configs(settings) })
        });
        let mut changelogs = Vec::new();
        for (index, store) in sub.stores.iter().enumerate().filter(|(index, _)| sub.changelogs[*index].is_written()) {
            if let (Some(name), Some(own)) = (sub.restored_from(index, app), store.logging()) {
                changelogs.push(InternalTopic { name, partitions: None, configs: changelog_configs(store.kind(), own, settings)? });
            }
        }
        Ok(SubtopologyTopics {
            id: sub.id,
            sources: sub.sources.iter().filter(|s| s.topic.pattern().is_none()).map(|source| source.topic.resolve(app)).collect(),
            sinks: sub.sinks.iter().map(|topic| topic.resolve(app)).collect(),
            repartition: repartition.collect(),
            changelogs,
        })
    }
}

/// Defaults of Kafka Streams, then the `topic.` keys of the application.
fn base_configs(defaults: &[(&str, &str)], settings: &Settings) -> BTreeMap<String, String> {
    let mut configs: BTreeMap<String, String> = defaults.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    configs.insert("message.timestamp.type".to_owned(), "CreateTime".to_owned());
    configs.extend(settings.topic_configs.clone());
    configs
}

fn repartition_configs(settings: &Settings) -> BTreeMap<String, String> {
    base_configs(&[("cleanup.policy", "delete"), ("segment.bytes", "52428800"), ("retention.ms", "-1")], settings)
}

/// For how long the changelog of a versioned store keeps versions beyond its history; no setting of Java's changes it.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The store's own map wins over everything; what is computed from its retention wins over the `topic.` keys.
fn changelog_configs(kind: StoreKind, own: &BTreeMap<String, String>, settings: &Settings) -> Result<BTreeMap<String, String>> {
    let mut configs = match kind {
        StoreKind::KeyValue => base_configs(&[("cleanup.policy", "compact")], settings),
        StoreKind::Window { retention_ms } | StoreKind::Session { retention_ms } => {
            let mut configs = base_configs(&[("cleanup.policy", "compact,delete")], settings);
            let more = i64::try_from(settings.windowstore_changelog_additional_retention.as_millis()).unwrap_or(i64::MAX);
            configs.insert("retention.ms".to_owned(), retention_ms.saturating_add(more).to_string());
            configs
        }
        StoreKind::Versioned { history_retention_ms } => {
            let mut configs = base_configs(&[("cleanup.policy", "compact")], settings);
            let lag = history_retention_ms.saturating_add(DAY_MS);
            configs.insert("min.compaction.lag.ms".to_owned(), lag.to_string());
            configs
        }
        other => {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("no topic configs are known for the changelog of a store of kind {other:?}"),
            ));
        }
    };
    configs.extend(own.clone());
    Ok(configs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stores_own_configs_win() {
        let settings = StreamsConfig::new("app", "embedded").settings().expect("the settings are right");
        let own = BTreeMap::from([("retention.ms".to_owned(), "5".to_owned()), ("cleanup.policy".to_owned(), "delete".to_owned())]);
        let configs = changelog_configs(StoreKind::Window { retention_ms: i64::MAX - 1 }, &own, &settings).expect("configs");
        assert_eq!((configs["retention.ms"].as_str(), configs["cleanup.policy"].as_str()), ("5", "delete"));
        let configs = changelog_configs(StoreKind::Window { retention_ms: i64::MAX - 1 }, &BTreeMap::new(), &settings).expect("configs");
        assert_eq!(configs["retention.ms"], i64::MAX.to_string());
        assert_eq!(configs["message.timestamp.type"], "CreateTime");
        let configs = changelog_configs(StoreKind::Session { retention_ms: 5 }, &BTreeMap::new(), &settings).expect("configs");
        assert_eq!((configs["retention.ms"].as_str(), configs["cleanup.policy"].as_str()), ("86400005", "compact,delete"));
    }
}
