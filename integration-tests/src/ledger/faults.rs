//! What is done to a run.

use super::run::{Instance, Run};
use std::time::Duration;
use test_broker::sys::Signal;

/// Something that happens to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// kill -9 of one instance; it starts again a moment later.
    KillOne,
    /// kill -9 of all at once.
    KillAll,
    /// One instance stands still for so long (SIGSTOP) and then goes on: a zombie when it is longer than its session.
    Freeze(Duration),
    /// A closure of one instance hangs for so long, in the middle of a transaction.
    Hang(Duration),
    /// One instance ends cleanly and starts again.
    Bounce,
    /// The broker ends cleanly and starts again.
    RestartBroker,
    /// kill -9 of the broker; it starts again.
    KillBroker,
    /// The same, and it is away for so long.
    BrokerAway(Duration),
}

impl Fault {
    /// Does it. What it stopped runs again afterwards.
    pub(super) fn inflict(self, run: &mut Run<'_>) {
        let victim = run.random(run.instances.len() as u64) as usize;
        println!("{self:?}{}", if self == Fault::KillAll { String::new() } else { format!(" {victim}") });
        match self {
            Fault::KillOne => {
                run.instances[victim].kill();
                run.fault_has_ended();
                run.sleep(0..5_000);
                run.start(victim);
            }
            Fault::KillAll => {
                run.instances.iter_mut().for_each(Instance::kill);
                run.sleep(0..1_000);
                run.start_all();
                run.fault_has_ended();
            }
            Fault::Freeze(time) => {
                run.instances[victim].signal(Signal::Stop);
                run.fault_has_ended();
                std::thread::sleep(time);
                run.instances[victim].signal(Signal::Continue);
            }
            Fault::Hang(time) => {
                run.fault_has_ended();
                // a closure that hangs between two transactions is another experiment
                let mut tries = 1;
                while !run.hang(victim, time) {
                    assert!(tries < 10, "in {tries} tries no closure has hung in a transaction");
                    tries += 1;
                    // the thread becomes a member again
                    run.sleep(5_000..6_000);
                }
                println!("hung in a transaction, at try {tries}");
            }
            Fault::Bounce => {
                run.instances[victim].terminate();
                run.start(victim);
                run.fault_has_ended();
            }
            Fault::RestartBroker | Fault::KillBroker | Fault::BrokerAway(_) => {
                let broker = run.broker.as_deref_mut().expect("the plan has a broker of its own");
                if self != Fault::RestartBroker {
                    broker.kill().expect("the broker can be killed");
                }
                if let Fault::BrokerAway(time) = self {
                    std::thread::sleep(time);
                }
                broker.restart().expect("the broker starts again");
                run.fault_has_ended();
            }
        }
    }
}
