//! The input: each record is a function of its number, so every run on every machine reads the same.

use std::cell::OnceCell;
use std::io::Write as _;

use crate::words::{PER_LINE, Words};

/// Keys of [`Input::Records`].
pub const KEYS: u64 = 100_000;

/// Keys of [`Input::Sensors`].
pub const SENSORS: u64 = 1_000;

/// Keys of [`Input::Categories`]; the pages of [`Input::Records`] are ten to a category.
pub const CATEGORIES: u64 = 6_554;

/// One change of a category comes for so many of [`Input::Records`].
const RECORDS_PER_CHANGE: u64 = 50;

/// How much later than its question an answer is, at most.
const ANSWERED_WITHIN_MS: u64 = 5_000;

/// Records of one millisecond of event time: 5 M records span 250 s.
const PER_MS: u64 = 20;

/// A prepared topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Input {
    /// Values of about 100 bytes over [`KEYS`] keys, each as likely as any other.
    Records,
    /// The same values; every key comes once.
    Distinct,
    /// Lines of text without keys.
    Lines,
    /// As [`Input::Records`], over [`SENSORS`] keys.
    Sensors,
    /// One to each of [`Input::Distinct`], with its key, up to five seconds later.
    Answers,
    /// A row for each key of [`Input::Records`], all older than they.
    Rows,
    /// A row for each category of the pages in [`Input::Records`], older than they, and changes of these rows beside them.
    Categories,
}

impl Input {
    /// All.
    pub const ALL: [Input; 7] =
        [Input::Records, Input::Distinct, Input::Lines, Input::Sensors, Input::Answers, Input::Rows, Input::Categories];

    /// How many records it has where a bench is told to take so many.
    pub fn records(self, records: u64) -> u64 {
        match self {
            Input::Rows => KEYS,
            Input::Categories => CATEGORIES + records / RECORDS_PER_CHANGE,
            Input::Records | Input::Distinct | Input::Lines | Input::Sensors | Input::Answers => records,
        }
    }

    /// The topic. The programs of the engines name those that are read beside the main one.
    pub fn topic(self) -> &'static str {
        match self {
            Input::Records => "bench-records",
            Input::Distinct => "bench-distinct",
            Input::Lines => "bench-lines",
            Input::Sensors => "bench-sensors",
            Input::Answers => "bench-answers",
            Input::Rows => "bench-rows",
            Input::Categories => "bench-categories",
        }
    }
}

/// One record, its buffers used again for the next.
#[derive(Debug, Default)]
pub struct Record {
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    pub timestamp: i64,
    /// The number of the key, where keys come more than once.
    pub key_number: u64,
    /// The category of the page in a record of [`Input::Records`].
    pub category: u64,
    /// The words of a line, by rank.
    pub words: Vec<usize>,
}

/// Makes records.
pub struct Generator {
    input: Input,
    start_ms: i64,
    words: OnceCell<Words>,
}

impl Generator {
    /// For a topic whose first record has this time.
    pub fn new(input: Input, start_ms: i64) -> Self {
        Generator { input, start_ms, words: OnceCell::new() }
    }

    /// Makes record number `index`.
    pub fn make(&self, index: u64, record: &mut Record) {
        record.timestamp = self.start_ms + (index / PER_MS).cast_signed();
        record.key.clear();
        record.value.clear();
        let random = random(index);
        match self.input {
            Input::Records => {
                record.key_number = random % KEYS;
                record.category = page(random) / 10;
                write_key(&mut record.key, record.key_number);
                write_value(&mut record.value, index, random);
            }
            Input::Sensors => {
                record.key_number = random % SENSORS;
                write_key(&mut record.key, record.key_number);
                write_value(&mut record.value, index, random);
            }
            Input::Distinct => {
                write_key(&mut record.key, distinct(index));
                write_value(&mut record.value, index, random);
            }
            Input::Answers => {
                record.timestamp += ((random >> 16) % ANSWERED_WITHIN_MS).cast_signed();
                write_key(&mut record.key, distinct(index));
                write_row(&mut record.value, index);
            }
            Input::Rows => {
                record.timestamp = self.start_ms - 1;
                record.key_number = index;
                write_key(&mut record.key, index);
                write_row(&mut record.value, random);
            }
            Input::Categories => {
                let change = index.checked_sub(CATEGORIES);
                record.timestamp = match change {
                    None => self.start_ms - 1,
                    Some(change) => self.start_ms + (change * RECORDS_PER_CHANGE / PER_MS).cast_signed(),
                };
                record.key_number = change.map_or(index, |_| random % CATEGORIES);
                write_category(&mut record.key, record.key_number);
                write_row(&mut record.value, random);
            }
            Input::Lines => self.write_line(record, random),
        }
    }

