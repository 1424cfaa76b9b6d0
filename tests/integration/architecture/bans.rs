//! What the core must not contain: `unsafe` outside of `ffi`, functions of the platform, trusting
//! texts.

use super::sources::{Source, code, of_folder};

/// Every file of the core, by its path inside `src`.
fn core() -> Vec<Source> {
    of_folder("src")
}

fn contains_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

#[test]
fn unsafe_is_in_ffi_only() {
    for (file, text) in core() {
        let is_ffi = file == "ffi.rs" || file.starts_with("ffi/");
        assert!(is_ffi || !contains_word(&code(&text), "unsafe"), "{file} contains `unsafe`");
        if file == "lib.rs" {
            assert!(text.contains("#![no_std]\n#![deny(unsafe_code)]\n"));
            assert_eq!(text.matches("allow(unsafe_code)").count(), 1);
        }
    }
    assert!(contains_word("unsafe { f() }", "unsafe") && !contains_word("unsafe_code", "unsafe"));
}

/// Calls of functions whose bits depend on the platform, and of `sqrt`, which needs `std`.
fn platform_calls(code: &str) -> Vec<String> {
    let banned = [
        "exp", "exp2", "exp_m1", "ln", "ln_1p", "log", "log2", "log10", "powf", "powi", "tanh",
        "sinh", "cosh", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "cbrt", "hypot",
        "mul_add", "sqrt",
    ];
    let calls = banned.iter().flat_map(|name| [format!(".{name}("), format!("f64::{name}(")]);
    calls.filter(|call| code.contains(call.as_str())).collect()
}

#[test]
fn elementary_functions_come_from_numeric_only() {
    for (file, text) in core() {
        let code = code(&text);
        let calls = platform_calls(&code);
        assert!(calls.is_empty(), "{file}: {calls:?}");
        assert!(file == "numeric.rs" || !code.contains("libm::"), "{file}: libm");
    }
    assert_eq!(platform_calls("x.exp() + f64::ln(y) + numeric::sqrt(z)"), [".exp(", "f64::ln("]);
}

/// Lines that read a value through serde, whose collections allocate without being able to fail.
fn read_by_serde(text: &str) -> Vec<&str> {
    let readers = ["decode_from_slice", "DeserializeOwned", "Deserialize::deserialize"];
    text.lines().map(str::trim).filter(|line| readers.iter().any(|r| line.contains(r))).collect()
}

#[test]
fn no_bundle_is_read_through_serde() {
    for (file, text) in core() {
        let read = read_by_serde(&text);
        // Tests read parameters of other libraries from JSON.
        assert!(read.is_empty() || file.ends_with("tests.rs"), "{file}: {read:?}");
    }
    let read = "let value: T = bincode::serde::decode_from_slice(bytes, CONFIGURATION)?;";
    assert_eq!(read_by_serde(read), [read]);
}
