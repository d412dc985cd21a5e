//! The largest time that an operator has seen: what is late follows from it.

use super::cx::Cx;
use super::env::GraphEnv;
use super::kept::KeptNumbers;
use streams_state::store::StateStore;

/// Milliseconds; -1 before the first record. It goes on where the last commit left it, unless the application is to follow Java, where it
/// begins anew with each start of a task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamTime {
    at: i64,
    /// Where it is kept.
    index: usize,
}

impl StreamTime {
    /// That of the node being built.
    pub fn of_node(env: &mut GraphEnv<'_>) -> Self {
        let node = env.node_name();
        StreamTime::of(env, &node)
    }

    /// That of several nodes, which share the name.
    pub fn of(env: &mut GraphEnv<'_>, owner: &str) -> Self {
        let (index, at) = env.kept_beyond_java(owner, "time");
        StreamTime { at: at.unwrap_or(-1), index }
    }

    pub fn get(self) -> i64 {
        self.at
    }

    /// Takes note of a record; the answer is the largest time by now.
    #[inline]
    pub fn observe(&mut self, cx: &mut Cx, time: i64) -> i64 {
        if time > self.at {
            self.at = time;
            cx.kept.set(self.index, time);
        }
        self.at
    }
}

/// A store goes on with the stream time that was committed; the answer is where that is kept.
pub(super) fn resume(store: &mut dyn StateStore, kept: &mut KeptNumbers) -> usize {
    if store.stream_time().is_none() {
        return usize::MAX;
    }
    let index = kept.index_beyond_java(store.name(), "store");
    if let Some(time) = kept.get(index) {
        store.resume_stream_time(time);
    }
    index
}
