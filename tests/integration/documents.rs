//! The form of documents: short lines, links and paths that lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use crate::c_coverage::text;

const MAX_LINE_LEN: usize = 120;

/// Folders without documents of the project.
const SKIPPED: [&str; 3] = ["target", "node_modules", ".git"];

/// What a path in backticks begins with, from the root or from a crate.
const FOLDERS: [&str; 9] = [
    "benches/",
    "bindings/",
    "crates/",
    "docs/",
    "examples/",
    "include/",
    "src/",
    "tests/",
    "xtask/",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders and files of the project, relative to its root.
fn paths() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if SKIPPED.contains(&name) || name.starts_with(".venv") {
                continue;
            }
            paths.push(path.strip_prefix(root()).unwrap().to_owned());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    paths.sort();
    paths
}

/// Every Markdown file of the project, relative to its root.
fn documents() -> Vec<PathBuf> {
    paths().into_iter().filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

/// The lines outside code blocks, with their numbers counted from 1.
fn prose(document: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    (1..).zip(document.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The numbers of lines that are too long; rows of tables cannot be wrapped.
fn long_lines(document: &str) -> Vec<usize> {
    let is_long = |line: &str| line.chars().count() > MAX_LINE_LEN && !line.starts_with('|');
    prose(document).filter(|(_, line)| is_long(line)).map(|(number, _)| number).collect()
}

/// Targets of links to files.
fn links(document: &str) -> Vec<String> {
    let targets = prose(document).flat_map(|(_, line)| line.split("](").skip(1));
    let targets = targets.filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://")).map(Into::into).collect()
}

/// Texts in backticks that look like paths into a folder of the project, without placeholders.
fn quoted_paths(document: &str) -> Vec<String> {
    let quoted = prose(document).flat_map(|(_, line)| line.split('`').skip(1).step_by(2));
    let is_path = |text: &&str| {
        FOLDERS.iter().any(|folder| text.starts_with(folder))
            && !text.contains(|c: char| c.is_whitespace() || "<>*{}…:".contains(c))
    };
    quoted.filter(is_path).map(Into::into).collect()
}

#[test]
fn lines_of_documents_are_short() {
    let mut long = Vec::new();
    for path in documents() {
        let lines = long_lines(&text(&path)).into_iter();
        long.extend(lines.map(|line| format!("{}:{line}", path.display())));
    }
    assert!(long.is_empty(), "lines of more than {MAX_LINE_LEN} characters: {long:?}");
    assert_eq!(long_lines(&format!("short\n{}\n", "x".repeat(121))), [2]);
    assert!(long_lines(&format!("```\n{}\n```\n", "x".repeat(121))).is_empty());
}

#[test]
fn links_of_documents_lead_to_files() {
    let documents = documents();
    assert!(documents.len() > 15, "{documents:?}");
    let mut broken = Vec::new();
    for path in documents {
        let folder = root().join(&path).parent().unwrap().to_owned();
        let targets = links(&text(&path)).into_iter();
        let targets = targets.filter(|target| !folder.join(target).exists());
        broken.extend(targets.map(|target| format!("{}: {target}", path.display())));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert_eq!(links("see [a](docs/a.md#part) and [b](https://b.example)"), ["docs/a.md"]);
}

#[test]
fn paths_in_documents_lead_to_files() {
    let paths = paths();
    let mut broken = Vec::new();
    for document in documents() {
        let quoted = quoted_paths(&text(&document)).into_iter();
        let quoted = quoted.filter(|quoted| !paths.iter().any(|path| path.ends_with(quoted)));
        broken.extend(quoted.map(|quoted| format!("{}: {quoted}", document.display())));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert_eq!(
        quoted_paths("`src/a.rs`, `src/<kind>.rs`, `src` and `docs/b.md`"),
        ["src/a.rs", "docs/b.md"]
    );
}
