//! Reads configurations from YAML, and locates invalid values in the text.
//!
//! A place is followed key by key; the words of a message are never looked at.

mod locate;

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::invalid::{Excerpt, Invalid};

/// What messages call a text that is no file.
pub(crate) const UNNAMED: &str = "configuration";

/// Reads a value and checks it. Messages call the text `source`.
///
/// # Errors
///
/// `Configuration`, with line and column, when the text does not hold such a value or `check`
/// refuses it.
pub(crate) fn read<T: DeserializeOwned>(
    text: &str,
    source: &str,
    check: impl FnOnce(&T) -> Result<(), Invalid>,
) -> Result<T, Error> {
    let value = serde_saphyr::from_str(text).map_err(|error| unreadable(&error, source))?;
    check(&value).map_err(|invalid| located(invalid, text, source))?;
    Ok(value)
}

/// [`read`] of a file.
///
/// # Errors
///
/// As [`read`], and `File`.
pub(crate) fn read_file<T: DeserializeOwned>(
    path: &Path,
    check: impl FnOnce(&T) -> Result<(), Invalid>,
) -> Result<T, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|cause| Error::File { path: path.into(), cause })?;
    read(&text, &path.display().to_string(), check)
}

fn unreadable(error: &serde_saphyr::Error, source: &str) -> Invalid {
    let invalid = Invalid::because(error.without_snippet().to_string());
    with_excerpt(invalid, error, source)
}

/// The same, with line and column as far as its place leads in the text.
fn located(invalid: Invalid, text: &str, source: &str) -> Invalid {
    let error = locate::error_at(invalid.place(), &invalid.to_string(), text);
    with_excerpt(invalid, &error, source)
}

fn with_excerpt(invalid: Invalid, error: &serde_saphyr::Error, source: &str) -> Invalid {
    let Some(location) = error.location() else { return invalid };
    // The parser does not know the name of the text.
    let message = error.to_string();
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    let message = message.replace("--> <input>:", &format!("--> {source}:"));
    let (line, column) = (location.line(), location.column());
    invalid.in_text(Excerpt { source: source.into(), line, column, message })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const TEXT: &str = "a: 1\nb:\n  - { c: 2 }\n  - d: 3\n    e: 4\n";

    type Whole = BTreeMap<String, serde_json::Value>;

    fn excerpt(invalid: Invalid) -> Excerpt {
        let error = read::<Whole>(TEXT, "x.yaml", |_| Err(invalid)).unwrap_err();
        let Error::Configuration(invalid) = error else { panic!("{error}") };
        invalid.excerpt().unwrap().clone()
    }

    fn line_and_column(invalid: Invalid) -> (u64, u64) {
        let excerpt = excerpt(invalid);
        (excerpt.line, excerpt.column)
    }

    #[test]
    fn a_place_is_followed_through_maps_and_lists() {
        let of = |key: &str, item: usize| {
            Invalid::new(0, 1).at(key).in_item(item, Some("any name")).at("b")
        };
        assert_eq!(line_and_column(Invalid::new(1, 2).at("a")), (1, 4));
        assert_eq!(line_and_column(of("c", 0)), (3, 10));
        assert_eq!(line_and_column(of("e", 1)), (5, 8));
    }

    #[test]
    fn a_place_that_is_not_in_the_text_is_located_as_far_as_it_leads() {
        let invalid = Invalid::new(0, 1).at("z").at("y").in_item(1, None).at("b");
        assert_eq!(excerpt(invalid).line, 4);
        assert_eq!(excerpt(Invalid::new(0, 1).at("x").at("a")).line, 1);
    }

    #[test]
    fn the_words_of_a_message_do_not_decide_its_place() {
        for words in ["a: 1, expected: 2", "b: 1: c: bad", "member `a`: b", ": ", ""] {
            let invalid = Invalid::because(words).at("e").in_item(1, None).at("b");
            let excerpt = excerpt(invalid);
            assert_eq!((excerpt.line, excerpt.column), (5, 8), "{words}");
            assert!(excerpt.message.contains(&format!("b: 2: e: {words}")), "{}", excerpt.message);
            assert!(excerpt.message.contains("--> x.yaml:5:8"), "{}", excerpt.message);
        }
    }

    #[test]
    fn a_text_that_cannot_be_read_is_located_too() {
        let error = read::<Whole>("a: 1\na: [", "x.yaml", |_| Ok(())).unwrap_err();
        let Error::Configuration(invalid) = error else { panic!("{error}") };
        assert_eq!(invalid.excerpt().unwrap().source, "x.yaml");
        assert_eq!(invalid.excerpt().unwrap().line, 2);
    }
}
