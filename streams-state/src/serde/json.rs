//! JSON through serde.

use super::{DefaultSerde, Serde, SerdeContext, Wrote, no_null};
use crate::BoxError;
use ::serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A `T` as JSON text without spaces, fields in the order in which the type states them.
///
/// Not canonical: the same value can be written in many ways.
pub struct JsonSerde<T>(PhantomData<fn() -> T>);

impl<T> JsonSerde<T> {
    /// The serde; it has no settings.
    pub const fn new() -> Self {
        JsonSerde(PhantomData)
    }
}

impl<T> Default for JsonSerde<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for JsonSerde<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<T: Serialize + DeserializeOwned + 'static> Serde<T> for JsonSerde<T> {
    fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<T, BoxError> {
        Ok(serde_json::from_slice(bytes.ok_or_else(|| no_null(std::any::type_name::<T>()))?)?)
    }

    fn serialize(&self, _: &SerdeContext<'_>, value: &T, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        serde_json::to_writer(out, value)?;
        Ok(Wrote::Bytes)
    }
}

/// A value whose default serde is [`JsonSerde`]: for topics and stores that name no serde.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize + DeserializeOwned + 'static> DefaultSerde for Json<T> {
    fn default_serde() -> Arc<dyn Serde<Self>> {
        Arc::new(JsonSerde::<Json<T>>::new())
    }
}
