//! The records that come too late for a session, as a stream of their own.

use super::SessionWindowedKStream;
use crate::dsl::windows::SessionWindows;
use crate::dsl::{KStream, KTable};
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process, StreamTime, operator};
use crate::handlers::ProductionStage;
use crate::plan::{Named, Role, Target};
use crate::{Data, Result};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::SessionStore;
use streams_state::serde::{SerdeContext, Windowed, Wrote};

impl<K: Data, V: Data> SessionWindowedKStream<K, V> {
    /// The records that come too late for a session of `sessions`, the table that aggregates this stream, unchanged: to be kept, or to be added
    /// elsewhere. They are counted as dropped beside that. A record that is late itself, but near a session that still takes records, is not
    /// among them: whether there is one the table's store knows. Java has no such operator.
    ///
    /// The late records of a stream with a new key lie behind its repartition topic: give the grouping a name, so that the aggregation uses
    /// the same one.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use streams_core::{SessionWindows, StreamsBuilder, testing::TopologyTestDriver};
    /// # let builder = StreamsBuilder::new();
    /// let windows = SessionWindows::with_gap(Duration::from_secs(10)).no_grace();
    /// let visits = builder.stream::<String, String>("in").group_by_key().windowed_by(windows);
    /// visits.late_records(&visits.count()).to("too-late");
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// let mut input = driver.input::<String, String>("in");
    /// for (value, at) in [("a", 20_000), ("b", 25_000), ("c", 16_000), ("d", 1_000)] {
    ///     input.pipe_at("key".to_string(), value.to_string(), at)?;
    /// }
    /// let late = driver.output::<String, String>("too-late").read_all()?;
    /// assert_eq!(late, [("key".to_string(), "d".to_string())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn late_records<A: Data>(&self, sessions: &KTable<Windowed<K>, A>) -> KStream<K, V> {
        self.late_records_with(sessions, Named::default())
    }

    /// [`late_records`](Self::late_records) with a name for its node.
    pub fn late_records_with<A: Data>(&self, sessions: &KTable<Windowed<K>, A>, named: impl Into<Named>) -> KStream<K, V> {
        let mut plan = self.grouped.stream.plan.lock();
        let name = plan.processor_name(&named.into(), "KSTREAM-LATE-");
        let mut late = self.grouped.beside(&mut plan, &name);
        let (windows, key_bytes) = (self.windows, late.key_bytes);
        match sessions.table.session_store() {
            Some(store) if late.plan.is(&sessions.plan) => {
                let (opened, store) = (store.name().clone(), store.name().clone());
                let factory = operator::<K, V, K, V>(Box::new(move |env: &mut GraphEnv<'_>, next| {
                    let (store, stream_time) = (env.store::<SessionStore<K, A>>(&opened)?, StreamTime::of_node(env));
                    let pass_key = key_bytes.is_some() && key_bytes == store.borrow().key_serde().canonical_id();
                    let name = env.node_name();
                    Ok(Box::new(LateForSessions { name, windows, stream_time, store, pass_key, key_buf: Vec::new(), next }) as Edge<K, V>)
                }));
                let write = move |target: &mut Target<'_>| {
                    target.builder.add_processor(&target.name, &target.parents, factory.clone())?;
                    target.builder.connect_store(&target.name, &store)
                };
                late.node = plan.add(name.clone(), &[late.node], Role::Other, Arc::new(write));
            }
            _ => plan.error(format!(
                "{name}: late records of sessions are told by the table that aggregates them, and {} is none of this builder: give the result of \
                 `count`, `reduce` or `aggregate`",
                sessions.name
            )),
        }
        late.name = name;
        drop(plan);
        late
    }
}

struct LateForSessions<K, V, A> {
    name: Arc<str>,
    windows: SessionWindows,
    /// As the aggregation beside it sees it: the same records come there.
    stream_time: StreamTime,
    /// That of the aggregation, which has had the record already: of one that it took there is a session that is open.
    store: Rc<RefCell<SessionStore<K, A>>>,
    /// Whether the bytes that travel with the key are those of the store.
    pass_key: bool,
    key_buf: Vec<u8>,
    next: Edge<K, V>,
}

impl<K: Data, V: Data, A: Data> LateForSessions<K, V, A> {
    /// Whether a session that ends at `open_from` or later is near. A key without bytes has none, and no late records either.
    fn is_taken(&mut self, cx: &mut Cx, key: &K, meta: &Meta<'_>, open_from: i64) -> Result<bool> {
        let (mut store, gap) = (self.store.borrow_mut(), self.windows.gap_ms);
        let bytes = match meta.key_bytes.filter(|_| self.pass_key) {
            Some(passed) => passed,
            None => {
                self.key_buf.clear();
                let topic = store.topic().clone();
                match store.key_serde().serialize(&SerdeContext { topic: &topic, headers: meta.headers }, key, &mut self.key_buf) {
                    Ok(Wrote::Bytes) => &self.key_buf,
                    Ok(Wrote::Null) => return Ok(true),
                    Err(error) => {
                        return cx.serialization_error(&self.name, &topic, ProductionStage::Key, cx.origin, error).map(|()| true);
                    }
                }
            }
        };
        let (mut taken, from) = (false, meta.timestamp.saturating_sub(gap).max(open_from));
        store.find_sessions(bytes, from, meta.timestamp.saturating_add(gap), false, &mut |_, _, _| {
            taken = true;
            Ok(ControlFlow::Break(()))
        })?;
        Ok(taken)
    }
}

impl<K: Data, V: Data, A: Data> Process<K, V> for LateForSessions<K, V, A> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        let open_from = self.stream_time.observe(cx, meta.timestamp).saturating_sub(self.windows.open_ms());
        if meta.timestamp >= open_from || self.is_taken(cx, &key, meta, open_from)? {
            return Ok(());
        }
        self.next.process(cx, key, value, meta)
    }
}
