//! The Java programs of the machine.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::error::{Error, Result};

/// The oldest Java that a Kafka 4 broker runs on.
pub const MIN_JAVA: u32 = 17;

/// `$JAVA_HOME/bin/NAME` where that exists, else NAME as the PATH finds it.
pub fn java_program(name: &str) -> OsString {
    std::env::var_os("JAVA_HOME")
        .map(|home| PathBuf::from(home).join("bin").join(name))
        .filter(|path| path.is_file())
        .map_or_else(|| OsString::from(name), PathBuf::into_os_string)
}

/// The major version of the machine's Java.
///
/// # Errors
/// When there is no Java, or its answer to `java -version` cannot be read.
pub fn java_version() -> Result<u32> {
    let out = Command::new(java_program("java"))
        .arg("-version")
        .output()
        .map_err(|e| Error::new(format!("cannot run java ({e}): install a JDK of version {MIN_JAVA} or later, or set JAVA_HOME")))?;
    // a machine that cannot start says why on the other stream
    let text = format!("{}{}", String::from_utf8_lossy(&out.stderr), String::from_utf8_lossy(&out.stdout));
    let unknown = || format!("cannot read the version in the answer of `java -version` ({}): {}", out.status, text.trim());
    major(&text).ok_or_else(|| Error::new(unknown()))
}

/// Java's own notation: `version "17.0.15"`, `version "21"`, and `version "1.8.0_392"` for 8.
fn major(text: &str) -> Option<u32> {
    let version = text.split_once("version \"")?.1;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse::<u32>().ok());
    match numbers.next()?? {
        1 => numbers.next()?,
        major => Some(major),
    }
}

/// Fails unless the machine's Java can run the broker.
pub(crate) fn check() -> Result<()> {
    match java_version()? {
        found if found < MIN_JAVA => Err(Error::new(format!(
            "Java {found} found; the broker needs {MIN_JAVA} or later: install a newer JDK or point JAVA_HOME at one"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("openjdk version \"17.0.15\" 2025-04-15\n"), Some(17));
        assert_eq!(major("openjdk version \"21\" 2023-09-19"), Some(21));
        assert_eq!(major("java version \"1.8.0_392\""), Some(8));
        assert_eq!(major("openjdk version \"25-ea\" 2025-09-16"), Some(25));
        assert_eq!(major("bash: java: no"), None);
    }
}
