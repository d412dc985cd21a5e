//! Punctuations by both clocks, and what a context tells and does.

use crate::input;
use std::time::Duration;
use streams_core::processor::{
    Context, FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, Processor, PunctuationType, RecordMetadata, Setup, TimerId,
};
use streams_core::{BoxError, Headers, Record, StreamsBuilder};

const STREAM: PunctuationType = PunctuationType::StreamTime;
const WALL: PunctuationType = PunctuationType::WallClockTime;

/// When to be called: clock, interval, and where the grid begins.
type Plan = (PunctuationType, u64, Option<i64>);

fn place(metadata: Option<RecordMetadata<'_>>) -> String {
    metadata.map_or_else(|| "nowhere".to_owned(), |of| format!("{}/{}/{}", of.topic, of.partition, of.offset))
}

fn at(key: String, value: String, timestamp: i64) -> Record<String, String> {
    Record { key, value, timestamp, headers: Headers::new() }
}

/// Forwards records, and a record for each punctuation. The value "1" makes one more punctuation, "22" cancels all.
struct Ticks {
    timers: Vec<TimerId>,
    on_the_way: Option<Plan>,
    /// So many punctuations, then all are cancelled.
    left: usize,
}

impl Ticks {
    fn new(setup: &mut Setup<'_, '_>, plans: &[Plan], on_the_way: Option<Plan>) -> Self {
        let mut schedule = |(kind, interval, start): Plan| match start {
            Some(start) => setup.schedule_at(kind, Duration::from_millis(interval), start),
            None => setup.schedule(kind, Duration::from_millis(interval)),
        };
        Ticks { timers: plans.iter().map(|plan| schedule(*plan)).collect(), on_the_way, left: usize::MAX }
    }

    fn cancel(&self, ctx: &mut Context<'_, String, String>) {
        self.timers.iter().for_each(|timer| ctx.cancel(*timer));
    }
}

impl Processor<String, String, String, String> for Ticks {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        match (record.value.as_str(), self.on_the_way) {
            ("1", Some((kind, interval, start))) => {
                // no two at the same time: Java calls those in no certain order
                let number = self.timers.len() as u64;
                self.timers.push(match start {
                    Some(start) => ctx.schedule_at(kind, Duration::from_millis(interval), start + number as i64)?,
                    None => ctx.schedule(kind, Duration::from_millis(interval + number))?,
                });
            }
            ("22", _) => {
                self.cancel(ctx);
                ctx.request_commit();
            }
            _ => {}
        }
        ctx.forward(record)
    }

    fn punctuate(&mut self, ctx: &mut Context<'_, String, String>, timer: TimerId, time: i64) -> Result<(), BoxError> {
        let number = self.timers.iter().position(|of| *of == timer).ok_or("a timer of somebody else")?;
        let from = place(ctx.record_metadata());
        ctx.forward(at(format!("tick{number}"), from, time))?;
        self.left -= 1;
        if self.left == 0 {
            self.cancel(ctx);
        }
        Ok(())
    }
}

fn ticks(b: &StreamsBuilder, plans: &'static [Plan], on_the_way: Option<Plan>) {
    input(b).process((), move |setup, ()| Ticks::new(setup, plans, on_the_way)).to("output");
}

fn punctuate_stream_time(b: &StreamsBuilder) {
    ticks(b, &[(STREAM, 5_000, None), (STREAM, 17_001, None)], None);
}

fn punctuate_wall_clock(b: &StreamsBuilder) {
    ticks(b, &[(WALL, 5_000, None), (WALL, 1_701, None)], None);
}

fn punctuate_stream_time_anchored(b: &StreamsBuilder) {
    ticks(b, &[(STREAM, 5_000, Some(503)), (STREAM, 30_000, Some(10_060_000))], Some((STREAM, 10_000, Some(0))));
}

