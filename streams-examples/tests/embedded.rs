//! The programs' way of running on the embedded cluster, and the programs themselves as a user starts them.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};
use streams_core::config::StreamsConfig;
use streams_core::serde::Json;
use streams_core::testing::TopologyTestDriver;
use streams_examples::cli::{Input, run_embedded};
use streams_examples::{fraud_detection, word_count};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// More than a megabyte: the books twice, then made-up lines with white space and words of all kinds, some lines long, some empty.
fn long_text() -> String {
    let books = include_str!("../data/books.txt");
    let mut text = books.repeat(2);
    let spaces = [" ", "  ", "\t", "\u{a0}", "\u{2003}", "\u{3000}", " \u{85} "];
    let words = ["über", "Straße", "日本語", "да", "a,b", "'tis", "\u{200b}", "naïve", "x", "🦀🦀", "--"];
    let mut state = 7_u64;
    for line in 0..2_000 {
        for _ in 0..if line % 100 == 0 { 3_000 } else { line % 9 } {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let random = (state >> 33) as usize;
            text += words[random % words.len()];
            text += spaces[random / 64 % spaces.len()];
        }
        text.push('\n');
    }
    // and a last line without an end
    text += "the end";
    assert!(text.len() > 1_000_000);
    text
}

/// By plain code that shares nothing with the library.
fn independent_count(text: &str) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if !c.is_whitespace() {
            word.push(c);
        } else if !word.is_empty() {
            *counts.entry(std::mem::take(&mut word)).or_default() += 1;
        }
    }
    counts
}

#[test]
fn word_count_equals_an_independent_count() -> Outcome {
    let text = long_text();
    for (cluster, threads) in [("embedded://one-thread", 1), ("embedded://three-threads", 3)] {
        let config = StreamsConfig::new("word-count", cluster).num_stream_threads(threads);
        let topology = word_count::topology(&word_count::Options::default())?;
        let done = run_embedded(config, &topology, vec![Input::lines("lines", 4, text.as_bytes())], "word-counts")?;
        assert_eq!(done.records, text.lines().count() as u64);
        let mut counts = HashMap::<String, u64>::new();
        for record in done.output {
            let word = String::from_utf8(record.key.expect("a key"))?;
            counts.insert(word, u64::from_be_bytes(record.value.expect("a count").as_slice().try_into()?));
        }
        let expected = independent_count(&text);
        assert_eq!(counts.values().sum::<u64>(), expected.values().sum::<u64>());
        assert!(counts == expected, "the counts of {cluster} differ");
    }
    Ok(())
}

/// The alerts of the application on threads are those of the test driver.
#[test]
fn fraud_detection_finds_what_the_test_driver_finds() -> Outcome {
    let data = fraud_detection::generate(11);
    let topology = fraud_detection::topology(&fraud_detection::Options::default())?;
    let customers: Vec<(String, String)> =
        data.customers.iter().map(|(id, profile)| Ok((id.clone(), serde_json::to_string(profile)?))).collect::<serde_json::Result<_>>()?;
    let mut payments = String::new();
    for payment in &data.payments {
        payments += &(serde_json::to_string(payment)? + "\n");
    }
    let inputs = vec![Input::keyed("customers", 1, customers, 1), Input::lines("transactions", 1, payments.as_bytes())];
    let config = StreamsConfig::new("fraud-detection", "embedded://frauds").num_stream_threads(2);
    let done = run_embedded(config, &topology, inputs, "fraud-alerts")?;
    let mut found = Vec::new();
    for record in &done.output {
        let alert: fraud_detection::Alert = serde_json::from_slice(record.value.as_deref().expect("a value"))?;
        found.push(alert);
    }

    let driver = TopologyTestDriver::new(&topology)?;
    let mut customers = driver.input::<String, Json<fraud_detection::Customer>>("customers");
    data.customers.iter().try_for_each(|(id, profile)| customers.pipe_at(id.clone(), Json(profile.clone()), 1))?;
    let mut payments = driver.input::<(), Json<fraud_detection::Payment>>("transactions");
    data.payments.iter().try_for_each(|payment| payments.pipe_at((), Json(payment.clone()), 1))?;
    let expected = driver.output::<String, Json<fraud_detection::Alert>>("fraud-alerts").read_all()?;
    let expected: Vec<fraud_detection::Alert> = expected.into_iter().map(|(_, alert)| alert.0).collect();
    assert!(expected.len() > 100);
    assert_eq!(found, expected);
    Ok(())
}

fn program(path: &str, args: &[&str]) -> Output {
    Command::new(path).args(args).env_remove("RUST_LOG").output().expect("the program was built")
}

