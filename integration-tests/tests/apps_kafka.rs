//! What every application must do, on Kafka.
#![cfg(feature = "kafka")]

use integration_tests::kafka::Kafka;

mod at_least_once {
    use super::Kafka;
    integration_tests::app_suite!(Kafka::plain());
}

mod exactly_once {
    use super::Kafka;
    integration_tests::app_suite!(Kafka::exactly_once());
}

#[test]
fn words_are_counted_over_tls_with_a_login() {
    integration_tests::apps::sharing::two_instances_share_and_one_leaves_midway(&Kafka::secure());
}

#[test]
fn a_deleted_changelog_is_missed() {
    integration_tests::apps::restarts::a_deleted_changelog_is_missed(&Kafka::plain());
}

#[test]
fn a_deleted_repartition_topic_is_missed() {
    integration_tests::apps::restarts::a_deleted_repartition_topic_is_missed(&Kafka::plain());
}

#[test]
fn aborted_changes_are_not_restored() {
    integration_tests::apps::experiments::aborted_changes_are_not_restored(&Kafka::exactly_once());
}
