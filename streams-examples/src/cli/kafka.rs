//! Running on Apache Kafka.

use anyhow::{Result, anyhow, bail};
use std::time::Duration;
use streams_core::cluster::kafka::KafkaCluster;
use streams_core::cluster::{Admin, Cluster, NewTopic};
use streams_core::config::StreamsConfig;
use streams_core::{ErrorKind, KafkaStreams, Topology};

/// How long a graceful end may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// An input topic and the option that names it.
pub type NamedInput<'a> = (&'a str, &'static str);

/// Makes a missing output topic, then runs until SIGINT or SIGTERM. It has as many partitions as the first input.
///
/// # Errors
/// When an input topic is missing, a setting is wrong, or the application fails.
pub fn run_on_kafka(config: StreamsConfig, topology: &Topology, inputs: &[NamedInput<'_>], output: &str) -> Result<()> {
    super::log("info");
    let settings = config.settings()?;
    let servers = config.get("bootstrap.servers").unwrap_or_default();
    let cluster = KafkaCluster::new(servers);
    let admin = cluster.admin(&settings.admin(&settings.application_id))?;
    make_output(&*admin, servers, inputs, output, settings.replication_factor)?;
    drop(admin);
    let app = KafkaStreams::start(topology.clone(), config.clone())?;
    let topics: Vec<&str> = inputs.iter().map(|(topic, _)| *topic).collect();
    eprintln!("{} reads {} and writes {output} on {servers}; Ctrl-C ends it", settings.application_id, topics.join(", "));
    Ok(app.run_until_signal(CLOSE_TIMEOUT)?)
}

fn make_output(admin: &dyn Admin, servers: &str, inputs: &[NamedInput<'_>], output: &str, replication_factor: Option<i32>) -> Result<()> {
    let topics: Vec<&str> = inputs.iter().map(|(topic, _)| *topic).chain([output]).collect();
    let counts = loop {
        match admin.partition_counts(&topics) {
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                eprintln!("{servers} does not answer, trying again: {error}");
                std::thread::sleep(Duration::from_secs(1));
            }
            answer => break answer?,
        }
    };
    for ((topic, option), count) in inputs.iter().zip(&counts) {
        if count.is_none() {
            bail!("the input topic {topic} does not exist on {servers}: make it, or name another with {option}");
        }
    }
    if let (Some(None), Some(Some(partitions))) = (counts.last(), counts.first().copied()) {
        let topic = NewTopic { name: output.to_owned(), partitions, replication_factor, configs: Default::default() };
        admin.create_topics(&[topic]).map_err(|e| anyhow!("the output topic {output} cannot be made: {e}"))?;
        eprintln!("made the output topic {output} with {partitions} partitions");
    }
    Ok(())
}
