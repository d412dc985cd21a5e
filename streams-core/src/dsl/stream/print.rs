//! `print`: records as text, for a look at a stream.

use super::KStream;
use crate::exec::{Cx, Edge, GraphEnv, Meta, Process};
use crate::plan::Named;
use crate::{Data, Result};
use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes the text of a record.
type Text<K, V> = Arc<dyn Fn(&K, &V) -> String + Send + Sync>;

/// Where and how [`KStream::print`] writes: standard output by default, one line `[label]: key, value` per record.
pub struct Printed<K, V> {
    label: Option<Arc<str>>,
    file: Option<PathBuf>,
    text: Option<Text<K, V>>,
    named: Named,
}

impl<K, V> Clone for Printed<K, V> {
    fn clone(&self) -> Self {
        Printed { label: self.label.clone(), file: self.file.clone(), text: self.text.clone(), named: self.named.clone() }
    }
}

impl<K, V> Default for Printed<K, V> {
    fn default() -> Self {
        Printed { label: None, file: None, text: None, named: Named::default() }
    }
}

impl<K, V> Debug for Printed<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printed").field("label", &self.label).field("file", &self.file).finish_non_exhaustive()
    }
}

impl<K, V> Printed<K, V> {
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

    /// The text behind the label; key and value as [`Debug`] shows them by default.
    ///
    /// ```
    /// # use streams_core::{Printed, StreamsBuilder, testing::TopologyTestDriver};
    /// # let dir = tempfile::tempdir()?;
    /// # let file = dir.path().join("orders.txt");
    /// let builder = StreamsBuilder::new();
    /// let printed = Printed::to_file(&file).label("orders").key_value_mapper(|key, value| format!("{value} of {key}"));
    /// builder.stream::<String, i64>("in").print(printed);
    ///
    /// let driver = TopologyTestDriver::new(&builder.build()?)?;
    /// driver.input::<String, i64>("in").pipe("tea".to_string(), 7)?;
    /// assert_eq!(std::fs::read_to_string(&file)?, "[orders]: 7 of tea\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[doc(alias = "withKeyValueMapper")]
    pub fn key_value_mapper(mut self, text: impl Fn(&K, &V) -> String + Send + Sync + 'static) -> Self {
        self.text = Some(Arc::new(text));
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
    pub fn print(&self, printed: Printed<K, V>) {
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
        let text = printed.text.unwrap_or_else(|| Arc::new(|key, value| format!("{key:?}, {value:?}")));
        let make = move |_: &mut GraphEnv<'_>, _: Edge<K, V>| {
            Ok(Box::new(Print { label: label.clone(), text: text.clone(), out: out.clone() }) as Edge<K, V>)
        };
        self.add("KSTREAM-PRINTER-", &printed.named, Box::new(make));
    }
}

struct Print<K, V> {
    label: Arc<str>,
    text: Text<K, V>,
    out: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl<K, V> Process<K, V> for Print<K, V> {
    fn process(&mut self, _: &mut Cx, key: K, value: V, _: &Meta<'_>) -> Result<()> {
        let text = (self.text)(&key, &value);
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // a closed terminal must not stop the stream
        let _ = writeln!(out, "[{}]: {text}", self.label).and_then(|()| out.flush());
        Ok(())
    }
}
