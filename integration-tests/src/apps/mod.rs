//! What every application must do, written once: plain functions that start `KafkaStreams`, run on the embedded cluster and on a real
//! broker. `app_suite!` makes a test of each.

pub mod bench;

pub mod bad_records;
pub mod control;
pub mod experiments;
pub mod failures;
pub mod globals;
pub mod idle;
pub mod metrics;
pub mod operators;
pub mod patterns;
pub mod processing;
pub mod queries;
pub mod restarts;
pub mod sharing;
pub mod topics;

pub use bench::Bench;

use crate::behaviour::Fixture;
use std::sync::Arc;
use streams_core::cluster::Cluster;

/// The guarantee of a second run of the suite.
pub const EXACTLY_ONCE: (&str, &str) = ("processing.guarantee", "exactly_once_v2");

/// A cluster that applications can be started on.
pub trait AppFixture: Fixture {
    /// The same cluster as `cluster`, for applications to keep.
    fn shared(&self) -> Arc<dyn Cluster>;

    /// What every application of the suite is configured with, beside what clients are.
    fn app_settings(&self) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// Whether nothing may be counted twice, whatever happens.
    fn exactly_once(&self) -> bool {
        self.app_settings().contains(&EXACTLY_ONCE)
    }
}

/// Makes a `#[test]` of every behaviour. The argument is an expression that makes the fixture of one test.
#[macro_export]
macro_rules! app_suite {
    ($fixture:expr) => {
        $crate::app_suite! { $fixture;
            sharing: [
                words_are_counted_once,
                words_are_counted_once_without_a_cache,
                several_threads_share_the_work,
                two_instances_share_and_one_leaves_midway,
                threads_come_and_go,
                a_storm_of_rebalances_counts_everything_once,
            ],
            restarts: [
                a_restart_goes_on_where_it_ended,
                a_wiped_state_directory_is_restored,
                a_process_that_vanishes_loses_nothing,
                windows_are_restored,
                expired_windows_are_not_restored,
                stores_in_memory_are_restored,
                local_state_can_be_deleted_only_when_nothing_runs,
            ],
            processing: [
                a_small_uncommitted_buffer_commits_early,
                punctuations_follow_both_clocks,
                records_of_two_topics_are_taken_by_their_times,
            ],
            topics: [
                a_missing_source_topic_is_named,
                topics_that_are_joined_need_equal_counts,
                an_internal_topic_of_another_size_is_refused,
                a_topic_without_a_commit_and_without_a_policy_is_refused,
                reading_can_begin_at_the_end,
                reading_can_begin_at_an_age,
                repartition_topics_are_purged,
                two_instances_make_the_internal_topics_at_once,
            ],
            globals: [
                a_global_table_is_whole_before_the_first_record_on_every_instance,
                a_global_table_goes_on_behind_what_it_has,
                a_missing_global_topic_is_named,
            ],
            patterns: [
                a_pattern_reads_every_topic_that_matches,
                a_new_topic_is_read_from_its_first_record_and_state_is_kept,
                a_wider_topic_brings_new_tasks,
                a_wider_topic_is_refused_where_there_are_changelogs,
                two_instances_take_a_new_topic_up_at_different_times,
                an_instance_that_starts_later_may_have_seen_more,
                tasks_wait_for_a_member_that_has_not_seen_the_topic,
                a_deleted_topic_is_left_out_and_state_is_kept,
                what_a_deleted_topic_brought_is_committed_without_it,
                a_pattern_without_topics_waits_for_one,
                a_new_topic_of_two_patterns_is_refused,
                a_new_topic_with_other_partitions_is_refused_in_a_join,
            ],
            failures: [
                a_panic_ends_the_application_and_names_the_record,
                a_config_setter_that_panics_ends_the_application,
                a_panic_is_left_out_where_the_policy_says_so,
                an_error_of_a_processor_names_its_node,
                a_failed_thread_is_replaced,
                a_handler_that_panics_closes_the_instance,
                shutting_down_the_application_ends_the_instance_by_its_error,
                an_output_too_large_for_the_broker_is_named,
            ],
            bad_records: [
                an_undecodable_value_ends_the_application_and_names_the_record,
                an_undecodable_key_ends_the_application_and_names_the_record,
                undecodable_values_are_left_out_where_the_policy_says_so,
                a_null_key_without_room_for_it_is_named,
                a_negative_timestamp_is_named,
                records_without_a_valid_time_are_left_out_where_the_policy_says_so,
            ],
            experiments: [
                results_do_not_depend_on_threads_instances_and_caches,
                of_many_bad_records_only_those_are_left_out,
                a_table_is_restored_while_its_topic_is_written,
                of_batches_only_what_is_too_large_is_refused,
                a_change_too_large_for_the_changelog_ends_the_application,
            ],
            operators: [
                every_stateful_operator_goes_on_after_a_restart_as_if_there_had_been_none,
                with_caches_every_stateful_operator_has_the_same_rows_at_the_end,
            ],
            queries: [
                a_query_sees_the_newest_or_what_is_committed,
                a_query_that_cannot_be_answered_says_why,
                queries_beside_commits_and_rebalances_go_forward_only,
            ],
            control: [
                states_change_as_in_java,
                a_paused_application_does_nothing,
                closing_is_quick_and_can_be_repeated,
                dropping_closes,
                threads_and_tasks_are_listed,
                more_threads_than_tasks_do_no_harm,
            ],
            metrics: [
                every_part_is_measured,
                nodes_are_not_measured_at_the_level_info,
                punctuations_are_counted_and_timed,
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
                        $crate::apps::$module::$name(&$fixture);
                    }
                )*
            }
        )*
    };
}
