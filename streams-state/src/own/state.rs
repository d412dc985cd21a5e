//! A store of the user's own kind, seen as any store.

use super::{OwnStore, OwnStoreContext, StoreChange};
use crate::store::{Changelog, ChangelogId, ChangelogRecord, PositionEntry, StateStore, StoreCounters};
use crate::{BoxError, CacheBudget, Error, ErrorKind, NO_HEADERS, Result};
use std::any::Any;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// Makes a store of one task.
pub(crate) type Make<S> = Arc<dyn Fn(&OwnStoreContext) -> Result<S, BoxError> + Send + Sync>;

/// An [`OwnStore`] opened for one task.
///
/// It has no buffer of changes: an abort makes the store anew, as it was committed last, and where it does not know that itself the changelog
/// has to tell it.
pub struct OwnState<S> {
    context: OwnStoreContext,
    make: Make<S>,
    logged: bool,
    /// `None` only after it could not be made.
    store: Option<S>,
    changelog: Option<ChangelogId>,
    /// The changelog offset that it stands at without what is not committed.
    offset: Option<i64>,
    /// The offset of the last restored record until it is settled.
    restored: Option<i64>,
    /// Something was changed that no commit covers yet.
    changed: bool,
    /// A commit is under way; whether it covers changes.
    sealed: Option<bool>,
    must_be_restored: bool,
    counters: StoreCounters,
}

impl<S: OwnStore> OwnState<S> {
    /// Makes it, on the files that it has.
    pub(crate) fn open(context: OwnStoreContext, make: Make<S>, logged: bool) -> Result<Self> {
        let mut state = OwnState {
            context,
            make,
            logged,
            store: None,
            changelog: None,
            offset: None,
            restored: None,
            changed: false,
            sealed: None,
            must_be_restored: false,
            counters: StoreCounters::default(),
        };
        state.remake()?;
        Ok(state)
    }

    /// The store, to be looked at.
    ///
    /// # Errors
    /// The error of making it, where it could not be made anew after an abort.
    pub fn store(&mut self) -> Result<&mut S> {
        if self.store.is_none() {
            self.remake()?;
        }
        let name = &self.context.name;
        self.store.as_mut().ok_or_else(|| Error::new(ErrorKind::UserCode, format!("store {name} could not be made")))
    }

    /// Makes a change. Where it succeeds it has to be [logged](Self::log).
    ///
    /// # Errors
    /// The store's.
    pub fn apply(&mut self, change: &StoreChange<'_>) -> Result<(), BoxError> {
        // it may fail halfway
        self.changed = true;
        self.counters.puts += 1;
        self.store()?.apply(change)
    }

    /// Writes a change to the changelog.
    ///
    /// # Errors
    /// The changelog's.
    pub fn log(&mut self, change: &StoreChange<'_>, log: &mut dyn Changelog) -> Result<()> {
        match self.changelog {
            Some(id) => log.log(id, change.key, change.value, change.timestamp, &NO_HEADERS),
            None => Ok(()),
        }
    }

    /// Makes the store, as its files have it. Those that do not know their offset are deleted, where the changelog has everything.
    fn remake(&mut self) -> Result<()> {
        let had_files = self.context.directory().is_some_and(|path| fs::read_dir(path).is_ok_and(|mut files| files.next().is_some()));
        self.make_once()?;
        match had_files && self.logged && self.offset.is_none() {
            true => self.wipe(),
            false => Ok(()),
        }
    }

    fn make_once(&mut self) -> Result<()> {
        if let Some(path) = self.context.directory() {
            fs::create_dir_all(path).map_err(|e| {
                Error::caused(ErrorKind::Io, format!("store {}: could not make its directory {}", self.context.name, path.display()), e)
            })?;
        }
        let made = caught(|| {
            let store = (self.make)(&self.context)?;
            let offset = store.committed_offset();
            Ok((store, offset))
        });
        let (store, offset) = made.map_err(|e| self.failed("could not be made", e))?;
        (self.store, self.offset) = (Some(store), offset);
        Ok(())
    }

    /// Drops the store that there is, and forgets what it was in the middle of. User code that panics there has nothing to tell any more.
    fn let_go(&mut self) {
        (self.offset, self.restored, self.changed, self.sealed) = (None, None, false, None);
        drop(caught(|| {
            drop(self.store.take());
            Ok(())
        }));
    }

