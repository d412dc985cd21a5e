//! Walks over the stores of processors, between keys and times, and while they are changed.

use std::time::Duration;
use streams_core::processor::{SessionStore, WindowedStore};
use streams_core::state::Stores;
use streams_core::testing::MockProcessorContext;
use streams_core::{BoxError, Window, Windowed};

type Outcome<T = ()> = Result<T, BoxError>;

const KEYS: [&str; 5] = ["", "a", "aa", "b", "\u{7f}c"];

fn hour() -> Duration {
    Duration::from_secs(3_600)
}

#[test]
fn windows_between_keys_and_times() -> Outcome {
    for caching in [false, true] {
        let mut mock = MockProcessorContext::<String, i64>::new()?;
        let builder = Stores::window::<String, i64>("w", hour(), Duration::from_secs(1)).caching(caching);
        let store: WindowedStore<String, i64> = mock.add_state_store(builder)?;
        for (n, key) in KEYS.iter().cycle().take(60).enumerate() {
            let n = n as i64;
            assert!(store.put(&mut mock.context(), &(*key).to_owned(), n, n * 70_000 % 3_000_000)?);
        }
        let all = store.iter().collect::<Result<Vec<_>, BoxError>>()?;
        assert_eq!(all.len(), 60);
        for first in KEYS.iter().map(Some).chain([None]) {
            for last in KEYS.iter().map(Some).chain([None]) {
                for (from, to) in [(0, i64::MAX), (500_000, 2_000_000), (1_000, 0)] {
                    let (low, high) = (first.map(|key| (*key).to_owned()), last.map(|key| (*key).to_owned()));
                    let inside = |key: &String| low.as_ref().is_none_or(|low| key >= low) && high.as_ref().is_none_or(|high| key <= high);
                    let expected: Vec<_> = all.iter().filter(|(key, at, _)| inside(key) && (from..=to).contains(at)).cloned().collect();
                    let rows = store.iter_between(low.as_ref(), high.as_ref(), from, to)?;
                    assert_eq!(rows.collect::<Result<Vec<_>, BoxError>>()?, expected);
                    let rows = store.iter_between(low.as_ref(), high.as_ref(), from, to)?.reversed();
                    let mut backward = rows.collect::<Result<Vec<_>, BoxError>>()?;
                    backward.reverse();
                    assert_eq!(backward, expected);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_window_store_may_be_changed_while_it_is_walked() -> Outcome {
    let mut mock = MockProcessorContext::<String, i64>::new()?;
    let store: WindowedStore<String, i64> = mock.add_state_store(Stores::window("w", hour(), Duration::from_secs(1)))?;
    let key = "k".to_owned();
    for at in 0..200 {
        store.put(&mut mock.context(), &key, 1, at)?;
    }
    let mut told = Vec::new();
    for row in store.iter_key(&key, 0, i64::MAX)? {
        let (_, at, value) = row?;
        told.push((at, value));
        // each row deletes itself, and the one a hundred further on is changed
        store.delete(&mut mock.context(), &key, at)?;
        if at < 100 {
            store.put(&mut mock.context(), &key, 2, at + 100)?;
        }
    }
    assert_eq!(told, (0..200).map(|at| (at, if at < 100 { 1 } else { 2 })).collect::<Vec<_>>());
    assert_eq!(store.iter().count(), 0);
    Ok(())
}

#[test]
fn sessions_between_keys_and_times() -> Outcome {
    let mut mock = MockProcessorContext::<String, i64>::new()?;
    let store: SessionStore<String, i64> = mock.add_state_store(Stores::session("s", hour()))?;
    let mut all = Vec::new();
    for (n, key) in KEYS.iter().cycle().take(40).enumerate() {
        let start = n as i64 * 7_919 % 100_000;
        let session = Windowed::new((*key).to_owned(), Window::new(start, start + 10 * n as i64));
        assert!(store.put(&mut mock.context(), &session, n as i64)?);
        all.push((session, n as i64));
    }
    all.sort_by(|a, b| (&a.0.key, a.0.window.end).cmp(&(&b.0.key, b.0.window.end)));
    let sorted = |mut rows: Vec<(Windowed<String>, i64)>| {
        rows.sort_by(|a, b| (&a.0.key, a.0.window.end).cmp(&(&b.0.key, b.0.window.end)));
        rows
    };
    for first in KEYS.iter().map(Some).chain([None]) {
        for last in KEYS.iter().map(Some).chain([None]) {
            let (low, high) = (first.map(|key| (*key).to_owned()), last.map(|key| (*key).to_owned()));
            let inside = |key: &String| low.as_ref().is_none_or(|low| key >= low) && high.as_ref().is_none_or(|high| key <= high);
            let (ended, begun) = (20_000, 80_000);
            let expected: Vec<_> =
                all.iter().filter(|(s, _)| inside(&s.key) && s.window.end >= ended && s.window.start <= begun).cloned().collect();
            let found = store.find_between(low.as_ref(), high.as_ref(), ended, begun)?;
            let mut backward = store.find_between_backward(low.as_ref(), high.as_ref(), ended, begun)?;
            backward.reverse();
            assert_eq!(backward, found);
            assert_eq!(sorted(found), expected);
        }
    }
    let ended = all.iter().filter(|(s, _)| (20_000..=50_000).contains(&s.window.end)).cloned().collect::<Vec<_>>();
    assert_eq!(sorted(store.find_ended(20_000, 50_000)?), ended);
    let key = "aa".to_owned();
    let mut of_key = store.fetch_backward(&key)?;
    of_key.reverse();
    assert_eq!(of_key, store.fetch(&key)?);

    // what was found is a copy
    for (session, _) in store.find_between(None, None, 0, i64::MAX)? {
        assert!(store.remove(&mut mock.context(), &session)?.is_some());
    }
    assert_eq!(store.find_between(None, None, 0, i64::MAX)?, []);
    Ok(())
}
