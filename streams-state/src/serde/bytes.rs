//! Text, raw bytes and UUIDs: the bytes of Java's `Serdes.String()`, `ByteArray()` and `UUID()`.

use super::{DefaultSerde, Serde, SerdeContext, Wrote, no_null};
use crate::BoxError;
use std::any::TypeId;
use std::str::from_utf8;
use std::sync::Arc;
use uuid::Uuid;

/// `String` as UTF-8. Bytes that are not UTF-8 are an error; Java replaces them by U+FFFD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StringSerde;

/// `Arc<str>`, text that is cheap to clone, in the bytes of [`StringSerde`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedStringSerde;

/// `Vec<u8>` as it is.
#[doc(alias = "ByteArraySerde")]
#[doc(alias = "ByteBufferSerde")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BytesSerde;

/// `Arc<[u8]>`, bytes that are cheap to clone, as they are.
#[doc(alias = "BytesSerde")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedBytesSerde;

macro_rules! as_is {
    ($serde:ident, $type:ty, $same_bytes:ty, |$bytes:ident| $read:expr, |$value:ident| $write:expr) => {
        impl Serde<$type> for $serde {
            #[inline]
            fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<$type, BoxError> {
                let $bytes = bytes.ok_or_else(|| no_null(stringify!($type)))?;
                Ok($read)
            }

            #[inline]
            fn serialize(&self, _: &SerdeContext<'_>, $value: &$type, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
                out.extend_from_slice($write);
                Ok(Wrote::Bytes)
            }

            fn canonical_id(&self) -> Option<TypeId> {
                Some(TypeId::of::<$same_bytes>())
            }
        }

        impl DefaultSerde for $type {
            fn default_serde() -> Arc<dyn Serde<Self>> {
                Arc::new($serde)
            }
        }
    };
}

as_is!(StringSerde, String, StringSerde, |bytes| from_utf8(bytes)?.to_owned(), |value| value.as_bytes());
as_is!(SharedStringSerde, Arc<str>, StringSerde, |bytes| from_utf8(bytes)?.into(), |value| value.as_bytes());
as_is!(BytesSerde, Vec<u8>, BytesSerde, |bytes| bytes.to_owned(), |value| value);
as_is!(SharedBytesSerde, Arc<[u8]>, BytesSerde, |bytes| bytes.into(), |value| value);

/// `Uuid` as 36 characters of text in lower case. Not canonical: upper case is read too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UuidSerde;

impl Serde<Uuid> for UuidSerde {
    fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Uuid, BoxError> {
        let text = from_utf8(bytes.ok_or_else(|| no_null("Uuid"))?)?;
        if text.len() != 36 {
            return Err(super::primitives::wrong_length("Uuid", 36, text.len()));
        }
        Ok(Uuid::try_parse(text)?)
    }

    fn serialize(&self, _: &SerdeContext<'_>, value: &Uuid, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        out.extend_from_slice(value.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
        Ok(Wrote::Bytes)
    }

    fn constant_size(&self) -> Option<usize> {
        Some(36)
    }
}

impl DefaultSerde for Uuid {
    fn default_serde() -> Arc<dyn Serde<Self>> {
        Arc::new(UuidSerde)
    }
}
