//! How long a table's changes are held back, and how many.

use crate::Data;
use crate::dsl::windows::millis;
use crate::plan::Named;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;
use streams_state::serde::Windowed;

/// Until when changes are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// So many milliseconds behind the first change.
    TimeLimit(i64),
    /// The window of the key takes no more records.
    WindowCloses,
}

/// Until when [`KTable::suppress`](crate::KTable::suppress) holds changes back (KIP-328).
///
/// ```
/// use std::time::Duration;
/// use streams_core::{BufferConfig, Suppressed};
/// let at_most_each_minute: Suppressed<String> = Suppressed::until_time_limit(Duration::from_secs(60), BufferConfig::max_records(100_000));
/// let named = at_most_each_minute.named("each-minute");
/// # let _ = named;
/// ```
pub struct Suppressed<K> {
    pub(crate) until: Until,
    /// The end of the key's window.
    pub(crate) window_end: Option<fn(&K) -> i64>,
    pub(crate) buffer: BufferSettings,
    pub(crate) named: Named,
}

impl<K: Data> Suppressed<K> {
    /// Holds the changes of a row back until its first one is `limit` old, by the time of the table's changes; then the newest is emitted.
    #[doc(alias = "untilTimeLimit")]
    pub fn until_time_limit<F: WhenFull>(limit: Duration, buffer: BufferConfig<F>) -> Self {
        let until = Until::TimeLimit(millis(limit));
        Suppressed { until, window_end: None, buffer: buffer.settings(), named: Named::default() }
    }

    /// A name for the node; the buffer is then `<name>-store`. Letters, digits, `.`, `_` and `-`, at most 249 characters.
    #[must_use]
    #[doc(alias = "withName")]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }
}

impl<K: Data> Suppressed<Windowed<K>> {
    /// Emits one result for each key and window, once the window takes no more records: stream time has reached its end and its grace, and of
    /// sliding windows and sessions, which hold their end, is 1 ms past that. A window that is empty by then, because its row was deleted, has
    /// none. Only for tables behind a windowed aggregation, and for buffers that emit nothing
    /// early.
    #[doc(alias = "untilWindowCloses")]
    pub fn until_window_closes(buffer: BufferConfig<ShutDownWhenFull>) -> Self {
        let window_end = Some((|key| key.window.end) as fn(&Windowed<K>) -> i64);
        Suppressed { until: Until::WindowCloses, window_end, buffer: buffer.settings(), named: Named::default() }
    }
}

impl<K> Clone for Suppressed<K> {
    fn clone(&self) -> Self {
        Suppressed { until: self.until, window_end: self.window_end, buffer: self.buffer.clone(), named: self.named.clone() }
    }
}

impl<K> fmt::Debug for Suppressed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suppressed").field("until", &self.until).field("buffer", &self.buffer).finish_non_exhaustive()
    }
}

/// Limits and changelog of a buffer, whatever happens when it is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BufferSettings {
    /// `u64::MAX` is no limit, here and below.
    pub max_records: u64,
    pub max_bytes: u64,
    pub emit_early: bool,
    pub logging: Option<BTreeMap<String, String>>,
}

/// A full buffer emits its oldest changes early.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "EagerBufferConfig")]
pub struct EmitEarlyWhenFull;

/// A full buffer ends the thread with an error: nothing is emitted early.
#[derive(Clone, Copy, Debug)]
#[doc(alias = "StrictBufferConfig")]
pub struct ShutDownWhenFull;

/// What happens when a buffer is full.
pub trait WhenFull: sealed::WhenFull {}
impl<F: sealed::WhenFull> WhenFull for F {}

mod sealed {
    pub trait WhenFull {
        const EMIT_EARLY: bool;
    }
    impl WhenFull for super::EmitEarlyWhenFull {
        const EMIT_EARLY: bool = true;
    }
    impl WhenFull for super::ShutDownWhenFull {
        const EMIT_EARLY: bool = false;
    }
}

