//! The first node of each side: keeps the records of one side for the other.

use crate::exec::{Cx, DropReason, Edge, GraphEnv, Meta, Process, operator};
use crate::handlers::ProductionStage;
use crate::plan::{Plan, PlanId, Role, Target};
use crate::{Data, Result};
use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{SerdeContext, Wrote};
use streams_state::{StoreSupplier, WindowStore};

pub(super) fn add<K: Data, V: Data>(
    plan: &mut Plan,
    name: Arc<str>,
    parent: PlanId,
    store: Arc<dyn StoreSupplier>,
    key_bytes: Option<TypeId>,
) -> PlanId {
    let opened = store.name().clone();
    let factory = operator::<K, V, K, V>(Box::new(move |env: &mut GraphEnv<'_>, next| {
        let store = env.store::<WindowStore<K, V>>(&opened)?;
        let key = JoinKey::new(env, &store, key_bytes);
        Ok(Box::new(KeepSide { store, key, next }) as Edge<K, V>)
    }));
    let write = move |target: &mut Target<'_>| {
        target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
        target.builder.add_store_of(&target.name, &store)
    };
    plan.add(name, &[parent], Role::Other, Arc::new(write))
}

/// Makes the bytes of a record's key in the stores of a join.
pub(in crate::dsl::stream) struct JoinKey {
    pub name: Arc<str>,
    /// Whether the bytes that travel with the key are those of the stores.
    pub pass: bool,
    buffer: Vec<u8>,
}

/// The bytes of one key.
pub(in crate::dsl::stream) enum KeyBytes<'a> {
    Key(&'a [u8]),
    Null,
    /// They could not be written, and the handler said to skip the record.
    Refused,
}

impl JoinKey {
    pub fn new<K: Data, V: Data>(env: &GraphEnv<'_>, store: &Rc<RefCell<WindowStore<K, V>>>, key_bytes: Option<TypeId>) -> Self {
        let pass = key_bytes.is_some() && key_bytes == store.borrow().key_serde().canonical_id();
        JoinKey { name: env.node_name(), pass, buffer: Vec::new() }
    }

    pub fn bytes<'a, K: Data, V: Data>(
        &'a mut self,
        cx: &mut Cx,
        store: &WindowStore<K, V>,
        key: &K,
        meta: &'a Meta<'_>,
    ) -> Result<KeyBytes<'a>> {
        if let Some(bytes) = meta.key_bytes.filter(|_| self.pass) {
            return Ok(KeyBytes::Key(bytes));
        }
        self.buffer.clear();
        let topic = store.topic().clone();
        match store.key_serde().serialize(&SerdeContext { topic: &topic, headers: meta.headers }, key, &mut self.buffer) {
            Ok(Wrote::Bytes) => Ok(KeyBytes::Key(&self.buffer)),
            Ok(Wrote::Null) => Ok(KeyBytes::Null),
            Err(error) => cx.serialization_error(&self.name, &topic, ProductionStage::Key, cx.origin, error).map(|()| KeyBytes::Refused),
        }
    }
}

struct KeepSide<K, V> {
    store: Rc<RefCell<WindowStore<K, V>>>,
    key: JoinKey,
    next: Edge<K, V>,
}

impl<K: Data, V: Data> Process<K, V> for KeepSide<K, V> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        {
            let mut store = self.store.borrow_mut();
            match self.key.bytes(cx, &store, &key, meta)? {
                KeyBytes::Key(bytes) => {
                    if !store.append(bytes, meta.timestamp, &value, meta.timestamp, cx.origin, meta.headers, &mut *cx.out)? {
                        // it still meets what the other side keeps, as in Java
                        cx.dropped(&self.key.name, DropReason::Late);
                    }
                }
                // nothing can meet it; what becomes of it the next node knows
                KeyBytes::Null => {}
                KeyBytes::Refused => return Ok(()),
            }
        }
        self.next.process(cx, key, value, meta)
    }
}
