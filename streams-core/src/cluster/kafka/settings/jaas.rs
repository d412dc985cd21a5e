//! `sasl.jaas.config`: the line that names a login module and its options.

use crate::{Error, ErrorKind, Result};

/// Name and password of a login.
#[derive(PartialEq, Eq)]
pub(super) struct Login {
    pub username: String,
    pub password: String,
}

/// Reads `MODULE required username="..." password="...";`. Errors never show the password.
pub(super) fn parse(text: &str) -> Result<Login> {
    let mut words = words(text)?.into_iter();
    let module = words.next().unwrap_or_default();
    let class = module.rsplit('.').next().unwrap_or_default();
    if !matches!(class, "PlainLoginModule" | "ScramLoginModule") {
        return Err(refuse(format!(
            "the login module `{module}` is not supported; PlainLoginModule and ScramLoginModule are, \
             or set `sasl.username` and `sasl.password`"
        )));
    }
    let (mut username, mut password) = (None, None);
    // The second word is the control flag (`required`).
    for word in words.skip(1) {
        match word.split_once('=') {
            Some(("username", value)) => username = Some(value.to_owned()),
            Some(("password", value)) => password = Some(value.to_owned()),
            _ => {}
        }
    }
    match (username, password) {
        (Some(username), Some(password)) => Ok(Login { username, password }),
        (None, _) => Err(refuse("has no `username=\"...\"`".into())),
        (_, None) => Err(refuse("has no `password=\"...\"`".into())),
    }
}

/// Splits at white space outside of quotes, takes quotes and backslashes away, and ends at the semicolon.
fn words(text: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    let mut ended = false;
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', Some(_)) => word.extend(chars.next()),
            (q, Some(open)) if q == open => quote = None,
            (c, Some(_)) => word.push(c),
            (q @ ('"' | '\''), None) => quote = Some(q),
            (';', None) => {
                ended = true;
                break;
            }
            (c, None) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (c, None) => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    match (quote, ended) {
        (Some(_), _) => Err(refuse("a quotation mark is not closed".into())),
        (None, false) => Err(refuse("must end with a semicolon".into())),
        _ => Ok(words),
    }
}

#[cold]
fn refuse(why: String) -> Error {
    Error::new(ErrorKind::Config, format!("`sasl.jaas.config`: {why}"))
}
