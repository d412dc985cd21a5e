//! The order in which Java's `HashSet<String>` gives its elements, which `describe()` shows.

/// `String.hashCode`.
fn hash(text: &str) -> u32 {
    text.encode_utf16().fold(0u32, |h, unit| h.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// The elements as `new HashSet<>(collection)` would iterate them: by bucket, within a bucket by insertion.
pub(crate) fn hash_set_order<'a>(elements: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut elements: Vec<&str> = elements.into_iter().collect();
    let capacity = ((elements.len() as f32 / 0.75) as usize + 1).max(16).next_power_of_two() as u32;
    let bucket = |text: &str| {
        let h = hash(text);
        (h ^ (h >> 16)) & (capacity - 1)
    };
    elements.sort_by_key(|text| bucket(text));
    elements.dedup();
    elements
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
}
