//! Running on Apache Kafka.

use anyhow::{Result, anyhow, bail};
use std::time::Duration;
use streams_core::cluster::kafka::KafkaCluster;
use streams_core::cluster::{Admin, Cluster, NewTopic};
use streams_core::config::StreamsConfig;
use streams_core::{ErrorKind, KafkaStreams, Topology};

/// How long a graceful end may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes a missing output topic, then runs until SIGINT or SIGTERM. It has as many partitions as the first input.
///
/// # Errors
/// When an input topic is missing, a setting is wrong, or the application fails.
pub fn run_on_kafka(config: StreamsConfig, topology: &Topology, inputs: &[&str], output: &str) -> Result<()> {
    super::log("info");
    let settings = config.settings()?;
    let servers = config.get("bootstrap.servers").unwrap_or_default();
    let cluster = KafkaCluster::new(servers);
    let admin = cluster.admin(&settings.admin(&settings.application_id))?;
    make_output(&*admin, servers, inputs, output, settings.replication_factor)?;
    drop(admin);
    let app = KafkaStreams::start(topology.clone(), config)?;
    eprintln!("{} reads {} and writes {output} on {}; Ctrl-C ends it", settings.application_id, inputs.join(", "), cluster_name(&settings));
    Ok(app.run_until_signal(CLOSE_TIMEOUT)?)
}

fn cluster_name(settings: &streams_core::config::Settings) -> String {
    match &settings.bootstrap {
        streams_core::config::Bootstrap::Servers(servers) => servers.clone(),
        streams_core::config::Bootstrap::Embedded(name) => format!("the embedded cluster {name}"),
    }
}

fn make_output(admin: &dyn Admin, servers: &str, inputs: &[&str], output: &str, replication_factor: Option<i32>) -> Result<()> {
    let names: Vec<&str> = inputs.iter().copied().chain([output]).collect();
    let counts = loop {
        match admin.partition_counts(&names) {
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                eprintln!("{servers} does not answer, trying again: {error}");
                std::thread::sleep(Duration::from_secs(1));
            }
            answer => break answer?,
        }
    };
    let (inputs, output_count) = (names.iter().zip(&counts).take(inputs.len()), counts.last());
    let mut partitions = None;
    for (name, count) in inputs {
        match count {
            Some(count) => partitions = partitions.or(Some(*count)),
            None => bail!("the input topic {name} does not exist on {servers}: make it, or name another with --input"),
        }
    }
    if let (Some(None), Some(partitions)) = (output_count, partitions) {
        let topic = NewTopic { name: output.to_owned(), partitions, replication_factor, configs: Default::default() };
        admin.create_topics(&[topic]).map_err(|e| anyhow!("the output topic {output} cannot be made: {e}"))?;
        eprintln!("made the output topic {output} with {partitions} partitions");
    }
    Ok(())
}
