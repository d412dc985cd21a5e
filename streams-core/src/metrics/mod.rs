//! What the library measures: plain numbers, each written by one thread and read by any without locks, and their way out in the format
//! of Prometheus.
//!
//! A [`MetricsRegistry`] belongs to one application of the process. Its threads, tasks and stores ask it for their part when they begin and
//! drop it when they end; in between they write to it with plain additions. [`MetricsCollector`] joins it to a `prometheus::Registry`, and
//! [`MetricsRegistry::gather_text`] answers a scrape by itself.
//!
//! Processors may have metrics of their own beside these: [`UserMetrics`].
//!
//! Labels are bounded: application, client, thread, task, node, store and [`DropReason`], never a key or an offset.

mod cell;
mod exposition;
mod group;
mod groups;
mod limit;
mod reason;
mod registry;
#[cfg(test)]
mod tests;
mod user;

/// The version of the `prometheus` crate that [`MetricsCollector`] fits.
pub use prometheus;

pub use cell::{Counter, Gauge, LongestSeconds, MetricKind, Moment, Seconds};
pub use exposition::MetricsCollector;
pub use group::MetricDefinition;
pub use groups::{AppMetrics, Dropped, NodeMetrics, RestoreMetrics, StoreMetrics, TaskMetrics, ThreadMetrics};
pub use limit::LogLimiter;
pub(crate) use limit::NotLogged;
pub use reason::DropReason;
pub use registry::{MetricsRegistry, Sample, metric_definitions};
pub use user::UserMetrics;
