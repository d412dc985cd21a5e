//! What user code of the Processor API may do.

use super::record_context::RecordMetadata;
use crate::exec::{Cx, GraphEnv, Meta, Outlets, PunctuationType, TimerId};
use crate::metrics::UserMetrics;
use crate::{BoxError, Data, Record, TaskId};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a supplier may do while its processor is made.
pub struct Setup<'a, 'g> {
    pub(crate) env: &'a mut GraphEnv<'g>,
}

impl fmt::Debug for Setup<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Setup")
    }
}

impl Setup<'_, '_> {
    /// Calls `punctuate` every `interval` of stream time or of the wall clock. Stream-time punctuations fire with records only: first with
    /// the first record, then whenever stream time has passed a multiple of the interval. Ticks that were missed are skipped. An interval
    /// shorter than 1 ms fails the task when it starts.
    pub fn schedule(&mut self, kind: PunctuationType, interval: Duration) -> TimerId {
        self.env.schedule(kind, interval, None)
    }

    /// The same on a grid that begins at `start`, in milliseconds since 1970 (KIP-1146): first at `start`, or, where the clock is past that
    /// already, at the next tick after what it shows. So a task that starts again goes on with the same ticks. A start before 1970 fails the
    /// task when it starts.
    pub fn schedule_at(&mut self, kind: PunctuationType, interval: Duration, start: i64) -> TimerId {
        self.env.schedule(kind, interval, Some(start))
    }

    /// The name of the node that is made.
    pub fn node(&self) -> Arc<str> {
        self.env.node_name()
    }

    /// The task.
    pub fn task_id(&self) -> TaskId {
        self.env.task_id()
    }

    /// The application's id.
    pub fn application_id(&self) -> &str {
        self.env.application_id()
    }

    /// The application's config, as [`Context::app_configs`].
    #[doc(alias = "appConfigs")]
    pub fn app_configs(&self) -> &BTreeMap<String, String> {
        &self.env.facts().config
    }

    /// The keys of the config that begin with `prefix`, without it.
    #[doc(alias = "appConfigsWithPrefix")]
    pub fn app_configs_with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        self.env.facts().with_prefix(prefix)
    }

    /// The task's folder for state, as [`Context::state_dir`].
    #[doc(alias = "stateDir")]
    pub fn state_dir(&self) -> PathBuf {
        self.env.facts().state_dir_of(self.env.task_id())
    }

    /// Metrics of your own, labelled with thread, task and node. Ask for them here, and keep them in the processor:
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use streams_core::{BoxError, Record, StreamsBuilder, testing::TopologyTestDriver};
    /// # use streams_core::processor::{Context, Processor};
    /// use streams_core::metrics::Counter;
    ///
    /// struct Sales { sold: Arc<Counter> }
    ///
    /// impl Processor<String, u64, String, u64> for Sales {
    ///     fn process(&mut self, ctx: &mut Context<'_, String, u64>, sale: Record<String, u64>) -> Result<(), BoxError> {
    ///         self.sold.add(sale.value);
    ///         ctx.forward(sale)
    ///     }
    /// }
    ///
    /// let builder = StreamsBuilder::new();
    /// let sales = builder.stream::<String, u64>("sales").process((), |setup, ()| {
    ///     Sales { sold: setup.metrics().counter("shop_items_sold_total", "Items that were sold") }
    /// });
    /// sales.to("out");
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, u64>("sales").pipe("tea".to_string(), 3)?;
    /// assert_eq!(driver.metrics().sum("shop_items_sold_total", &[("task", "0_0")]), Some(3.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn metrics(&self) -> UserMetrics<'_> {
        self.env.facts().metrics(self.env.task_id(), self.env.node_ref())
    }

    /// The largest timestamp that the task has seen, in milliseconds; `None` before the first record.
    #[doc(alias = "currentStreamTimeMs")]
    pub fn stream_time(&self) -> Option<i64> {
        Some(self.env.stream_time()).filter(|time| *time != i64::MIN)
    }

    /// The wall clock as the task was told last, in milliseconds.
    #[doc(alias = "currentSystemTimeMs")]
    pub fn wall_clock(&self) -> i64 {
        self.env.now()
    }
}

/// What stores need to know when they are written: implemented by the contexts of the Processor API.
pub trait ProcessingContext {
    #[doc(hidden)]
    fn cx(&mut self) -> &mut Cx;
}

