//! The program that README.md begins with.

use std::fs;
use std::process::Command;

use crate::c_programs::{compile, folder, root, succeed};

/// The first block of C in a document.
fn first_c_block(document: &str) -> Option<&str> {
    document.split_once("```c\n")?.1.split_once("```").map(|(block, _)| block)
}

#[test]
fn the_readme_begins_with_a_program_of_the_examples() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let program = fs::read_to_string(root().join("examples/c/first.c")).unwrap();
    let (comment, code) = program.split_once('\n').unwrap();
    assert!(comment.contains("README.md"));
    assert_eq!(first_c_block(&readme), Some(code));
    assert_eq!(first_c_block("text\n```sh\nls\n```\n"), None);
}

#[test]
fn the_program_of_the_readme_predicts() {
    let folder = folder("readme");
    let program = compile("examples/c/first.c", &folder);
    let bundle = root().join("tests/data/bundles/v1/wdbc.nomo");
    let out = succeed(Command::new(program).arg(bundle));
    assert!(out.starts_with("probability of malignancy: 0."), "{out}");
}
