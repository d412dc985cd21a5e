//! The options that all programs have.

use anyhow::{Result, anyhow};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use streams_core::config::StreamsConfig;

/// Names that a program goes by where the command line gives none.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// The application's id.
    pub application_id: &'static str,
    /// The topic to read.
    pub input: &'static str,
    /// The topic to write.
    pub output: &'static str,
}

impl Names {
    /// Tells them in the help text.
    pub(super) fn on(&self, command: clap::Command) -> clap::Command {
        let default = |arg: clap::Arg, value: &str| {
            let help = format!("{} [default: {value}]", arg.get_help().map(ToString::to_string).unwrap_or_default());
            arg.help(help)
        };
        command
            .mut_arg("application_id", |arg| default(arg, self.application_id))
            .mut_arg("input", |arg| default(arg, self.input))
            .mut_arg("output", |arg| default(arg, self.output))
    }
}

/// The options that all programs have.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// Kafka's brokers as host:port, separated by commas; `embedded` is a cluster in this process
    #[arg(long, value_name = "SERVERS", default_value = "embedded")]
    bootstrap_servers: String,
    /// Names the group, the internal topics and the folder of the state
    #[arg(long, value_name = "ID")]
    application_id: Option<String>,
    /// Topic to read; it must exist on Kafka, and is made on the embedded cluster
    #[arg(long, value_name = "TOPIC")]
    input: Option<String>,
    /// Topic to write; made when it is missing
    #[arg(long, value_name = "TOPIC")]
    output: Option<String>,
    /// On the embedded cluster: what to feed, one record a line; without it, the data of the demo
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
    /// Folder for the state; a temporary one by default. On the embedded cluster the state goes with the process
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Stream threads [default: 1 on Kafka; as many as there are cores, up to 4, on the embedded cluster]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Any other setting by its dotted name, such as commit.interval.ms=1000; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    settings: Vec<(String, String)>,
    /// As `cargo xtask demo` starts it: on the embedded cluster, and --input names a file
    #[arg(long, hide = true)]
    demo: bool,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("give a name and a value, as in commit.interval.ms=1000".to_owned()),
    }
}

impl Common {
    /// The topic to read.
    pub fn input(&self, names: &Names) -> String {
        let named = self.input.clone().filter(|_| !self.demo);
        named.unwrap_or_else(|| names.input.to_owned())
    }

    /// The topic to write.
    pub fn output(&self, names: &Names) -> String {
        self.output.clone().unwrap_or_else(|| names.output.to_owned())
    }

    /// The file to feed, if one is named.
    pub fn input_file(&self) -> Option<&Path> {
        let named_by_demo = self.input.as_deref().filter(|_| self.demo).map(Path::new);
        self.input_file.as_deref().or(named_by_demo)
    }

    /// The config of the application: everything on the command line, `--set` last.
    ///
    /// # Errors
    /// [`Usage`] when a file is named that Kafka would never be fed with.
    pub fn config(&self, names: &Names) -> Result<StreamsConfig, Usage> {
        let id = self.application_id.as_deref().unwrap_or(names.application_id);
        let servers = if self.demo { "embedded" } else { &self.bootstrap_servers };
        let mut config = StreamsConfig::new(id, servers);
        if let Some(dir) = &self.state_dir {
            config = config.state_dir(dir);
        }
        if let Some(threads) = self.threads {
            config = config.num_stream_threads(threads);
        }
        let config = config.set_all(self.settings.clone());
        match config.get("bootstrap.servers").filter(|_| self.input_file.is_some() && !super::is_embedded(&config)) {
            Some(servers) => Err(Usage(format!(
                "--input-file feeds the embedded cluster only: on {servers} write the records into the topic {} yourself, \
                 or leave --bootstrap-servers out",
                self.input(names)
            ))),
            None => Ok(config),
        }
    }
}

/// Options that do not go together: told as clap tells its own errors, with exit status 2.
#[derive(Debug)]
pub struct Usage(String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Opens a file to feed.
///
/// # Errors
/// Names the file.
pub fn open(path: &Path) -> Result<impl BufRead + use<>> {
    let file = File::open(path).map_err(|e| anyhow!("cannot read the input {}: {e}", path.display()))?;
    Ok(BufReader::with_capacity(1 << 20, file))
}
