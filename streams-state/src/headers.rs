//! Record headers, as cheap as nothing when there are none.

use std::sync::Arc;

/// One header: a name and bytes, or Kafka's null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The header's name; names may repeat within a record.
    pub key: String,
    /// The value; `None` is Kafka's null.
    pub value: Option<Vec<u8>>,
}

/// The headers of a record, in order. Cloning bumps a count; changing a shared list copies it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Option<Arc<Vec<Header>>>);

/// An empty list to borrow.
pub static NO_HEADERS: Headers = Headers(None);

impl Headers {
    /// An empty list; allocates nothing.
    pub const fn new() -> Self {
        Headers(None)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|h| h.is_empty())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |h| h.len())
    }

    /// Appends a header.
    pub fn add(&mut self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> &mut Self {
        self.push(Header { key: key.into(), value: Some(value.into()) })
    }

    /// Appends a header that may be null.
    pub fn push(&mut self, header: Header) -> &mut Self {
        Arc::make_mut(self.0.get_or_insert_default()).push(header);
        self
    }

    /// Removes every header of that name.
    pub fn remove(&mut self, key: &str) -> &mut Self {
        if let Some(list) = self.0.as_mut().filter(|list| list.iter().any(|h| h.key == key)) {
            Arc::make_mut(list).retain(|h| h.key != key);
        }
        self
    }

    /// The last header of that name, which is the one that counts.
    #[doc(alias = "lastHeader")]
    pub fn last(&self, key: &str) -> Option<&Header> {
        self.iter().rev().find(|h| h.key == key)
    }

    /// All headers in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.as_ref().map_or(&[][..], |h| h.as_slice()).iter()
    }
}

impl FromIterator<Header> for Headers {
    fn from_iter<I: IntoIterator<Item = Header>>(iter: I) -> Self {
        let list: Vec<Header> = iter.into_iter().collect();
        Headers((!list.is_empty()).then(|| Arc::new(list)))
    }
}
