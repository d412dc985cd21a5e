//! The values of settings that are one of a few words.

use std::fmt;

/// Which cluster the application works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bootstrap {
    /// Kafka brokers: `host:port`, separated by commas.
    Servers(String),
    /// The in-process cluster of that name; applications of one process that use the same name share it.
    /// `embedded` alone is named `default`.
    Embedded(String),
}

impl Bootstrap {
    pub(super) fn parse(value: &str) -> Self {
        match value.trim().strip_prefix("embedded") {
            Some("") => Bootstrap::Embedded("default".to_owned()),
            Some(rest) if rest.starts_with("://") => Bootstrap::Embedded(rest[3..].to_owned()),
            _ => Bootstrap::Servers(value.trim().to_owned()),
        }
    }
}

/// Makes an enum whose variants have a name in config files.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $($word:literal)|+),+ $(,)? }) => {
        $(#[$meta])*
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// The value as Java writes it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => words!(@first $($word)|+)),+ }
            }

            /// The value of that name, in any letter case.
            pub(super) fn parse(word: &str) -> Option<Self> {
                $($(if word.eq_ignore_ascii_case($word) { return Some($name::$variant); })+)+
                None
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
    (@first $first:literal $(| $rest:literal)*) => { $first };
}

words! {
    /// What holds when a thread, a process or a machine fails (`processing.guarantee`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    ProcessingGuarantee {
        /// No record is lost; some may be processed again.
        #[default]
        AtLeastOnce = "at_least_once",
        /// Every record has its effect once.
        ExactlyOnceV2 = "exactly_once_v2",
    }
}

words! {
    /// What operators that drop late records know of time when a task starts again, after a restart, a rebalance or an abort
    /// (`streams.time.on.restart`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    StreamTimeOnRestart {
        /// The largest time that they had seen by the last commit: what was late stays late.
        #[default]
        Remember = "remember",
        /// Nothing, as in Java: until a newer record comes, late ones are taken that would have been dropped before.
        Forget = "forget",
    }
}

words! {
    /// The engine of stores that name none (`default.dsl.store`, `dsl.store.suppliers.class`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    DslStore {
        /// RocksDB, on disk.
        #[default]
        RocksDb = "rocksDB" | "RocksDBDslStoreSuppliers",
        /// Ordered maps, in memory; rebuilt from the changelog at every start.
        InMemory = "in_memory" | "InMemoryDslStoreSuppliers",
    }
}

words! {
    /// How much is measured (`metrics.recording.level`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    #[non_exhaustive]
    RecordingLevel {
        /// Application, threads, tasks and stores.
        #[default]
        Info = "INFO",
        /// Also every node of every task.
        Debug = "DEBUG",
        /// As `Debug`.
        Trace = "TRACE",
    }
}

words! {
    /// What the ready-made handler does with a record that cannot be read (`deserialization.exception.handler`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    DeserializationPolicy {
        /// The thread fails, and the uncaught-error policy decides.
        #[default]
        LogAndFail = "LogAndFailExceptionHandler",
        /// The record is logged, counted and left out.
        LogAndContinue = "LogAndContinueExceptionHandler",
    }
}

words! {
    /// What the ready-made handler does when user code fails on a record (`processing.exception.handler`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    ProcessingPolicy {
        /// The thread fails, and the uncaught-error policy decides.
        #[default]
        LogAndFail = "LogAndFailProcessingExceptionHandler",
        /// The record is logged, counted and left out.
        LogAndContinue = "LogAndContinueProcessingExceptionHandler",
    }
}

words! {
    /// What the ready-made handler does with a record that cannot be written (`production.exception.handler`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    ProductionPolicy {
        /// Tries again where that may help; otherwise the thread fails.
        #[default]
        RetryOrFail = "DefaultProductionExceptionHandler",
        /// The record is logged, counted and left out.
        LogAndContinue = "LogAndContinueProductionExceptionHandler",
    }
}

words! {
    /// Where the time of a record comes from (`default.timestamp.extractor`). All but the last take the record's own time, and differ in
    /// what they do when it has none.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    TimestampPolicy {
        /// A record without a valid time fails the thread.
        #[default]
        FailOnInvalid = "FailOnInvalidTimestamp",
        /// It is logged, counted and left out.
        LogAndSkipOnInvalid = "LogAndSkipOnInvalidTimestamp",
        /// It gets the greatest time seen in its partition.
        UsePartitionTimeOnInvalid = "UsePartitionTimeOnInvalidTimestamp",
        /// The time of processing, whatever the record says.
        WallClock = "WallclockTimestampExtractor",
    }
}

words! {
    /// The version of Java Kafka Streams that an application is taken over from, or given back to (`upgrade.from`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    #[non_exhaustive]
    UpgradeFrom {
        /// 2.4.x.
        V2_4 = "2.4",
        /// 2.5.x.
        V2_5 = "2.5",
        /// 2.6.x.
        V2_6 = "2.6",
        /// 2.7.x.
        V2_7 = "2.7",
        /// 2.8.x.
        V2_8 = "2.8",
        /// 3.0.x.
        V3_0 = "3.0",
        /// 3.1.x.
        V3_1 = "3.1",
        /// 3.2.x.
        V3_2 = "3.2",
        /// 3.3.x.
        V3_3 = "3.3",
        /// 3.4.x.
        V3_4 = "3.4",
        /// 3.5.x.
        V3_5 = "3.5",
        /// 3.6.x.
        V3_6 = "3.6",
        /// 3.7.x.
        V3_7 = "3.7",
        /// 3.8.x.
        V3_8 = "3.8",
        /// 3.9.x.
        V3_9 = "3.9",
        /// 4.0.x.
        V4_0 = "4.0",
        /// 4.1.x.
        V4_1 = "4.1",
        /// 4.2.x.
        V4_2 = "4.2",
        /// 4.3.x.
        V4_3 = "4.3",
    }
}
