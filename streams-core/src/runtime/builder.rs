//! Putting an application together: what is not data.

use super::app::KafkaStreams;
use super::listener::{RestoreEvent, RestoreListener};
use super::restorer::{Next, Parts, Restorer};
use super::shared::{Shared, SharedParts};
use super::state::{State, StateCell, StateListener};
use super::stores::StateFiles;
use super::supervisor::{FirstNews, Message, Supervisor};
use crate::cluster::{Cluster, FetcherOptions};
use crate::config::{Bootstrap, Settings, StreamsConfig};
use crate::handlers::{
    DeserializationExceptionHandler, Handlers, ProcessingExceptionHandler, ProductionExceptionHandler, TimestampExtractor,
    UncaughtErrorHandler,
};
use crate::metrics::MetricsRegistry;
use crate::task::TaskSettings;
use crate::time::{Clock, SystemClock};
use crate::topology::Topology;
use crate::{Error, ErrorKind, Result};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use streams_state::SharedResources;

/// How long `start` waits to hear whether the topics are as they must be. After that the application goes on by itself.
const START_WAITS: Duration = Duration::from_secs(3);

/// An application that is not started yet. Made by [`KafkaStreams::builder`].
#[must_use = "nothing runs until `start` is called"]
pub struct KafkaStreamsBuilder {
    topology: Topology,
    config: StreamsConfig,
    cluster: Option<Arc<dyn Cluster>>,
    clock: Arc<dyn Clock>,
    state_listener: Option<StateListener>,
    restore_listener: Option<RestoreListener>,
    handlers: Vec<SetHandler>,
    #[cfg(feature = "rocksdb")]
    rocksdb_config_setter: Option<streams_state::RocksDbConfigSetter>,
}

type SetHandler = Box<dyn FnOnce(&mut Handlers) + Send>;

impl KafkaStreamsBuilder {
    pub(super) fn new(topology: Topology, config: StreamsConfig) -> Self {
        KafkaStreamsBuilder {
            topology,
            config,
            cluster: None,
            clock: Arc::new(SystemClock::new()),
            state_listener: None,
            restore_listener: None,
            handlers: Vec::new(),
            #[cfg(feature = "rocksdb")]
            rocksdb_config_setter: None,
        }
    }

    /// Runs on this cluster, whatever `bootstrap.servers` says.
    pub fn cluster(mut self, cluster: Arc<dyn Cluster>) -> Self {
        self.cluster = Some(cluster);
        self
    }

    /// Reads time from here; the machine's clock by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Told of each change of state, with the new and the old one. It must not wait for the application to change its state.
    #[doc(alias = "setStateListener")]
    pub fn state_listener(mut self, listener: impl Fn(State, State) + Send + Sync + 'static) -> Self {
        self.state_listener = Some(Box::new(listener));
        self
    }

