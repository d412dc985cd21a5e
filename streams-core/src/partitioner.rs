//! Which partition a key goes to: the same as Java's producer, so that both can write to one topic and the keys stay together.

/// Java's `Utils.murmur2`, as a signed 32-bit number.
pub fn murmur2(data: &[u8]) -> i32 {
    const M: u32 = 0x5bd1_e995;
    let mut h = 0x9747_b28c ^ data.len() as u32;
    let (blocks, tail) = data.as_chunks::<4>();
    for block in blocks {
        let mut k = u32::from_le_bytes(*block).wrapping_mul(M);
        k ^= k >> 24;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        for (i, byte) in tail.iter().enumerate() {
            h ^= u32::from(*byte) << (8 * i);
        }
        h = h.wrapping_mul(M);
    }
    h = (h ^ (h >> 13)).wrapping_mul(M);
    (h ^ (h >> 15)) as i32
}

/// The partition of a key among `partitions` (at least 1). An empty key is hashed like any other; a null key has no partition of its own.
#[doc(alias = "BuiltInPartitioner.partitionForKey")]
pub fn partition_for_key(key: &[u8], partitions: i32) -> i32 {
    (murmur2(key) & 0x7fff_ffff) % partitions.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Kafka's UtilsTest, and from reading its code (empty, `key`).
    #[test]
    fn hashes_as_java() {
        for (key, hash) in [
            ("21", -973932308),
            ("foobar", -790332482),
            ("a-little-bit-long-string", -985981536),
            ("a-little-bit-longer-string", -1486304829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
            ("abc", 479470107),
            ("", 275646681),
            ("key", -1079937367),
        ] {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key:?}");
        }
    }

    #[test]
    fn negative_hashes_give_a_partition_that_exists() {
        for key in 0..1000u32 {
            assert!((0..7).contains(&partition_for_key(&key.to_be_bytes(), 7)));
        }
    }
}
