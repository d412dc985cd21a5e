//! Which known key was probably meant.

use super::{client_keys::Client, clients, definitions};

/// The known key nearest to an unknown one, if any is near: fewer than half of its letters differ. Prefixes of clients are kept.
pub(super) fn nearest_key(key: &str) -> Option<String> {
    let (prefix, name) = clients::split_prefix(key);
    match prefix {
        Some(prefix) => nearest(name, prefix.client.keys()).map(|found| format!("{}{found}", prefix.text)),
        None => {
            let clients = [Client::Consumer, Client::Producer, Client::Admin].into_iter().flat_map(Client::keys);
            nearest(name, definitions().iter().map(|d| d.name).chain(clients)).map(str::to_owned)
        }
    }
}

fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = key.to_ascii_lowercase();
    known.map(|k| (distance(&lower, k), k)).filter(|&(d, k)| d * 2 < k.len().max(key.len())).min().map(|(_, k)| k)
}

/// How many letters must be added, removed, replaced or swapped with their neighbour to turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("poll.sm", "poll.ms"), 1, "neighbours swapped");
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn names_what_was_meant() {
        assert_eq!(nearest_key("num.stream.thread").as_deref(), Some("num.stream.threads"));
        assert_eq!(nearest_key("num.threads").as_deref(), Some("num.stream.threads"));
        assert_eq!(nearest_key("Commit.Interval.Ms").as_deref(), Some("commit.interval.ms"));
        assert_eq!(nearest_key("sesion.timeout.ms").as_deref(), Some("session.timeout.ms"));
        assert_eq!(nearest_key("producer.linger.msec").as_deref(), Some("producer.linger.ms"));
        assert_eq!(nearest_key("consumer.lingr.ms"), None, "consumers do not linger");
        assert_eq!(nearest_key("zzzzzzzz"), None);
    }
}