    /// Told how far the restore of each store is.
    #[doc(alias = "setGlobalStateRestoreListener")]
    pub fn restore_listener(mut self, listener: impl Fn(&RestoreEvent<'_>) + Send + Sync + 'static) -> Self {
        self.restore_listener = Some(Arc::new(listener));
        self
    }

    /// Changes the options of stores on disk (`rocksdb.config.setter`): called with a store's name whenever a database is opened for it, once for
    /// the options of the database and once for those of its rows, which are of one type; a window or session store has a database per segment.
    /// What the `rocksdb` crate's [`Options`](crate::state::rocks::Options) have by then is this library's choice: block cache, write buffers and threads
    /// are shared by all stores, and their limits are `streams.state.block.cache.bytes` and `streams.state.write.buffer.bytes`; options that give a store its own
    /// take it out of them. Leave comparator, merge operator and prefix extractor as they are. What rows need to be right is set again
    /// afterwards: atomic flushes, and the levels and filters of segments. A panic in the setter is an error of the store, of the kind
    /// [`UserCode`](crate::ErrorKind::UserCode), and ends the application.
    ///
    /// ```no_run
    /// # use streams_core::{KafkaStreams, StreamsBuilder, config::StreamsConfig};
    /// use streams_core::state::rocks::{DBCompressionType, Options};
    /// # let (topology, config) = (StreamsBuilder::new().build()?, StreamsConfig::new("app", "localhost:9092"));
    /// let compressed = |store: &str, options: &mut Options| {
    ///     if store == "archive" {
    ///         options.set_compression_type(DBCompressionType::Lz4);
    ///     }
    /// };
    /// let app = KafkaStreams::builder(topology, config).rocksdb_config_setter(compressed).start()?;
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    #[cfg(feature = "rocksdb")]
    #[doc(alias = "RocksDBConfigSetter")]
    pub fn rocksdb_config_setter(
        mut self,
        setter: impl Fn(&str, &mut streams_state::rocks_library::Options) + Send + Sync + 'static,
    ) -> Self {
        self.rocksdb_config_setter = Some(Arc::new(setter));
        self
    }

    /// Decides what follows when a thread fails: `UncaughtErrorResponse::ReplaceThread`, or a closure that looks at the error.
    #[doc(alias = "setUncaughtExceptionHandler")]
    pub fn uncaught_error_handler(self, handler: impl UncaughtErrorHandler + 'static) -> Self {
        self.set_handler(|handlers| handlers.uncaught = Arc::new(handler))
    }

    /// Decides about records that cannot be read, in place of `deserialization.exception.handler`.
    pub fn deserialization_exception_handler(self, handler: impl DeserializationExceptionHandler + 'static) -> Self {
        self.set_handler(|handlers| handlers.deserialization = Arc::new(handler))
    }

    /// Decides about user code that fails, in place of `processing.exception.handler`.
    pub fn processing_exception_handler(self, handler: impl ProcessingExceptionHandler + 'static) -> Self {
        self.set_handler(|handlers| handlers.processing = Arc::new(handler))
    }

    /// Decides about records that cannot be written, in place of `production.exception.handler`.
    pub fn production_exception_handler(self, handler: impl ProductionExceptionHandler + 'static) -> Self {
        self.set_handler(|handlers| handlers.production = Arc::new(handler))
    }

    /// Gives records their time where a source names no extractor, in place of `default.timestamp.extractor`.
    pub fn timestamp_extractor(self, extractor: impl TimestampExtractor + 'static) -> Self {
        self.set_handler(|handlers| handlers.timestamp_extractor = Arc::new(extractor))
    }

    fn set_handler(mut self, set: impl FnOnce(&mut Handlers) + Send + 'static) -> Self {
        self.handlers.push(Box::new(set));
        self
    }

    /// Deletes the application's local state before it starts.
    ///
    /// # Errors
    /// `Io` when another process has the state directory, or a file cannot be deleted; `Config` when a setting is wrong.
    #[doc(alias = "cleanUp")]
    pub fn clean_up(&self) -> Result<()> {
        let settings = self.config.settings()?;
        let files = StateFiles::open(&self.topology, &settings, SharedResources::new)?;
        files.release();
        files.clean_up()
    }

    /// Starts the application. See [`KafkaStreams::start`] for what can fail.
    pub fn start(self) -> Result<KafkaStreams> {
        let settings = self.config.settings()?;
        settings.log_warnings();
        check_optimization(&self.topology, &settings)?;
        if settings.ensure_explicit_internal_resource_naming {
            self.topology.check_names()?;
        }
        let cluster = match self.cluster {
            Some(cluster) => cluster,
            None => cluster_of(&settings)?,
        };
        let mut handlers = Handlers::from_settings(&settings);
        for set in self.handlers {
            set(&mut handlers);
        }
        #[cfg(feature = "rocksdb")]
        let setter = self.rocksdb_config_setter;
        let resources = |limits| {
            #[cfg(feature = "rocksdb")]
            if let Some(setter) = setter {
                return SharedResources::with_config_setter(limits, setter);
            }
            SharedResources::new(limits)
        };
        let files = Arc::new(StateFiles::open(&self.topology, &settings, resources)?);
        let process_id = files.process_id().to_string();
        let client_id = settings.client_id(&process_id);
        let metrics = MetricsRegistry::new(settings.application_id.as_str(), client_id.as_str(), settings.metrics_recording_level);
        let admin = cluster.admin(&settings.admin(&client_id))?;
        let tasks = Arc::new(TaskSettings::new(&settings, handlers.clone()));
        let shared = Arc::new(Shared::new(SharedParts {
            settings,
            topology: self.topology,
            client_id,
            process_id,
            cluster,
            admin,
            clock: self.clock,
            metrics: metrics.clone(),
            handlers,
            restore_listener: self.restore_listener,
            state: StateCell::new(self.state_listener, metrics),
        }));
        tracing::info!(target: "streams::app", application = shared.settings.application_id, client_id = shared.client_id, "starting");
        shared.state.set(State::Rebalancing);
        let news = run_in_background(&shared, &files, tasks)?;
        let app = KafkaStreams { shared, files };
        match news.recv_timeout(START_WAITS) {
            Ok(FirstNews::Failed) => {
                app.shared.state.wait(START_WAITS, State::is_final);
                Err(app.shared.failure().unwrap_or_else(|| Error::new(ErrorKind::Closed, "the application was closed while it started")))
            }
            Ok(FirstNews::Running | FirstNews::Unreachable) | Err(_) => Ok(app),
        }
    }
}

impl fmt::Debug for KafkaStreamsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaStreamsBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// In Java it is the properties given to `build` that count; a config that says something else would only look as if it worked.
fn check_optimization(topology: &Topology, settings: &Settings) -> Result<()> {
    let (built, configured) = (topology.optimization(), settings.topology_optimization);
    if built == configured {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Config,
        format!(
            "topology.optimization is `{configured}`, and the topology was built with `{built}`: build it with `StreamsBuilder::build_with` and \
             this config, or set the key to `{built}`"
        ),
    ))
}

