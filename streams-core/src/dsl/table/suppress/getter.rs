//! Looking up a row of a suppressed table: what was emitted of it last.

use crate::dsl::table::{GetterSupplier, ValueGetter};
use crate::exec::{Cx, GraphEnv};
use crate::{Data, Error, ErrorKind, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::ChangeBuffer;

pub(super) struct SuppressedGetterSupplier<K, V> {
    pub parent: Arc<dyn GetterSupplier<K, V>>,
    pub buffer: Arc<str>,
}

impl<K: Data, V: Data> GetterSupplier<K, V> for SuppressedGetterSupplier<K, V> {
    fn stores(&self) -> Vec<Arc<str>> {
        let mut stores = vec![self.buffer.clone()];
        stores.extend(self.parent.stores());
        stores
    }
    fn make(&self, env: &mut GraphEnv<'_>) -> Result<Box<dyn ValueGetter<K, V>>> {
        let buffer = env.store::<ChangeBuffer<K, V>>(&self.buffer)?;
        Ok(Box::new(SuppressedGetter { parent: self.parent.make(env)?, buffer, key_buf: Vec::new() }))
    }
}

struct SuppressedGetter<K, V> {
    parent: Box<dyn ValueGetter<K, V>>,
    buffer: Rc<RefCell<ChangeBuffer<K, V>>>,
    key_buf: Vec<u8>,
}

/// The time of a value that was emitted some time ago is not known, as in Java.
const UNKNOWN: i64 = -1;

impl<K: Data, V: Data> ValueGetter<K, V> for SuppressedGetter<K, V> {
    fn get(&mut self, cx: &mut Cx, key: &K, key_bytes: Option<&[u8]>, look: &mut dyn FnMut(Option<(&V, i64)>)) -> Result<()> {
        let held_back = {
            let mut buffer = self.buffer.borrow_mut();
            let bytes = match key_bytes {
                Some(bytes) => bytes,
                None => {
                    self.key_buf.clear();
                    buffer
                        .write_key(key, &mut self.key_buf)
                        .map_err(|e| Error::caused(ErrorKind::Serde, "cannot serialize the key to look it up in the table", e))?;
                    &self.key_buf
                }
            };
            buffer.prior(bytes)?
        };
        match held_back {
            Some(prior) => {
                look(prior.as_ref().map(|value| (value, UNKNOWN)));
                Ok(())
            }
            // what is not held back was emitted
            None => self.parent.get(cx, key, key_bytes, look),
        }
    }
}
