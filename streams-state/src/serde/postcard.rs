//! Postcard: compact binary through serde, in a documented and stable wire format.

use super::{DefaultSerde, Serde, SerdeContext, Wrote, no_null};
use crate::BoxError;
use ::postcard::ser_flavors::Flavor;
use ::serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A `T` in postcard's wire format: variable-length integers, little-endian, no field names. Unlike bincode's, the format is specified and there
/// are implementations in other languages.
///
/// Adding, removing or reordering fields changes the meaning of bytes written before. Trailing bytes are an error.
pub struct PostcardSerde<T>(PhantomData<fn() -> T>);

impl<T> PostcardSerde<T> {
    /// The serde; it has no settings.
    pub const fn new() -> Self {
        PostcardSerde(PhantomData)
    }
}

impl<T> Default for PostcardSerde<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for PostcardSerde<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

/// Writes behind what is there.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> ::postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> ::postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> ::postcard::Result<()> {
        Ok(())
    }
}

impl<T: Serialize + DeserializeOwned + 'static> Serde<T> for PostcardSerde<T> {
    fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<T, BoxError> {
        let bytes = bytes.ok_or_else(|| no_null(std::any::type_name::<T>()))?;
        let (value, rest) = ::postcard::take_from_bytes(bytes)?;
        match rest.len() {
            0 => Ok(value),
            rest => Err(format!("{rest} bytes left over after a {}", std::any::type_name::<T>()).into()),
        }
    }

    fn serialize(&self, _: &SerdeContext<'_>, value: &T, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        ::postcard::serialize_with_flavor(value, Append(out))?;
        Ok(Wrote::Bytes)
    }
}

/// A value whose default serde is postcard: for topics and stores that name no serde.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Postcard<T>(pub T);

impl<T> Deref for Postcard<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Postcard<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize + DeserializeOwned + 'static> DefaultSerde for Postcard<T> {
    fn default_serde() -> Arc<dyn Serde<Self>> {
        Arc::new(PostcardSerde::<Postcard<T>>::new())
    }
}
