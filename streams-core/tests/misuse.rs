//! Each example of `src/dsl/misuse.md` is refused for the reason that it names. `cargo test --doc` looks at the codes on nightly only: on stable any error will
//! do there, a wrong import too.
//!
//! The compiler is called with the library as it was built for this test. `trybuild` is not used: it would build the dependencies once more, RocksDB's C++ among them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// An example that compiles, so that the others fail for what they do, and not because the library was not found.
const CONTROL: &str = "\
use streams_core::{KStream, StreamsBuilder};
let builder = StreamsBuilder::new();
let words: KStream<String, String> = builder.stream(\"words\");
words.group_by_key().count();
";

/// What `diagnostic::on_unimplemented` says, by the type whose lack of a serde an example shows.
const MESSAGES: [(&str, &str); 2] =
    [("struct Order;", "no default serde for `Order`"), ("struct Customer;", "no default serde for `Customer`")];

struct Compiler {
    dependencies: PathBuf,
    library: PathBuf,
    folder: tempfile::TempDir,
}

impl Compiler {
    /// With the newest build of the library that a plain program compiles with: where several sets of features were built into one target folder, some of them want
    /// dependencies that are not there any more.
    fn new() -> Compiler {
        let test = std::env::current_exe().expect("the path of the test");
        let dependencies = test.parent().expect("the folder of the test").to_path_buf();
        let folder = tempfile::tempdir().expect("a folder");
        let mut compiler = Compiler { library: PathBuf::new(), dependencies, folder };
        let mut refusals = String::new();
        for library in libraries(&compiler.dependencies) {
            compiler.library = library;
            match compiler.compile(CONTROL) {
                Ok(()) => return compiler,
                Err(said) => refusals = format!("{}: {said}", compiler.library.display()),
            }
        }
        panic!("no build of streams_core in {} compiles the control: {refusals}", compiler.dependencies.display());
    }

    /// What the compiler says where it refuses the body of a function.
    fn compile(&self, body: &str) -> Result<(), String> {
        let source = self.folder.path().join("example.rs");
        let text = format!("#![allow(unused)]\nfn example() {{\n{body}\n}}\n");
        fs::write(&source, text).expect("the example");
        let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--crate-type=lib", "--crate-name=example", "--edition=2024", "--emit=metadata", "--color=never"])
            .arg("--out-dir")
            .arg(self.folder.path())
            .arg("-L")
            .arg(format!("dependency={}", self.dependencies.display()))
            .arg("--extern")
            .arg(format!("streams_core={}", self.library.display()))
            .arg(&source)
            .output()
            .expect("the compiler runs");
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }
}

/// All builds of the library in a folder, the newest first.
fn libraries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of the test").map(|entry| entry.expect("an entry"));
    let built = |name: &str| name.starts_with("libstreams_core-") && (name.ends_with(".rlib") || name.ends_with(".rmeta"));
    let mut found: Vec<(SystemTime, PathBuf)> = entries
        .filter(|entry| built(&entry.file_name().to_string_lossy()))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// The examples with their error codes; a `#` that hides a line from readers is taken away.
fn examples(text: &str) -> Vec<(String, String)> {
    let blocks = text.split("```").skip(1).step_by(2);
    let example = |block: &str| {
        let (head, body) = block.split_once('\n').expect("a block with lines");
        let code = head.strip_prefix("compile_fail,").unwrap_or_else(|| panic!("`{head}`: each example names its error")).to_string();
        let shown = |line: &str| if line.starts_with("#[") { line.to_string() } else { line.trim_start_matches("# ").to_string() };
        (code, body.lines().map(shown).collect::<Vec<_>>().join("\n"))
    };
    blocks.map(example).collect()
}

#[test]
fn each_misuse_is_refused_for_its_reason() {
    let compiler = Compiler::new();
    let examples = examples(include_str!("../src/dsl/misuse.md"));
    assert!(examples.len() > 10, "only {} examples were found", examples.len());
    let mut told = 0;
    for (code, body) in examples {
        let Err(said) = compiler.compile(&body) else { panic!("compiles, and should not, with {code}:\n{body}") };
        let codes: BTreeSet<&str> = said.lines().filter_map(|line| line.strip_prefix("error[")?.split(']').next()).collect();
        // an error without a code is one of the syntax
        let plain = said.lines().find(|line| line.starts_with("error: ") && !line.starts_with("error: aborting"));
        assert_eq!((codes, plain), (BTreeSet::from([code.as_str()]), None), "{body}\nis refused by\n{said}");
        for (_, message) in MESSAGES.iter().filter(|(shows, _)| body.contains(shows)) {
            assert!(said.contains(message), "{body}\nis refused without `{message}`:\n{said}");
            told += 1;
        }
    }
    assert_eq!(told, MESSAGES.len(), "an example that a message is looked for in is gone");
}
