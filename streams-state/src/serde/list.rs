//! Lists in the bytes of Java's `ListSerde`.

use super::{Serde, SerdeContext, Wrote, no_null};
use crate::BoxError;
use std::sync::Arc;

/// First byte of a list whose items all have the same length.
const CONSTANT_SIZE: u8 = 0;
/// First byte of a list that states the length of each item.
const VARIABLE_SIZE: u8 = 1;

/// `Vec<T>` as Java's `ListSerde` writes it. Items may be null where `T` has room for it.
///
/// The form is chosen by the inner serde, as in Java: constant size for short, int, long, float, double and UUID, variable size for the rest.
/// Both forms are read whatever this serde writes.
pub struct ListSerde<T> {
    inner: Arc<dyn Serde<T>>,
    constant: Option<usize>,
}

impl<T: 'static> ListSerde<T> {
    /// `01 | count i32 | { length i32 | item }*`, length -1 for a null item; where the inner serde says so
    /// ([`Serde::constant_size`]), as [`constant_size`](Self::constant_size).
    pub fn new(inner: impl Serde<T>) -> Self {
        let constant = inner.constant_size();
        ListSerde { inner: Arc::new(inner), constant }
    }

    /// `00 | nulls i32 | { index i32 }* | count i32 | { item }*`, each item `size` bytes long.
    pub fn constant_size(inner: impl Serde<T>, size: usize) -> Self {
        ListSerde { inner: Arc::new(inner), constant: Some(size) }
    }

    fn write_constant(&self, cx: &SerdeContext<'_>, list: &[T], size: usize, out: &mut Vec<u8>) -> Result<(), BoxError> {
        let (mut items, mut nulls) = (Vec::with_capacity(list.len() * size), Vec::new());
        for (index, item) in list.iter().enumerate() {
            let before = items.len();
            match self.inner.serialize(cx, item, &mut items)? {
                Wrote::Null => nulls.push(index),
                Wrote::Bytes if items.len() - before == size => {}
                Wrote::Bytes => return Err(format!("item {index} has {} bytes, not {size}", items.len() - before).into()),
            }
        }
        out.push(CONSTANT_SIZE);
        out.extend_from_slice(&int(nulls.len())?);
        for index in nulls {
            out.extend_from_slice(&int(index)?);
        }
        out.extend_from_slice(&int(list.len())?);
        out.extend_from_slice(&items);
        Ok(())
    }

    fn write_variable(&self, cx: &SerdeContext<'_>, list: &[T], out: &mut Vec<u8>) -> Result<(), BoxError> {
        out.push(VARIABLE_SIZE);
        out.extend_from_slice(&int(list.len())?);
        for item in list {
            let at = out.len();
            out.extend_from_slice(&(-1i32).to_be_bytes());
            if self.inner.serialize(cx, item, out)? == Wrote::Bytes {
                let length = int(out.len() - at - 4)?;
                out[at..at + 4].copy_from_slice(&length);
            }
        }
        Ok(())
    }

    fn read_constant(&self, cx: &SerdeContext<'_>, mut rest: &[u8]) -> Result<Vec<T>, BoxError> {
        let nulls = (0..count(&mut rest)?).map(|_| count(&mut rest)).collect::<Result<Vec<_>, _>>()?;
        let total = count(&mut rest)?;
        let full = total.checked_sub(nulls.len()).ok_or("more nulls than items in a list")?;
        let size = match self.constant {
            Some(size) => size,
            None => rest.len().checked_div(full).unwrap_or(0),
        };
        if full.checked_mul(size) != Some(rest.len()) {
            return Err(format!("expected {full} items of {size} bytes, got {} bytes", rest.len()).into());
        }
        let mut list = Vec::new();
        for index in 0..total {
            let item = match nulls.contains(&index) {
                true => None,
                false => Some(take(&mut rest, size)?),
            };
            list.push(self.inner.deserialize(cx, item)?);
        }
        Ok(list)
    }

    fn read_variable(&self, cx: &SerdeContext<'_>, mut rest: &[u8]) -> Result<Vec<T>, BoxError> {
        let mut list = Vec::new();
        for _ in 0..count(&mut rest)? {
            let item = match i32::from_be_bytes(take(&mut rest, 4)?.try_into()?) {
                -1 => None,
                length => Some(take(&mut rest, usize::try_from(length)?)?),
            };
            list.push(self.inner.deserialize(cx, item)?);
        }
        match rest.len() {
            0 => Ok(list),
            rest => Err(format!("{rest} bytes left over after a list").into()),
        }
    }
}

impl<T: 'static> Serde<Vec<T>> for ListSerde<T> {
    fn deserialize(&self, cx: &SerdeContext<'_>, bytes: Option<&[u8]>) -> Result<Vec<T>, BoxError> {
        match bytes.ok_or_else(|| no_null("a list"))? {
            [CONSTANT_SIZE, rest @ ..] => self.read_constant(cx, rest),
            [VARIABLE_SIZE, rest @ ..] => self.read_variable(cx, rest),
            [other, ..] => Err(format!("expected byte 00 or 01 at the start of a list, got {other:02x}").into()),
            [] => Err("expected a list, got no bytes".into()),
        }
    }

    fn serialize(&self, cx: &SerdeContext<'_>, value: &Vec<T>, out: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        match self.constant {
            Some(size) => self.write_constant(cx, value, size, out)?,
            None => self.write_variable(cx, value, out)?,
        }
        Ok(Wrote::Bytes)
    }
}

fn int(n: usize) -> Result<[u8; 4], BoxError> {
    Ok(i32::try_from(n)?.to_be_bytes())
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8], BoxError> {
    let (head, tail) = rest.split_at_checked(n).ok_or_else(|| format!("a list ends {n} bytes too early"))?;
    *rest = tail;
    Ok(head)
}

fn count(rest: &mut &[u8]) -> Result<usize, BoxError> {
    Ok(usize::try_from(i32::from_be_bytes(take(rest, 4)?.try_into()?))?)
}
