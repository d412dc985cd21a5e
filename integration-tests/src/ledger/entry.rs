//! What goes into the ledger and what it makes of it, and both as text.

/// One input record. Its id is `(partition, seq)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Input partition.
    pub partition: u32,
    /// Number within the partition, from 0.
    pub seq: u64,
    /// The account.
    pub key: u32,
    /// Event time in milliseconds.
    pub time: i64,
}

/// One output record: the account's chain has grown by an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The account.
    pub key: u32,
    /// How many entries the chain has, this one included.
    pub n: u64,
    /// Hash of the chain before.
    pub before: u64,
    /// Hash of the chain now.
    pub hash: u64,
    /// Input partition of the entry.
    pub partition: u32,
    /// Its number there.
    pub seq: u64,
}

/// The hash of a chain with one more entry (SplitMix64's mixer over what identifies the entry).
pub fn next_hash(before: u64, partition: u32, seq: u64) -> u64 {
    let mut z = before ^ (u64::from(partition) << 48) ^ seq.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Entry {
    /// `partition seq key padding`.
    pub fn to_text(self, padding: &str) -> String {
        format!("{} {} {} {padding}", self.partition, self.seq, self.key)
    }

    /// `None`: not an entry of this ledger.
    pub fn parse(text: &str, time: i64) -> Option<Entry> {
        let mut words = text.split(' ');
        Some(Entry { partition: words.next()?.parse().ok()?, seq: words.next()?.parse().ok()?, key: words.next()?.parse().ok()?, time })
    }
}

impl Link {
    /// The link that an entry adds to a chain.
    pub fn after(before: Option<&Link>, key: u32, partition: u32, seq: u64) -> Link {
        let (n, hash) = before.map_or((0, 0), |link| (link.n, link.hash));
        Link { key, n: n + 1, before: hash, hash: next_hash(hash, partition, seq), partition, seq }
    }

    /// `n before hash partition seq`.
    pub fn to_text(self) -> String {
        format!("{} {} {} {} {}", self.n, self.before, self.hash, self.partition, self.seq)
    }

    /// `None`: not a link.
    pub fn parse(key: &str, text: &str) -> Option<Link> {
        let mut words = text.split(' ');
        let link = Link {
            key: key.parse().ok()?,
            n: words.next()?.parse().ok()?,
            before: words.next()?.parse().ok()?,
            hash: words.next()?.parse().ok()?,
            partition: words.next()?.parse().ok()?,
            seq: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(link)
    }
}
