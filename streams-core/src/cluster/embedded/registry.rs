//! Clusters that are found by their name: `bootstrap.servers=embedded` is the same one everywhere in a process.

use super::EmbeddedCluster;
use parking_lot::Mutex;
use std::collections::BTreeMap;

static CLUSTERS: Mutex<BTreeMap<String, EmbeddedCluster>> = Mutex::new(BTreeMap::new());

/// The name behind plain `embedded`.
const DEFAULT_NAME: &str = "default";

impl EmbeddedCluster {
    /// The cluster of that name; made with default options when the process has none yet. It lives as long as the process.
    pub fn named(name: &str) -> Self {
        CLUSTERS.lock().entry(name.to_string()).or_default().clone()
    }

    /// The cluster that a value of `bootstrap.servers` means: `embedded`, or `embedded://NAME`; `None` for anything else.
    pub fn from_bootstrap_servers(servers: &str) -> Option<Self> {
        let servers = servers.trim();
        if servers == "embedded" {
            return Some(Self::named(DEFAULT_NAME));
        }
        let name = servers.strip_prefix("embedded://")?;
        Some(Self::named(if name.is_empty() { DEFAULT_NAME } else { name }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_same_name_is_the_same_cluster() {
        let same = |a: &str, b: &str| {
            let of = |s| EmbeddedCluster::from_bootstrap_servers(s).unwrap().shared;
            Arc::ptr_eq(&of(a), &of(b))
        };
        assert!(same("embedded", " embedded "));
        assert!(same("embedded", "embedded://default"));
        assert!(same("embedded://a", "embedded://a"));
        assert!(!same("embedded://a", "embedded://b"));
        assert!(EmbeddedCluster::from_bootstrap_servers("localhost:9092").is_none());
        assert!(EmbeddedCluster::from_bootstrap_servers("embedded.example.com:9092").is_none());
    }
}
