//! Closures that may fail: those that fold records into aggregates, where a failure must change nothing, and what others make.

use crate::BoxError;
use std::sync::Arc;
use streams_state::Slot;

type Fold<K, V, A> = Arc<dyn Fn(&K, V, &mut Option<A>) -> Result<bool, BoxError> + Send + Sync>;

/// What a closure makes: nothing where there is no result, else a value, or the user's error.
pub(crate) type Made<T> = Option<Result<T, BoxError>>;

/// Changes an aggregate in place. `None` before the first record of a key; `None` afterwards deletes the row.
pub(crate) struct Folder<K, V, A> {
    fold: Fold<K, V, A>,
    /// Where it does, it must be called [`atomically`].
    pub may_fail: bool,
}

impl<K, V, A> Clone for Folder<K, V, A> {
    fn clone(&self) -> Self {
        Folder { fold: self.fold.clone(), may_fail: self.may_fail }
    }
}

impl<K, V, A> Folder<K, V, A> {
    /// One that always changes something.
    pub fn sure(f: impl Fn(&K, V, &mut Option<A>) + Send + Sync + 'static) -> Self {
        Folder::selective(move |key, value, slot| {
            f(key, value, slot);
            true
        })
    }

    /// One that answers `false` where it has left the aggregate as it was.
    pub fn selective(f: impl Fn(&K, V, &mut Option<A>) -> bool + Send + Sync + 'static) -> Self {
        Folder { fold: Arc::new(move |key, value, slot| Ok(f(key, value, slot))), may_fail: false }
    }

    /// One that may fail halfway.
    pub fn fallible(f: impl Fn(&K, V, &mut Option<A>) -> Result<(), BoxError> + Send + Sync + 'static) -> Self {
        Folder { fold: Arc::new(move |key, value, slot| f(key, value, slot).map(|()| true)), may_fail: true }
    }

    /// Whether it has changed anything.
    ///
    /// # Errors
    /// Those of the user's closure; the aggregate may be half changed then.
    #[inline]
    pub fn call(&self, key: &K, value: V, slot: &mut Option<A>) -> Result<bool, BoxError> {
        (self.fold)(key, value, slot)
    }

    /// Folds a record of the time `at` into a row, whose time is the largest of its records'. A deletion has the time of the record that
    /// caused it, as in Java.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    #[inline]
    pub fn call_on_row(&self, key: &K, value: V, row: &mut Slot<A>, at: i64) -> Result<(), BoxError> {
        self.call(key, value, &mut row.value)?;
        row.timestamp = if row.value.is_some() { row.timestamp.max(at) } else { at };
        Ok(())
    }
}

impl<K, V> Folder<K, V, V> {
    /// One that combines two values at a time; the first value stands as it is.
    pub fn reducing(combine: impl Fn(V, V) -> V + Send + Sync + 'static) -> Self {
        Folder::sure(move |_, value, slot| reduce_into(slot, value, &combine))
    }

    /// The same by a closure that may fail.
    pub fn try_reducing(combine: impl Fn(V, V) -> Result<V, BoxError> + Send + Sync + 'static) -> Self {
        Folder::fallible(move |_, value, slot| {
            *slot = Some(match slot.take() {
                Some(sum) => combine(sum, value)?,
                None => value,
            });
            Ok(())
        })
    }
}

/// Combines a value with what is there, if anything is.
#[inline]
pub(crate) fn reduce_into<V>(slot: &mut Option<V>, value: V, combine: impl FnOnce(V, V) -> V) {
    *slot = Some(match slot.take() {
        Some(sum) => combine(sum, value),
        None => value,
    });
}

/// Lets `change` work on a copy where it may fail, so that a failure leaves `place` as it was.
///
/// # Errors
/// Those of `change`.
#[inline]
pub(crate) fn atomically<T: Clone, R>(
    may_fail: bool,
    place: &mut T,
    change: impl FnOnce(&mut T) -> Result<R, BoxError>,
) -> Result<R, BoxError> {
    if !may_fail {
        return change(place);
    }
    let mut copy = place.clone();
    let answer = change(&mut copy)?;
    *place = copy;
    Ok(answer)
}

/// What a change of a row answered, and whether there was one, as stores want to know it.
#[inline]
pub(crate) fn with_change(answer: Result<bool, BoxError>) -> (Result<bool, BoxError>, bool) {
    let changed = matches!(answer, Ok(true));
    (answer, changed)
}