/// What every context tells.
macro_rules! common_context {
    () => {
        /// The largest timestamp that the task has seen, in milliseconds; `None` before the first record.
        #[doc(alias = "currentStreamTimeMs")]
        pub fn stream_time(&self) -> Option<i64> {
            (self.cx.stream_time != i64::MIN).then_some(self.cx.stream_time)
        }

        /// The wall clock as the task was told last, in milliseconds.
        #[doc(alias = "currentSystemTimeMs")]
        pub fn wall_clock(&self) -> i64 {
            self.cx.wall_clock
        }

        /// Where the record came from, or the one that made a change which a cache held back; `None` in a punctuation.
        #[doc(alias = "recordMetadata")]
        pub fn record_metadata(&self) -> Option<RecordMetadata<'_>> {
            RecordMetadata::of(self.cx)
        }

        /// The task.
        pub fn task_id(&self) -> TaskId {
            self.cx.task_id
        }

        /// The application's id.
        pub fn application_id(&self) -> &str {
            &self.cx.application_id
        }

        /// The application's config: what was given and the defaults of all other keys that count, secrets too.
        #[doc(alias = "appConfigs")]
        pub fn app_configs(&self) -> &BTreeMap<String, String> {
            &self.cx.facts.config
        }

        /// The keys of the config that begin with `prefix`, without it.
        #[doc(alias = "appConfigsWithPrefix")]
        pub fn app_configs_with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
            self.cx.facts.with_prefix(prefix)
        }

        /// The task's folder for state: `<state.dir>/<application.id>/<task>`. It is there if the task has a store on disk; make it before you
        /// write to it. It is deleted with the task's state, and what lies in it is not restored elsewhere.
        #[doc(alias = "stateDir")]
        pub fn state_dir(&self) -> PathBuf {
            self.cx.facts.state_dir_of(self.cx.task_id)
        }

        /// Metrics of your own, labelled with thread, task and node.
        pub fn metrics(&self) -> UserMetrics<'_> {
            self.cx.facts.metrics(self.cx.task_id, self.node)
        }

        /// Asks for a commit soon; it does not happen at once.
        #[doc(alias = "commit")]
        pub fn request_commit(&mut self) {
            self.cx.commit_requested = true;
        }
    };
}

/// Punctuations on the way.
macro_rules! punctuations {
    () => {
        /// Schedules one more punctuation; see [`Setup::schedule`](super::Setup::schedule).
        ///
        /// # Errors
        /// When the interval is shorter than 1 ms.
        pub fn schedule(&mut self, kind: PunctuationType, interval: Duration) -> Result<TimerId, BoxError> {
            self.cx.schedule(self.index, kind, interval, None)
        }

        /// The same on a grid that begins at `start`; see [`Setup::schedule_at`](super::Setup::schedule_at).
        ///
        /// # Errors
        /// As [`schedule`](Self::schedule); and when `start` is before 1970.
        pub fn schedule_at(&mut self, kind: PunctuationType, interval: Duration, start: i64) -> Result<TimerId, BoxError> {
            self.cx.schedule(self.index, kind, interval, Some(start))
        }

        /// Ends a punctuation.
        pub fn cancel(&mut self, timer: TimerId) {
            self.cx.timers.cancel(timer);
        }
    };
}

pub(super) use {common_context, punctuations};

/// Java's records refuse times before 1970 when they are made.
#[inline]
pub(super) fn check_time(what: &str, timestamp: i64) -> Result<(), BoxError> {
    if timestamp < 0 { Err(before_1970(what, timestamp)) } else { Ok(()) }
}

#[cold]
fn before_1970(what: &str, timestamp: i64) -> BoxError {
    format!("{what} the negative timestamp {timestamp}: times are milliseconds since 1970, give it one of 0 or later").into()
}

/// What is said of a record with a wrong time.
pub(super) const FORWARDED: &str = "a record was forwarded with";

#[cold]
pub(super) fn no_child(child: &str, children: &[Arc<str>]) -> BoxError {
    let children = match children {
        [] => "it has none".to_owned(),
        some => format!("it has {}", some.join(", ")),
    };
    // a plain error: the node that made the mistake is named where it is decided about
    format!("a record was forwarded to {child}, which does not follow this node: {children}").into()
}

/// What a [`Processor`](super::Processor) may do.
pub struct Context<'a, K, V> {
    pub(crate) cx: &'a mut Cx,
    pub(crate) next: &'a mut Outlets<K, V>,
    /// The node's index among the maintained ones.
    pub(crate) index: usize,
    /// The node's name.
    pub(crate) node: &'a str,
}

impl<K: Data, V: Data> Context<'_, K, V> {
    /// Sends a record to the nodes that follow; returns when all of them have processed it.
    ///
    /// # Errors
    /// When the record's time is negative; and those of the nodes that follow, already decided about: pass them on with `?`.
    #[inline]
    pub fn forward(&mut self, record: Record<K, V>) -> Result<(), BoxError> {
        check_time(FORWARDED, record.timestamp)?;
        let meta = Meta { timestamp: record.timestamp, headers: &record.headers, key_bytes: None };
        self.next.forward(self.cx, record.key, record.value, &meta).map_err(Into::into)
    }

    /// Sends a record to one of the nodes that follow, by its name.
    ///
    /// # Errors
    /// As [`forward`](Self::forward); and when no node of that name follows this one.
    pub fn forward_to(&mut self, child: &str, record: Record<K, V>) -> Result<(), BoxError> {
        check_time(FORWARDED, record.timestamp)?;
        let meta = Meta { timestamp: record.timestamp, headers: &record.headers, key_bytes: None };
        match self.next.forward_to(child, self.cx, record.key, record.value, &meta) {
            Some(result) => result.map_err(Into::into),
            None => Err(no_child(child, self.next.names())),
        }
    }

    common_context!();
    punctuations!();
}

impl<K, V> ProcessingContext for Context<'_, K, V> {
    fn cx(&mut self) -> &mut Cx {
        self.cx
    }
}

impl<K, V> fmt::Debug for Context<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context(task {})", self.cx.task_id)
    }
}
