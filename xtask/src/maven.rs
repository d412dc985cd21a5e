//! The project's Java programs.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use test_broker::java_program;

use crate::failure::{Failure, Outcome};
use crate::workspace;

/// A Java program that is built and can be run.
pub struct JavaProgram {
    class_path: OsString,
}

impl JavaProgram {
    /// Builds the Maven project in the folder `project` of the checkout, below cargo's target folder.
    pub fn build(project: &str) -> Outcome<Self> {
        let name = Path::new(project).file_name().unwrap_or_default();
        let build_dir = workspace::target_dir()?.join("java").join(name);
        let libs = build_dir.join("libs");
        let mut maven = Command::new("mvn");
        maven
            .args(["-q", "-B", "-f"])
            .arg(workspace::root().join(project).join("pom.xml"))
            .arg(format!("-Dbuild.dir={}", build_dir.display()))
            .args(["compile", "dependency:copy-dependencies"])
            .arg(format!("-DoutputDirectory={}", libs.display()));
        let out = maven.output().map_err(|e| Failure::failed(format!("cannot run mvn ({e}): install Apache Maven")))?;
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stdout);
            return Err(Failure::failed(format!("Maven could not build {project} ({}):\n{}", out.status, said.trim())));
        }
        let mut class_path = build_dir.join("classes").into_os_string();
        class_path.push(":");
        class_path.push(libs.join("*"));
        Ok(JavaProgram { class_path })
    }

    /// A JVM with these options that runs this class.
    pub fn command(&self, jvm_options: &[&str], class: &str) -> Command {
        let mut java = Command::new(java_program("java"));
        java.args(jvm_options).arg("-cp").arg(&self.class_path).arg(class);
        java
    }
}
