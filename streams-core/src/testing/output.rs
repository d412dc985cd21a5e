//! Topics that a test reads from.

use super::inner::Inner;
use super::producer::Written;
use crate::{Error, ErrorKind, Record, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::serde::{Serde, SerdeContext};

/// An output topic of a [`TopologyTestDriver`](super::TopologyTestDriver). Reading takes records off it.
pub struct TestOutputTopic<K, V> {
    inner: Rc<RefCell<Inner>>,
    topic: Arc<str>,
    key: Arc<dyn Serde<K>>,
    value: Arc<dyn Serde<V>>,
}

impl<K, V> fmt::Debug for TestOutputTopic<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestOutputTopic({})", self.topic)
    }
}

impl<K: 'static, V: 'static> TestOutputTopic<K, V> {
    pub(super) fn new(inner: Rc<RefCell<Inner>>, topic: &str, key: Arc<dyn Serde<K>>, value: Arc<dyn Serde<V>>) -> Self {
        TestOutputTopic { inner, topic: topic.into(), key, value }
    }

    /// Records that were not read yet.
    #[doc(alias = "getQueueSize")]
    pub fn len(&self) -> usize {
        self.inner.borrow().outputs.get(&self.topic).map_or(0, std::collections::VecDeque::len)
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next record whole; `None` when everything was read.
    ///
    /// # Errors
    /// When the serdes cannot read it.
    pub fn read_record(&mut self) -> Result<Option<Record<K, V>>> {
        let next = self.inner.borrow_mut().outputs.get_mut(&self.topic).and_then(std::collections::VecDeque::pop_front);
        let Some(Written { key, value, timestamp, headers, .. }) = next else { return Ok(None) };
        let (key, value) = {
            let cx = SerdeContext { topic: &self.topic, headers: &headers };
            let unreadable = |what, e| Error::caused(ErrorKind::Serde, format!("topic {}: cannot deserialize the {what}", self.topic), e);
            let key = self.key.deserialize(&cx, key.as_deref()).map_err(|e| unreadable("key", e))?;
            (key, self.value.deserialize(&cx, value.as_deref()).map_err(|e| unreadable("value", e))?)
        };
        Ok(Some(Record { key, value, timestamp, headers }))
    }

    /// Key and value of the next record; `None` when everything was read.
    ///
    /// # Errors
    /// When the serdes cannot read it.
    #[doc(alias = "readKeyValue")]
    pub fn read(&mut self) -> Result<Option<(K, V)>> {
        Ok(self.read_record()?.map(|record| (record.key, record.value)))
    }

    /// The value of the next record; `None` when everything was read.
    ///
    /// # Errors
    /// When the serdes cannot read it.
    #[doc(alias = "readValue")]
    pub fn read_value(&mut self) -> Result<Option<V>> {
        Ok(self.read_record()?.map(|record| record.value))
    }

    /// All records whole.
    ///
    /// # Errors
    /// When the serdes cannot read one.
    #[doc(alias = "readRecordsToList")]
    pub fn read_records(&mut self) -> Result<Vec<Record<K, V>>> {
        std::iter::from_fn(|| self.read_record().transpose()).collect()
    }

    /// Keys and values of all records.
    ///
    /// # Errors
    /// When the serdes cannot read one.
    #[doc(alias = "readKeyValuesToList")]
    pub fn read_all(&mut self) -> Result<Vec<(K, V)>> {
        Ok(self.read_records()?.into_iter().map(|record| (record.key, record.value)).collect())
    }

    /// The values of all records.
    ///
    /// # Errors
    /// When the serdes cannot read one.
    #[doc(alias = "readValuesToList")]
    pub fn read_values(&mut self) -> Result<Vec<V>> {
        Ok(self.read_records()?.into_iter().map(|record| record.value).collect())
    }

    /// The last value of each key.
    ///
    /// # Errors
    /// When the serdes cannot read one.
    #[doc(alias = "readKeyValuesToMap")]
    pub fn read_map(&mut self) -> Result<HashMap<K, V>>
    where
        K: Eq + Hash,
    {
        Ok(self.read_all()?.into_iter().collect())
    }
}
