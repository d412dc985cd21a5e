//! The hash by which joins by foreign key know that an answer is for the newest row: Murmur3 of 128 bits for 64-bit machines, with the seed of Java's Streams.

/// Two numbers, big-endian, one behind the other.
pub(crate) type Hash = [u8; 16];

const SEED: u64 = 104_729;
const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

/// Java's `Murmur3.hash128`.
pub(crate) fn murmur3(data: &[u8]) -> Hash {
    let (mut h1, mut h2) = (SEED, SEED);
    let (blocks, tail) = data.as_chunks::<16>();
    for block in blocks {
        let block = u128::from_le_bytes(*block);
        h1 = (h1 ^ mix1(block as u64)).rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 = (h2 ^ mix2((block >> 64) as u64)).rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let mut last = [0; 16];
    last[..tail.len()].copy_from_slice(tail);
    let last = u128::from_le_bytes(last);
    // a part that is all zeros mixes to 0
    h2 ^= mix2((last >> 64) as u64);
    h1 ^= mix1(last as u64);
    h1 ^= data.len() as u64;
    h2 ^= data.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (h1, h2) = (finish(h1), finish(h2));
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (u128::from(h1) << 64 | u128::from(h2)).to_be_bytes()
}

fn mix1(k: u64) -> u64 {
    k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn mix2(k: u64) -> u64 {
    k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

fn finish(mut h: u64) -> u64 {
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Java's class answers.
    #[test]
    fn hashes_as_java() {
        for (text, hash) in [
            ("", 0x9d27_64a0_18e3_2942_8c3c_f3b0_3593_8518_u128),
            ("a", 0x3361_634e_7e0f_5188_e9c7_dda2_4eae_326b),
            ("foo", 0x157f_2b09_7c1b_5413_f7c8_f0aa_fc0d_26c2),
            ("hello, world", 0x186b_4ec1_2d0a_290b_d4da_e4f7_60b2_a6e8),
            ("0123456789abcdef", 0x1a6e_941e_c6a7_6967_d7d8_2808_f505_d6b1),
        ] {
            assert_eq!(u128::from_be_bytes(murmur3(text.as_bytes())), hash, "{text:?}");
        }
    }
}
