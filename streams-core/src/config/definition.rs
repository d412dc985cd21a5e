//! What is known about a config key: its type, default and range, and whether its feature is built.

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// Values separated by commas.
    List,
    /// The name of one of the ready-made classes, by its full Java name or the short one.
    Class,
}

/// Which values of the type are allowed.
#[derive(Clone, Copy, Debug)]
pub enum Allowed {
    /// Any.
    Any,
    /// Numbers from this one on.
    AtLeast(i64),
    /// -1, or numbers from 1 on.
    MinusOneOrPositive,
    /// Exactly one of these.
    OneOf(&'static [&'static str]),
    /// One of these in any letter case.
    OneOfAnyCase(&'static [&'static str]),
    /// What the function accepts, in words.
    Checked(fn(&str) -> bool, &'static str),
}

/// How much a key matters, as Java's documentation sorts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Importance {
    /// Think about it in every application.
    High,
    /// Think about it when tuning.
    Medium,
    /// Rarely changed.
    Low,
}

/// What setting the key does.
#[derive(Clone, Copy, Debug)]
pub enum Support {
    /// It works, since this version of the library.
    Since(&'static str),
    /// It works for these values (the first is the default); the others that Kafka Streams has are not built yet.
    Only(&'static [&'static str]),
    /// It is given to the clients when set; unset, the client's own default holds.
    Client,
    /// The feature is not built yet: any value but the default is an error.
    NotYet,
    /// A Java class, which cannot be loaded here: any value but the default is an error, and this is what takes an object instead.
    InCode(&'static str),
    /// Kafka Streams needs it, this library does not: setting it is a warning with this reason.
    NoEffect(&'static str),
    /// An old spelling of another key: a warning.
    Renamed(&'static str),
}

/// A config key.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The key, as in Java.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// The default as text; `None` where there is none or where it is computed (`state.dir`, `client.id`).
    pub default: Option<&'static str>,
    /// Which values are allowed.
    pub allowed: Allowed,
    /// How much it matters.
    pub importance: Importance,
    /// What setting it does.
    pub support: Support,
    /// What it is for, in a line.
    pub doc: &'static str,
}

impl Definition {
    /// Whether `value` has the right type and range, and the feature is there; otherwise the whole message of the error.
    pub(super) fn check(&self, value: &str) -> Result<(), String> {
        if !self.accepts(value) {
            return Err(format!("{}: `{}` is not valid: {}", self.name, shown(self.name, value), self.expected()));
        }
        match self.support {
            Support::NotYet if !self.is_default(value) => Err(match self.default {
                Some(default) => {
                    format!("{}: known to Kafka Streams, not supported yet: remove it, or leave it at its default `{default}`", self.name)
                }
                None => format!("{}: known to Kafka Streams, not supported yet: remove it", self.name),
            }),
            Support::InCode(place) if !self.is_default(value) => Err(format!(
                "{}: `{value}` cannot be loaded, as Java classes are not here: remove it, and give an object of yours to {place}",
                self.name
            )),
            Support::Only(values) if !values.iter().any(|v| v.eq_ignore_ascii_case(value.trim())) => {
                Err(format!("{}: `{value}` is known to Kafka Streams, not supported yet: use {}", self.name, alternatives(values)))
            }
            _ => Ok(()),
        }
    }

    /// Whether `value` says the same as leaving the key out.
    pub(super) fn is_default(&self, value: &str) -> bool {
        let value = value.trim();
        match self.default {
            None => value.is_empty(),
            Some(default) if self.kind == Kind::Class => short_class_name(value) == default,
            Some(default) => value.eq_ignore_ascii_case(default) || number(value).is_some_and(|n| Some(n) == number(default)),
        }
    }

    fn accepts(&self, value: &str) -> bool {
        let trimmed = value.trim();
        let of_kind = match self.kind {
            Kind::String | Kind::List | Kind::Class => true,
            Kind::Boolean => boolean(trimmed).is_some(),
            Kind::Int => trimmed.parse::<i32>().is_ok(),
            Kind::Long => trimmed.parse::<i64>().is_ok(),
        };
        of_kind
            && match self.allowed {
                Allowed::Any => true,
                Allowed::AtLeast(min) => number(trimmed).is_some_and(|n| n >= min),
                Allowed::MinusOneOrPositive => number(trimmed).is_some_and(|n| n == -1 || n >= 1),
                Allowed::OneOf(values) if self.kind == Kind::Class => values.contains(&short_class_name(trimmed)),
                Allowed::OneOf(values) => values.contains(&trimmed),
                Allowed::OneOfAnyCase(values) => values.iter().any(|v| v.eq_ignore_ascii_case(trimmed)),
                Allowed::Checked(check, _) => check(trimmed),
            }
    }

    /// What a value should look like.
    fn expected(&self) -> String {
        let number = match self.kind {
            Kind::Int => "a whole number of 32 bits",
            _ => "a whole number of 64 bits",
        };
        match (self.allowed, self.kind) {
            (Allowed::Any, Kind::Boolean) => "expected `true` or `false`".to_owned(),
            (Allowed::Any, _) => format!("expected {number}"),
            (Allowed::AtLeast(min), _) => format!("expected {number}, at least {min}"),
            (Allowed::MinusOneOrPositive, _) => format!("expected {number}: -1, or at least 1"),
            (Allowed::OneOf(values), Kind::Class) => {
                format!(
                    "Java classes cannot be loaded here: use {}, or give your own in code when the application is built",
                    alternatives(values)
                )
            }
            (Allowed::OneOf(values) | Allowed::OneOfAnyCase(values), _) => format!("expected {}", alternatives(values)),
            (Allowed::Checked(_, words), _) => format!("expected {words}"),
        }
    }
}

/// `a`, `b` or `c`.
fn alternatives(values: &[&str]) -> String {
    match values {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., last] => format!("{} or `{last}`", first.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// `true` or `false` in any letter case, as Java reads them.
pub(crate) fn boolean(value: &str) -> Option<bool> {
    match value.trim() {
        v if v.eq_ignore_ascii_case("true") => Some(true),
        v if v.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

pub(super) fn number(value: &str) -> Option<i64> {
    value.trim().parse().ok()
}

/// `LogAndFail` of `org.example.Outer$LogAndFail`.
pub(super) fn short_class_name(name: &str) -> &str {
    name.trim().rsplit(['.', '$']).next().unwrap_or_default()
}

/// The value as it may be printed: `[hidden]`, as in Java, where the key names a secret.
pub(super) fn shown<'a>(key: &str, value: &'a str) -> &'a str {
    const SECRETS: [&str; 8] = ["password", "secret", "passphrase", "jaas", "keystore.key", "key.pem", "private.key", "oauthbearer.config"];
    if SECRETS.iter().any(|s| key.contains(s)) { "[hidden]" } else { value }
}
