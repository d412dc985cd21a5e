//! Types that have room for Kafka's null.

use super::{DefaultSerde, Serde, SerdeContext, Wrote};
use crate::BoxError;
use std::any::TypeId;
use std::sync::Arc;

/// `Option<T>`: null is `None`, anything else is read and written as a `T`.
pub struct OptionSerde<T>(Arc<dyn Serde<T>>);

impl<T: 'static> OptionSerde<T> {
    /// Adds room for null to `inner`.
    pub fn new(inner: impl Serde<T>) -> Self {
        OptionSerde(Arc::new(inner))
    }
}

impl<T: 'static> Serde<Option<T>> for OptionSerde<T> {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Option<T>, BoxError> {
        bytes.map(|bytes| self.0.deserialize(cx, Some(bytes))).transpose()
    }

    fn serialize(&self, cx: &SerdeContext<'_>, value: &Option<T>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        match value {
            Some(value) => self.0.serialize(cx, value, out),
            None => Ok(Wrote::Null),
        }
    }

    fn canonical_id(&self) -> Option<TypeId> {
        self.0.canonical_id()
    }

    fn constant_size(&self) -> Option<usize> {
        self.0.constant_size()
    }
}

impl<T: DefaultSerde> DefaultSerde for Option<T> {
    fn default_serde() -> Arc<dyn Serde<Self>> {
        Arc::new(OptionSerde(T::default_serde()))
    }
}

/// `()`: reads whatever is there, null included, and writes null. For keys that do not matter.
#[doc(alias = "VoidSerde")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitSerde;

impl Serde<()> for UnitSerde {
    fn deserialize(&self, _: &SerdeContext<'_>, _: Option<&[u8]>) -> Result<(), BoxError> {
        Ok(())
    }

    fn serialize(&self, _: &SerdeContext<'_>, _: &(), _: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        Ok(Wrote::Null)
    }
}

impl DefaultSerde for () {
    fn default_serde() -> Arc<dyn Serde<Self>> {
        Arc::new(UnitSerde)
    }
}
