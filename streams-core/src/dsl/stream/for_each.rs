//! `for_each`: the end of a stream in user code.

use super::KStream;
use super::fallible::Key;
use crate::exec::{Cx, Edge, End, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{BoxError, Data, Result};
use std::sync::Arc;

impl<K: Data, V: Data> KStream<K, V> {
    /// Calls `f` for each record; nothing follows. What `f` does is outside of any guarantee: after a failure records are seen again.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, testing::TopologyTestDriver};
    /// # use std::sync::{Arc, Mutex};
    /// let seen = Arc::new(Mutex::new(Vec::new()));
    /// let builder = StreamsBuilder::new();
    /// let sink = seen.clone();
    /// builder.stream::<String, i64>("in").for_each(move |key, value| sink.lock().unwrap().push((key.clone(), *value)));
    /// let mut driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 1)?;
    /// assert_eq!(*seen.lock().unwrap(), [("a".to_string(), 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "foreach")]
    pub fn for_each(&self, f: impl Fn(&K, &V) + Send + Sync + 'static) {
        self.for_each_with(f, Named::default());
    }

    /// [`for_each`](Self::for_each) with a name for its node.
    pub fn for_each_with(&self, f: impl Fn(&K, &V) + Send + Sync + 'static, named: impl Into<Named>) {
        let f = Arc::new(f);
        let make = move |_: &mut GraphEnv<'_>, _: Edge<K, V>| Ok(Box::new(ForEach { f: f.clone(), next: End }) as Edge<K, V>);
        self.add("KSTREAM-FOREACH-", &named.into(), Box::new(make));
    }

    /// [`for_each`](Self::for_each) whose closure may fail: an error goes to the processing exception handler, which fails the task (the default)
    /// or goes on with the next record and counts this one as `processing`.
    ///
    /// ```
    /// # use streams_core::StreamsBuilder;
    /// # use std::io::Write;
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<String, i64>("in").try_for_each(|key, value| Ok(writeln!(std::io::stdout(), "{key} = {value}")?));
    /// # builder.build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_for_each(&self, f: impl Fn(&K, &V) -> Result<(), BoxError> + Send + Sync + 'static) {
        self.try_for_each_with(f, Named::default());
    }

    /// [`try_for_each`](Self::try_for_each) with a name for its node.
    pub fn try_for_each_with(&self, f: impl Fn(&K, &V) -> Result<(), BoxError> + Send + Sync + 'static, named: impl Into<Named>) {
        let f = move |key, value| f(&key, &value).map(|()| None::<(K, V)>);
        self.add_fallible("KSTREAM-FOREACH-", named, Key::Keeps, f);
    }
}

struct ForEach<F> {
    f: Arc<F>,
    next: End,
}

impl<K, V, F: Fn(&K, &V)> Process<K, V> for ForEach<F> {
    fn process(&mut self, cx: &mut Cx, key: K, value: V, meta: &Meta<'_>) -> Result<()> {
        (self.f)(&key, &value);
        self.next.process(cx, key, value, meta)
    }
}
