//! The invariants of docs/ARCHITECTURE.md that can be read off the sources: who may name what.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's root").to_path_buf()
}

/// The Rust files of a folder, as paths from the root, with what they say outside of comments and literals.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    assert!(!files.is_empty(), "{folder} has no sources: the rules below would hold of nothing");
    files.sort();
    let relative = |path: &Path| path.strip_prefix(root()).expect("below the root").display().to_string();
    files.iter().map(|path| (relative(path), code_of(&fs::read_to_string(path).expect("a source")))).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// A source without its comments, its strings and its character literals.
fn code_of(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            1 + end_of_string(&rest[1..])
        } else if let Some(hashes) = raw_string(rest, &code) {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = hashes + 2;
            rest[begin..].find(&end).map_or(rest.len(), |at| begin + at + end.len())
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\") {
            2 + rest[2..].find('\'').map_or(0, |end| end + 1)
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.push(' ');
        rest = &rest[skipped..];
    }
    code
}

/// Length of a string's rest, its closing quote included.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The number of hashes, where a raw string begins here.
fn raw_string(rest: &str, before: &str) -> Option<usize> {
    if before.ends_with(|c: char| c.is_alphanumeric() && c != 'b') {
        return None;
    }
    let text = rest.strip_prefix('r')?;
    let hashes = text.len() - text.trim_start_matches('#').len();
    text[hashes..].starts_with('"').then_some(hashes)
}

/// Whether `code` has `name` as a word or path of words.
fn names(code: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name)
        .any(|(at, _)| !code[..at].ends_with(is_word) && (name.ends_with("::") || !code[at + name.len()..].starts_with(is_word)))
}

/// The files of `folder` that name one of `forbidden`, but for those below `allowed`.
fn offenders(folder: &str, forbidden: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, code) in sources(folder) {
        if allowed.iter().any(|prefix| file.starts_with(prefix)) {
            continue;
        }
        found.extend(forbidden.iter().filter(|name| names(&code, name)).map(|name| format!("{file} names {name}")));
    }
    found
}

fn nobody(found: Vec<String>) {
    assert!(found.is_empty(), "see the invariants in docs/ARCHITECTURE.md:\n{}", found.join("\n"));
}

#[test]
fn only_the_kafka_cluster_names_librdkafka() {
    for folder in
        ["streams-core", "streams-state", "streams-examples", "integration-tests/src", "integration-tests/tests", "test-broker", "xtask"]
    {
        // the bench's floor is the bare client on purpose, and is not in these folders
        nobody(offenders(folder, &["rdkafka", "rdkafka_sys"], &["streams-core/src/cluster/kafka"]));
    }
    let kafka = sources("streams-core/src/cluster/kafka");
    assert!(kafka.iter().any(|(_, code)| names(code, "rdkafka_sys")), "the rule must be able to fail");
}

#[test]
fn only_the_rocks_module_names_rocksdb() {
    for folder in ["streams-core", "streams-state", "streams-examples", "integration-tests", "test-broker", "xtask"] {
        nobody(offenders(folder, &["rocksdb", "librocksdb_sys"], &["streams-state/src/rocks"]));
    }
    let rocks = sources("streams-state/src/rocks");
    assert!(rocks.iter().any(|(_, code)| names(code, "rocksdb")), "the rule must be able to fail");
}

#[test]
fn stores_know_no_kafka_client_and_no_async_runtime() {
    let forbidden = ["rdkafka", "rdkafka_sys", "rdkafka-sys", "tokio", "futures", "streams_core", "streams-core"];
    nobody(offenders("streams-state", &forbidden, &[]));
    let manifest = fs::read_to_string(root().join("streams-state/Cargo.toml")).expect("a manifest");
    nobody(forbidden.iter().filter(|name| names(&manifest, name)).map(|name| format!("streams-state/Cargo.toml names {name}")).collect());
}

/// What runs records is handed records, time and an output.
#[test]
fn processing_does_no_io_and_reads_no_clock() {
    let forbidden = [
        "Instant",
        "SystemTime",
        "SystemClock",
        "std::fs",
        "std::net",
        "std::thread",
        "thread::spawn",
        "tokio",
        "File",
        "TcpStream",
        "cluster::kafka",
        "cluster::embedded",
    ];
    for folder in ["streams-core/src/exec", "streams-core/src/task", "streams-core/src/topology", "streams-core/src/plan"] {
        nobody(offenders(folder, &forbidden, &[]));
    }
    // `print` writes to a file on purpose, as Java's does
    nobody(offenders("streams-core/src/dsl", &forbidden, &["streams-core/src/dsl/stream/print.rs"]));
}

/// Layers are used from above only.
#[test]
fn lower_layers_do_not_know_higher_ones() {
    let layers: [(&str, &[&str]); 9] = [
        ("exec", &["dsl", "plan", "task", "group", "runtime", "testing"]),
        ("task", &["dsl", "plan", "group", "runtime", "testing"]),
        ("topology", &["dsl", "task", "group", "runtime", "testing"]),
        ("plan", &["dsl", "task", "group", "runtime", "testing"]),
        ("dsl", &["task", "group", "runtime", "testing"]),
        ("cluster", &["dsl", "plan", "topology", "exec", "task", "runtime", "testing"]),
        ("testing", &["group", "runtime", "kafka", "embedded"]),
        ("runtime", &["dsl", "plan", "query", "testing"]),
        ("query", &["dsl", "plan", "testing"]),
    ];
    for (layer, above) in layers {
        // as in `use crate::dsl::KStream` and in `use crate::{Data, dsl::KStream}`
        let paths: Vec<String> = above.iter().flat_map(|name| [format!("crate::{name}"), format!("{name}::")]).collect();
        nobody(offenders(&format!("streams-core/src/{layer}"), &paths.iter().map(String::as_str).collect::<Vec<_>>(), &[]));
    }
}

/// The test driver and applications make the same tasks.
#[test]
fn the_test_driver_runs_the_tasks_of_production() {
    let makes_tasks = |folder: &str| sources(folder).iter().any(|(_, code)| names(code, "Task::new"));
    assert!(makes_tasks("streams-core/src/testing") && makes_tasks("streams-core/src/runtime"));
}

#[test]
fn comments_and_literals_are_not_code() {
    let source = r##"
        // rocksdb
        /* rocksdb */ let a = "rocksdb \" rocksdb"; let b = r#"rocksdb " rocksdb"#; let c = '"'; let d = b"rocksdb";
        let quote = '\''; for_sure(librocksdb); fn f<'a>(x: &'a str) {}
    "##;
    let code = code_of(source);
    assert!(!names(&code, "rocksdb"), "{code}");
    assert!(names(&code, "for_sure") && names(&code, "librocksdb") && names(&code, "str"), "{code}");
    assert!(names("use rocksdb::DB;", "rocksdb") && names("::rocksdb::x", "rocksdb") && !names("rocksdb_x", "rocksdb"));
    assert!(!names(&code_of("#[cfg(feature = \"rocksdb\")]"), "rocksdb"));
}
