//! Feeds what was recorded to this library's test driver.

use super::known::{
    ExpiredRows, LostWindows, TimeOfNulls, by_key, forgive_headers, in_order, is_compared, subscriptions_as_told, without_headers,
    without_the_last_millisecond,
};
use super::recording::{By, Case, Recording, Written, bytes, headers, written};
use serde_json::Value;
use std::fmt::{self, Write};
use std::time::Duration;
use streams_core::config::{StreamsConfig, TopologyOptimization};
use streams_core::testing::{TestRow, TopologyTestDriver};
use streams_core::{Header, StreamsBuilder, Topology};

/// Where Java's wall clock began.
const BEGIN: i64 = 10_000_000;

/// Where an answer is not Java's.
pub struct Difference {
    pub topology: String,
    pub case: usize,
    /// `step 3`, or `the end`.
    pub at: String,
    /// What was asked for in that step.
    asked: String,
    /// What Java answered.
    pub expected: String,
    /// What came here.
    pub came: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { topology, case, at, asked, expected, came } = self;
        write!(f, "{topology}, case {case}, {at}: {asked}\n  Java:\n{expected}  ours:\n{came}")
    }
}

fn recorded(id: &str, step: &Value, wall_clock: i64) -> By<Written> {
    let one = |topic: &str, record: &Value| {
        let mut written = written(record, wall_clock);
        written.value.iter_mut().for_each(|value| subscriptions_as_told(id, topic, value, 0));
        written
    };
    let list = |topic: &str, records: &Value| records.as_array().expect("records").iter().map(|r| one(topic, r)).collect();
    let topics = step["out"].as_object().expect("topics").iter().filter(|(topic, _)| is_compared(topic));
    topics.map(|(topic, records)| (topic.clone(), in_order(topic, list(topic, records)))).collect()
}

fn answered(driver: &mut TopologyTestDriver, step: &Value) -> Result<By<Written>, streams_core::Error> {
    match step.get("in") {
        Some(record) => {
            let mut input = driver.input::<String, String>(record[0].as_str().expect("a topic"));
            input.pipe_bytes(bytes(&record[1]), bytes(&record[2]), record[3].as_i64().expect("a time"), headers(&record[4]))?;
        }
        None => driver.advance_wall_clock(Duration::from_millis(step["advance"].as_u64().expect("milliseconds")))?,
    }
    let mut answer = By::new();
    for topic in driver.produced_topic_names() {
        let records = driver.output::<Option<Vec<u8>>, Option<Vec<u8>>>(&topic).read_records()?;
        if !records.is_empty() && is_compared(&topic) {
            let record = |r: streams_core::Record<_, _>| {
                let headers = r.headers.iter().cloned().collect();
                Written { key: r.key, value: r.value, time: r.timestamp, headers }
            };
            answer.insert(topic.clone(), in_order(&topic, records.into_iter().map(record).collect()));
        }
    }
    Ok(answer)
}

/// The rows of the stores that Java could read.
fn stored(driver: &TopologyTestDriver, java: &By<TestRow>) -> Result<By<TestRow>, streams_core::Error> {
    let mut all = By::new();
    for store in java.keys() {
        if let Some(rows) = driver.stored_rows(store)? {
            all.insert(store.clone(), by_key(rows));
        }
    }
    Ok(all)
}

/// The first answer of the recording that is another one here.
pub fn difference(recording: &Recording, write: fn(&StreamsBuilder), optimization: TopologyOptimization) -> Option<Difference> {
    let id = recording.id();
    if let Some(recorded) = recording.config("topology.optimization") {
        let replayed = if optimization == TopologyOptimization::NONE { "none" } else { "all" };
        assert_eq!(recorded, replayed, "{id}: the recording was made with another topology.optimization");
    }
    let builder = StreamsBuilder::new();
    write(&builder);
    let config = StreamsConfig::new(recording.config("application.id").unwrap_or("app"), "embedded").topology_optimization(optimization);
    let config = recording.config("upgrade.from").into_iter().fold(config, |config, version| config.set("upgrade.from", version));
    let topology = builder.build_with(&config).unwrap_or_else(|e| panic!("{id}: {e}"));
    let cases = recording.cases().into_iter().enumerate();
    cases.map(|(number, case)| difference_of(id, number, case, &topology, &config)).find_map(|found| found)
}

