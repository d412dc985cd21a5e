//! Important events through the test driver.

use streams_core::testing::TopologyTestDriver;
use streams_core::{ErrorKind, Headers, Record};
use streams_examples::important_events::{Options, topology};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn passes_on_what_is_important_as_it_is() -> Outcome {
    let driver = TopologyTestDriver::new(&topology(&Options::default())?)?;
    let mut messages = driver.input::<Option<Vec<u8>>, Option<String>>("messages");
    let mut headers = Headers::new();
    headers.add("source", "x");
    let urgent = Record { key: Some(vec![0xff, 0]), value: Some("very important".to_owned()), timestamp: 17, headers };
    messages.pipe_record(urgent.clone())?;
    messages.pipe_at(None, Some("unimportant is important too".into()), 18)?;
    messages.pipe_at(Some(vec![1]), Some("Important with a capital".into()), 19)?;
    messages.pipe_at(Some(vec![2]), Some(String::new()), 20)?;
    let out = driver.output::<Option<Vec<u8>>, Option<String>>("important-messages").read_records()?;
    assert_eq!(out.len(), 2);
    assert_eq!(out[0], urgent);
    assert_eq!((&out[1].key, out[1].timestamp), (&None, 18));
    Ok(())
}

#[test]
fn a_message_without_text_is_not_important() -> Outcome {
    let driver = TopologyTestDriver::new(&topology(&Options::default())?)?;
    driver.input::<Option<Vec<u8>>, Option<String>>("messages").pipe(Some(vec![1]), None)?;
    assert!(driver.output::<Vec<u8>, String>("important-messages").is_empty());
    Ok(())
}

#[test]
fn bytes_that_are_no_text_are_an_error() -> Outcome {
    let driver = TopologyTestDriver::new(&topology(&Options::default())?)?;
    let mut messages = driver.input::<Option<Vec<u8>>, Option<String>>("messages");
    let error = messages.pipe_bytes(None, Some(b"important \xff".to_vec()), 0, Headers::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Serde);
    assert!(error.to_string().contains("messages"), "{error}");
    Ok(())
}
