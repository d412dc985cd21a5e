use crate::support::*;
use std::time::{Duration, Instant};
use streams_core::ErrorKind;
use streams_core::cluster::kafka::KafkaCluster;
use streams_core::cluster::{Cluster, FetcherOptions, MembershipOptions, ProducerOptions};

/// An address where nobody listens.
fn nowhere() -> KafkaCluster {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    KafkaCluster::new(format!("127.0.0.1:{port}"))
}

const QUICK: &[(&str, &str)] = &[("request.timeout.ms", "1000"), ("max.block.ms", "1000")];

#[test]
fn a_broker_that_does_not_answer_is_unavailable_within_the_time_and_named() {
    let start = Instant::now();
    let error = nowhere().admin(&client("admin", QUICK)).unwrap().partition_counts(&["t"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("127.0.0.1"), "what was tried is named: {error}");

    let mut producer = nowhere().producer(ProducerOptions { client: client("producer", QUICK), ..Default::default() }).unwrap();
    let error = producer.topic("t").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    producer.flush(Duration::from_millis(100)).unwrap();

    let options = MembershipOptions { client: client("member", QUICK), group: "g".into(), topics: vec!["t".into()] };
    let mut member = nowhere().membership(options).unwrap();
    let polled = member.poll(Duration::from_millis(500));
    assert!(matches!(&polled, Ok(None)) || polled.is_err_and(|e| e.kind() == ErrorKind::Unavailable));
    let error = member.committed(&[tp("t", 0)], Duration::from_millis(500)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let _ = member.leave(Duration::from_millis(500));

    let mut fetcher = nowhere().fetcher(FetcherOptions { client: client("fetcher", QUICK), ..Default::default() }).unwrap();
    let handle = fetcher.add(&tp("t", 0), 0).unwrap();
    fetcher.wait(Duration::from_millis(300));
    assert!(fetcher.fetch(handle, 1).unwrap().is_none());
    assert_eq!(fetcher.known_end(handle), None);
    fetcher.remove(handle).unwrap();
    drop(fetcher);
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn a_setting_that_is_wrong_names_the_key_as_it_was_given() {
    let cases: &[(&str, &str)] = &[
        ("fetch.max.wait.ms", "soon"),
        ("max.partition.fetch.bytes", "-5"),
        ("ssl.truststore.location", "/store/trust.jks"),
        ("security.protocol", "carrier-pigeon"),
        ("no.such.key", "1"),
    ];
    for (key, value) in cases {
        let error = cluster().fetcher(FetcherOptions { client: client("fetcher", &[(key, value)]), ..Default::default() }).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config, "{key}: {error}");
        assert!(error.to_string().contains(key), "{key}: {error}");
    }
}

#[test]
fn sasl_over_tls_connects_and_a_wrong_password_is_told() {
    let (Ok(bootstrap), Ok(ca)) = (std::env::var("STREAMS_TEST_SASL_SSL_BOOTSTRAP"), std::env::var("STREAMS_TEST_CA")) else {
        panic!("STREAMS_TEST_SASL_SSL_BOOTSTRAP and STREAMS_TEST_CA are not set: run `cargo xtask test`, which starts a broker with both");
    };
    let topic = new_topic(2);
    let cluster = KafkaCluster::new(bootstrap);
    for (mechanism, module) in [("PLAIN", "plain.PlainLoginModule"), ("SCRAM-SHA-512", "scram.ScramLoginModule")] {
        let settings = |password: &str| {
            let login =
                format!("org.apache.kafka.common.security.{module} required username=\"{}\" password=\"{password}\";", test_broker::USER);
            client(
                "secure",
                &[
                    ("security.protocol", "SASL_SSL"),
                    ("sasl.mechanism", mechanism),
                    ("sasl.jaas.config", &login),
                    ("ssl.truststore.location", &ca),
                    ("ssl.truststore.type", "PEM"),
                    ("request.timeout.ms", "5000"),
                ],
            )
        };
        let admin = cluster.admin(&settings(test_broker::PASSWORD)).unwrap();
        assert_eq!(admin.partition_counts(&[&topic]).unwrap(), [Some(2)], "{mechanism}");
        let error = cluster.admin(&settings("guess")).unwrap().partition_counts(&[&topic]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().to_lowercase().contains("authentication"), "{mechanism}: {error}");
        assert!(!error.to_string().contains("guess"), "{error}");
    }
}
