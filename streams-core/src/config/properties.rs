//! Where settings come from besides code: `.properties` files and the environment.

use super::StreamsConfig;
use crate::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::path::Path;

impl StreamsConfig {
    /// Reads a `.properties` file, as Java does (comments with `#` or `!`, lines continued by `\`, `=`, `:` or white space between key and
    /// value, `\n`, `\t`, `\uXXXX`), in UTF-8.
    ///
    /// # Errors
    /// `Io` when the file cannot be read; `Config` as [`from_properties`](Self::from_properties), and for a malformed escape.
    pub fn from_properties_file(file: impl AsRef<Path>) -> Result<Self> {
        let file = file.as_ref();
        let text = std::fs::read_to_string(file)
            .map_err(|e| Error::caused(ErrorKind::Io, format!("config file {} cannot be read", file.display()), e))?;
        let at = |e: Error| e.at(format!("config file {}", file.display()));
        let properties = parse_properties(&text).map_err(at)?;
        StreamsConfig::from_properties(properties).map_err(at)
    }

    /// Adds what variables of the environment that begin with `STREAMS_` say, over what is set: `STREAMS_NUM_STREAM_THREADS=4` sets
    /// `num.stream.threads`. The rest of the name is a key in capitals, with `_` for `.`, `__` for `_` and `___` for `-`, as in Confluent's
    /// images.
    ///
    /// # Errors
    /// `Config` when such a variable is not UTF-8.
    pub fn with_environment(self) -> Result<Self> {
        self.with_variables(std::env::vars_os())
    }

    /// The same for variables from elsewhere.
    ///
    /// # Errors
    /// As [`with_environment`](Self::with_environment).
    pub fn with_variables(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self> {
        for (name, value) in variables {
            let Some(name) = name.to_str().and_then(|n| n.strip_prefix("STREAMS_")) else { continue };
            let Some(value) = value.to_str() else {
                let message = format!("environment variable STREAMS_{name}: the value is not UTF-8");
                return Err(Error::new(ErrorKind::Config, message));
            };
            self = self.set(key_of_variable(name), value);
        }
        Ok(self)
    }
}

/// `RACK_AWARE_NON__OVERLAP` is `rack.aware.non_overlap`.
fn key_of_variable(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let (out, used) = match () {
            () if rest.starts_with("___") => ('-', 3),
            () if rest.starts_with("__") => ('_', 2),
            () if rest.starts_with('_') => ('.', 1),
            () => (c.to_ascii_lowercase(), c.len_utf8()),
        };
        key.push(out);
        rest = &rest[used..];
    }
    key
}

/// Keys and values in the order of the file.
fn parse_properties(text: &str) -> Result<Vec<(String, String)>> {
    let mut properties = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut logical = line.trim_start_matches(BLANK).to_owned();
        if logical.is_empty() || logical.starts_with(['#', '!']) {
            continue;
        }
        while is_continued(&logical) {
            logical.pop();
            match lines.next() {
                Some((_, next)) => logical.push_str(next.trim_start_matches(BLANK)),
                None => break,
            }
        }
        let (key, value) = split(&logical);
        let at = |e: Error| e.at(format!("line {}", number + 1));
        properties.push((unescape(key).map_err(at)?, unescape(value).map_err(at)?));
    }
    Ok(properties)
}

const BLANK: [char; 3] = [' ', '\t', '\x0c'];

/// An odd number of backslashes at the end.
fn is_continued(line: &str) -> bool {
    (line.len() - line.trim_end_matches('\\').len()) % 2 == 1
}

/// At the first `=`, `:` or blank that is not escaped.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.char_indices().find(|&(_, c)| {
        let found = !escaped && (c == '=' || c == ':' || BLANK.contains(&c));
        escaped = !escaped && c == '\\';
        found
    });
    let Some((end, _)) = end else { return (line, "") };
    let rest = line[end..].trim_start_matches(BLANK);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(BLANK);
    (&line[..end], value)
}

fn unescape(text: &str) -> Result<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    let mut buffer = [0; 2];
    while let Some(c) = chars.next() {
        let c = if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            units.extend(c.encode_utf16(&mut buffer).iter());
            continue;
        };
        match c {
            'u' => units.push(hex(&mut chars)?),
            't' => units.push(0x09),
            'n' => units.push(0x0a),
            'f' => units.push(0x0c),
            'r' => units.push(0x0d),
            other => units.extend(other.encode_utf16(&mut buffer).iter()),
        }
    }
    String::from_utf16(&units).map_err(|_| Error::new(ErrorKind::Config, "a \\u escape is half of a character: both halves are needed"))
}

fn hex(chars: &mut std::str::Chars<'_>) -> Result<u16> {
    let digits: String = chars.take(4).collect();
    u16::from_str_radix(&digits, 16)
        .ok()
        .filter(|_| digits.len() == 4 && !digits.starts_with('+'))
        .ok_or_else(|| Error::new(ErrorKind::Config, format!("`\\u{digits}` is not an escape: four hexadecimal digits must follow \\u")))
}
