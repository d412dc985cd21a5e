//! Which keys of a stream find rows in a table.

use crate::Data;

/// A stream's key that finds rows of a table with keys `KT`: `KT` itself, or `Option<KT>`, whose `None` has no row. It is what
/// [`KStream::left_join_table`](crate::KStream::left_join_table) asks of its stream (KIP-962); there is no need to implement it.
pub trait TableKey<KT>: Data {
    /// The key to look for; `None`: there is no row.
    fn table_key(&self) -> Option<&KT>;
}

impl<K: Data> TableKey<K> for K {
    fn table_key(&self) -> Option<&K> {
        Some(self)
    }
}

impl<K: Data> TableKey<K> for Option<K> {
    fn table_key(&self) -> Option<&K> {
        self.as_ref()
    }
}