fn punctuate_wall_clock_anchored(b: &StreamsBuilder) {
    let plans = &[(WALL, 10_000, Some(0)), (WALL, 3_000, Some(7)), (WALL, 3_001, Some(10_000_000)), (WALL, 20_000, Some(10_020_500))];
    ticks(b, plans, Some((WALL, 997, Some(0))));
}

fn punctuate_cancelled(b: &StreamsBuilder) {
    let cancelled = input(b).process((), |setup, ()| {
        let ticks = Ticks::new(setup, &[(STREAM, 1_000, None), (WALL, 1_000, None)], Some((STREAM, 5_000, None)));
        Ticks { left: 3, ..ticks }
    });
    cancelled.to("output");
}

/// Tells of the punctuations before each record.
struct ValueTicks {
    ticks: String,
    stream: TimerId,
    wall: TimerId,
}

impl FixedKeyProcessor<String, String, String> for ValueTicks {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, String, String>,
        record: FixedKeyRecord<'_, String, String>,
    ) -> Result<(), BoxError> {
        if record.value() == "22" {
            ctx.cancel(self.wall);
        }
        let (from, ticks, later) = (place(ctx.record_metadata()), std::mem::take(&mut self.ticks), record.timestamp() + 1);
        ctx.forward(record.map_value(|value| format!("{value} {from}{ticks}")).with_timestamp(later))
    }

    fn punctuate(&mut self, _: &mut FixedKeyContext<'_, String, String>, timer: TimerId, time: i64) -> Result<(), BoxError> {
        let clock = if timer == self.stream { "stream" } else { "wall" };
        self.ticks += &format!(" {clock} {time}");
        Ok(())
    }
}

fn punctuate_values(b: &StreamsBuilder) {
    let ticks = |setup: &mut Setup<'_, '_>, ()| {
        let interval = Duration::from_secs(5);
        ValueTicks { ticks: String::new(), stream: setup.schedule(STREAM, interval), wall: setup.schedule_at(WALL, interval, 10_000_000) }
    };
    input(b).process_values_with((), ticks, "my-processor").to("output");
}

/// Records go left, punctuations right; numbers go to both.
struct Sorts {
    stream: TimerId,
}

impl Processor<String, String, String, String> for Sorts {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, mut record: Record<String, String>) -> Result<(), BoxError> {
        record.timestamp += 7;
        if record.value.bytes().all(|byte| byte.is_ascii_digit()) {
            return ctx.forward(record);
        }
        record.headers.add("sorted", record.key.clone());
        ctx.forward_to("left", record)
    }

    fn punctuate(&mut self, ctx: &mut Context<'_, String, String>, timer: TimerId, time: i64) -> Result<(), BoxError> {
        let clock = if timer == self.stream { "stream" } else { "wall" };
        ctx.forward_to("right", at(clock.to_owned(), "tick".to_owned(), time))
    }
}

/// Tells what its context knows of a record.
struct Tells;

impl Processor<String, String, String, String> for Tells {
    fn process(&mut self, ctx: &mut Context<'_, String, String>, record: Record<String, String>) -> Result<(), BoxError> {
        let told = format!("{} {} {}", record.value, place(ctx.record_metadata()), ctx.stream_time().unwrap_or(-1));
        ctx.forward(Record { value: told, ..record })
    }
}

fn punctuate_to_a_child(b: &StreamsBuilder) {
    let sorts = |setup: &mut Setup<'_, '_>, ()| {
        let ten = Duration::from_secs(10);
        let stream = setup.schedule(STREAM, ten);
        setup.schedule(WALL, ten);
        Sorts { stream }
    };
    let sorted = input(b).process_with((), sorts, "sorts");
    sorted.process_with((), |_, ()| Tells, "left").to("output-left");
    sorted.process_with((), |_, ()| Tells, "right").to("output-right");
}

golden!(
    punctuate_stream_time,
    punctuate_wall_clock,
    punctuate_stream_time_anchored,
    punctuate_wall_clock_anchored,
    punctuate_cancelled,
    punctuate_values,
    punctuate_to_a_child,
);
