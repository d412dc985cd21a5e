//! The commands as a person types them: wrong usage is told with exit status 2, and nothing is built or started before that.

use std::process::{Command, Output};

fn xtask(words: &[&str]) -> Output {
    // whatever tries to build fails at once
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(words).env("CARGO", "/nothing-may-be-built").output().expect("the program was built")
}

fn fails(words: &[&str], status: i32, parts: &[&str]) {
    let output = xtask(words);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{words:?}: {text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing after {words:?}:\n{text}");
    }
    assert!(!text.contains("panicked") && !text.contains("nothing-may-be-built"), "{words:?}: {text}");
}

#[test]
fn wrong_usage_is_told_with_status_2() {
    fails(&[], 2, &["no command given", "usage: cargo xtask COMMAND"]);
    fails(&["dmeo"], 2, &["there is no command dmeo", "usage: cargo xtask COMMAND"]);
    fails(&["kafka"], 2, &["kafka start", "usage: cargo xtask kafka"]);
    fails(&["kafka", "restart"], 2, &["restart: no such thing", "usage: cargo xtask kafka"]);
    fails(&["kafka", "status", "--port", "many"], 2, &["--port many", "usage: cargo xtask kafka"]);
    fails(&["demo", "nope"], 2, &["there is no example nope", "word-count", "usage: cargo xtask demo"]);
    fails(&["demo", "--inptu", "x"], 2, &["usage: cargo xtask demo"]);
    fails(&["bench", "pip"], 2, &["there is no workload pip", "usage: cargo xtask bench"]);
}

#[test]
fn an_input_that_is_not_there_is_told_before_anything_is_built() {
    fails(&["demo", "--input", "/no/such/file"], 1, &["cannot read the input /no/such/file"]);
}

#[test]
fn status_says_with_status_1_that_no_broker_runs_on_a_port() {
    // nobody listens on the discard port, and no broker is started there
    fails(&["kafka", "status", "--port", "9"], 1, &["no broker of `cargo xtask kafka start` runs on port 9"]);
}

#[test]
fn help_is_no_error() {
    let output = xtask(&["kafka", "--help"]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("status [--port N]"), "{output:?}");
}
