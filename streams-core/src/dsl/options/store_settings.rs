//! The settings of stores that several options have: written once here.

/// Where a store keeps its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreType {
    /// As `default.dsl.store` says.
    Default,
    RocksDb,
    InMemory,
}

/// The setters of changelog and engine. Options that use it have fields `logging` and `store_type`.
macro_rules! store_settings {
    ($lost:literal) => {
        /// Topic configs for the changelog, over those of the application's config.
        #[must_use]
        #[doc(alias = "withLoggingEnabled")]
        pub fn logging(mut self, configs: BTreeMap<String, String>) -> Self {
            self.logging = Some(configs);
            self
        }

        #[doc = concat!("No changelog: ", $lost)]
        #[must_use]
        #[doc(alias = "withLoggingDisabled")]
        pub fn logging_disabled(mut self) -> Self {
            self.logging = None;
            self
        }

        /// Keeps the rows in memory, whatever `default.dsl.store` says.
        #[must_use]
        #[doc(alias = "BuiltInDslStoreSuppliers.IN_MEMORY")]
        pub fn in_memory(mut self) -> Self {
            self.store_type = StoreType::InMemory;
            self
        }

        /// Keeps the rows in RocksDB, whatever `default.dsl.store` says.
        #[must_use]
        #[doc(alias = "BuiltInDslStoreSuppliers.ROCKS_DB")]
        pub fn rocks_db(mut self) -> Self {
            self.store_type = StoreType::RocksDb;
            self
        }
    };
}
pub(super) use store_settings;

/// The setters of the serdes of keys and values. Options that use it have a field `key`, and one for the values.
macro_rules! serde_settings {
    ($key:literal, $field:ident: $value:ty, $text:literal) => {
        #[doc = $key]
        #[must_use]
        pub fn key_serde(mut self, key: impl Serde<K>) -> Self {
            self.key = SerdeChoice::given(key);
            self
        }

        #[doc = $text]
        #[must_use]
        pub fn value_serde(mut self, value: impl Serde<$value>) -> Self {
            self.$field = SerdeChoice::given(value);
            self
        }
    };
}
pub(super) use serde_settings;

/// The builder of a store, with changelog and engine as the options say.
macro_rules! kept_as {
    ($builder:expr, $logging:expr, $store_type:expr) => {{
        let builder = match $logging {
            Some(configs) => $builder.logging(configs.clone()),
            None => $builder.without_logging(),
        };
        match $store_type {
            $crate::dsl::options::StoreType::Default => builder.default_engine(),
            $crate::dsl::options::StoreType::InMemory => builder.in_memory(),
            $crate::dsl::options::StoreType::RocksDb => builder,
        }
    }};
}
pub(crate) use kept_as;
