//! Bincode: compact binary through serde, for topics and stores that no other program reads.

use super::{DefaultSerde, Serde, SerdeContext, Wrote, no_null};
use crate::BoxError;
use ::serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A `T` in bincode 2's standard form: variable-length integers, little-endian, no field names.
///
/// Adding, removing or reordering fields changes the meaning of bytes written before. Trailing bytes are an error.
pub struct BincodeSerde<T>(PhantomData<fn() -> T>);

impl<T> BincodeSerde<T> {
    /// The serde; it has no settings.
    pub const fn new() -> Self {
        BincodeSerde(PhantomData)
    }
}

impl<T> Default for BincodeSerde<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for BincodeSerde<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<T: Serialize + DeserializeOwned + 'static> Serde<T> for BincodeSerde<T> {
    fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<T, BoxError> {
        let bytes = bytes.ok_or_else(|| no_null(std::any::type_name::<T>()))?;
        let (value, used) = ::bincode::serde::decode_from_slice(bytes, ::bincode::config::standard())?;
        match bytes.len() - used {
            0 => Ok(value),
            rest => Err(format!("{rest} bytes left over after a {}", std::any::type_name::<T>()).into()),
        }
    }

    fn serialize(&self, _: &SerdeContext<'_>, value: &T, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        ::bincode::serde::encode_into_std_write(value, out, ::bincode::config::standard())?;
        Ok(Wrote::Bytes)
    }
}

/// A value whose default serde is bincode: for topics and stores that name no serde.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bincode<T>(pub T);

impl<T> Deref for Bincode<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Bincode<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize + DeserializeOwned + 'static> DefaultSerde for Bincode<T> {
    fn default_serde() -> Arc<dyn Serde<Self>> {
        Arc::new(BincodeSerde::<Bincode<T>>::new())
    }
}