/// How much [`KTable::suppress`](crate::KTable::suppress) may hold back for each task, what happens when that is too little, and how the buffer
/// is logged. Buffers lie in memory; the changelog makes what they hold outlast the process.
///
/// ```
/// use streams_core::BufferConfig;
/// let strict = BufferConfig::unbounded();
/// let eager = BufferConfig::max_records(1_000).with_max_bytes(1 << 20);
/// let strict_too = BufferConfig::max_bytes(1 << 20).shut_down_when_full();
/// # let _ = (strict, eager, strict_too);
/// ```
pub struct BufferConfig<F> {
    max_records: u64,
    max_bytes: u64,
    logging: Option<BTreeMap<String, String>>,
    when_full: PhantomData<fn() -> F>,
}

impl BufferConfig<ShutDownWhenFull> {
    /// As much as there is memory for.
    pub fn unbounded() -> Self {
        BufferConfig { max_records: u64::MAX, max_bytes: u64::MAX, logging: Some(BTreeMap::new()), when_full: PhantomData }
    }
}

impl BufferConfig<EmitEarlyWhenFull> {
    /// At most so many rows; the oldest changes are emitted early where there are more.
    pub fn max_records(limit: u64) -> Self {
        BufferConfig::unbounded().with_max_records(limit).emit_early_when_full()
    }

    /// At most so many bytes; the oldest changes are emitted early where there are more. A row counts as in Java: the bytes of its key and its
    /// values, and 28 bytes, topic and headers of the record that changed it last.
    pub fn max_bytes(limit: u64) -> Self {
        BufferConfig::unbounded().with_max_bytes(limit).emit_early_when_full()
    }
}

impl<F: WhenFull> BufferConfig<F> {
    /// At most so many rows. Default: no limit.
    #[must_use]
    #[doc(alias = "withMaxRecords")]
    pub fn with_max_records(mut self, limit: u64) -> Self {
        self.max_records = limit;
        self
    }

    /// At most so many bytes, counted as for [`max_bytes`](BufferConfig::max_bytes). Default: no limit.
    #[must_use]
    #[doc(alias = "withMaxBytes")]
    pub fn with_max_bytes(mut self, limit: u64) -> Self {
        self.max_bytes = limit;
        self
    }

    /// No limits.
    #[must_use]
    #[doc(alias = "withNoBound")]
    pub fn with_no_bound(self) -> BufferConfig<ShutDownWhenFull> {
        self.with_max_records(u64::MAX).with_max_bytes(u64::MAX).shut_down_when_full()
    }

    /// A full buffer emits its oldest changes early.
    #[must_use]
    #[doc(alias = "emitEarlyWhenFull")]
    pub fn emit_early_when_full(self) -> BufferConfig<EmitEarlyWhenFull> {
        self.when()
    }

    /// A full buffer ends the thread with an error, which the uncaught-error handler decides about: nothing is emitted early.
    #[must_use]
    #[doc(alias = "shutDownWhenFull")]
    pub fn shut_down_when_full(self) -> BufferConfig<ShutDownWhenFull> {
        self.when()
    }

    /// Topic configs for the buffer's changelog, over those of the application's config. Default: logged, without configs of its own.
    #[must_use]
    #[doc(alias = "withLoggingEnabled")]
    pub fn logging(mut self, configs: BTreeMap<String, String>) -> Self {
        self.logging = Some(configs);
        self
    }

    /// No changelog: what is held back when the process ends or the task moves is lost.
    #[must_use]
    #[doc(alias = "withLoggingDisabled")]
    pub fn logging_disabled(mut self) -> Self {
        self.logging = None;
        self
    }

    fn when<G>(self) -> BufferConfig<G> {
        BufferConfig { max_records: self.max_records, max_bytes: self.max_bytes, logging: self.logging, when_full: PhantomData }
    }

    fn settings(self) -> BufferSettings {
        let BufferConfig { max_records, max_bytes, logging, .. } = self;
        BufferSettings { max_records, max_bytes, emit_early: F::EMIT_EARLY, logging }
    }
}

impl<F> Clone for BufferConfig<F> {
    fn clone(&self) -> Self {
        BufferConfig { logging: self.logging.clone(), ..*self }
    }
}

impl<F> fmt::Debug for BufferConfig<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferConfig").field("max_records", &self.max_records).field("max_bytes", &self.max_bytes).finish_non_exhaustive()
    }
}
