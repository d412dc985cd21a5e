//! What a processor alone has forwarded.

use crate::exec::{Cx, Edge, ErasedEdge, Meta, Outlets, Process};
use crate::{Data, Record, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A record that a processor has forwarded.
#[derive(Clone, Debug, PartialEq)]
pub struct CapturedForward<K, V> {
    /// The record.
    pub record: Record<K, V>,
    /// The child that it was for; `None` for all.
    pub child: Option<Arc<str>>,
}

pub(super) type Captured<K, V> = Rc<RefCell<Vec<CapturedForward<K, V>>>>;

/// An edge to each child, and one behind them that sees what goes to all.
pub(super) fn outlets<K: Data, V: Data>(children: &[Arc<str>], captured: &Captured<K, V>) -> Outlets<K, V> {
    let edge = |capture: Capture<K, V>| ErasedEdge::new::<K, V>(Box::new(capture) as Edge<K, V>);
    let of_child = children.iter().map(|child| Capture { captured: captured.clone(), child: Some(child.clone()), before: 0 });
    let of_all = Capture { captured: captured.clone(), child: None, before: children.len() };
    Outlets::new(children.to_vec(), of_child.chain([of_all]).map(edge).collect())
}

struct Capture<K, V> {
    captured: Captured<K, V>,
    child: Option<Arc<str>>,
    /// What goes to all has been captured that often by the edges to the children.
    before: usize,
}

impl<K: Data, V: Data> Process<K, V> for Capture<K, V> {
    fn process(&mut self, _: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let mut captured = self.captured.borrow_mut();
        let keep = captured.len().saturating_sub(self.before);
        captured.truncate(keep);
        let record = Record { key, value, timestamp: meta.timestamp, headers: meta.headers.clone() };
        captured.push(CapturedForward { record, child: self.child.clone() });
        Ok(())
    }
}
