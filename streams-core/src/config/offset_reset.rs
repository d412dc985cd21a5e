//! Where reading begins in a partition for which the group has no offset.

use std::fmt;
use std::time::Duration;

/// Where reading begins in a partition for which the group has no offset (the consumer's `auto.offset.reset`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "AutoOffsetReset")]
pub enum OffsetReset {
    /// At the first record that is there.
    #[default]
    Earliest,
    /// At the end.
    Latest,
    /// At the first record that is at most so old when the position is asked for, by the clock of the application and the times of the records
    /// in the log; at the end when there is none (KIP-1106). In a config `by_duration:` and an ISO-8601 duration, such as `by_duration:PT1H`.
    #[doc(alias = "by_duration")]
    ByDuration(Duration),
    /// Nowhere: it is an error.
    Fail,
}

const BY_DURATION: &str = "by_duration:";

impl OffsetReset {
    /// The value of that name, in any letter case.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match &*word.to_ascii_lowercase() {
            "earliest" | "smallest" | "beginning" => OffsetReset::Earliest,
            "latest" | "largest" | "end" => OffsetReset::Latest,
            "none" | "error" => OffsetReset::Fail,
            other => OffsetReset::ByDuration(iso_8601(other.strip_prefix(BY_DURATION)?)?),
        })
    }
}

/// The value as Java writes it.
impl fmt::Display for OffsetReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OffsetReset::Earliest => "earliest",
            OffsetReset::Latest => "latest",
            OffsetReset::Fail => "none",
            OffsetReset::ByDuration(duration) => {
                write!(f, "{BY_DURATION}PT{}", duration.as_secs())?;
                return match duration.subsec_nanos() {
                    0 => f.write_str("S"),
                    nanos => write!(f, ".{nanos:09}S"),
                };
            }
        })
    }
}

/// `pNdtNhNmN.NS` in small letters, as Java's `Duration.parse` takes it; without a sign, since a negative one is refused.
fn iso_8601(text: &str) -> Option<Duration> {
    let (days, time) = match text.strip_prefix('p')?.split_once('t') {
        // a T is followed by something
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (text.strip_prefix('p')?, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let mut seconds = match days {
        "" => 0,
        days => whole(days.strip_suffix('d')?)?.checked_mul(86_400)?,
    };
    let mut rest = time;
    for (unit, length) in [('h', 3_600), ('m', 60)] {
        if let Some((count, behind)) = rest.split_once(unit) {
            seconds = whole(count)?.checked_mul(length)?.checked_add(seconds)?;
            rest = behind;
        }
    }
    let mut nanos = 0;
    if !rest.is_empty() {
        let (count, fraction) = rest.strip_suffix('s')?.split_once(['.', ',']).unwrap_or((rest.strip_suffix('s')?, ""));
        seconds = whole(count)?.checked_add(seconds)?;
        if fraction.len() > 9 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        nanos = format!("{fraction:0<9}").parse().ok()?;
    }
    Some(Duration::new(seconds, nanos))
}

/// Digits only: no sign, no blanks.
fn whole(digits: &str) -> Option<u64> {
    if digits.bytes().all(|digit| digit.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_java_reads_them() {
        for (text, millis) in [
            ("PT1H", 3_600_000),
            ("P1D", 86_400_000),
            ("P2DT3H4M5.5S", 183_845_500),
            ("pt15m", 900_000),
            ("PT0S", 0),
            ("PT0.001s", 1),
            ("PT1,5S", 1_500),
            ("PT36H", 129_600_000),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(OffsetReset::parse(&format!("by_duration:{text}")), Some(OffsetReset::ByDuration(duration)), "{text}");
        }
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "1H",
            "PT1",
            "PT-1H",
            "-PT1H",
            "PT1M1H",
            "P1H",
            "PT1.5H",
            "PT1.0000000001S",
            "PTH",
            "P1Y",
            "PT 1H",
            "PT99999999999999999999S",
        ] {
            assert_eq!(OffsetReset::parse(&format!("by_duration:{text}")), None, "{text}");
        }
        assert_eq!(OffsetReset::parse("by_duration"), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for reset in [
            OffsetReset::Earliest,
            OffsetReset::Latest,
            OffsetReset::Fail,
            OffsetReset::ByDuration(Duration::from_secs(90)),
            OffsetReset::ByDuration(Duration::new(3_600, 1_000_000)),
        ] {
            assert_eq!(OffsetReset::parse(&reset.to_string()), Some(reset));
        }
        assert_eq!(OffsetReset::ByDuration(Duration::from_secs(3_600)).to_string(), "by_duration:PT3600S");
    }
}
