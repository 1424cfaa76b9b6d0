//! The rules of the source tree: layers, where `unsafe` may stand, which functions are banned.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the core with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                sources.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    sources.sort();
    sources
}

/// The layer of each module, from `lib.rs`: a block of `mod` lines between blank lines.
fn layers(lib: &str) -> Vec<(String, usize)> {
    let mut layers = Vec::new();
    let mut layer = 0;
    for line in lib.lines() {
        let name = line.trim_start_matches("pub ").strip_prefix("mod ");
        match name.and_then(|name| name.strip_suffix(';')) {
            Some(name) => layers.push((name.to_owned(), layer)),
            None if line.is_empty() => layer += 1,
            None => {}
        }
    }
    layers
}

/// The module of the core that a file belongs to.
fn module_of(path: &Path) -> String {
    let part = path.iter().nth(1).unwrap().to_str().unwrap();
    part.trim_end_matches(".rs").to_owned()
}

/// Every `use crate::…` and inline `crate::…` that does not point to a lower layer.
fn wrong_uses(layers: &[(String, usize)], module: &str, text: &str) -> Vec<String> {
    let layer_of = |name: &str| layers.iter().find(|(known, _)| known == name).map(|(_, l)| *l);
    let own = layer_of(module).unwrap_or(usize::MAX);
    text.split("crate::")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
        .filter(|used| *used != module)
        .filter(|used| layer_of(used).is_some_and(|layer| layer >= own))
        .map(|used| format!("`{module}` must not use `{used}`"))
        .collect()
}

/// The code of a file: without comments, and without the tests at its end.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]").next().unwrap();
    let without_comment = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    before_tests.lines().map(without_comment).collect::<Vec<_>>().join("\n")
}

#[test]
fn modules_use_only_lower_layers() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let layers = layers(&lib);
    assert!(layers.len() > 12, "the layers of lib.rs were not found: {layers:?}");
    let mut wrong = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| !path.ends_with("lib.rs")) {
        let found = wrong_uses(&layers, &module_of(path), &code(text));
        wrong.extend(found.into_iter().map(|what| format!("{}: {what}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_use_of_a_higher_layer_is_seen() {
    let layers = layers("mod error;\n\nmod codec;\nmod link;\n\nmod model;\n");
    let wrong = |module, text| wrong_uses(&layers, module, text);
    assert_eq!(wrong("codec", "use crate::model::Model;"), ["`codec` must not use `model`"]);
    assert_eq!(wrong("codec", "fn f() { crate::link::g() }"), ["`codec` must not use `link`"]);
    assert!(wrong("codec", "use crate::error::Error;").is_empty());
    assert!(wrong("model", "use crate::{Error};").is_empty());
}

#[test]
fn unsafe_stands_in_ffi_alone() {
    for (path, text) in sources() {
        let says_unsafe = code(&text)
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word == "unsafe");
        assert!(!says_unsafe || module_of(&path) == "ffi", "{} says `unsafe`", path.display());
    }
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert!(lib.contains("#![no_std]\n#![deny(unsafe_code)]\n"));
    assert_eq!(lib.matches("allow(unsafe_code)").count(), 1);
}

#[test]
fn elementary_functions_come_from_numeric_alone() {
    // Methods of `f64` whose bits depend on the platform, and `sqrt`, which needs `std`.
    let banned = [
        "exp", "exp2", "exp_m1", "ln", "ln_1p", "log", "log2", "log10", "powf", "powi", "tanh",
        "sinh", "cosh", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "cbrt", "hypot",
        "mul_add", "sqrt",
    ];
    for (path, text) in sources() {
        let code = code(&text);
        for name in banned {
            assert!(!code.contains(&format!(".{name}(")), "{}: .{name}()", path.display());
            assert!(!code.contains(&format!("f64::{name}(")), "{}: f64::{name}", path.display());
        }
        let is_numeric = path.ends_with("numeric.rs");
        assert!(is_numeric || !code.contains("libm::"), "{}: libm", path.display());
    }
}

/// Fields that decode a text as a plain `String`: room for all that a length claims would be made
/// before the first byte is read.
fn trusting_texts(text: &str) -> Vec<&str> {
    let (mut is_decoded, mut before) = (false, "");
    let mut trusting = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("#[derive(") {
            is_decoded = line.contains("Deserialize");
        }
        let is_text = line.trim_end().ends_with("String,") || line.trim_end().ends_with("String>,");
        let is_field = line.contains(": ") && !line.contains("impl ");
        if is_decoded && is_text && is_field && !before.contains("deserialize_with") {
            trusting.push(line.trim());
        }
        before = line;
    }
    trusting
}

#[test]
fn no_text_of_a_bundle_is_given_the_room_that_its_length_claims() {
    for (path, text) in sources() {
        let is_test = path.ends_with("codec.rs");
        let trusting = trusting_texts(&text);
        assert!(is_test || trusting.is_empty(), "{}: {trusting:?}", path.display());
    }
    let plain = "#[derive(Deserialize)]\nstruct Named {\n    name: String,\n}\n";
    assert_eq!(trusting_texts(plain), ["name: String,"]);
}
