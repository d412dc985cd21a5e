//! What the commonest misuses are told, word for word: each text names the node and the way out.

use std::time::Duration;
use streams_core::processor::{Context, Processor, TopologyBuilder};
use streams_core::serde::{DefaultSerde, I64Serde, StringSerde, TimeWindowedSerde};
use streams_core::state::Stores;
use streams_core::{
    BoxError, BufferConfig, Consumed, Data, EmitStrategy, JoinWindows, Joined, KStream, KTable, Materialized, Record, Repartitioned,
    SessionWindows, SlidingWindows, StreamJoined, StreamsBuilder, Suppressed, TimeWindows, UnlimitedWindows, Window, Windowed, Windows,
};

#[track_caller]
fn says(write: impl FnOnce(&StreamsBuilder), text: &str) {
    let builder = StreamsBuilder::new();
    write(&builder);
    assert_eq!(builder.build().expect_err("it must be refused").to_string(), format!("invalid topology: {text}"));
}

fn stream(b: &StreamsBuilder, topic: &str) -> KStream<String, i64> {
    b.stream(topic)
}

fn table(b: &StreamsBuilder, topic: &str) -> KTable<String, i64> {
    b.table(topic)
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn versioned<V: Data + DefaultSerde>() -> Materialized<String, V> {
    Materialized::from("versions").versioned(seconds(60))
}

#[test]
fn wrong_types_on_an_edge() {
    let twice = |b: &StreamsBuilder| {
        stream(b, "in").to("out");
        b.stream::<String, String>("in").to("texts");
    };
    says(
        twice,
        "node KSTREAM-SOURCE-0000000000 gives (alloc::string::String, i64) as (key, value), but KSTREAM-SINK-0000000003 takes \
         (alloc::string::String, alloc::string::String): read the topic with the same types everywhere",
    );
}

#[test]
fn repartitions_of_different_size_that_are_joined() {
    let spread = |b: &StreamsBuilder, topic: &str, n| stream(b, topic).repartition_with(Repartitioned::from(topic).partitions(n));
    let windows = JoinWindows::within(seconds(1));
    let joined = |b: &StreamsBuilder| drop(spread(b, "a", 2).join(&spread(b, "b", 3), |a, b| a + b, windows));
    says(
        joined,
        "KSTREAM-MERGE-0000000012 needs topics with equally many partitions, but a-repartition is to have 2 and b-repartition 3: give \
         `Repartitioned::partitions` the same number for both, or leave it out for one of them",
    );
    let cogrouped = |b: &StreamsBuilder| {
        let (a, b) = (spread(b, "a", 2).group_by_key(), spread(b, "b", 3).group_by_key());
        let _ = a.cogroup(|_, value, sum: &mut i64| *sum += value).cogroup(&b, |_, value, sum| *sum -= value).aggregate(|| 0);
    };
    says(
        cogrouped,
        "COGROUPKSTREAM-MERGE-0000000011 needs topics with equally many partitions, but a-repartition is to have 2 and b-repartition 3: give \
         `Repartitioned::partitions` the same number for both, or leave it out for one of them",
    );
    // each is joined with the same table
    let by_a_table = |b: &StreamsBuilder| {
        let prices = table(b, "prices");
        let _ = spread(b, "a", 2).join_table_with(&prices, |a, b| a + b, "first");
        let _ = spread(b, "b", 3).join_table_with(&prices, |a, b| a + b, "second");
    };
    says(
        by_a_table,
        "second needs topics with equally many partitions, but a-repartition is to have 2 and b-repartition 3: give \
         `Repartitioned::partitions` the same number for both, or leave it out for one of them",
    );
    let builder = StreamsBuilder::new();
    let one_decides = stream(&builder, "b").repartition_with(Repartitioned::from("b"));
    let _ = spread(&builder, "a", 2).join(&one_decides, |a, b| a + b, windows);
    let _ = (spread(&builder, "c", 4), spread(&builder, "d", 5));
    builder.build().expect("nothing asks for different numbers that must be equal");
}

#[test]
fn suppressions() {
    let limit = || Suppressed::until_time_limit(seconds(60), BufferConfig::unbounded());
    says(
        |b| drop(b.table_with("in", Consumed::default(), versioned::<i64>()).suppress(limit())),
        "KTABLE-SUPPRESS-0000000002 holds back the changes of KTABLE-SOURCE-0000000001, a versioned table, and can do so only for others: \
         leave `versioned` out, or keep the table once more without it before",
    );
    let no_windows = |b: &StreamsBuilder| {
        let windowed = stream(b, "in").map(|key, value| (Windowed::new(key, Window::new(0, 1)), value));
        let table = windowed.to_table_with(Materialized::with(TimeWindowedSerde::new(StringSerde, 1), I64Serde));
        drop(table.suppress(Suppressed::until_window_closes(BufferConfig::unbounded())));
    };
    says(
        no_windows,
        "KTABLE-SUPPRESS-0000000007 waits for windows to close, but no windowed aggregation is on the way KSTREAM-SOURCE-0000000000 -> \
         KSTREAM-MAP-0000000001 -> KSTREAM-SOURCE-0000000006 -> KSTREAM-TOTABLE-0000000002: put it behind one, or use `Suppressed::until_time_limit`",
    );
}

#[test]
fn windows_without_a_length() {
    let no_size = TimeWindows::tumbling(Duration::ZERO).no_grace();
    let text = "windows of 0 ms: the size must be at least 1 ms";
    says(|b| drop(stream(b, "in").group_by_key().windowed_by(no_size).count()), &format!("KSTREAM-AGGREGATE-0000000002: {text}"));
    let named = |b: &StreamsBuilder| {
        drop(stream(b, "in").group_by_key().windowed_by(no_size).count_with(Materialized::default().node_named("sums")));
    };
    says(named, &format!("sums: {text}"));
    says(|b| drop(stream(b, "in").group_by_key().windowed_by(no_size).late_records_with("late")), &format!("late: {text}"));
    let cogrouped = |b: &StreamsBuilder| {
        let sums = stream(b, "in").group_by_key().cogroup(|_, value, sum: &mut i64| *sum += value);
        drop(sums.windowed_by(no_size).aggregate(|| 0));
    };
    says(cogrouped, &format!("COGROUPKSTREAM-MERGE-0000000003: {text}"));
    let gaps = TimeWindows::hopping(seconds(1), seconds(2)).no_grace();
    says(
        |b| drop(stream(b, "in").group_by_key().windowed_by(gaps).reduce(|a, b| a + b)),
        "KSTREAM-REDUCE-0000000002: windows of 1000 ms that advance by 2000 ms: advance by 1 ms up to the size",
    );
}

#[test]
fn windows_that_are_larger_than_the_retention() {
    let kept = |ms: u64| Materialized::from("rows").retention(Duration::from_millis(ms));
    let way_out = "give a longer retention or a shorter grace";
    let time = TimeWindows::tumbling(seconds(10)).grace(seconds(5));
    says(
        |b| drop(stream(b, "in").group_by_key().windowed_by(time).count_with(kept(14_999))),
        &format!("KSTREAM-AGGREGATE-0000000001: store rows keeps windows for 14999 ms, but size and grace need 15000 ms: {way_out}"),
    );
    let sliding = SlidingWindows::within(seconds(10)).grace(seconds(5));
    says(
        |b| drop(stream(b, "in").group_by_key().windowed_by(sliding).count_with(kept(24_999))),
        &format!(
            "KSTREAM-AGGREGATE-0000000001: store rows keeps windows for 24999 ms, but twice the time difference and the grace need 25000 ms: {way_out}"
        ),
    );
    let sessions = SessionWindows::with_gap(seconds(10)).grace(seconds(5));
    says(
        |b| drop(stream(b, "in").group_by_key().windowed_by(sessions).count_with(kept(14_999))),
        &format!("KSTREAM-AGGREGATE-0000000001: store rows keeps sessions for 14999 ms, but gap and grace need 15000 ms: {way_out}"),
    );
    let cogrouped = |b: &StreamsBuilder| {
        let sums = stream(b, "in").group_by_key().cogroup(|_, value, sum: &mut i64| *sum += value);
        drop(sums.windowed_by(sessions).aggregate_with(
            || 0,
            |_, one, other| *one += other,
            Materialized::from("rows").retention(Duration::from_millis(1)),
        ));
    };
    says(
        cogrouped,
        &format!("COGROUPKSTREAM-MERGE-0000000002: store rows keeps sessions for 1 ms, but gap and grace need 15000 ms: {way_out}"),
    );
    let added = |b: &StreamsBuilder| {
        b.add_state_store(Stores::window::<String, i64>("own", seconds(1), seconds(2)));
        stream(b, "in").to("out");
    };
    says(added, "window store own keeps its windows for 1000 ms, less than their size of 2000 ms: give it a longer retention");
}

#[test]
fn graces_of_joins() {
    let join = |b: &StreamsBuilder, prices: &KTable<String, i64>, grace| {
        drop(stream(b, "in").join_table_with(prices, |a, b| a + b, Joined::default().grace(grace)));
    };
    says(
        |b| join(b, &table(b, "prices"), seconds(1)),
        "KSTREAM-JOIN-0000000004 joins with a grace period, but KTABLE-SOURCE-0000000002 is not a versioned table: keep it with \
         `Materialized::versioned`, or leave the grace period out",
    );
    says(
        |b| join(b, &b.table_with("prices", Consumed::default(), versioned()), seconds(61)),
        "KSTREAM-JOIN-0000000003 joins with a grace period of 61000 ms, but KTABLE-SOURCE-0000000001 keeps its history for 60000 ms: give a \
         longer history retention or a shorter grace period",
    );
}

#[test]
fn windows_that_never_close() {
    let told = |b: &StreamsBuilder| {
        let windowed = stream(b, "in").group_by_key().windowed_by(UnlimitedWindows::new());
        drop(windowed.emit_strategy(EmitStrategy::on_window_close()).count());
    };
    says(
        told,
        "KSTREAM-AGGREGATE-0000000002: only time windows, sliding windows and sessions can be forwarded when they close; others need \
         EmitStrategy::on_window_update()",
    );
    // Java refuses both, too
    struct Own;
    impl Windows for Own {
        fn windows_for(&self, timestamp: i64, found: &mut dyn FnMut(Window)) {
            found(Window::new(timestamp, timestamp + 10));
        }
        fn size(&self) -> Duration {
            Duration::from_millis(10)
        }
        fn grace(&self) -> Duration {
            Duration::ZERO
        }
    }
    says(
        |b| drop(stream(b, "in").group_by_key().windowed_by(Own).emit_strategy(EmitStrategy::on_window_close()).count()),
        "KSTREAM-AGGREGATE-0000000002: only time windows, sliding windows and sessions can be forwarded when they close; others need \
         EmitStrategy::on_window_update()",
    );
}

#[test]
fn names_given_twice() {
    says(
        |b| drop(stream(b, "in").filter_with(|_, _| true, "same").map_values_with(|value| value, "same")),
        "there are two nodes of the name same: give one of them another name",
    );
    let of_nodes = |b: &StreamsBuilder| {
        let grouped = stream(b, "in").group_by_key();
        let _ = (grouped.count_with("totals"), grouped.reduce_with(|left, _| left, "totals"));
    };
    says(
        of_nodes,
        "there are two stores of the name totals, one of node KSTREAM-AGGREGATE-0000000001 and one of node KSTREAM-REDUCE-0000000002: give \
         one of them another name",
    );
    let added = |b: &StreamsBuilder| {
        b.add_state_store(Stores::key_value::<String, i64>("totals"));
        let _ = stream(b, "in").group_by_key().count_with("totals");
    };
    says(
        added,
        "there are two stores of the name totals, one added with `add_state_store` and one of node KSTREAM-AGGREGATE-0000000001: give one of \
         them another name",
    );
    let topics = |b: &StreamsBuilder| {
        let _ = stream(b, "in").repartition_with(Repartitioned::from("same"));
        let _ = stream(b, "other").filter_with(|_, _| true, "few").repartition_with(Repartitioned::from("same"));
    };
    says(
        topics,
        "there are two repartition topics of the name same-repartition, one behind KSTREAM-SOURCE-0000000000 and one behind few: give one of \
         the groupings, joins or stores that they are named after another name",
    );
}

#[test]
fn stores_that_do_not_fit() {
    let rows = || Materialized::from(Stores::in_memory_window_store("rows", seconds(60), seconds(60), false));
    says(
        |b| drop(stream(b, "in").group_by_key().count_with(rows())),
        "KSTREAM-AGGREGATE-0000000001: store rows is a window store, but the operator keeps its rows in a key-value store: \
         `Stores::in_memory_key_value_store(..)` or another of its kind",
    );
    let windows = TimeWindows::tumbling(seconds(30)).no_grace();
    says(
        |b| drop(stream(b, "in").group_by_key().windowed_by(windows).count_with(rows())),
        "KSTREAM-AGGREGATE-0000000001: store rows is for windows of 60000 ms, but those of the operator are 30000 ms long: give it that size",
    );
    says(
        |b| drop(stream(b, "in").group_by_key().windowed_by(windows).count_with(versioned())),
        "KSTREAM-AGGREGATE-0000000001: store versions is versioned, and one of windows cannot be: leave `versioned` out",
    );
}

/// A type without bytes of its own.
#[derive(Clone)]
struct Opaque;

#[test]
fn serdes_that_nobody_gave() {
    let opaque = |b: &StreamsBuilder, topic: &str| stream(b, topic).map_values(|_| Opaque);
    let windows = JoinWindows::within(seconds(1));
    let joined = |b: &StreamsBuilder| drop(opaque(b, "in").join_with(&stream(b, "other"), |_, b| *b, windows, StreamJoined::inherited()));
    says(
        joined,
        "the join of KSTREAM-MAPVALUES-0000000001 with KSTREAM-SOURCE-0000000002 needs a serde for its left value of type \
         invalid::texts::Opaque: give one in the options of the operator (for example `Produced::with(..)`)",
    );
    let re_keyed = |b: &StreamsBuilder| {
        let opaque = opaque(b, "in").select_key(|key, _| key.clone());
        drop(opaque.join_table_with(&table(b, "prices"), |_, price| *price, Joined::inherited()));
    };
    says(
        re_keyed,
        "the join of KSTREAM-KEY-SELECT-0000000002 with KTABLE-SOURCE-0000000005 needs a serde for its key of type alloc::string::String: \
         give one in the options of the operator (for example `Produced::with(..)`)",
    );
}

struct PassOn;

impl Processor<String, i64, String, i64> for PassOn {
    fn process(&mut self, ctx: &mut Context<'_, String, i64>, record: Record<String, i64>) -> Result<(), BoxError> {
        ctx.forward(record)
    }
}

#[test]
fn nodes_put_together_by_hand() {
    let says = |write: &dyn Fn(&TopologyBuilder), text: &str| {
        let builder = TopologyBuilder::new();
        write(&builder);
        assert_eq!(builder.build().expect_err("it must be refused").to_string(), format!("invalid topology: {text}"));
    };
    let node = |b: &TopologyBuilder, name: &str| b.add_source::<String, i64>(name, name);
    let orphan = |b: &TopologyBuilder| drop(b.add_processor("alone", (), |_, ()| PassOn, &[]));
    says(&orphan, "node alone has no parent: name at least one node that it follows");
    let twice = |b: &TopologyBuilder| {
        let parent = node(b, "in");
        b.add_sink("out", "out", &[&parent, &parent]);
    };
    says(&twice, "node out names in twice as its parent");
    let far = node(&TopologyBuilder::new(), "far");
    let foreign = |b: &TopologyBuilder| b.add_sink("out", "out", &[&node(b, "in"), &far]);
    says(&foreign, "node out follows far, a node of another builder: make both with one builder");
    let same = |b: &TopologyBuilder| {
        let parent = node(b, "in");
        let _ = (b.add_processor("same", (), |_, ()| PassOn, &[&parent]), b.add_processor("same", (), |_, ()| PassOn, &[&parent]));
    };
    says(&same, "there are two nodes of the name same: give one of them another name");
    let sources = |b: &TopologyBuilder| drop((b.add_source::<String, i64>("one", "in"), b.add_source::<String, i64>("two", "in")));
    says(&sources, "topic in is read by source one already, so source two cannot read it too: use one stream and branch from it");
}
