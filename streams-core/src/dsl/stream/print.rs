//! `print`: records as text, for a look at a stream.

use super::KStream;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{Data, Result};
use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Where and how [`KStream::print`] writes: standard output by default, one line `[label]: key, value` per record.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    label: Option<Arc<str>>,
    file: Option<PathBuf>,
    named: Named,
}

impl Printed {
    /// To standard output.
    #[doc(alias = "toSysOut")]
    pub fn to_stdout() -> Self {
        Printed::default()
    }

    /// To a file, which is emptied when the topology is built.
    pub fn to_file(path: impl Into<PathBuf>) -> Self {
        Printed { file: Some(path.into()), ..Printed::default() }
    }

    /// The text in brackets; the name of the node that gives the records by default.
    #[must_use]
    pub fn label(mut self, label: impl Into<Arc<str>>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// A name for the node.
    #[must_use]
    pub fn named(mut self, named: impl Into<Named>) -> Self {
        self.named = named.into();
        self
    }
}

impl<K: Data + Debug, V: Data + Debug> KStream<K, V> {
    /// Writes each record as a line of text, for debugging; nothing follows.
    ///
    /// ```
    /// # use streams_core::{Printed, StreamsBuilder, testing::TopologyTestDriver};
    /// # let dir = tempfile::tempdir()?;
    /// # let file = dir.path().join("orders.txt");
    /// let builder = StreamsBuilder::new();
    /// builder.stream::<String, i64>("in").print(Printed::to_file(&file).label("orders"));
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("in").pipe("a".to_string(), 7)?;
    /// assert_eq!(std::fs::read_to_string(&file)?, "[orders]: \"a\", 7\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn print(&self, printed: Printed) {
        let label = printed.label.unwrap_or_else(|| self.name.clone());
        let out: Arc<Mutex<Box<dyn Write + Send>>> = match &printed.file {
            None => Arc::new(Mutex::new(Box::new(io::stdout()))),
            Some(path) => match File::create(path) {
                Ok(file) => Arc::new(Mutex::new(Box::new(file))),
                Err(e) => {
                    self.plan.lock().error(format!("print cannot write to {}: {e}", path.display()));
                    return;
                }
            },
        };
        let make = move |_: &mut GraphEnv<'_>, _: Edge<K, V>| Ok(Box::new(Print { label: label.clone(), out: out.clone() }) as Edge<K, V>);
        self.add("KSTREAM-PRINTER-", &printed.named, Box::new(make));
    }
}

struct Print {
    label: Arc<str>,
    out: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl<K: Debug, V: Debug> Process<K, V> for Print {
    fn process(&mut self, _: &mut Cx, key: K, value: V, _: &Meta<'_>) -> Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // a closed terminal must not stop the stream
        let _ = writeln!(out, "[{}]: {key:?}, {value:?}", self.label).and_then(|()| out.flush());
        Ok(())
    }
}
