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

/// Fields that decode a text as a plain `String`, which would reserve all the memory that a length
/// claims before the first byte is read.
fn trusting_texts(text: &str) -> Vec<&str> {
    let (mut is_decoded, mut previous) = (false, "");
    let mut trusting = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("#[derive(") {
            is_decoded = line.contains("Deserialize");
        }
        let is_text = line.trim_end().ends_with("String,") || line.trim_end().ends_with("String>,");
        let is_field = line.contains(": ") && !line.contains("impl ");
        if is_decoded && is_text && is_field && !previous.contains("deserialize_with") {
            trusting.push(line.trim());
        }
        previous = line;
    }
    trusting
}

#[test]
fn no_text_of_a_bundle_is_decoded_by_its_claimed_length() {
    for (file, text) in core() {
        let is_test = file == "codec.rs";
        let trusting = trusting_texts(&text);
        assert!(is_test || trusting.is_empty(), "{file}: {trusting:?}");
    }
    let plain = "#[derive(Deserialize)]\nstruct Named {\n    name: String,\n}\n";
    assert_eq!(trusting_texts(plain), ["name: String,"]);
}
