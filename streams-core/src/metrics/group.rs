//! How a group of metrics is declared: once, with name, help and Java's counterpart beside each field.

use super::cell::MetricKind;

/// What is known about a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricDefinition {
    /// Its name, unit included.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Java's counterpart (`docs/operations/monitoring`), `-` where there is none.
    pub java: &'static str,
    /// Whether it only grows.
    pub kind: MetricKind,
    /// Its labels, after `application_id` and `client_id`.
    pub labels: &'static [&'static str],
}

/// Metrics that share their labels.
pub(super) trait Group {
    const DEFINITIONS: &'static [MetricDefinition];

    /// The values, in the order of the definitions.
    fn values(&self) -> Vec<f64>;
}

/// Declares a struct of cells and its definitions.
macro_rules! group {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $labels:tt {
            $($field:ident: $cell:ident = $metric:literal, $help:literal, $java:literal;)+
        }
        $(also { $($(#[$also_meta:meta])* $also:ident: $also_type:ty,)+ })?
    ) => {
        $(#[$meta])*
        // A cache line of its own: the threads that write are several.
        #[derive(Debug, Default)]
        #[repr(align(64))]
        pub struct $name {
            $(#[doc = concat!("`", $metric, "`: ", $help, ". Java: `", $java, "`.")] pub $field: $cell,)+
            $($($(#[$also_meta])* pub $also: $also_type,)+)?
        }

        impl Group for $name {
            const DEFINITIONS: &'static [MetricDefinition] = &[$(MetricDefinition {
                name: $metric,
                help: $help,
                java: $java,
                kind: <$cell as Cell>::KIND,
                labels: &$labels,
            }),+];

            fn values(&self) -> Vec<f64> {
                vec![$(self.$field.value()),+]
            }
        }
    };
}

pub(super) use group;
