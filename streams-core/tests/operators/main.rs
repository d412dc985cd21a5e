//! Every operator record by record on the test driver, beside models that look at all records; those that a restart matters to
//! on embedded clusters too.

mod caches;
mod cogroup;
mod common;
mod deduplicate;
mod fallible;
mod fallible_aggregates;
mod fallible_joins;
mod fallible_tables;
mod final_results;
mod foreign_key_app;
mod foreign_key_joins;
mod global_tables;
mod late_records;
mod least_recently_used;
mod mergeable;
mod one_partition;
mod optimizations;
mod processor_api;
mod processor_contexts;
mod processor_stores;
mod punctuation;
mod restarts;
mod sessions;
mod sliding_windows;
mod source_as_changelog;
mod stream_joins;
mod suppress;
mod suppress_restart;
mod table_joins;
mod table_transforms;
mod time_to_live;
mod top_n;
mod versioned;
mod windows;
mod word_count;
