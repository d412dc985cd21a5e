//! Filling topics.

use std::io::Cursor;
use streams_core::ErrorKind;
use streams_core::cluster::embedded::EmbeddedCluster;

#[test]
fn every_line_is_a_record() {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic("lines", 3).unwrap();
    let lines: Vec<String> = (0..50_000).map(|i| format!("line {i} of the text")).collect();
    assert_eq!(cluster.load_lines("lines", Cursor::new(lines.join("\n")), 7).unwrap(), 50_000);
    let records = cluster.read_topic("lines").unwrap();
    assert!(records.iter().all(|r| r.key.is_none() && r.timestamp == 7));
    for partition in 0..3 {
        assert!(cluster.end_offset("lines", partition).unwrap() > 12_000, "partition {partition} got too few");
    }
    let mut values: Vec<String> = records.into_iter().map(|r| String::from_utf8(r.value.unwrap()).unwrap()).collect();
    let mut expected = lines;
    values.sort_unstable();
    expected.sort_unstable();
    assert_eq!(values, expected);
}

#[test]
fn line_ends_are_not_part_of_a_line() {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic("lines", 1).unwrap();
    assert_eq!(cluster.load_lines("lines", &b"unix\nwindows\r\n\nbytes \xff\r inside\nlast"[..], 0).unwrap(), 5);
    let values: Vec<Vec<u8>> = cluster.read("lines", 0, 0).unwrap().into_iter().map(|r| r.value.unwrap()).collect();
    assert_eq!(values, [&b"unix"[..], b"windows", b"", b"bytes \xff\r inside", b"last"]);
    assert_eq!(cluster.load_lines("lines", &b""[..], 0).unwrap(), 0);
}

#[test]
fn a_line_too_long_is_named() {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic_with("lines", 1, &[("max.message.bytes", "10")]).unwrap();
    let error = cluster.load_lines("lines", &b"short\nfar too long for it\n"[..], 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("line 2") && error.to_string().contains("max.message.bytes"), "{error}");
    assert_eq!(cluster.load_lines("nowhere", &b"x"[..], 0).unwrap_err().kind(), ErrorKind::Topology);
}

#[test]
fn keys_go_where_java_sends_them() {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic("t", 10).unwrap();
    // murmur2 of `abc` is 479470107, of `21` -973932308 (its lower 31 bits: 1173551340).
    for (key, partition) in [("abc", 7), ("21", 0)] {
        assert_eq!(cluster.produce("t", None, Some(key.as_bytes()), None, 0).unwrap(), (partition, 0));
    }
}
