//! Retention and compaction, as topics ask for them.

use streams_core::cluster::embedded::EmbeddedCluster;

const HOUR: i64 = 3_600_000;

#[test]
fn each_topic_is_maintained_as_its_configs_say() {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic_with("kept", 1, &[("retention.ms", "-1")]).unwrap();
    cluster.create_topic_with("hour", 1, &[("retention.ms", "3600000")]).unwrap();
    cluster.create_topic_with("compacted", 1, &[("cleanup.policy", "compact")]).unwrap();
    cluster.create_topic_with("both", 1, &[("cleanup.policy", "compact,delete"), ("retention.ms", "3600000")]).unwrap();
    cluster.create_topic_with("lagging", 1, &[("cleanup.policy", "compact"), ("min.compaction.lag.ms", "3600000")]).unwrap();
    let topics = ["kept", "hour", "compacted", "both", "lagging"];
    for topic in topics {
        for (key, timestamp) in [("a", 0), ("b", HOUR), ("a", 2 * HOUR), ("b", 3 * HOUR), ("c", 3 * HOUR)] {
            cluster.produce(topic, Some(0), Some(key.as_bytes()), Some(b"v"), timestamp).unwrap();
        }
    }
    cluster.maintain(3 * HOUR + 1);
    let offsets: Vec<Vec<i64>> = topics.map(|topic| cluster.read_topic(topic).unwrap().iter().map(|r| r.offset).collect()).into();
    assert_eq!(offsets, [vec![0, 1, 2, 3, 4], vec![3, 4], vec![2, 3, 4], vec![3, 4], vec![1, 2, 3, 4]]);
    assert!(topics.iter().all(|topic| cluster.end_offset(topic, 0).unwrap() == 5));
}

#[test]
fn a_log_that_is_written_again_and_again_stays_small() {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic_with("changelog", 1, &[("cleanup.policy", "compact")]).unwrap();
    for round in 0..100u32 {
        for key in 0..1_000u32 {
            cluster.produce("changelog", Some(0), Some(&key.to_be_bytes()), Some(&round.to_be_bytes()), 0).unwrap();
        }
        cluster.maintain(0);
    }
    // The last record is not looked at, so its key is there twice.
    assert_eq!(cluster.read_topic("changelog").unwrap().len(), 1_001);
    assert!(cluster.topic_bytes("changelog").unwrap() < 20_000);
}
