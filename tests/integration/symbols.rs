//! The list of exports, the header and both libraries name the same functions.
//!
//! The static library is here as Rust builds it, with the names of the standard library as well;
//! `cargo xtask install` restricts it to the list and checks that nothing else is left.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What the C ABI has, according to `packaging/symbols.txt`.
fn listed() -> BTreeSet<String> {
    let list = read("packaging/symbols.txt");
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().next()).map(Into::into).collect()
}

/// Every `nomo_…(` outside of comments.
fn declared(header: &str) -> BTreeSet<String> {
    let mut code = String::new();
    for part in header.split("/*") {
        code.push_str(part.split_once("*/").map_or(part, |(_, after)| after));
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before_parentheses = code.match_indices('(').map(|(end, _)| &code[..end]);
    let names = before_parentheses.map(|text| &text[text.trim_end_matches(is_word).len()..]);
    names.filter(|name| name.starts_with("nomo_")).map(Into::into).collect()
}

/// The names in a symbol table that are defined and that others can see.
fn exported(table: &str, library: &str) -> BTreeSet<String> {
    // Cargo puts the libraries beside the test programs.
    let library = std::env::current_exe().unwrap().with_file_name(library);
    let mut readelf = Command::new("readelf");
    let output = readelf.args([table, "--wide"]).arg(&library).output().unwrap();
    assert!(output.status.success(), "{readelf:?}: {}", output.status);
    let table = String::from_utf8(output.stdout).unwrap();
    let symbols = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let names = symbols.filter_map(|cells| match cells[..] {
        [_, _, _, _, _, _, "UND", ..] => None,
        [_, _, _, _, "GLOBAL" | "WEAK" | "UNIQUE", _, _, name] => Some(name.into()),
        _ => None,
    });
    names.collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn assert_listed(found: &BTreeSet<String>, place: &str) {
    let listed = listed();
    let extra: Vec<_> = found.difference(&listed).collect();
    let absent: Vec<_> = listed.difference(found).collect();
    assert!(
        extra.is_empty() && absent.is_empty(),
        "packaging/symbols.txt lacks {extra:?}, which {place} has; {place} lacks {absent:?}"
    );
}

#[test]
fn the_header_declares_what_is_listed() {
    assert_listed(&declared(&read("include/nomogram.h")), "include/nomogram.h");
}

#[test]
fn the_shared_library_exports_what_is_listed_and_nothing_else() {
    assert_listed(&exported("--dyn-syms", "libnomogram.so"), "libnomogram.so");
}

#[test]
fn the_static_library_has_what_is_listed() {
    let mut found = exported("--symbols", "libnomogram.a");
    assert!(found.len() > listed().len(), "expected the standard library, found {found:?}");
    found.retain(|name| name.starts_with("nomo_"));
    assert_listed(&found, "libnomogram.a");
}

#[test]
fn declarations_are_told_from_comments_and_macros() {
    let header = "/* see nomo_a(x) */ int nomo_b(int x);\n\
        const char *nomo_c(void); /* nomo_d(\n() */\n\
        #define NOMO_E(x) (nomo_f)\n\
        typedef void (*nomo_g)(struct nomo_h *h);";
    assert_eq!(declared(header), ["nomo_b", "nomo_c"].map(String::from).into());
}
