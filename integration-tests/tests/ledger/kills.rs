//! Processes and brokers die, and nothing is lost or counted twice. The experiments' numbers are those of docs/RELIABILITY.md.

use crate::alone;
use integration_tests::kafka::Kafka;
use integration_tests::ledger::{Fault, Guarantee, Offline, Plan, Report, run};
use std::time::Duration;
use test_broker::{Broker, Options};

/// On the broker that all tests share.
fn on_shared_broker(plan: &Plan) -> Report {
    let _turn = alone();
    let report = run(&Kafka::plain(), None, plan).expect("nobody kills the broker");
    expect(plan, &report);
    report
}

fn expect(plan: &Plan, report: &Report) {
    println!("{} entries: {}", report.entries, report.findings);
    assert!(report.findings.holds(plan.guarantee), "{}", report.findings);
}

/// With a broker that may die. A run that the broker itself has spoilt says nothing, so it is made again; any other fault is one of ours.
fn on_own_broker(plan: &Plan) -> Report {
    let _turn = alone();
    // on a busy machine about one of five runs is
    for _ in 0..6 {
        let mut broker = Broker::start(&Options::default()).expect("a broker starts");
        match run(&Kafka::at(broker.bootstrap()), Some(&mut broker), plan) {
            Ok(report) => {
                expect(plan, &report);
                return report;
            }
            Err(spoilt) => println!("{spoilt}"),
        }
    }
    panic!("each of 6 runs was spoilt by the broker");
}

#[test]
fn e01_one_of_two_is_killed_exactly_once() {
    let report = on_shared_broker(&Plan::new(Guarantee::ExactlyOnce, [Fault::KillOne; 8]));
    assert!(report.findings.stall_ms <= 20_000, "{}", report.findings);
}

#[test]
fn e02_all_are_killed_at_once() {
    on_shared_broker(&Plan::new(Guarantee::ExactlyOnce, [Fault::KillAll; 3]));
}

#[test]
fn e04_one_of_two_is_killed_at_least_once() {
    let plan = Plan::new(Guarantee::AtLeastOnce, [Fault::KillOne; 8]);
    let report = on_shared_broker(&plan);
    // what came since the last commit of a second, and after a kill that is what a survivor catches up with: never all of it
    assert!(report.findings.dup < report.entries, "{}", report.findings);
}

/// E27, E28 and E29: results that are held back until their window closes, entries that wait for a versioned table, rows that are joined by foreign key
/// while both tables change, and halves of pairs that wait for their partner. Buffers and windows are full all the time; they close towards the end, and what
/// is left with entries that are written ahead. Each entry is an update of the joined table, and half a pair.
#[test]
fn e27_to_e29_one_of_two_is_killed_with_results_joins_and_pairs_on_their_way() {
    let mut plan = Plan::new(Guarantee::ExactlyOnce, [Fault::KillOne; 8]);
    plan.stages = true;
    let report = on_shared_broker(&plan);
    assert!(report.entries >= 100_000, "so many updates are asked for, and half as many pairs: {}", report.entries);
}

#[test]
fn e05_a_zombie_comes_back() {
    on_shared_broker(&Plan::new(Guarantee::ExactlyOnce, [Fault::Freeze(Duration::from_secs(15)); 2]));
}

#[test]
fn e06_instances_are_restarted_one_after_another() {
    let report = on_shared_broker(&Plan::new(Guarantee::ExactlyOnce, [Fault::Bounce; 4]));
    let (restored, all) = report.findings.rest;
    println!("{restored} of {all} records were restored");
}

/// Longer than the group waits for a thread (`max.poll.interval.ms`), and than a transaction may last: others have the work by then.
#[test]
fn e17_a_closure_hangs_in_a_transaction() {
    let mut plan = Plan::new(Guarantee::ExactlyOnce, [Fault::Hang(Duration::from_secs(9)); 2]);
    plan.settings.push(("max.poll.interval.ms".to_owned(), "6000".to_owned()));
    // a thread that hangs while a commit is on its way has no transaction open: commits are a small part of the time
    plan.settings.push(("commit.interval.ms".to_owned(), "500".to_owned()));
    on_shared_broker(&plan);
}

#[test]
fn e16_members_come_and_go_all_the_time() {
    let mut plan = Plan::new(Guarantee::ExactlyOnce, [Fault::Bounce; 20]);
    plan.calm_ms = 0..2_000;
    on_shared_broker(&plan);
}

#[test]
fn e07_the_broker_restarts_and_is_killed() {
    let faults = [Fault::RestartBroker, Fault::KillBroker, Fault::RestartBroker, Fault::KillBroker];
    on_own_broker(&Plan::new(Guarantee::ExactlyOnce, faults));
}

/// Longer than a session (6 s), a transaction (5 s) and a delivery under exactly-once last.
#[test]
fn e08_the_broker_is_away_for_a_while() {
    on_own_broker(&Plan::new(Guarantee::ExactlyOnce, [Fault::BrokerAway(Duration::from_secs(20))]));
}

/// Longer than `task.timeout.ms`: the application ends by an error that says so, and nothing is missing when it is started again.
#[test]
fn e08_the_broker_is_away_for_too_long() {
    let _turn = alone();
    let mut broker = Broker::start(&Options::default()).expect("a broker starts");
    let kafka = Kafka::at(broker.bootstrap());
    for guarantee in [Guarantee::AtLeastOnce, Guarantee::ExactlyOnce] {
        let mut ledger = Offline::new(&kafka, guarantee);
        ledger.write(10_000);
        let mut app = ledger.start(&[("task.timeout.ms".to_owned(), "5000".to_owned())]);
        app.await_line("assigned tasks [");
        // while there is something to commit
        ledger.write_and_hang(2_000, Duration::from_secs(3));
        broker.kill().expect("the broker can be killed");
        let ended = app.wait();
        broker.restart().expect("the broker starts again");
        assert_eq!(ended.status.code(), Some(1), "{}", ended.log);
        let last = ended.log.lines().rev().find(|line| line.starts_with("Error: ")).unwrap_or_else(|| panic!("{}", ended.log));
        assert!(last.contains("task.timeout.ms = 5000"), "{last}");
        ledger.run_to_end();
        let findings = ledger.check();
        println!("{guarantee:?}: {last}: {findings}");
        assert!(findings.holds(guarantee), "{findings}");
    }
}
