//! States, pausing, closing, looking at it from outside.

use super::AppFixture;
use super::bench::{Bench, PARTITIONS, PATIENCE, await_running, close, shared};
use crate::behaviour::clients::wait_for;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use streams_core::State;
use streams_core::runtime::ThreadState;

pub fn states_change_as_in_java(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(10);
    let (sink, heard) = shared::<Mutex<Vec<State>>>();
    let app = bench
        .builder(bench.word_count(), bench.config("a"))
        .state_listener(move |new, _| sink.lock().expect("no panic").push(new))
        .start()
        .expect("the application starts");
    await_running(&app);
    bench.await_counts();
    close(&app);
    // the listener is told after the state has changed
    let heard = wait_for("the listener", || {
        let heard = heard.lock().expect("no panic").clone();
        (heard.last() == Some(&State::NotRunning)).then_some(heard)
    });
    assert_eq!(heard.first(), Some(&State::Rebalancing));
    assert!(heard.contains(&State::Running), "{heard:?}");
    assert!(heard.ends_with(&[State::PendingShutdown, State::NotRunning]), "{heard:?}");
}

pub fn a_paused_application_does_nothing(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(50);
    let app = bench.start_words("a");
    bench.await_counts();
    app.pause();
    assert!(app.is_paused());
    // what is under way when it is paused may still come
    std::thread::sleep(Duration::from_millis(300));
    let before = bench.counts();
    bench.feed(50);
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(bench.counts(), before);
    assert_eq!(app.state(), State::Running);
    app.resume();
    bench.await_counts();
    close(&app);
}

pub fn closing_is_quick_and_can_be_repeated(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(500);
    let app = bench.builder(bench.word_count(), bench.config("a").num_stream_threads(2)).start().expect("the application starts");
    let begun = Instant::now();
    close(&app);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    close(&app);
    assert!(app.add_thread().is_err() && app.remove_thread(PATIENCE).is_err());
    assert!(app.wait_for(State::Running, PATIENCE).is_err());
    drop(app);
    // and under load
    let app = bench.start_words("a");
    bench.feed(2_000);
    close(&app);
    let app = bench.start_words("a");
    bench.await_counts();
    close(&app);
}

pub fn dropping_closes(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(50);
    let app = bench.start_words("a");
    bench.await_counts();
    let mut states = app.watch_state();
    drop(app);
    assert_eq!(*states.borrow_and_update(), State::NotRunning);
    assert_eq!(bench.committed(&bench.input, 0), Some(13), "dropping commits");
}

pub fn threads_and_tasks_are_listed(fixture: &dyn AppFixture) {
    let bench = Bench::new(fixture);
    let app = bench.start(bench.word_count(), bench.config("a").num_stream_threads(2));
    wait_for("all tasks", || {
        let threads = app.threads();
        let tasks: usize = threads.iter().map(|t| t.tasks.len()).sum();
        (tasks == 2 * PARTITIONS as usize && threads.iter().all(|t| t.state == ThreadState::Running)).then_some(())
    });
    let threads = app.threads();
    assert_eq!(threads.len(), 2);
    assert!(threads[0].name.starts_with(&bench.app) && threads[0].name.ends_with("-StreamThread-1"), "{}", threads[0].name);
    let mut ids: Vec<String> = threads.iter().flat_map(|t| t.tasks.iter().map(|task| task.id.to_string())).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["0_0", "0_1", "0_2", "0_3", "1_0", "1_1", "1_2", "1_3"]);
    let first = threads.iter().flat_map(|t| &t.tasks).find(|task| task.id.to_string() == "1_2").expect("it is there");
    assert_eq!(first.partitions[0].to_string(), format!("{}-words-repartition-2", bench.app));
    assert_eq!(app.metrics().sum("streams_thread_tasks", &[]), Some(8.0));
    close(&app);
}

pub fn more_threads_than_tasks_do_no_harm(fixture: &dyn AppFixture) {
    let mut bench = Bench::new(fixture);
    bench.feed(20);
    let app = bench.start(bench.word_count(), bench.config("a").num_stream_threads(10));
    bench.await_counts();
    close(&app);
}
