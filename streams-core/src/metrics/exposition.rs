//! The way out: a collector for the `prometheus` crate, and Prometheus' text format.

use super::cell::MetricKind;
use super::registry::{MetricsRegistry, metric_definitions};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

const INFO: &str = "streams_client_info";
const INFO_HELP: &str = "1, with the version of the library";

/// Hands an application's metrics to a registry of the `prometheus` crate. Several applications of a process may be registered in one.
#[derive(Debug)]
pub struct MetricsCollector {
    registry: Arc<MetricsRegistry>,
    descriptions: Vec<Desc>,
}

impl MetricsCollector {
    /// Reads from `registry` whenever it is asked.
    pub fn new(registry: Arc<MetricsRegistry>) -> Self {
        let own: HashMap<String, String> =
            [("application_id".to_owned(), registry.application_id.clone()), ("client_id".to_owned(), registry.client_id.clone())].into();
        let info = (INFO, INFO_HELP, &["version"][..]);
        let descriptions = metric_definitions()
            .map(|d| (d.name, d.help, d.labels))
            .chain([info])
            // Names and labels are constants that a test checks: none is refused.
            .filter_map(|(name, help, labels)| {
                let labels = labels.iter().map(|l| (*l).to_owned()).collect();
                Desc::new(name.to_owned(), help.to_owned(), labels, own.clone()).ok()
            })
            .collect();
        MetricsCollector { registry, descriptions }
    }
}

impl Collector for MetricsCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }
}

impl MetricsRegistry {
    /// Everything at this moment, by name.
    pub fn gather(&self) -> Vec<MetricFamily> {
        let mut families: BTreeMap<String, MetricFamily> = BTreeMap::new();
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        add(&mut families, INFO, INFO_HELP, MetricKind::Gauge, self.pairs(version.into_iter()), 1.0);
        for sample in self.samples() {
            let d = sample.definition;
            let labels = self.pairs(d.labels.iter().copied().zip(sample.labels.iter().map(String::as_str)));
            add(&mut families, d.name, d.help, d.kind, labels, sample.value);
        }
        for sample in self.user_samples() {
            let labels = self.pairs(sample.key.labels.iter().map(|(label, value)| (label.as_str(), value.as_str())));
            add(&mut families, &sample.key.name, &sample.help, sample.kind, labels, sample.value);
        }
        families.into_values().collect()
    }

    /// The same in Prometheus' text format, version 0.0.4.
    pub fn gather_text(&self) -> String {
        // It refuses only families without a name or without metrics, and none is.
        prometheus::TextEncoder::new().encode_to_string(&self.gather()).unwrap_or_else(|e| format!("# {e}\n"))
    }

    fn pairs<'a>(&'a self, labels: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<LabelPair> {
        let own = [("application_id", self.application_id.as_str()), ("client_id", self.client_id.as_str())];
        own.into_iter()
            .chain(labels)
            .map(|(name, value)| {
                let mut pair = LabelPair::default();
                pair.set_name(name.to_owned());
                pair.set_value(value.to_owned());
                pair
            })
            .collect()
    }
}

fn add(families: &mut BTreeMap<String, MetricFamily>, name: &str, help: &str, kind: MetricKind, labels: Vec<LabelPair>, value: f64) {
    let family = families.entry(name.to_owned()).or_insert_with(|| {
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(if kind == MetricKind::Counter { MetricType::COUNTER } else { MetricType::GAUGE });
        family
    });
    let mut metric = Metric::from_label(labels);
    match kind {
        MetricKind::Counter => {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        }
        MetricKind::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
    }
    family.mut_metric().push(metric);
}