fn words(args: &[&str]) -> Output {
    program(env!("CARGO_BIN_EXE_word-count"), args)
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn write(dir: &Path, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("a temporary file");
    path.to_str().expect("a plain path").to_owned()
}

#[test]
fn the_demo_prints_topology_words_speed_and_memory() -> Outcome {
    let dir = tempfile::tempdir()?;
    let text = long_text();
    let file = write(dir.path(), "text.txt", &text);
    let output = words(&["--demo", "--input", &file]);
    let printed = stdout(&output);
    let topology = word_count::topology(&word_count::Options::default())?;
    assert!(printed.starts_with(topology.describe().trim_end()), "{printed}");

    let mut expected: Vec<(String, u64)> = independent_count(&text).into_iter().collect();
    expected.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let expected: Vec<String> = expected.iter().take(20).map(|(word, count)| format!("{word} {count}")).collect();
    let is_count = |line: &&str| {
        let mut parts = line.split(' ');
        parts.next().is_some_and(|word| !word.is_empty())
            && parts.next().is_some_and(|n| n.parse::<u64>().is_ok())
            && parts.next().is_none()
    };
    assert_eq!(printed.lines().filter(is_count).collect::<Vec<_>>(), expected);

    let number = |label: &str| -> f64 {
        let line = printed.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_else(|| panic!("no {label} in {printed}"));
        line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("no number behind {label}"))
    };
    assert!(number("records per second: ") > 0.0);
    assert!(number("peak memory: ") > 1.0);
    let progress = String::from_utf8(output.stderr)?;
    assert!(progress.contains(&format!("of {} records read", text.lines().count())), "{progress}");
    Ok(())
}

#[test]
fn every_program_has_a_demo_and_help() {
    for path in [
        env!("CARGO_BIN_EXE_word-count"),
        env!("CARGO_BIN_EXE_windowed-analytics"),
        env!("CARGO_BIN_EXE_important-events"),
        env!("CARGO_BIN_EXE_fraud-detection"),
    ] {
        let demo = stdout(&program(path, &["--demo"]));
        assert!(demo.contains("Sub-topology: 0") && demo.contains("records per second: "), "{demo}");
        let help = stdout(&program(path, &["--help"]));
        for option in
            ["--bootstrap-servers", "--application-id", "--input ", "--output ", "--input-file", "--state-dir", "--threads", "--set"]
        {
            assert!(help.contains(option), "{option} is not in the help of {path}: {help}");
        }
    }
}

#[test]
fn the_demo_of_fraud_detection_prints_precision_and_recall() {
    let printed = stdout(&program(env!("CARGO_BIN_EXE_fraud-detection"), &["--demo"]));
    for label in ["precision: 0.", "recall: 0.", "\"reasons\":[{\"rule\":"] {
        assert!(printed.contains(label), "{label} is not in {printed}");
    }
}

#[test]
fn payments_of_a_file_are_judged() -> Outcome {
    let dir = tempfile::tempdir()?;
    let payment = |id, amount| {
        format!(r#"{{"id": "{id}", "card": "k", "customer": "c", "amount": {amount}, "country": "DE", "ts": 17000000000{id}}}"#)
    };
    let payments = write(dir.path(), "payments", format!("{}\n{}\n", payment("11", 5), payment("12", 5000)));
    let customers = write(dir.path(), "customers", r#"{"id": "c", "name": "Ada", "country": "DE", "limit": 100}"#);
    let fraud = env!("CARGO_BIN_EXE_fraud-detection");
    let printed = stdout(&program(fraud, &["--input-file", &payments, "--customers-file", &customers]));
    let alert = printed.lines().find(|line| line.starts_with('{')).expect("an alert");
    let alert: fraud_detection::Alert = serde_json::from_str(alert)?;
    assert_eq!((alert.payment.id.as_str(), alert.customer_name.as_deref()), ("12", Some("Ada")));
    assert!(!printed.contains("precision"), "{printed}");
    Ok(())
}

fn fails(output: &Output, status: i32, parts: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{text}");
    parts.iter().for_each(|part| assert!(text.contains(part), "{part} is not in: {text}"));
}

#[test]
fn wrong_usage_and_bad_input_are_told() -> Outcome {
    let dir = tempfile::tempdir()?;
    fails(&words(&["--no-such-option"]), 2, &["--no-such-option"]);
    fails(&words(&["--set", "commit.interval.ms"]), 2, &["commit.interval.ms=1000"]);
    fails(&words(&["--input-file", "/no/such/file"]), 1, &["error: ", "/no/such/file"]);
    fails(&words(&["--set", "commit.interval.ms=soon"]), 1, &["error: ", "commit.interval.ms", "soon"]);
    let file = write(dir.path(), "latin-1", b"fine\nStra\xdfe\n");
    fails(&words(&["--input-file", &file]), 1, &["error: ", "topic lines", "partition 0", "offset 1", "utf-8"]);
    let skip = "deserialization.exception.handler=org.apache.kafka.streams.errors.LogAndContinueExceptionHandler";
    let printed = stdout(&words(&["--input-file", &file, "--set", skip]));
    assert!(printed.contains("\nfine 1\n"), "{printed}");
    Ok(())
}

#[test]
fn an_empty_file_ends_at_once() -> Outcome {
    let dir = tempfile::tempdir()?;
    let file = write(dir.path(), "empty", "");
    assert!(stdout(&words(&["--input-file", &file])).contains("records per second: 0"));
    Ok(())
}

#[test]
fn leaves_nothing_in_the_state_directory() -> Outcome {
    let dir = tempfile::tempdir()?;
    let kept = dir.path().join("word-count");
    std::fs::create_dir(&kept)?;
    std::fs::write(kept.join("of-kafka"), "")?;
    let state = dir.path().to_str().expect("a plain path");
    stdout(&words(&["--demo", "--state-dir", state]));
    let left: Vec<_> = std::fs::read_dir(dir.path())?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    assert_eq!(left, std::slice::from_ref(&kept));
    assert!(kept.join("of-kafka").exists());
    Ok(())
}
