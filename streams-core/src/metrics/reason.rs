//! Why records are left out.

/// Why a record was left out. Every such record is counted under its reason, and logged at a limited rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DropReason {
    /// Its key or value could not be read, and the deserialization handler said to go on.
    Deserialization,
    /// It has no valid time.
    InvalidTimestamp,
    /// The operator needs a key and the record has none.
    NullKey,
    /// The operator needs a value and the record has none.
    NullValue,
    /// Its window was closed already.
    Late,
    /// No window holds its time.
    NoWindow,
    /// User code failed on it, and the processing handler said to go on.
    Processing,
    /// It could not be written, and the production handler said to go on.
    Production,
    /// The partitioner or the topic chooser named no place for it.
    NoPartition,
    /// It repeats a record that was passed on already.
    Duplicate,
    /// The answer of a join by foreign key to a row that has changed since it asked; the newer row gets an answer of its own.
    Stale,
    /// It is older than another one of its row in a versioned table, and the operator follows the newest.
    OutOfOrder,
}

impl DropReason {
    /// All reasons, in the order of their numbers.
    pub const ALL: [DropReason; 12] = [
        DropReason::Deserialization,
        DropReason::InvalidTimestamp,
        DropReason::NullKey,
        DropReason::NullValue,
        DropReason::Late,
        DropReason::NoWindow,
        DropReason::Processing,
        DropReason::Production,
        DropReason::NoPartition,
        DropReason::Duplicate,
        DropReason::Stale,
        DropReason::OutOfOrder,
    ];

    /// The value of the label `reason`.
    pub fn label(self) -> &'static str {
        match self {
            DropReason::Deserialization => "deserialization",
            DropReason::InvalidTimestamp => "invalid_timestamp",
            DropReason::NullKey => "null_key",
            DropReason::NullValue => "null_value",
            DropReason::Late => "late",
            DropReason::NoWindow => "no_window",
            DropReason::Processing => "processing",
            DropReason::Production => "production",
            DropReason::NoPartition => "no_partition",
            DropReason::Duplicate => "duplicate",
            DropReason::Stale => "stale",
            DropReason::OutOfOrder => "out_of_order",
        }
    }
}
