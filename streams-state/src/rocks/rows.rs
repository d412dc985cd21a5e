//! In which column family rows lie.

/// Rows of plain stores; exists, empty, in the others too.
pub(super) const PLAIN_CF: &str = "default";
const TIMESTAMPED_CF: &str = "keyValueWithTimestamp";

/// What rows have before the value, which decides where they lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Nothing.
    Plain,
    /// The time.
    Timestamped,
    /// Headers, then the time.
    WithHeaders,
    /// Headers only: a session's end is its time.
    SessionsWithHeaders,
}

impl Rows {
    /// Java's column family.
    pub fn family(self) -> &'static str {
        match self {
            Rows::Plain => PLAIN_CF,
            Rows::Timestamped => TIMESTAMPED_CF,
            Rows::WithHeaders => "keyValueWithTimestampAndHeaders",
            Rows::SessionsWithHeaders => "sessionKeyValueWithHeaders",
        }
    }

    /// The families of stores that kept less, and what their rows get in front to become such ones: no headers are one 0, a time that is not known
    /// is -1.
    pub fn taken_over(self) -> &'static [(&'static str, &'static [u8])] {
        const NO_TIME: u8 = 0xff;
        match self {
            Rows::Plain => &[],
            Rows::Timestamped => &[(PLAIN_CF, &[NO_TIME; 8])],
            Rows::WithHeaders => {
                &[(PLAIN_CF, &[0, NO_TIME, NO_TIME, NO_TIME, NO_TIME, NO_TIME, NO_TIME, NO_TIME, NO_TIME]), (TIMESTAMPED_CF, &[0])]
            }
            Rows::SessionsWithHeaders => &[(PLAIN_CF, &[0])],
        }
    }

    /// What a store of such rows is called.
    pub fn kind(self) -> &'static str {
        match self {
            Rows::Plain => "plain store",
            Rows::Timestamped => "timestamped store",
            Rows::WithHeaders | Rows::SessionsWithHeaders => "store with headers",
        }
    }
}
