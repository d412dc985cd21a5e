//! Stores of the user's own kind: what they are asked for, and the life that they lead beside the built-in ones.

mod state;
#[cfg(test)]
mod tests;

pub use state::OwnState;
pub(crate) use state::{Make, delete};

use crate::{BoxError, Headers, NO_HEADERS};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A store of your own kind, such as an index, a filter, a heap or a ring buffer; described with [`Stores::own`](crate::Stores::own).
///
/// Such a store changes in one way only: by [`apply`](Self::apply). What a processor puts is applied to the store and written to its changelog,
/// and a store that is restored has the records of the changelog applied again. So both end up with the same, and no change can be missing from
/// the changelog. The changelog is compacted: of the changes of one key only the last one is sure to be applied again, so a key is to stand for
/// a part of the store, and its value for all of that part.
///
/// After an abort (a transaction that came to nothing, a record that made user code panic) nothing may be left of what was not committed: the
/// store is dropped and made again, and what it then lacks is restored from the changelog. A store without a changelog and without files
/// begins with nothing then. At least once, changes that the changelog has and no commit covers come back, and the records that made them
/// are processed again: as in Java.
///
/// A store that keeps files of its own ([`OwnStoreBuilder::persistent`](crate::OwnStoreBuilder::persistent)) writes them in
/// [`commit`](Self::commit), together with the offset that it is told, and answers with that in [`committed_offset`](Self::committed_offset)
/// when it is opened again (KIP-1035): only what the changelog has behind it is restored then.
///
/// ```
/// use std::collections::BTreeSet;
/// use streams_state::{BoxError, OwnStore, StoreChange};
///
/// /// The largest numbers, at most three.
/// #[derive(Default)]
/// struct Largest(BTreeSet<u64>);
///
/// impl OwnStore for Largest {
///     fn apply(&mut self, change: &StoreChange<'_>) -> Result<(), BoxError> {
///         let number = u64::from_be_bytes(change.key.try_into()?);
///         match change.value {
///             Some(_) => self.0.insert(number),
///             None => self.0.remove(&number),
///         };
///         Ok(())
///     }
///
///     fn num_entries(&self) -> u64 {
///         self.0.len() as u64
///     }
/// }
///
/// let mut largest = Largest::default();
/// largest.apply(&StoreChange::new(&7_u64.to_be_bytes(), Some(&[]), 0))?;
/// assert_eq!(largest.num_entries(), 1);
/// # Ok::<(), BoxError>(())
/// ```
#[doc(alias = "StateStore")]
#[doc(alias = "StateRestoreCallback")]
pub trait OwnStore: Send + Sized + 'static {
    /// Makes one change: a new one, or one that is read back from the changelog.
    ///
    /// # Errors
    /// When the change makes no sense; then nothing may have changed. In a processor it is the processor's error and nothing is written to the
    /// changelog; while the store is restored it ends the task.
    fn apply(&mut self, change: &StoreChange<'_>) -> Result<(), BoxError>;

    /// Everything applied until now is committed. A store with files writes it there, together with `offset`: that of the last record of its
    /// changelog; `None` where it has no changelog. Best both become visible at once, as by renaming a file: what is found after a crash must
    /// belong together. Before this call nothing that was applied may be in the files. Default: nothing is done.
    ///
    /// # Errors
    /// When it cannot be written; the stream thread ends with it.
    #[doc(alias = "CommitCallback")]
    #[doc(alias = "flush")]
    fn commit(&mut self, offset: Option<i64>) -> Result<(), BoxError> {
        let _ = offset;
        Ok(())
    }

    /// The offset that the files were committed with last, asked for once the store is made. `None`, the default, lets the whole changelog be
    /// read; files that are there nevertheless are deleted first, and the store is made anew.
    #[doc(alias = "managesOffsets")]
    fn committed_offset(&self) -> Option<i64> {
        None
    }

    /// How many entries it has, for metrics. Default: 0.
    #[doc(alias = "approximateNumEntries")]
    fn num_entries(&self) -> u64 {
        0
    }

    /// Bytes in memory that the next commit lets go, as those that it writes to its files; they are part of what
    /// `statestore.uncommitted.max.bytes` limits. Default: 0.
    #[doc(alias = "approximateNumUncommittedBytes")]
    fn uncommitted_bytes(&self) -> usize {
        0
    }

    /// The task goes elsewhere: lets files go. Default: the store is dropped, as always after an abort. What was not committed must not be written
    /// either way.
    ///
    /// # Errors
    /// When files could not be closed; it is logged.
    fn close(self) -> Result<(), BoxError> {
        Ok(())
    }
}

/// One change of an [`OwnStore`]: a record of its changelog.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StoreChange<'a> {
    /// What is changed.
    pub key: &'a [u8],
    /// What it is now; `None`: it is gone.
    pub value: Option<&'a [u8]>,
    /// When, in milliseconds: the time of the record that was processed.
    pub timestamp: i64,
    /// The headers of the changelog's record; a new change has none.
    pub headers: &'a Headers,
}

impl<'a> StoreChange<'a> {
    /// A new change.
    pub fn new(key: &'a [u8], value: Option<&'a [u8]>, timestamp: i64) -> Self {
        StoreChange { key, value, timestamp, headers: &NO_HEADERS }
    }
}

/// What an [`OwnStore`] is made with.
#[derive(Clone, Debug)]
#[doc(alias = "StateStoreContext")]
pub struct OwnStoreContext {
    pub(crate) name: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) directory: Option<PathBuf>,
}

impl OwnStoreContext {
    /// The store's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The task's partition, which is also that of the changelog.
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// The directory that is the store's alone, `<state.dir>/<application.id>/<task>/<store>`; it is there. `None` for a store that is not
    /// [persistent](crate::OwnStoreBuilder::persistent), and in test drivers, where everything is kept in memory.
    #[doc(alias = "stateDir")]
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }
}
