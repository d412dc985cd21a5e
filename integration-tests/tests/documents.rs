//! The documents name files that exist.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's root").to_path_buf()
}

/// README and the like, and everything in docs.
fn documents() -> Vec<PathBuf> {
    let markdown = |folder: PathBuf| {
        let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some_and(|e| e == "md"))
    };
    markdown(root()).chain(markdown(root().join("docs"))).chain(markdown(root().join("docs/adr"))).collect()
}

/// Every file and folder of the checkout, from the root, with a slash in front; not what is built.
fn tree(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default();
        if name == ".git" || name == "target" {
            continue;
        }
        found.push(format!("/{}", path.strip_prefix(root()).expect("below the root").display()));
        if path.is_dir() {
            tree(&path, found);
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let mut links = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).expect("a document");
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.starts_with("http") {
                continue;
            }
            links += 1;
            let path = document.parent().expect("a folder").join(target);
            assert!(path.exists(), "{} links to {target}, which is not there", document.display());
        }
    }
    assert!(links > 5);
}

/// What stands in backquotes and ends as source files do (or folders, where no other folders are named) is one, somewhere in the tree.
fn names_what_is_there(document: &str, files: &[String], endings: &[&str], least: usize) {
    let text = fs::read_to_string(root().join(document)).expect("the document");
    // every other piece between code fences is prose
    let prose: String = text.split("```").step_by(2).collect();
    let names = prose.split('`').skip(1).step_by(2);
    let names: Vec<&str> = names.filter(|name| !name.contains([' ', '<']) && endings.iter().any(|end| name.ends_with(end))).collect();
    assert!(names.len() >= least, "only {} names were found in {document}", names.len());
    for name in names {
        let end = format!("/{}", name.trim_end_matches('/'));
        assert!(files.iter().any(|file| file.ends_with(&end)), "{document} names {name}, which is not there");
    }
}

#[test]
fn documents_name_files_that_are_there() {
    let mut files = Vec::new();
    tree(&root(), &mut files);
    names_what_is_there("docs/ARCHITECTURE.md", &files, &["/", ".rs"], 40);
    names_what_is_there("docs/COMPATIBILITY.md", &files, &[".rs"], 15);
    names_what_is_there("docs/RELIABILITY.md", &files, &[".rs"], 8);
    // names none yet: its folders are those of a state directory
    names_what_is_there("docs/OPERATIONS.md", &files, &[".rs"], 0);
}

/// A row with more or fewer cells than its table has columns is a row that went wrong: two that were pasted into one, or a cell that is missing.
#[test]
fn tables_have_as_many_cells_in_each_row() {
    let mut rows = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).expect("a document");
        let mut columns = None;
        for (number, line) in text.lines().enumerate() {
            if !line.starts_with('|') {
                columns = None;
                continue;
            }
            // a bar behind a backslash is part of a cell
            let bars = line.matches('|').count() - line.matches("\\|").count();
            let columns = *columns.get_or_insert(bars);
            assert_eq!(bars, columns, "{}:{}: a row of another length than its table's first", document.display(), number + 1);
            rows += 1;
        }
    }
    assert!(rows > 200, "only {rows} rows were found");
}