fn difference_of(id: &str, number: usize, case: Case<'_>, topology: &Topology, config: &StreamsConfig) -> Option<Difference> {
    let differs = |at: String, asked: String, expected: String, came: String| {
        Some(Difference { topology: id.to_owned(), case: number, at, asked, expected, came })
    };
    let mut driver = TopologyTestDriver::builder(topology).config(config.clone()).wall_clock(BEGIN).build().expect("a driver");
    let (mut wall_clock, mut time_of_nulls, mut lost_windows) = (BEGIN, TimeOfNulls::default(), LostWindows::default());
    let mut expired_rows = ExpiredRows::default();
    for (at, step) in case.steps().iter().enumerate() {
        if time_of_nulls.parts_ways(id, &step["in"]) {
            return None;
        }
        lost_windows.observe(&step["in"]);
        expired_rows.observe(&step["in"]);
        wall_clock += step["advance"].as_i64().unwrap_or(0);
        let java = recorded(id, step, wall_clock);
        let mut ours = answered(&mut driver, step);
        if let Ok(ours) = &mut ours {
            match case.has_headers() {
                true => forgive_headers(id, &headers(&step["in"][4]).iter().cloned().collect::<Vec<_>>(), &java, ours),
                false => ours.values_mut().flatten().for_each(|written| written.headers.clear()),
            }
        }
        let ours = match ours {
            Ok(ours) if ours == java => continue,
            Ok(ours) if lost_windows.parts_ways(id, &java, &ours) || expired_rows.parts_ways(id, &java, &ours) => return None,
            Ok(ours) => shown(&ours),
            Err(error) => format!("    {error}\n"),
        };
        let asked = step.get("in").map_or_else(|| format!("advance {}", step["advance"]), Value::to_string);
        return differs(format!("step {at}"), asked, shown(&java), ours);
    }
    let rows = |(store, rows): (String, Vec<TestRow>)| {
        let rows = by_key(without_headers(id, &store, rows));
        (store, rows)
    };
    let mut java: By<TestRow> = case.stores()?.into_iter().map(rows).collect();
    for (store, rows) in &mut java {
        rows.iter_mut().for_each(|row| subscriptions_as_told(id, store, &mut row.value, 8));
    }
    let mut ours = stored(&driver, &java);
    for (store, rows) in ours.iter_mut().flatten() {
        if let Some(java) = java.get_mut(store) {
            without_the_last_millisecond(java, rows);
        }
    }
    let ours = match ours {
        Ok(ours) if ours == java => return None,
        Ok(ours) => shown(&ours),
        Err(error) => format!("    {error}\n"),
    };
    differs("the end".to_owned(), "the rows of its stores".to_owned(), shown(&java), ours)
}

fn shown<T: Shown>(answer: &By<T>) -> String {
    let mut text = String::new();
    for (of, all) in answer {
        if all.is_empty() {
            let _ = writeln!(text, "    {of}: nothing");
        }
        for one in all {
            let _ = writeln!(text, "    {of}: {}", one.shown());
        }
    }
    text
}

trait Shown {
    fn shown(&self) -> String;
}

fn part(bytes: Option<&Vec<u8>>) -> String {
    bytes.map_or_else(|| "null".to_owned(), |bytes| bytes.escape_ascii().to_string())
}

impl Shown for Written {
    fn shown(&self) -> String {
        let header = |h: &Header| format!(" [{}: {}]", h.key, part(h.value.as_ref()));
        let headers: String = self.headers.iter().map(header).collect();
        format!("{} = {} at {}{headers}", part(self.key.as_ref()), part(self.value.as_ref()), self.time)
    }
}

impl Shown for TestRow {
    fn shown(&self) -> String {
        let time = |what: &str, time: Option<i64>| time.map_or_else(String::new, |time| format!(" {what} {time}"));
        format!("{}{}{} = {}", part(Some(&self.key)), time("from", self.start), time("to", self.end), part(Some(&self.value)))
    }
}
