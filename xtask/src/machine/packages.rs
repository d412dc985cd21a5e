//! The system's package manager.

use std::process::{Command, Stdio};

use super::{Need, answers, in_ci, root_prefix};
use crate::failure::{Failure, Outcome};
use crate::process;

/// A package manager, as data.
pub(super) struct Manager {
    program: &'static str,
    /// Brings its lists up to date; empty where the next call does that by itself.
    update: &'static [&'static str],
    install: &'static [&'static str],
    as_root: bool,
    compiler: &'static [&'static str],
    libclang: &'static [&'static str],
    openssl: &'static [&'static str],
    /// The first that the system knows is taken.
    jdks: &'static [&'static str],
    /// Exits 0 for a package that the system knows; empty: the first of `jdks` is always right.
    knows: &'static [&'static str],
}

const MANAGERS: &[Manager] = &[
    Manager {
        program: "apt-get",
        update: &["apt-get", "update", "-qq"],
        install: &["apt-get", "install", "-y", "-qq", "--no-install-recommends"],
        as_root: true,
        compiler: &["gcc", "g++", "make"],
        libclang: &["libclang-dev"],
        openssl: &["libssl-dev", "pkg-config"],
        jdks: &["openjdk-21-jdk-headless", "openjdk-17-jdk-headless", "default-jdk-headless"],
        knows: &["apt-cache", "show"],
    },
    Manager {
        program: "dnf",
        update: &[],
        install: &["dnf", "install", "-y", "-q"],
        as_root: true,
        compiler: &["gcc", "gcc-c++", "make"],
        libclang: &["clang-devel"],
        openssl: &["openssl-devel", "pkgconf-pkg-config"],
        jdks: &["java-21-openjdk-devel", "java-17-openjdk-devel", "java-latest-openjdk-devel"],
        knows: &["dnf", "info", "-q"],
    },
    Manager {
        program: "zypper",
        update: &[],
        install: &["zypper", "--non-interactive", "install"],
        as_root: true,
        compiler: &["gcc", "gcc-c++", "make"],
        libclang: &["clang-devel"],
        openssl: &["libopenssl-devel", "pkgconf-pkg-config"],
        jdks: &["java-21-openjdk-devel", "java-17-openjdk-devel"],
        knows: &["zypper", "--non-interactive", "search", "--match-exact"],
    },
    Manager {
        program: "pacman",
        update: &[],
        install: &["pacman", "-Sy", "--noconfirm", "--needed"],
        as_root: true,
        compiler: &["gcc", "make"],
        libclang: &["clang"],
        openssl: &["openssl", "pkgconf"],
        jdks: &["jdk21-openjdk"],
        knows: &[],
    },
    Manager {
        program: "brew",
        update: &[],
        install: &["brew", "install", "--quiet"],
        as_root: false,
        compiler: &["make"],
        libclang: &["llvm"],
        openssl: &["openssl@3", "pkg-config"],
        jdks: &["openjdk@21"],
        knows: &[],
    },
];

impl Manager {
    /// The one that this machine has.
    pub(super) fn of_this_machine() -> Option<&'static Manager> {
        MANAGERS.iter().find(|manager| answers(manager.program, "--version"))
    }

    /// The names of the packages that meet the needs.
    pub(super) fn packages(&self, needs: &[Need]) -> Vec<&'static str> {
        let of = |need: &Need| match need {
            Need::Compiler => self.compiler.to_vec(),
            Need::Libclang => self.libclang.to_vec(),
            Need::OpenSsl => self.openssl.to_vec(),
            Need::Jdk => self.jdk().into_iter().collect(),
            Need::Maven => vec!["maven"],
        };
        needs.iter().flat_map(of).collect()
    }

    fn jdk(&self) -> Option<&'static str> {
        let known = |package: &&&str| {
            let Some((program, args)) = self.knows.split_first() else { return true };
            let mut command = Command::new(program);
            command.args(args).arg(package).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        self.jdks.iter().find(known).or(self.jdks.last()).copied()
    }

    /// Whether packages may be installed without asking.
    pub(super) fn may_install(&self, yes: bool) -> bool {
        if self.as_root { root_prefix(yes).is_some() } else { yes || in_ci() }
    }

    /// What a person types.
    pub(super) fn install_line(&self, packages: &[&str]) -> String {
        let sudo = if self.as_root && !test_broker::sys::is_root() { "sudo " } else { "" };
        format!("{sudo}{} {}", self.install.join(" "), packages.join(" "))
    }

    /// Brings the lists of packages up to date, where installing does not do that by itself.
    pub(super) fn update(&self) -> Outcome {
        if self.update.is_empty() { Ok(()) } else { self.run(self.update, &[]) }
    }

    /// Installs packages.
    pub(super) fn install(&self, packages: &[&str]) -> Outcome {
        self.run(self.install, packages)
    }

    /// What it says goes to the standard error.
    fn run(&self, words: &[&'static str], packages: &[&str]) -> Outcome {
        let prefix = if self.as_root { root_prefix(true).unwrap_or(&[]) } else { &[] };
        let line: Vec<&str> = prefix.iter().chain(words).chain(packages).copied().collect();
        let mut command = Command::new(line[0]);
        command.args(&line[1..]).env("DEBIAN_FRONTEND", "noninteractive").stdout(std::io::stderr());
        process::run(&mut command).map_err(|_| Failure::failed(format!("`{}` failed", line.join(" "))))
    }
}
