//! The stores of one running task: opened ones come in, nodes ask for them by type, and they leave again when the graph is gone.

use crate::{Error, ErrorKind, Result};
use std::any::{Any, type_name};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::CacheBudget;
use streams_state::store::{Changelog, ChangelogId, PositionEntry, StateStore, StoredRow};

/// A store in use by nodes, its type forgotten.
trait Attached {
    fn shared(&self) -> Rc<dyn Any>;
    fn with(&self, f: &mut dyn FnMut(&mut dyn StateStore));
    fn detach(self: Box<Self>) -> Option<Box<dyn StateStore>>;
}

impl<S: StateStore> Attached for Rc<RefCell<S>> {
    fn shared(&self) -> Rc<dyn Any> {
        self.clone()
    }
    fn with(&self, f: &mut dyn FnMut(&mut dyn StateStore)) {
        f(&mut *self.borrow_mut());
    }
    fn detach(self: Box<Self>) -> Option<Box<dyn StateStore>> {
        Rc::try_unwrap(*self).ok().map(|cell| Box::new(cell.into_inner()) as Box<dyn StateStore>)
    }
}

enum Slot {
    /// No node has asked for it yet.
    Idle(Box<dyn StateStore>),
    InUse(Box<dyn Attached>),
    /// Only while it changes from one to the other.
    Moving,
}

/// The stores of a task, by their index in the sub-topology.
pub(crate) struct StoreSlots {
    slots: Vec<Slot>,
    names: Vec<String>,
}

impl StoreSlots {
    /// Takes the stores of a task, in the order of its sub-topology, and wires them to its thread. `logged` says of each whether it has a
    /// changelog.
    pub fn new(mut stores: Vec<Box<dyn StateStore>>, logged: &[bool], budget: &Arc<CacheBudget>) -> Self {
        for (index, store) in stores.iter_mut().enumerate() {
            let changelog = logged.get(index).copied().unwrap_or(false).then_some(ChangelogId(index as u32));
            store.attach(changelog, budget.clone());
        }
        let names = stores.iter().map(|s| s.name().to_owned()).collect();
        StoreSlots { slots: stores.into_iter().map(Slot::Idle).collect(), names }
    }

    /// One more store, without a changelog.
    pub fn add(&mut self, mut store: Box<dyn StateStore>, budget: &Arc<CacheBudget>) {
        store.attach(None, budget.clone());
        self.names.push(store.name().to_owned());
        self.slots.push(Slot::Idle(store));
    }

    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// The store as its users know it.
    pub fn typed<S: StateStore>(&mut self, index: usize) -> Result<Rc<RefCell<S>>> {
        let slot = &mut self.slots[index];
        if let Slot::Idle(_) = slot {
            let Slot::Idle(store) = std::mem::replace(slot, Slot::Moving) else { unreachable!("matched above") };
            let any: Box<dyn Any> = store.into_any();
            let store = any.downcast::<S>().map_err(|_| wrong_type::<S>(&self.names[index]))?;
            *slot = Slot::InUse(Box::new(Rc::new(RefCell::new(*store))));
        }
        match slot {
            Slot::InUse(attached) => attached.shared().downcast::<RefCell<S>>().map_err(|_| wrong_type::<S>(&self.names[index])),
            _ => Err(wrong_type::<S>(&self.names[index])),
        }
    }

    /// Whether a store is an `S`.
    pub fn is<S: StateStore>(&self, index: usize) -> bool {
        match &self.slots[index] {
            Slot::Idle(store) => (&**store as &dyn Any).is::<S>(),
            Slot::InUse(attached) => attached.shared().is::<RefCell<S>>(),
            Slot::Moving => false,
        }
    }

    /// Their names, by index.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Looks at every store, with its index.
    pub fn each(&mut self, mut look: impl FnMut(usize, &dyn StateStore)) {
        for i in 0..self.slots.len() {
            self.with(i, |store| look(i, store));
        }
    }

    /// Visits the committed rows of a store; `false` where it has none to be seen.
    pub fn rows(&mut self, index: usize, visit: &mut dyn FnMut(StoredRow<'_>)) -> Result<bool> {
        Ok(self.with(index, |store| store.rows(visit)).unwrap_or(Ok(false))?)
    }

    fn with<R>(&mut self, index: usize, mut f: impl FnMut(&mut dyn StateStore) -> R) -> Option<R> {
        match &mut self.slots[index] {
            Slot::Idle(store) => Some(f(store.as_mut())),
            Slot::InUse(attached) => {
                let mut result = None;
                attached.with(&mut |store| result = Some(f(store)));
                result
            }
            Slot::Moving => None,
        }
    }

    /// Hands what caches still hold to changelogs and buffers: for stores that no node forwards from.
    pub fn flush(&mut self, log: &mut dyn Changelog) -> Result<()> {
        (0..self.slots.len()).try_for_each(|i| self.with(i, |store| store.flush(log)).unwrap_or(Ok(())).map_err(Error::from))
    }

    /// Makes room in the record cache, one entry at a time; false when there is nothing to evict anywhere.
    pub fn evict_one(&mut self, log: &mut dyn Changelog) -> Result<bool> {
        for i in 0..self.slots.len() {
            if self.with(i, |store| store.evict(log)).unwrap_or(Ok(false))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Marks what the next `commit` writes.
    pub fn seal(&mut self) -> Result<()> {
        (0..self.slots.len()).try_for_each(|i| self.with(i, StateStore::seal).unwrap_or(Ok(())).map_err(Error::from))
    }

    /// Writes what was sealed to the engines. `offset` answers with the greatest acknowledged offset of a store's changelog.
    pub fn commit(&mut self, offset: &mut dyn FnMut(usize) -> Option<i64>, position: &[PositionEntry]) -> Result<()> {
        (0..self.slots.len()).try_for_each(|i| {
            let at = offset(i);
            let name = self.names[i].clone();
            self.with(i, |store| store.commit(at, position)).unwrap_or(Ok(())).map_err(|e| Error::from(e).at(format!("store {name}")))
        })
    }

    pub fn uncommitted_bytes(&mut self) -> usize {
        (0..self.slots.len()).filter_map(|i| self.with(i, |store| store.uncommitted_bytes())).sum()
    }

    /// The stores again, once no node holds them.
    pub fn into_stores(self) -> Result<Vec<Box<dyn StateStore>>> {
        let StoreSlots { slots, names } = self;
        slots
            .into_iter()
            .zip(names)
            .map(|(slot, name)| match slot {
                Slot::Idle(store) => Ok(store),
                Slot::InUse(attached) => attached.detach().ok_or_else(|| still_held(&name)),
                Slot::Moving => Err(still_held(&name)),
            })
            .map(|store| {
                store.map(|mut store| {
                    store.detach();
                    store
                })
            })
            .collect()
    }
}

#[cold]
fn wrong_type<S>(name: &str) -> Error {
    Error::new(
        ErrorKind::Topology,
        format!("store {name} is not a {}: use the handle that `add_state_store` returned for it", type_name::<S>()),
    )
}

#[cold]
fn still_held(name: &str) -> Error {
    Error::new(
        ErrorKind::UserCode,
        format!(
            "store {name} is still held after its processor was dropped: a processor must not hand its stores to anything that outlives it"
        ),
    )
}