    fn commit_store(&mut self, offset: Option<i64>) -> Result<()> {
        let store = self.store()?;
        caught(|| store.commit(offset)).map_err(|e| self.failed("could not be committed", e))?;
        self.offset = offset;
        Ok(())
    }

    #[cold]
    fn failed(&self, what: &str, cause: BoxError) -> Error {
        Error::caused(ErrorKind::UserCode, format!("store {} {what}", self.context.name), cause)
    }
}

/// Runs code of the user's: stores are opened and restored where nobody else catches panics.
fn caught<R>(run: impl FnOnce() -> Result<R, BoxError>) -> Result<R, BoxError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(format!("it panicked: {}", crate::error::panic_text(&*panic)).into()))
}

/// Deletes a store's directory.
pub(crate) fn delete(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(Error::caused(ErrorKind::Io, format!("could not delete the store {}", path.display()), e))
        }
        _ => Ok(()),
    }
}

impl<S: OwnStore> StateStore for OwnState<S> {
    fn name(&self) -> &str {
        &self.context.name
    }

    fn persistent(&self) -> bool {
        self.context.directory.is_some()
    }

    fn committed_offset(&self) -> Option<i64> {
        self.offset
    }

    fn restore(&mut self, records: &mut dyn Iterator<Item = ChangelogRecord<'_>>, next_offset: i64) -> Result<()> {
        let store = self.store()?;
        let mut applied = Ok(());
        for ChangelogRecord { key, value, timestamp, offset, headers } in records {
            applied = caught(|| store.apply(&StoreChange { key, value, timestamp, headers })).map_err(|e| (offset, e));
            if applied.is_err() {
                break;
            }
        }
        // what is restored and not settled does not outlive an abort either
        self.changed = true;
        if let Err((offset, error)) = applied {
            return Err(self.failed(&format!("cannot apply the record at offset {offset} of its changelog"), error));
        }
        self.restored = Some(next_offset - 1);
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        if let Some(offset) = self.restored.take() {
            self.commit_store(Some(offset))?;
            self.changed = false;
        }
        Ok(())
    }

    fn wipe(&mut self) -> Result<()> {
        self.let_go();
        if let Some(path) = self.context.directory() {
            delete(path)?;
        }
        self.make_once()
    }

    fn attach(&mut self, changelog: Option<ChangelogId>, _: Arc<CacheBudget>) {
        (self.changelog, self.must_be_restored, self.counters) = (changelog, false, StoreCounters::default());
    }

    fn detach(&mut self) {}

    fn seal(&mut self) -> Result<()> {
        let sealed = self.sealed.unwrap_or_default() || std::mem::take(&mut self.changed);
        self.sealed = Some(sealed);
        Ok(())
    }

    fn commit(&mut self, offset: Option<i64>, _: &[PositionEntry]) -> Result<()> {
        if self.sealed.is_none() {
            self.seal()?;
        }
        let offset = if self.logged { self.offset.max(offset) } else { None };
        if self.sealed == Some(true) {
            self.commit_store(offset)?;
        }
        (self.sealed, self.restored) = (None, None);
        Ok(())
    }

    /// Changes are logged when they are made.
    fn flush(&mut self, _: &mut dyn Changelog) -> Result<()> {
        Ok(())
    }

    fn evict(&mut self, _: &mut dyn Changelog) -> Result<bool> {
        Ok(false)
    }

    fn abort(&mut self) {
        if !self.changed && self.sealed != Some(true) {
            self.sealed = None;
            return;
        }
        let committed = self.offset;
        self.let_go();
        // what is wrong is told when the store is asked for
        let _ = self.remake();
        self.must_be_restored = self.logged && self.offset != committed;
    }

    fn must_be_restored(&self) -> bool {
        self.must_be_restored
    }

    fn uncommitted_bytes(&self) -> usize {
        self.store.as_ref().map_or(0, S::uncommitted_bytes)
    }

    fn approximate_num_entries(&self) -> u64 {
        self.store.as_ref().map_or(0, S::num_entries)
    }

    fn counters(&self) -> StoreCounters {
        self.counters
    }

    fn close(self: Box<Self>) -> Result<()> {
        let OwnState { store, context, .. } = *self;
        let closed = store.map_or(Ok(()), |store| caught(|| store.close()));
        closed.map_err(|e| Error::caused(ErrorKind::UserCode, format!("store {} could not be closed", context.name), e))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
