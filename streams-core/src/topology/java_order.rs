//! The order in which Java's `HashSet<String>` and `HashMap<String, _>` give their elements, which `describe()` shows.

/// `String.hashCode`.
fn hash(text: &str) -> u32 {
    text.encode_utf16().fold(0u32, |h, unit| h.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// The elements as `new HashSet<>(collection)` would iterate them: by bucket, within a bucket by insertion.
pub(crate) fn hash_set_order<'a>(elements: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut elements: Vec<&str> = elements.into_iter().collect();
    let capacity = ((elements.len() as f32 / 0.75) as usize + 1).max(16).next_power_of_two();
    elements.sort_by_key(|text| bucket(text, capacity));
    elements.dedup();
    elements
}

/// The keys of a `HashMap` that grew as they were put in. They must be distinct.
pub(crate) fn sort_as_hash_map<'k, T: Copy>(keys: &mut [T], text: impl Fn(T) -> &'k str) {
    let mut capacity = 16;
    while keys.len() * 4 > capacity * 3 {
        capacity *= 2;
    }
    keys.sort_by_key(|key| bucket(text(*key), capacity));
}

fn bucket(text: &str, capacity: usize) -> usize {
    let h = hash(text);
    (h ^ (h >> 16)) as usize & (capacity - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_javas() {
        assert_eq!(hash("abc"), 96354);
        assert_eq!(hash(""), 0);
        assert_eq!(hash_set_order(["b", "a", "q"]), ["a", "q", "b"]); // a and q share bucket 1
    }

    #[test]
    fn a_map_that_grew_is_smaller_than_a_set_made_at_once() {
        // 12 elements: 16 buckets where they came one by one, 32 where the set was made of all of them; `q` is 113, `a` is 97
        let mut keys = ["q", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "a"];
        assert_eq!(hash_set_order(keys)[..2], ["a", "b"]);
        sort_as_hash_map(&mut keys, |key| key);
        assert_eq!(keys[..2], ["q", "a"]);
    }
}
