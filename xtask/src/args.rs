//! The words of a command line, taken one by one: what nobody has taken at the end is wrong usage.

use std::ffi::OsString;
use std::str::FromStr;

use crate::failure::{Failure, Outcome};

/// The words that are left.
#[derive(Debug)]
pub struct Args(Vec<OsString>);

impl Args {
    /// All words behind the command's name.
    pub fn new(words: Vec<OsString>) -> Self {
        Args(words)
    }

    /// Takes a switch such as `--yes`; whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() < before
    }

    /// As [`flag`](Self::flag), but lets the words behind `--` be.
    pub fn flag_before_dashes(&mut self, name: &str) -> bool {
        let end = self.0.iter().position(|word| word == "--").unwrap_or(self.0.len());
        let found = self.0[..end].iter().position(|word| word == name);
        found.map(|at| self.0.remove(at)).is_some()
    }

    /// All words that are left, for another program.
    pub fn rest(self) -> Vec<OsString> {
        self.0
    }

    /// Takes `--name VALUE` or `--name=VALUE`.
    pub fn value(&mut self, name: &str) -> Outcome<Option<String>> {
        let prefix = format!("{name}=");
        let mut found = None;
        while let Some(at) = self.0.iter().position(|w| w == name || w.to_str().is_some_and(|w| w.starts_with(&prefix))) {
            let word = text(self.0.remove(at))?;
            let value = match word.strip_prefix(&prefix) {
                Some(value) => value.to_owned(),
                None if at < self.0.len() => text(self.0.remove(at))?,
                None => return Err(Failure::usage(format!("{name} needs a value"))),
            };
            if found.replace(value).is_some() {
                return Err(Failure::usage(format!("{name} is given twice")));
            }
        }
        Ok(found)
    }

    /// Takes `--name NUMBER`.
    pub fn number<T: FromStr>(&mut self, name: &str) -> Outcome<Option<T>> {
        let Some(value) = self.value(name)? else { return Ok(None) };
        value.parse().map(Some).map_err(|_| Failure::usage(format!("{name} {value}: not a number in the range it allows")))
    }

    /// Takes the first word that is no option.
    pub fn positional(&mut self) -> Outcome<Option<String>> {
        match self.0.iter().position(|word| !word.as_encoded_bytes().starts_with(b"-")) {
            Some(at) => text(self.0.remove(at)).map(Some),
            None => Ok(None),
        }
    }

    /// Fails where a word is left over.
    pub fn finish(self) -> Outcome {
        match self.0.first() {
            None => Ok(()),
            Some(word) => Err(Failure::usage(format!("unexpected argument {}", word.display()))),
        }
    }
}

fn text(word: OsString) -> Outcome<String> {
    word.into_string().map_err(|word| Failure::usage(format!("{} is not valid UTF-8", word.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Args {
        Args::new(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn words_are_taken_in_any_order() {
        let mut a = args(&["--port", "9092", "start", "--yes"]);
        assert_eq!(a.number::<u16>("--port"), Ok(Some(9092)));
        assert_eq!(a.positional(), Ok(Some("start".into())));
        assert!(a.flag("--yes"));
        assert_eq!(a.finish(), Ok(()));
        assert_eq!(args(&["--port=1"]).number::<u16>("--port"), Ok(Some(1)));
    }

    #[test]
    fn wrong_words_are_named() {
        for (words, name) in [(&["--port"][..], "needs a value"), (&["--port", "x"], "--port x"), (&["--port=1", "--port=2"], "twice")] {
            match args(words).number::<u16>("--port") {
                Err(Failure::Usage(text)) => assert!(text.contains(name), "{text}"),
                other => panic!("{words:?}: {other:?}"),
            }
        }
        assert_eq!(args(&["--prot", "1"]).finish(), Err(Failure::usage("unexpected argument --prot")));
    }
}
