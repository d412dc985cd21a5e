//! The workloads in this library.

use std::time::Duration;

use anyhow::Result;
use streams_core::{
    BufferConfig, JoinWindows, KStream, KTable, Produced, SessionWindows, StreamsBuilder, Suppressed, TimeWindows, Topology, Windowed,
};

use crate::engine::EngineOptions;
use crate::input::{CATEGORY_IN_VALUE, Input};
use crate::workload::{
    ADVANCE_MS, GAP_MS, JOIN_WINDOW_MS, LONG_WINDOW_MS, SESSION_GRACE_MS, SUPPRESSED_WINDOW_MS, WINDOW_MS, Workload, joined, pipe_keeps,
};

/// The program of a workload.
pub fn topology(options: &EngineOptions) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let (input, output) = (options.input.as_str(), options.output.as_str());
    let records = || builder.stream::<String, String>(input);
    match options.workload {
        Workload::Pipe => records()
            .filter(|_, value| pipe_keeps(value.as_bytes()))
            .map_values(|mut value| {
                value.make_ascii_uppercase();
                value
            })
            .to(output),
        Workload::Count | Workload::CountLarge => records().group_by_key().count().to_stream().to(output),
        Workload::WordCount => builder
            .stream::<Option<String>, String>(input)
            .flat_map_values_emit(|line: &String, out| line.split(' ').for_each(|word| out.emit(word.to_owned())))
            .group_by(|_, word| word.clone())
            .count()
            .to_stream()
            .to(output),
        Workload::Window => write(&count(&records(), tumbling(WINDOW_MS)), output),
        Workload::Tumbling => write(&count(&records(), tumbling(LONG_WINDOW_MS)), output),
        Workload::Hopping => {
            let windows = TimeWindows::hopping(ms(LONG_WINDOW_MS), ms(ADVANCE_MS)).no_grace();
            write(&records().group_by_key().windowed_by(windows).count_mergeable(), output);
        }
        Workload::Session => {
            let sessions = SessionWindows::with_gap(ms(GAP_MS)).grace(ms(SESSION_GRACE_MS));
            write(&records().group_by_key().windowed_by(sessions).count(), output);
        }
        Workload::Suppress => {
            let closed = Suppressed::until_window_closes(BufferConfig::unbounded());
            write(&count(&records(), tumbling(SUPPRESSED_WINDOW_MS)).suppress(closed), output);
        }
        Workload::StreamJoin => {
            let answers = builder.stream::<String, String>(Input::Answers.topic());
            records().join(&answers, |q, a| joined(q, a), JoinWindows::within(ms(JOIN_WINDOW_MS))).to(output);
        }
        Workload::StreamTableJoin => {
            let rows = builder.table::<String, String>(Input::Rows.topic());
            records().join_table(&rows, |value, row| joined(&value, row)).to(output);
        }
        Workload::FkJoin => {
            let categories = builder.table::<String, String>(Input::Categories.topic());
            builder
                .table::<String, String>(input)
                .join_on_foreign_key(
                    &categories,
                    |_, row| row.get(CATEGORY_IN_VALUE).map(str::to_owned),
                    |row, category| joined(row, category),
                )
                .to_stream()
                .to(output);
        }
    }
    Ok(builder.build()?)
}

fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms.unsigned_abs())
}

fn tumbling(size_ms: i64) -> TimeWindows {
    TimeWindows::tumbling(ms(size_ms)).no_grace()
}

fn count(records: &KStream<String, String>, windows: TimeWindows) -> KTable<Windowed<String>, u64> {
    records.group_by_key().windowed_by(windows).count()
}

fn write(counts: &KTable<Windowed<String>, u64>, output: &str) {
    counts.to_stream().to_with(output, Produced::inherited());
}
