//! Word count through the test driver.

use std::collections::HashMap;
use streams_core::testing::TopologyTestDriver;
use streams_core::{ErrorKind, Headers};
use streams_examples::word_count::{Options, STORE, topology};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn driver() -> TopologyTestDriver {
    TopologyTestDriver::new(&topology(&Options::default()).unwrap()).unwrap()
}

#[test]
fn counts_words_as_they_stand() -> Outcome {
    let driver = driver();
    let mut lines = driver.input::<(), String>("lines");
    lines.pipe((), "To be, or not to be".into())?;
    lines.pipe((), "to be".into())?;
    let counts = driver.output::<String, u64>("word-counts").read_map()?;
    let expected = [("To", 1), ("be,", 1), ("or", 1), ("not", 1), ("to", 2), ("be", 2)];
    assert_eq!(counts, expected.map(|(word, count)| (word.to_owned(), count)).into());
    Ok(())
}

#[test]
fn splits_on_unicode_white_space() -> Outcome {
    let driver = driver();
    // no-break space, ideographic space, line separator, tab; a zero-width space is none
    driver.input::<(), String>("lines").pipe((), "a\u{a0}b\u{3000}c\u{2028}a\tb\u{200b}c  ".into())?;
    let counts: HashMap<String, u64> = driver.output("word-counts").read_map()?;
    let expected = [("a", 2), ("b", 1), ("c", 1), ("b\u{200b}c", 1)];
    assert_eq!(counts, expected.map(|(word, count)| (word.to_owned(), count)).into());
    Ok(())
}

#[test]
fn a_line_without_words_counts_nothing() -> Outcome {
    let driver = driver();
    let mut lines = driver.input::<(), String>("lines");
    lines.pipe((), String::new())?;
    lines.pipe((), " \t ".into())?;
    assert!(driver.output::<String, u64>("word-counts").is_empty());
    Ok(())
}

#[test]
fn writes_the_bytes_of_javas_serdes() -> Outcome {
    let driver = driver();
    let mut lines = driver.input::<Option<String>, String>("lines");
    lines.pipe(Some("keys are not looked at".into()), "über".into())?;
    lines.pipe(None, "über".into())?;
    let raw = driver.output::<Vec<u8>, Vec<u8>>("word-counts").read_all()?;
    let uber = || vec![0xc3, 0xbc, b'b', b'e', b'r'];
    assert_eq!(raw, [(uber(), vec![0, 0, 0, 0, 0, 0, 0, 1]), (uber(), vec![0, 0, 0, 0, 0, 0, 0, 2])]);
    Ok(())
}

#[test]
fn keeps_the_counts_in_a_store() -> Outcome {
    let driver = driver();
    driver.input::<(), String>("lines").pipe((), "a b a".into())?;
    let store = driver.key_value_store::<String, u64>(STORE).expect("the store has a name");
    assert_eq!((store.get(&"a".into())?, store.get(&"c".into())?), (Some(2), None));
    Ok(())
}

#[test]
fn text_that_is_not_utf_8_names_topic_partition_and_offset() -> Outcome {
    let driver = driver();
    let mut lines = driver.input::<(), String>("lines");
    lines.pipe((), "fine".into())?;
    let error = lines.pipe_bytes(None, Some(vec![0xff, 0xfe]), 0, Headers::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Serde);
    let text = error.to_string();
    assert!(["lines", "partition 0", "offset 1"].iter().all(|part| text.contains(part)), "{text}");
    Ok(())
}

#[test]
fn nodes_and_topics_have_javas_names() {
    let text = topology(&Options::default()).unwrap().describe();
    for name in ["KSTREAM-SOURCE-0000000000", "counts-repartition", "KSTREAM-AGGREGATE-0000000003 (stores: [counts])", "topic: word-counts"]
    {
        assert!(text.contains(name), "{name} is not in\n{text}");
    }
}
