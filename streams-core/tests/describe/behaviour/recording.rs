//! Recordings as they were written.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use streams_core::testing::TestRow;
use streams_core::{Header, Headers};

/// A record that came out, its headers as a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub time: i64,
    pub headers: Vec<Header>,
}

/// What a topic or a store has.
pub type By<T> = BTreeMap<String, Vec<T>>;

/// The files of a folder.
pub fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    assert!(!files.is_empty(), "there are no recordings in {}", folder.display());
    files
}

/// What was recorded of one topology.
#[derive(Clone)]
pub struct Recording(pub Value);

impl Recording {
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        Recording(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display())))
    }

    pub fn id(&self) -> &str {
        self.0["topology"].as_str().expect("an id")
    }

    /// A setting that the recording was made with.
    pub fn config(&self, name: &str) -> Option<&str> {
        self.0["config"][name].as_str()
    }

    pub fn cases(&self) -> Vec<Case<'_>> {
        self.0["cases"].as_array().expect("cases").iter().map(Case).collect()
    }
}

/// One history. Those that were recorded at first are steps alone, and say nothing of headers; others have them, and what stores have at the end.
#[derive(Clone, Copy)]
pub struct Case<'a>(&'a Value);

impl<'a> Case<'a> {
    pub fn steps(self) -> &'a [Value] {
        self.0.as_array().or_else(|| self.0["steps"].as_array()).expect("steps")
    }

    pub fn has_headers(self) -> bool {
        self.0.is_object()
    }

    /// The rows of the stores at the end, if they were recorded.
    pub fn stores(self) -> Option<By<TestRow>> {
        let stores = self.0.get("stores")?.as_object().expect("stores");
        let rows = |rows: &Value| rows.as_array().expect("rows").iter().map(row).collect();
        Some(stores.iter().map(|(store, of)| (store.clone(), rows(of))).collect())
    }
}

pub fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone().into_bytes()),
        other => {
            let hex = other["hex"].as_str().expect("a text, null or hexadecimal digits");
            let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
            Some((0..hex.len()).step_by(2).map(digits).collect())
        }
    }
}

fn header(pair: &Value) -> Header {
    Header { key: pair[0].as_str().expect("a header's name").to_owned(), value: bytes(&pair[1]) }
}

/// The headers of a record that went in, if it has any.
pub fn headers(of: &Value) -> Headers {
    let mut headers = Headers::new();
    of.as_array().into_iter().flatten().for_each(|pair| {
        headers.push(header(pair));
    });
    headers
}

/// Java leaves the time of some records to its producer, which takes the wall clock: `null` in the recording.
pub fn written(record: &Value, wall_clock: i64) -> Written {
    let time = if record[2].is_null() { wall_clock } else { record[2].as_i64().expect("a time") };
    let headers = record[3].as_array().into_iter().flatten().map(header).collect();
    Written { key: bytes(&record[0]), value: bytes(&record[1]), time, headers }
}

fn row(row: &Value) -> TestRow {
    let part = |n: usize| bytes(&row[n]).expect("no part of a row is null");
    TestRow { key: part(0), value: part(1), start: row[2].as_i64(), end: row[3].as_i64() }
}