    fn write_line(&self, record: &mut Record, seed: u64) {
        record.words.clear();
        let words = self.words();
        for n in 0..PER_LINE {
            let rank = words.choose(random(seed ^ n as u64));
            record.words.push(rank);
            if n > 0 {
                record.value.push(b' ');
            }
            record.value.extend_from_slice(words.text(rank));
        }
    }

    /// The dictionary of [`Input::Lines`].
    pub fn words(&self) -> &Words {
        self.words.get_or_init(Words::default)
    }
}

/// The text of a key's number.
pub fn write_key(key: &mut Vec<u8>, number: u64) {
    // Writing to a Vec cannot fail.
    let _ = write!(key, "key-{number:010}");
}

/// The text of a category's number: the first four digits of its pages.
pub fn write_category(key: &mut Vec<u8>, number: u64) {
    let _ = write!(key, "{number:04}");
}

/// Where the category stands in a value of [`Input::Records`].
pub const CATEGORY_IN_VALUE: std::ops::Range<usize> = 34..38;

/// An odd factor: no two numbers below 2^32 give the same product modulo 2^32.
fn distinct(index: u64) -> u64 {
    index.wrapping_mul(2_654_435_761) & 0xFFFF_FFFF
}

/// About 30 bytes.
fn write_row(value: &mut Vec<u8>, number: u64) {
    let _ = write!(value, "row {number:020} is so");
}

/// The page that a value tells of.
fn page(random: u64) -> u64 {
    random >> 8 & 0xFFFF
}

/// About 90 bytes of JSON, half of them ending in `1}`.
fn write_value(value: &mut Vec<u8>, index: u64, random: u64) {
    const AGENTS: [&str; 4] = ["firefox", "chrome", "safari", "edge"];
    let (page, ms, agent, flag) = (page(random), random >> 24 & 0x3FF, random >> 40 & 3, random >> 50 & 1);
    let agent = AGENTS[agent as usize];
    let _ = write!(value, r#"{{"id":{index:010},"page":"/product/{page:05}/details","agent":"{agent}","ms":{ms:04},"flag":{flag}}}"#);
}

/// A well mixed function of a number (splitmix64).
pub fn random(number: u64) -> u64 {
    let mut x = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::pipe_keeps;

    #[test]
    fn records_are_about_100_bytes_and_half_pass_the_filter() {
        let mut record = Record::default();
        let (mut bytes, mut kept) = (0, 0);
        let generator = Generator::new(Input::Records, 0);
        for i in 0..10_000 {
            generator.make(i, &mut record);
            bytes += record.key.len() + record.value.len();
            kept += u32::from(pipe_keeps(&record.value));
        }
        assert!((95..110).contains(&(bytes / 10_000)), "{} bytes", bytes / 10_000);
        assert!((4_800..5_200).contains(&kept), "{kept}");
    }

    #[test]
    fn the_category_is_where_the_programs_look_for_it() {
        let generator = Generator::new(Input::Records, 0);
        let (mut record, mut category) = (Record::default(), Vec::new());
        for i in 0..1_000 {
            generator.make(i, &mut record);
            category.clear();
            write_category(&mut category, record.category);
            assert_eq!(record.value[CATEGORY_IN_VALUE], category[..]);
            assert!(record.category < CATEGORIES);
        }
    }

    #[test]
    fn distinct_keys_are_distinct() {
        let generator = Generator::new(Input::Distinct, 0);
        let mut record = Record::default();
        let mut keys = std::collections::HashSet::new();
        for i in 0..100_000 {
            generator.make(i, &mut record);
            assert!(keys.insert(record.key.clone()), "{i}");
        }
    }

    #[test]
    fn a_line_holds_its_words() {
        let generator = Generator::new(Input::Lines, 5);
        let mut record = Record::default();
        generator.make(40, &mut record);
        let words: Vec<&[u8]> = record.words.iter().map(|rank| generator.words().text(*rank)).collect();
        assert_eq!(record.value, words.join(&b' '));
        assert_eq!((words.len(), record.timestamp, record.key.len()), (PER_LINE, 7, 0));
    }
}
