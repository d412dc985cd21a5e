//! How values become bytes. Primitives use the bytes of Java's serdes, so that both sides read each other's topics and changelogs.

mod bincode;
mod bytes;
mod join;
mod json;
mod list;
mod null;
mod postcard;
mod primitives;
#[cfg(test)]
mod tests;
mod windowed;

pub use bincode::{Bincode, BincodeSerde};
pub use bytes::{BytesSerde, SharedBytesSerde, SharedStringSerde, StringSerde, UuidSerde};
pub use join::{LeftOrRight, LeftOrRightSerde, Side, SideKey, SideKeySerde};
pub use json::{Json, JsonSerde};
pub use list::ListSerde;
pub use null::{OptionSerde, UnitSerde};
pub use postcard::{Postcard, PostcardSerde};
pub use primitives::{BoolSerde, F32Serde, F64Serde, I16Serde, I32Serde, I64Serde, U32Serde, U64Serde};
pub use windowed::{SessionWindowedSerde, TimeWindowedSerde, Window, Windowed};

use crate::{BoxError, Headers};
use std::any::TypeId;
use std::sync::Arc;

/// Where the bytes come from or go to: what serdes with a schema registry, or with a format per topic, need to know.
#[derive(Clone, Copy, Debug)]
pub struct SerdeContext<'a> {
    /// The topic; for a store its changelog topic.
    pub topic: &'a str,
    /// The record's headers. For a store: those of the record that changed a value last, when it is written; none when it is read. Of a value that
    /// is kept with headers its own, both times. Of a store's key those of the record that an operator of the DSL works on, none for
    /// stores of processors, lookups and queries, and none when it is read: its bytes should not depend on them.
    pub headers: &'a Headers,
}

/// What `serialize` made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// The bytes appended to the buffer, perhaps none.
    Bytes,
    /// Kafka's null; nothing was appended.
    Null,
}

/// The bytes of a `T`. `None` is Kafka's null; a type with no room for it answers with an error that says so.
pub trait Serde<T>: Send + Sync + 'static {
    /// Reads a value.
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<T, BoxError>;

    /// Appends the bytes of `value` to `out`.
    fn serialize(&self, cx: &SerdeContext<'_>, value: &T, out: &mut Vec<u8>) -> Result<Wrote, BoxError>;

    /// `Some` when equal values always have equal bytes, every readable byte string is written again as it was, and any serde with the same
    /// id uses the same bytes whatever the topic. Only then may a record's key bytes be used further down in place of the key. Give
    /// `TypeId::of::<Self>()` where it holds.
    fn canonical_id(&self) -> Option<TypeId> {
        None
    }

    /// How many bytes every value has, where Java's `ListSerde` leaves the lengths of such items out: those of short, int, long, float, double and
    /// UUID.
    fn constant_size(&self) -> Option<usize> {
        None
    }

    /// The part of a key's bytes by which a sink chooses the partition; all of them except for windowed keys, where it is the key without
    /// its window (Java's `WindowedStreamPartitioner`).
    fn partition_bytes<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes
    }
}

/// Types that have an obvious serde.
#[diagnostic::on_unimplemented(
    message = "no default serde for `{Self}`",
    label = "the Kafka bytes of this type are not known here",
    note = "implement `DefaultSerde` for it, or use the `_with` form of the operator: `stream_with(topic, Consumed::with(key_serde, value_serde))`",
    note = "if this is a reference such as `&String`, return an owned value from the closure: `.group_by(|_, word| word.clone())`"
)]
pub trait DefaultSerde: Sized + 'static {
    /// The serde used where none is given.
    fn default_serde() -> Arc<dyn Serde<Self>>;
}

/// A shared serde is a serde.
impl<T: 'static, S: Serde<T> + ?Sized> Serde<T> for Arc<S> {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<T, BoxError> {
        (**self).deserialize(cx, bytes)
    }

    fn serialize(&self, cx: &SerdeContext<'_>, value: &T, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        (**self).serialize(cx, value, out)
    }

    fn canonical_id(&self) -> Option<TypeId> {
        (**self).canonical_id()
    }

    fn constant_size(&self) -> Option<usize> {
        (**self).constant_size()
    }

    fn partition_bytes<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        (**self).partition_bytes(bytes)
    }
}

#[cold]
fn no_null(what: &str) -> BoxError {
    format!("null where `{what}` has no room for it: use `Option<{what}>`").into()
}
