//! Source files as text: of the workspace, and without comments and tests.

use std::fs;
use std::path::Path;

/// A source file: its path with `/`, and its text.
pub(super) type Source = (String, String);

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file in a folder of the workspace, by its path inside the folder.
pub(super) fn of_folder(folder: &str) -> Vec<Source> {
    let top = root().join(folder);
    let mut sources = Vec::new();
    let mut folders = vec![top.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&top).unwrap().to_str().unwrap().replace('\\', "/");
                sources.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort();
    sources
}

/// The text before the tests at the end of a file.
pub(super) fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

/// The code of a file: without comments, and without the tests at its end.
pub(super) fn code(text: &str) -> String {
    let without_comment = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    before_tests(text).lines().map(without_comment).collect::<Vec<_>>().join("\n")
}

#[test]
fn comments_and_tests_are_not_code() {
    let text = "use a; // use b\n/// use c\nfn d() {}\n#[cfg(test)]\nmod tests { use e; }\n";
    assert_eq!(code(text), "use a; \n\nfn d() {}");
}
