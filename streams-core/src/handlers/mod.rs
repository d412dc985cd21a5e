//! The places where an application decides: what becomes of a record that cannot be read, processed or written, where a record's time
//! comes from, and what follows when a thread fails.
//!
//! Each is a small trait that closures implement, with the ready-made answers of Kafka Streams beside it. [`Handlers`] holds one of each:
//! made from the settings, then changed in code.

mod context;
mod deserialization;
mod processing;
mod production;
#[cfg(test)]
mod tests;
mod timestamp;
mod uncaught;

pub use context::{ErrorContext, Response, SourceRecord};
pub use deserialization::{DeserializationExceptionHandler, LogAndContinue, LogAndFail};
pub use processing::{LogAndContinueProcessing, LogAndFailProcessing, ProcessingExceptionHandler};
pub use production::{
    LogAndContinueProduction, ProductionContext, ProductionExceptionHandler, ProductionResponse, ProductionStage, RetryOrFail,
};
pub use timestamp::{
    FailOnInvalidTimestamp, LogAndSkipOnInvalidTimestamp, TimestampContext, TimestampExtractor, UsePartitionTimeOnInvalidTimestamp,
    ValueTimestamp, WallClockTimestamp, timestamp_of_value, timestamp_of_value_with,
};
pub use uncaught::{UncaughtErrorHandler, UncaughtErrorResponse};

use crate::config::Settings;
use std::fmt;
use std::sync::Arc;

/// One handler of each kind. Cheap to clone; shared by all threads of an application.
#[derive(Clone)]
pub struct Handlers {
    /// For records that cannot be read.
    pub deserialization: Arc<dyn DeserializationExceptionHandler>,
    /// For user code that fails.
    pub processing: Arc<dyn ProcessingExceptionHandler>,
    /// For records that cannot be written.
    pub production: Arc<dyn ProductionExceptionHandler>,
    /// For sources that name no extractor of their own.
    pub timestamp_extractor: Arc<dyn TimestampExtractor>,
    /// For threads that fail.
    pub uncaught: Arc<dyn UncaughtErrorHandler>,
}

impl Handlers {
    /// Those that the settings name; a thread that fails closes the instance.
    pub fn from_settings(settings: &Settings) -> Self {
        Handlers {
            deserialization: settings.deserialization_exception_handler.into(),
            processing: settings.processing_exception_handler.into(),
            production: settings.production_exception_handler.into(),
            timestamp_extractor: settings.default_timestamp_extractor.into(),
            uncaught: Arc::new(UncaughtErrorResponse::default()),
        }
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").finish_non_exhaustive()
    }
}
