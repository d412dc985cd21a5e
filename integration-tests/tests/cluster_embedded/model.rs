//! One partition against a plain list: whatever plain and transactional writers, deletion, compaction and readers do in whatever order,
//! everyone sees what the list says.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use streams_core::cluster::embedded::EmbeddedCluster;
use streams_core::cluster::{Cluster, FetcherOptions, OffsetSpec, ProduceRecord, Producer, ProducerOptions, RecordBatch};
use streams_core::{Headers, TopicPartition};

const TOPIC: &str = "t";
const WRITERS: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    Plain { key: u8, size: usize },
    Transactional { writer: usize, key: u8, size: usize },
    End { writer: usize, commit: bool },
    Restart { writer: usize },
    Fetch { reader: usize, max: usize },
    Release,
    Compact,
    Delete { share: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![8 => 0usize..40, 1 => 5_000usize..30_000, 1 => 200_000usize..300_000];
    prop_oneof![
        6 => (0u8..5, size.clone()).prop_map(|(key, size)| Step::Plain { key, size }),
        6 => (0..WRITERS, 0u8..5, size).prop_map(|(writer, key, size)| Step::Transactional { writer, key, size }),
        3 => (0..WRITERS, any::<bool>()).prop_map(|(writer, commit)| Step::End { writer, commit }),
        1 => (0..WRITERS).prop_map(|writer| Step::Restart { writer }),
        6 => (0usize..2, 1usize..20).prop_map(|(reader, max)| Step::Fetch { reader, max }),
        2 => Just(Step::Release),
        1 => Just(Step::Compact),
        1 => (0u8..=100).prop_map(|share| Step::Delete { share }),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Committed,
    Open(usize),
    Aborted,
}

/// What the log must be.
#[derive(Default)]
struct Model {
    records: BTreeMap<i64, (u8, Vec<u8>, Fate)>,
    /// Where each open transaction begins.
    open: BTreeMap<usize, i64>,
    start: i64,
    end: i64,
}

impl Model {
    fn append(&mut self, key: u8, value: Vec<u8>, fate: Fate) {
        if let Fate::Open(writer) = fate {
            self.open.entry(writer).or_insert(self.end);
        }
        self.records.insert(self.end, (key, value, fate));
        self.end += 1;
    }

    fn settle(&mut self, writer: usize, commit: bool) {
        for (_, _, fate) in self.records.values_mut().filter(|r| r.2 == Fate::Open(writer)) {
            *fate = if commit { Fate::Committed } else { Fate::Aborted };
        }
        self.open.remove(&writer);
        self.end += 1;
    }

    fn stable(&self) -> i64 {
        self.open.values().min().map_or(self.end, |first| *first.max(&self.start))
    }

    fn sees(&self, committed: bool) -> impl Iterator<Item = (i64, u8, &[u8])> {
        let limit = if committed { self.stable() } else { self.end };
        let visible = move |fate| !committed || fate == Fate::Committed;
        self.records.range(self.start..limit).filter(move |(_, r)| visible(r.2)).map(|(offset, r)| (*offset, r.0, &*r.1))
    }

    fn compact(&mut self) {
        let Some(last) = self.records.keys().last().copied() else { return };
        let limit = self.stable().min(last);
        let newest: BTreeMap<u8, i64> =
            self.records.range(self.start..limit).filter(|(_, r)| r.2 != Fate::Aborted).map(|(offset, r)| (r.0, *offset)).collect();
        self.records.retain(|offset, r| *offset >= limit || (r.2 != Fate::Aborted && newest.get(&r.0) == Some(offset)));
    }

    fn delete(&mut self, before: i64) {
        self.start = self.start.max(before);
        self.records = self.records.split_off(&self.start);
    }
}

struct Writer {
    producer: Box<dyn Producer>,
    open: bool,
    wrote: bool,
}

impl Writer {
    fn new(cluster: &EmbeddedCluster, number: usize) -> Self {
        let options = ProducerOptions { transactional_id: Some(format!("writer-{number}")), ..Default::default() };
        let mut producer = cluster.producer(options).unwrap();
        producer.init_transactions(Duration::ZERO).unwrap();
        Writer { producer, open: false, wrote: false }
    }
}

fn send(producer: &mut dyn Producer, key: u8, value: &[u8]) {
    let topic = producer.topic(TOPIC).unwrap();
    let record = ProduceRecord { key: Some(&[key]), value: Some(value), timestamp: 0, headers: &Headers::new() };
    producer.send(topic, 0, record).unwrap();
}

fn run(steps: &[Step]) {
    let cluster = EmbeddedCluster::new();
    cluster.create_topic_with(TOPIC, 1, &[("cleanup.policy", "compact,delete"), ("retention.ms", "-1")]).unwrap();
    let admin = cluster.admin(&Default::default()).unwrap();
    let id = TopicPartition::new(TOPIC, 0);
    let mut plain = cluster.producer(ProducerOptions::default()).unwrap();
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(&cluster, number)).collect();
    let mut readers: Vec<_> = [false, true]
        .map(|read_committed| {
            let mut fetcher = cluster.fetcher(FetcherOptions { read_committed, ..Default::default() }).unwrap();
            let handle = fetcher.add(&id, 0).unwrap();
            (fetcher, handle, 0i64, read_committed)
        })
        .into();
    let mut held: Vec<Box<dyn RecordBatch>> = Vec::new();
    let mut model = Model::default();
    for (number, step) in steps.iter().enumerate() {
        let value = |size: &usize| vec![number as u8; *size];
        match step {
            Step::Plain { key, size } => {
                send(&mut *plain, *key, &value(size));
                model.append(*key, value(size), Fate::Committed);
            }
            Step::Transactional { writer, key, size } => {
                let transactional = &mut writers[*writer];
                if !transactional.open {
                    transactional.producer.begin().unwrap();
                    transactional.open = true;
                }
                send(&mut *transactional.producer, *key, &value(size));
                transactional.wrote = true;
                model.append(*key, value(size), Fate::Open(*writer));
            }
            Step::End { writer, commit } => {
                let transactional = &mut writers[*writer];
                if std::mem::take(&mut transactional.open) {
                    let producer = &mut transactional.producer;
                    if *commit { producer.commit(Duration::ZERO) } else { producer.abort(Duration::ZERO) }.unwrap();
                    if std::mem::take(&mut transactional.wrote) {
                        model.settle(*writer, *commit);
                    }
                }
            }
            Step::Restart { writer } => {
                let old = std::mem::replace(&mut writers[*writer], Writer::new(&cluster, *writer));
                if old.wrote {
                    model.settle(*writer, false);
                }
            }
            Step::Fetch { reader, max } => {
                let (fetcher, handle, next, committed) = &mut readers[*reader];
                if *next < model.start {
                    assert!(fetcher.fetch(*handle, *max).is_err(), "{next} is before {}", model.start);
                    fetcher.seek(*handle, model.start).unwrap();
                    *next = model.start;
                }
                let from = *next;
                let mut expected = model.sees(*committed).filter(|(offset, _, _)| *offset >= from);
                match fetcher.fetch(*handle, *max).unwrap() {
                    None => assert_eq!(expected.next(), None),
                    Some(batch) => {
                        assert!((1..=*max).contains(&batch.len()));
                        for i in 0..batch.len() {
                            let record = batch.record(i);
                            let seen = (record.offset, record.key.unwrap()[0], record.value.unwrap());
                            assert_eq!(Some(seen), expected.next());
                            *next = record.offset + 1;
                        }
                        held.push(batch);
                    }
                }
                assert_eq!(fetcher.known_end(*handle), Some(model.end));
                // Nothing to read: the position is where reading will go on.
                let limit = if *committed { model.stable() } else { model.end };
                let idle = !model.sees(*committed).any(|(offset, _, _)| offset >= *next);
                *next = if idle { limit.max(*next) } else { *next };
                assert_eq!(fetcher.position(*handle).unwrap(), *next);
            }
            Step::Release => held.clear(),
            Step::Compact => {
                cluster.maintain(0);
                model.compact();
            }
            Step::Delete { share } => {
                let before = model.start + (model.end - model.start) * i64::from(*share) / 100;
                admin.delete_records(&[(id.clone(), before)]).unwrap();
                model.delete(before);
            }
        }
    }
    for committed in [false, true] {
        let read = if committed { EmbeddedCluster::read_committed } else { EmbeddedCluster::read };
        let seen = read(&cluster, TOPIC, 0, model.start).unwrap();
        let seen: Vec<_> = seen.iter().map(|r| (r.offset, r.key.as_ref().unwrap()[0], r.value.as_deref().unwrap())).collect();
        assert_eq!(seen, model.sees(committed).collect::<Vec<_>>(), "read_committed: {committed}");
    }
    let offsets = [OffsetSpec::Earliest, OffsetSpec::Latest, OffsetSpec::LatestCommitted].map(|spec| (id.clone(), spec));
    assert_eq!(admin.list_offsets(&offsets).unwrap(), [model.start, model.end, model.stable()]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_partition_is_what_the_list_says(steps in prop::collection::vec(step(), 1..120)) {
        run(&steps);
    }
}
