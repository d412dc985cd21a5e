//! Apache Kafka's jars in the user's cache folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::settings::KAFKA_VERSION;
use crate::sys;

/// What Maven is asked for. A copy stands beside the jars: other contents mean other jars, so they are fetched anew.
const POM: &str = include_str!("../kafka-pom.xml");

/// The project's cache folder: `streams` in `$XDG_CACHE_HOME`, or in `~/.cache`.
///
/// # Errors
/// When neither `XDG_CACHE_HOME` nor `HOME` is set.
pub fn cache_dir() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("streams"))
        .ok_or_else(|| Error::new("no cache folder: set HOME or XDG_CACHE_HOME"))
}

/// The folder with the jars of Apache Kafka; fetched from Maven Central the first time (about 45 MB).
///
/// A download counts only when it is complete: it goes to a folder of its own that is renamed at the end.
///
/// # Errors
/// When Maven is missing or cannot fetch, or the cache folder cannot be written.
pub fn kafka_libs() -> Result<PathBuf> {
    let cache = cache_dir()?;
    let home = cache.join(format!("kafka-{KAFKA_VERSION}"));
    if !is_complete(&home) {
        fs::create_dir_all(&cache).map_err(|e| Error::at("cannot create", &cache, &e))?;
        remove_leftovers(&cache);
        fetch(&cache, &home)?;
    }
    Ok(home.join("libs"))
}

fn is_complete(home: &Path) -> bool {
    fs::read_to_string(home.join("pom.xml")).is_ok_and(|pom| pom == POM) && home.join("libs").is_dir()
}

fn temporary_prefix() -> String {
    format!("kafka-{KAFKA_VERSION}.fetching-")
}

/// Downloads that ended with the process that made them.
fn remove_leftovers(cache: &Path) {
    let prefix = temporary_prefix();
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|n| n.strip_prefix(&prefix)).and_then(|pid| pid.parse::<u32>().ok());
        if owner.is_some_and(|pid| !sys::exists(pid)) {
            // A leftover that stays costs space, nothing else.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn fetch(cache: &Path, home: &Path) -> Result<()> {
    let temporary = cache.join(format!("{}{}", temporary_prefix(), std::process::id()));
    let pom = temporary.join("pom.xml");
    eprintln!("Getting Apache Kafka {KAFKA_VERSION} from Maven Central (once, about 45 MB) into {}", home.display());
    let fetched = fs::create_dir_all(&temporary)
        .and_then(|()| fs::write(&pom, POM))
        .map_err(|e| Error::at("cannot write to", &temporary, &e))
        .and_then(|()| run_maven(&pom, &temporary.join("libs")))
        .and_then(|()| put_in_place(&temporary, home));
    if fetched.is_err() {
        let _ = fs::remove_dir_all(&temporary);
    }
    fetched
}

fn run_maven(pom: &Path, libs: &Path) -> Result<()> {
    let out = Command::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(pom)
        .arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", libs.display()))
        .output()
        .map_err(|e| Error::new(format!("cannot run mvn ({e}): install Apache Maven, for example with `apt-get install maven`")))?;
    if out.status.success() && libs.is_dir() {
        return Ok(());
    }
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    Err(Error::new(format!(
        "Maven could not fetch Apache Kafka {KAFKA_VERSION} ({}). Check the network, or the mirror in ~/.m2/settings.xml. It said:\n{}",
        out.status,
        said.trim()
    )))
}

fn put_in_place(temporary: &Path, home: &Path) -> Result<()> {
    if home.exists() && !is_complete(home) {
        fs::remove_dir_all(home).map_err(|e| Error::at("cannot remove the outdated", home, &e))?;
    }
    match fs::rename(temporary, home) {
        // Somebody else was faster with the same jars.
        Err(_) if is_complete(home) => fs::remove_dir_all(temporary).map_err(|e| Error::at("cannot remove", temporary, &e)),
        Err(e) => Err(Error::at("cannot move the jars to", home, &e)),
        Ok(()) => Ok(()),
    }
}
