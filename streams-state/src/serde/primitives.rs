//! Numbers and truth values: the bytes of Java's `Serdes.Short()`, `Integer()`, `Long()`, `Float()`, `Double()` and `Boolean()`.

use super::{DefaultSerde, Serde, SerdeContext, Wrote, no_null};
use crate::BoxError;
use std::any::TypeId;
use std::sync::Arc;

macro_rules! big_endian {
    ($($(#[$doc:meta])* $serde:ident, $type:ty, $java:literal, $canonical:literal;)*) => {$(
        $(#[$doc])*
        #[doc(alias = $java)]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $serde;

        impl Serde<$type> for $serde {
            #[inline]
            fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<$type, BoxError> {
                let bytes = bytes.ok_or_else(|| no_null(stringify!($type)))?;
                match bytes.try_into() {
                    Ok(bytes) => Ok(<$type>::from_be_bytes(bytes)),
                    Err(_) => Err(wrong_length(stringify!($type), size_of::<$type>(), bytes.len())),
                }
            }

            #[inline]
            fn serialize(&self, _: &SerdeContext<'_>, value: &$type, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
                out.extend_from_slice(&value.to_be_bytes());
                Ok(Wrote::Bytes)
            }

            fn canonical_id(&self) -> Option<TypeId> {
                $canonical.then(TypeId::of::<Self>)
            }

            fn constant_size(&self) -> Option<usize> {
                Some(size_of::<$type>())
            }
        }

        impl DefaultSerde for $type {
            fn default_serde() -> Arc<dyn Serde<Self>> {
                Arc::new($serde)
            }
        }
    )*};
}

big_endian! {
    /// `i16` as 2 bytes, big-endian two's complement.
    I16Serde, i16, "ShortSerde", true;
    /// `i32` as 4 bytes, big-endian two's complement.
    I32Serde, i32, "IntegerSerde", true;
    /// `i64` as 8 bytes, big-endian two's complement.
    I64Serde, i64, "LongSerde", true;
    /// `u32` as 4 bytes, big-endian. Java reads the same bytes as an `int`, so values above `i32::MAX` are negative there.
    U32Serde, u32, "IntegerSerde", true;
    /// `u64` as 8 bytes, big-endian. Java reads the same bytes as a `long`, so values above `i64::MAX` are negative there.
    U64Serde, u64, "LongSerde", true;
    /// `f32` as its IEEE 754 bits, big-endian. Not canonical: `0.0` and `-0.0` are equal and have different bytes.
    F32Serde, f32, "FloatSerde", false;
    /// `f64` as its IEEE 754 bits, big-endian. Not canonical: `0.0` and `-0.0` are equal and have different bytes.
    F64Serde, f64, "DoubleSerde", false;
}

#[cold]
pub(super) fn wrong_length(what: &str, expected: usize, got: usize) -> BoxError {
    let plural = if expected == 1 { "" } else { "s" };
    format!("expected {expected} byte{plural} for {what}, got {got}").into()
}

/// `bool` as one byte, `01` or `00`.
#[doc(alias = "BooleanSerde")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoolSerde;

impl Serde<bool> for BoolSerde {
    fn deserialize(&self, _: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<bool, BoxError> {
        match bytes.ok_or_else(|| no_null("bool"))? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(format!("expected byte 00 or 01 for bool, got {other:02x}").into()),
            other => Err(wrong_length("bool", 1, other.len())),
        }
    }

    fn serialize(&self, _: &SerdeContext<'_>, value: &bool, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        out.push(*value as u8);
        Ok(Wrote::Bytes)
    }

    fn canonical_id(&self) -> Option<TypeId> {
        Some(TypeId::of::<Self>())
    }
}

impl DefaultSerde for bool {
    fn default_serde() -> Arc<dyn Serde<Self>> {
        Arc::new(BoolSerde)
    }
}
