//! Word counts: what is named, and what the names do.

use crate::words;
use streams_core::{Consumed, Materialized, Produced, StreamsBuilder};

fn word_count(b: &StreamsBuilder) {
    let lines = b.stream::<String, String>("lines");
    lines.flat_map_values(words).group_by(|_, word| word.clone()).count().to_stream().to("counts");
}

fn word_count_store_named(b: &StreamsBuilder) {
    let lines = b.stream::<String, String>("lines");
    lines.flat_map_values(words).group_by(|_, word| word.clone()).count_with("counts-store").to_stream().to("counts");
}

fn word_count_grouped_named(b: &StreamsBuilder) {
    let lines = b.stream::<String, String>("lines");
    lines.flat_map_values(words).group_by_with(|_, word| word.clone(), "by-word").count().to_stream().to("counts");
}

fn word_count_all_named(b: &StreamsBuilder) {
    let lines = b.stream_with::<String, String>("lines", Consumed::default().named("lines-source"));
    lines
        .flat_map_values_with(words, "split")
        .group_by_with(|_, word| word.clone(), "by-word")
        .count_with(Materialized::from("counts-store").node_named("count"))
        .to_stream_with("counts-stream")
        .to_with("counts", Produced::default().named("counts-sink"));
}

golden!(word_count, word_count_store_named, word_count_grouped_named, word_count_all_named);
