use super::super::*;
use super::*;
use std::ffi::OsString;
use std::fs;

/// Reads the text as a file; the two required keys are added.
fn read(name: &str, text: &str) -> Result<StreamsConfig> {
    let file = std::env::temp_dir().join(format!("streams-config-{}-{name}.properties", std::process::id()));
    fs::write(&file, format!("application.id=app\nbootstrap.servers=localhost:9092\n{text}")).unwrap();
    let config = StreamsConfig::from_properties_file(&file);
    fs::remove_file(&file).unwrap();
    config
}

#[test]
fn files_are_read_as_java_reads_them() {
    let text = concat!(
        "# a comment \\\n",
        "! another\n",
        "\n",
        "num.stream.threads = 2\n",
        "  poll.ms:5\n",
        "commit.interval.ms 250\r\n",
        "topic.with\\ blank=a=b: c\n",
        "topic.long = one, \\\n",
        "     two, \\\r\n",
        "\tthree\n",
        "topic.escapes=\\u00e9\\t\\\\n\\q\n",
        "topic.pair=\\ud83d\\ude00\n",
        "topic.empty\n",
        "client.id=zo\u{eb} \n",
        "topic.backslash=c:\\\\\n",
        "num.stream.threads=3\n",
        "topic.last=x\\"
    );
    let config = read("java", text).unwrap();
    let s = config.settings().unwrap();
    assert_eq!(s.num_stream_threads, 3, "the last value of a key counts");
    assert_eq!((s.poll.as_millis(), s.commit_interval.as_millis()), (5, 250));
    assert_eq!(s.topic_configs["with blank"], "a=b: c");
    assert_eq!(s.topic_configs["long"], "one, two, three");
    assert_eq!(s.topic_configs["escapes"], "\u{e9}\t\\nq");
    assert_eq!(s.topic_configs["pair"], "\u{1f600}");
    assert_eq!(s.topic_configs["empty"], "");
    assert_eq!(s.topic_configs["backslash"], "c:\\");
    assert_eq!(s.topic_configs["last"], "x");
    assert_eq!(config.get("client.id"), Some("zo\u{eb} "), "blanks at the end stay");
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_place() {
    for (name, text, expected) in [
        ("escape", "poll.ms=\\u12", "line 3: `\\u12` is not an escape"),
        ("signed", "poll.ms=\\u+123", "line 3: `\\u+123` is not an escape"),
        ("half", "# c\npoll.ms=\\ud83d", "line 4: a \\u escape is half of a character"),
        ("value", "poll.ms=soon", "poll.ms: `soon` is not valid"),
    ] {
        let e = read(name, text).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Config);
        assert!(e.to_string().starts_with("config file ") && e.to_string().contains(expected), "{e}");
    }
    let missing = StreamsConfig::from_properties_file("/nowhere/at.all").unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(missing.to_string().contains("/nowhere/at.all"));
}

#[test]
fn the_environment_follows_confluent_s_rule() {
    let variables = [
        ("STREAMS_NUM_STREAM_THREADS", "7"),
        ("STREAMS_TOPIC_MIN__CLEANABLE___DIRTY", "x"),
        ("STREAMS_STREAMS_STATE_BLOCK_CACHE_BYTES", "5"),
        ("OTHER_POLL_MS", "9"),
    ];
    let variables = variables.map(|(k, v)| (OsString::from(k), OsString::from(v)));
    let s = config().num_stream_threads(2).with_variables(variables).unwrap().settings().unwrap();
    assert_eq!(s.num_stream_threads, 7, "the environment wins");
    assert_eq!(s.topic_configs["min_cleanable-dirty"], "x");
    assert_eq!(s.state_block_cache_bytes, 5);
    assert_eq!(s.poll.as_millis(), 100);
    assert_eq!(s.warnings, Vec::<String>::new());
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let wrong = [(OsString::from("STREAMS_POLL_MS"), OsString::from_vec(vec![0xff]))];
        let e = config().with_variables(wrong).unwrap_err();
        assert!(e.to_string().contains("STREAMS_POLL_MS"), "{e}");
    }
}
