//! Words and how often they come: 50,000 of them, after Zipf's law, as in natural text.

/// How many words there are.
pub const WORDS: usize = 50_000;

/// Words in a line.
pub const PER_LINE: usize = 10;

/// Syllables in a word, two letters each.
const SYLLABLES: usize = 4;

/// The dictionary.
pub struct Words {
    text: Vec<[u8; 2 * SYLLABLES]>,
    /// For each word, up to which 64-bit random number it is chosen.
    upto: Vec<u64>,
}

impl Default for Words {
    fn default() -> Self {
        let total: f64 = (1..=WORDS).map(|rank| 1.0 / rank as f64).sum();
        let mut sum = 0.0;
        let mut upto: Vec<u64> = (1..=WORDS)
            .map(|rank| {
                sum += 1.0 / rank as f64;
                (sum / total * u64::MAX as f64) as u64
            })
            .collect();
        // Rounding must not leave the greatest numbers without a word.
        upto[WORDS - 1] = u64::MAX;
        Words { text: (0..WORDS).map(spell).collect(), upto }
    }
}

impl Words {
    /// The word for a random number, by its rank.
    pub fn choose(&self, random: u64) -> usize {
        self.upto.partition_point(|limit| *limit < random)
    }

    /// The letters of the word with this rank.
    pub fn text(&self, rank: usize) -> &[u8] {
        &self.text[rank]
    }
}

/// Four syllables for each number: different numbers, different words.
fn spell(rank: usize) -> [u8; 2 * SYLLABLES] {
    const FIRST: &[u8; 21] = b"bcdfghjklmnpqrstvwxyz";
    const SECOND: &[u8; 5] = b"aeiou";
    const KINDS: usize = 105;
    // 48,271 is prime and divides no power of 105, so this shuffles the numbers without making two of them equal.
    let mut number = rank * 48_271 % KINDS.pow(SYLLABLES as u32);
    let mut word = [0; 2 * SYLLABLES];
    for syllable in word.chunks_exact_mut(2) {
        let kind = number % KINDS;
        number /= KINDS;
        syllable.copy_from_slice(&[FIRST[kind / 5], SECOND[kind % 5]]);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn all_words_differ() {
        let words = Words::default();
        let distinct: HashSet<&[u8]> = (0..WORDS).map(|rank| words.text(rank)).collect();
        assert_eq!(distinct.len(), WORDS);
    }

    #[test]
    fn the_first_word_comes_twice_as_often_as_the_second() {
        let words = Words::default();
        let mut counts = [0u32; 2];
        for i in 0..1_000_000u64 {
            if let Some(count) = counts.get_mut(words.choose(crate::input::random(i))) {
                *count += 1;
            }
        }
        let ratio = f64::from(counts[0]) / f64::from(counts[1]);
        assert!((1.9..2.1).contains(&ratio), "{counts:?}");
        assert_eq!((words.choose(0), words.choose(u64::MAX)), (0, WORDS - 1));
    }
}
