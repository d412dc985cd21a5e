//! What the machine must have for the build and the tests.

mod packages;

use std::path::Path;
use std::process::{Command, Stdio};

use test_broker::{MIN_JAVA, java_program, java_version, sys};

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use packages::Manager;

/// What `--help` prints.
pub const USAGE: &str = "\
usage: cargo xtask setup [--yes]

Checks what the build and the tests need on this machine: C and C++ compilers, make, libclang, OpenSSL, a JDK and Maven. What is missing is installed
with the system's package manager where that is allowed: by root, and with --yes (or in CI) through sudo without a password.
Otherwise it says exactly what to install. `cargo xtask demo` and `cargo xtask test` do this by themselves.
";

/// Something that the build or the tests need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// C and C++ compilers and make, for RocksDB and librdkafka.
    Compiler,
    /// libclang, with which RocksDB's header is read.
    Libclang,
    /// OpenSSL's headers, for the tests of TLS.
    OpenSsl,
    /// A JDK, for the broker of the tests.
    Jdk,
    /// Maven, which gets the broker of the tests.
    Maven,
}

/// For programs on the embedded cluster and on Kafka.
pub const TO_BUILD: &[Need] = &[Need::Compiler, Need::Libclang];

/// For a broker of one's own.
pub const FOR_KAFKA: &[Need] = &[Need::Jdk, Need::Maven];

/// For everything.
pub const TO_TEST: &[Need] = &[Need::Compiler, Need::Libclang, Need::OpenSsl, Need::Jdk, Need::Maven];

/// `cargo xtask setup`.
pub fn run(mut args: Args) -> Outcome {
    let yes = args.flag("--yes");
    args.finish()?;
    prepare(TO_TEST, yes)?;
    println!("everything that the build and the tests need is here");
    Ok(())
}

/// Makes sure that the machine has what is needed: installs it where that is allowed, else fails with what to install.
pub fn prepare(needs: &[Need], yes: bool) -> Outcome {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let what = missing.iter().map(|need| need.words()).collect::<Vec<_>>().join(", ");
    let Some(manager) = Manager::of_this_machine() else {
        return Err(Failure::failed(format!("this machine lacks {what}. Install them and try again.")));
    };
    let may_install = manager.may_install(yes);
    if may_install {
        eprintln!("This machine lacks {what}.");
        // First: on a bare machine the lists are empty, and which JDK there is stands in them.
        manager.update()?;
    }
    let packages = manager.packages(&missing);
    let by_hand = manager.install_line(&packages);
    if !may_install {
        return Err(Failure::failed(format!("this machine lacks {what}. Install them with\n\n    {by_hand}\n\nand try again.")));
    }
    eprintln!("Installing with: {by_hand}");
    manager.install(&packages)?;
    match self::missing(&missing).as_slice() {
        [] => Ok(()),
        still => Err(Failure::failed(format!(
            "{} was installed, but is not found. Try again in a new shell.",
            still.iter().map(|need| need.words()).collect::<Vec<_>>().join(", ")
        ))),
    }
}

fn missing(needs: &[Need]) -> Vec<Need> {
    needs.iter().copied().filter(|need| !need.is_met()).collect()
}

impl Need {
    fn words(self) -> String {
        match self {
            Need::Compiler => "C and C++ compilers with make".into(),
            Need::Libclang => "libclang".into(),
            Need::OpenSsl => "OpenSSL's development files with pkg-config".into(),
            Need::Jdk => format!("a JDK of version {MIN_JAVA} or later"),
            Need::Maven => "Maven".into(),
        }
    }

    fn is_met(self) -> bool {
        match self {
            Need::Compiler => ["cc", "c++", "make"].iter().all(|program| answers(program, "--version")),
            Need::Libclang => has_libclang(),
            Need::OpenSsl => Command::new("pkg-config").args(["--exists", "openssl"]).status().is_ok_and(|s| s.success()),
            // Some systems have a `java` that only says where to get one.
            Need::Jdk => java_version().is_ok_and(|v| v >= MIN_JAVA) && answers(java_program("javac"), "-version"),
            Need::Maven => answers("mvn", "--version"),
        }
    }
}

fn answers(program: impl AsRef<std::ffi::OsStr>, question: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(question).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Looks where bindgen looks.
fn has_libclang() -> bool {
    let mut dirs: Vec<String> = std::env::var("LIBCLANG_PATH").into_iter().collect();
    if let Ok(out) = Command::new("llvm-config").arg("--libdir").output() {
        dirs.push(String::from_utf8_lossy(&out.stdout).trim().to_owned());
    }
    let linux = ["/usr/lib", "/usr/lib64", "/usr/local/lib"];
    let mac = ["/opt/homebrew/opt/llvm/lib", "/usr/local/opt/llvm/lib", "/Library/Developer/CommandLineTools/usr/lib"];
    dirs.extend(linux.iter().chain(&mac).map(|dir| (*dir).to_owned()));
    for entry in std::fs::read_dir("/usr/lib").into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("llvm") {
            dirs.push(format!("/usr/lib/{name}/lib"));
        } else if name.contains("-linux-") {
            dirs.push(format!("/usr/lib/{name}"));
        }
    }
    dirs.iter().any(|dir| holds_libclang(Path::new(dir)))
}

fn holds_libclang(dir: &Path) -> bool {
    let is_it = |name: &str| {
        let rest = name.strip_prefix("libclang");
        rest.is_some_and(|rest| rest.starts_with(['.', '-']) && (rest.contains(".so") || rest.contains(".dylib")) && !rest.contains("cpp"))
    };
    std::fs::read_dir(dir).into_iter().flatten().flatten().any(|entry| is_it(&entry.file_name().to_string_lossy()))
}

/// Whether this runs where nobody sits in front of it.
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|v| !v.is_empty() && v != "false")
}

/// How commands get the rights of root: not at all, as root itself, or through sudo without a password.
fn root_prefix(yes: bool) -> Option<&'static [&'static str]> {
    if sys::is_root() {
        Some(&[])
    } else if (yes || in_ci()) && sudo_works() {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

fn sudo_works() -> bool {
    let mut command = Command::new("sudo");
    command.args(["-n", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