/// The cluster that `bootstrap.servers` names.
fn cluster_of(settings: &Settings) -> Result<Arc<dyn Cluster>> {
    match &settings.bootstrap {
        Bootstrap::Embedded(name) => Ok(Arc::new(crate::cluster::embedded::EmbeddedCluster::named(name))),
        #[cfg(feature = "kafka")]
        Bootstrap::Servers(servers) => Ok(Arc::new(crate::cluster::kafka::KafkaCluster::new(servers.as_str()))),
        #[cfg(not(feature = "kafka"))]
        Bootstrap::Servers(servers) => Err(Error::new(
            ErrorKind::Config,
            format!("bootstrap.servers={servers} is an Apache Kafka cluster, and this program was built without the feature `kafka`"),
        )),
    }
}

/// Starts the restorer and the supervisor, which starts the rest.
fn run_in_background(
    shared: &Arc<Shared>,
    files: &Arc<StateFiles>,
    tasks: Arc<TaskSettings>,
) -> Result<crossbeam_channel::Receiver<FirstNews>> {
    let (first_news, news) = crossbeam_channel::bounded(1);
    let restorer = start_restorer(shared, files)?;
    let supervisor = Supervisor::new(shared.clone(), tasks, files.clone(), first_news);
    let (shared, files) = (shared.clone(), files.clone());
    let supervise = move || {
        if catch_unwind(AssertUnwindSafe(|| supervisor.run(restorer))).is_err() {
            shared.state.set(State::PendingError);
            shared.fail(Error::new(ErrorKind::Internal, "the thread that supervises the application panicked; please report it"));
        }
        files.release();
        shared.state.set(if shared.state.get() == State::PendingError { State::Error } else { State::NotRunning });
    };
    spawn("streams-supervisor".to_owned(), supervise)?;
    Ok(news)
}

fn start_restorer(shared: &Arc<Shared>, files: &Arc<StateFiles>) -> Result<JoinHandle<()>> {
    let settings = &shared.settings;
    let name = Settings::state_updater_name(&shared.client_id, 1);
    let options = FetcherOptions { client: settings.restore_consumer(&name), read_committed: settings.read_committed, bulk: true };
    let cluster = shared.cluster.clone();
    let parts = Parts {
        group: settings.application_id.clone(),
        timestamp_extractor: shared.handlers.timestamp_extractor.clone(),
        admin: shared.admin.clone(),
        clock: shared.clock.clone(),
        stores: Box::new(files.clone()),
        fetcher: Box::new(move || cluster.fetcher(options.clone())),
        listener: shared.restore_listener.clone(),
        metrics: shared.metrics.clone(),
        mailbox: shared.restorer.clone(),
        paused: shared.paused.clone(),
        logs_last: shared.cluster.lasts(),
        task_timeout: settings.task_timeout,
        clean_every: settings.state_cleanup_delay.max(Duration::from_secs(1)),
    };
    let supervisor = shared.supervisor.clone();
    spawn(name, move || {
        let work = move || {
            let mut restorer = Restorer::new(parts);
            loop {
                match restorer.step() {
                    Next::Again => {}
                    Next::Wait(timeout) => restorer.wait(timeout),
                    Next::Stopped => return,
                }
            }
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            let _ = supervisor.post(Message::RestorerBroke(crate::error::panic_text(&*panic)));
        }
    })
}

fn spawn(name: String, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let failed = format!("thread {name} could not be started");
    std::thread::Builder::new().name(name).spawn(body).map_err(|error| Error::caused(ErrorKind::Io, failed, error))
}
