//! What every cluster must do, written once: plain functions over the four traits of `streams_core::cluster`, run on the embedded
//! cluster and on a real broker. `behaviour_suite!` makes a test of each.
//!
//! The functions assume nothing about how long a cluster takes; whatever they wait for may take `PATIENCE`.

pub mod clients;

pub mod admin;
pub mod fetching;
pub mod groups;
pub mod producing;
pub mod transactions;

pub use clients::Clients;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};
use streams_core::cluster::Cluster;

/// How long anything may take before it counts as not happening.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The cluster that is tried.
pub trait Fixture {
    /// The cluster.
    fn cluster(&self) -> &dyn Cluster;

    /// What every client is made with, `bootstrap.servers` included. Short heartbeats keep the suite quick.
    fn settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Lets time pass for the cluster: sleeps, or turns its clock.
    fn pass_time(&self, time: Duration) {
        std::thread::sleep(time);
    }

    /// A name that nothing else on the cluster has.
    fn fresh_name(&self, stem: &str) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis());
        format!("{stem}-{since}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Makes a `#[test]` of every behaviour. The argument is an expression that makes the fixture of one test.
#[macro_export]
macro_rules! behaviour_suite {
    ($fixture:expr) => {
        $crate::behaviour_suite! { $fixture;
            admin: [
                making_a_topic_twice_is_no_error,
                a_missing_topic_has_no_partition_count,
                deleting_a_topic_makes_it_missing,
                configs_are_those_the_topic_was_made_with,
                a_bad_config_is_rejected_by_name,
                offsets_of_both_ends_and_of_a_time,
                deleting_records_moves_the_earliest_offset,
            ],
            producing: [
                records_are_acknowledged_with_their_offsets,
                a_missing_topic_is_an_error_of_kind_topology,
                a_record_too_large_to_send_is_rejected,
                a_record_too_large_for_the_topic_is_rejected,
                a_compacted_topic_takes_no_null_key,
            ],
            fetching: [
                records_come_in_order,
                partitions_are_read_apart,
                keys_values_timestamps_and_headers_come_back,
                null_and_empty_differ,
                reading_starts_where_it_is_told,
                seeking_back_reads_again,
                position_and_known_end_follow_the_reader,
                an_offset_beyond_the_end_is_corrupted,
                a_deleted_offset_is_corrupted,
                a_missing_topic_is_an_error_of_kind_topology,
                a_removed_partition_is_not_read,
                a_record_ends_the_wait,
                the_waker_ends_the_wait,
            ],
            groups: [
                one_member_gets_everything,
                commits_keep_offset_and_metadata,
                nothing_committed_is_none,
                an_admin_sees_what_is_committed,
                an_admin_sees_what_members_subscribe_to,
                two_members_share_and_one_leaves,
                a_third_member_takes_only_its_share,
                several_topics_are_balanced_together,
                a_silent_member_is_thrown_out,
            ],
            transactions: [
                records_are_hidden_until_the_commit,
                aborted_records_are_never_seen,
                positions_pass_markers,
                the_stable_offset_is_before_an_open_transaction,
                a_second_producer_fences_the_first,
                initialising_aborts_what_was_left_open,
                one_transaction_spans_partitions,
                offsets_are_committed_with_the_transaction,
                offsets_of_an_open_transaction_are_waited_for,
                a_stale_token_is_fenced,
            ],
        }
    };
    ($fixture:expr; $($module:ident: [$($name:ident,)*],)*) => {
        $(
            mod $module {
                use super::*;
                $(
                    #[test]
                    fn $name() {
                        $crate::behaviour::$module::$name(&$fixture);
                    }
                )*
            }
        )*
    };
}
