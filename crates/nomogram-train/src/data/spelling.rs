//! Texts that a person would read as the same.
//!
//! Nothing is merged here: `C` and `c` may be two antigens. The caller warns, a person decides.

use std::collections::{BTreeMap, BTreeSet};

use nomogram_table::{is_invisible, shown_value};
use unicode_normalization::UnicodeNormalization;

/// Different texts that are the same in another spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variants<'t> {
    /// At least two, in the order of their bytes.
    pub(crate) texts: Vec<&'t str>,
    /// What they differ in.
    pub(crate) difference: &'static str,
}

/// How much of the spelling does not count.
type Fold = fn(&str) -> String;

const UNICODE_FORM: &str = "Unicode form";
const INVISIBLE: &str = "invisible characters";

/// The first fold that makes variants equal names their difference; the last one finds them.
const FOLDS: [(Fold, &str); 5] = [
    (|text| text.nfc().collect(), UNICODE_FORM),
    (|text| text.chars().filter(|c| !is_invisible(*c)).collect(), INVISIBLE),
    (|text| text.chars().filter(|c| !c.is_whitespace()).collect(), "spaces"),
    (|text| text.chars().flat_map(char::to_lowercase).collect(), "case"),
    (folded, "case, spaces, Unicode form or invisible characters"),
];

/// The groups of texts that differ only in case, spaces, Unicode form or invisible characters.
pub(crate) fn variants<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<Variants<'t>> {
    let mut groups: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for text in texts {
        groups.entry(folded(text)).or_default().insert(text);
    }
    let groups = groups.into_values().filter(|group| group.len() > 1);
    groups.map(|group| Variants::of(group.into_iter().collect())).collect()
}

impl<'t> Variants<'t> {
    fn of(texts: Vec<&'t str>) -> Self {
        let is_the_difference = |(fold, _): &&(Fold, &'static str)| {
            let folded: BTreeSet<String> = texts.iter().map(|text| fold(text)).collect();
            folded.len() == 1
        };
        let difference = FOLDS.iter().find(is_the_difference).map_or("spelling", |(_, name)| name);
        Self { texts, difference }
    }

    /// Whether they look the same on a screen.
    pub(crate) fn look_alike(&self) -> bool {
        [UNICODE_FORM, INVISIBLE].contains(&self.difference)
    }

    /// For example ``` `YES`, `Yes`, `yes` differ only in case ```.
    pub(crate) fn sentence(&self) -> String {
        let texts: Vec<String> = self.texts.iter().map(|text| shown_value(text)).collect();
        format!("`{}` differ only in {}", texts.join("`, `"), self.difference)
    }
}

/// Whether a text has an invisible character.
pub(crate) fn has_invisible(text: &str) -> bool {
    text.chars().any(is_invisible)
}

fn folded(text: &str) -> String {
    let seen = text.nfc().filter(|c| !is_invisible(*c) && !c.is_whitespace());
    seen.flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts, separated by `|`, and the expected sentences.
    #[test]
    fn texts_that_differ_in_spelling_alone_are_grouped() {
        let cases = "
            yes|no|Yes|YES        → `YES`, `Yes`, `yes` differ only in case
            früh|fru\u{308}h      → `fru\\u{308}h`, `früh` differ only in Unicode form
            II|II\u{200B}         → `II`, `II\\u{200b}` differ only in invisible characters
            stage I|stage\u{A0}I  → `stage I`, `stage\\u{a0}I` differ only in spaces
            Früh|fru\u{308}h      → `Früh`, `fru\\u{308}h` differ only in case, spaces, Unicode form or invisible characters
            I|II|III|i v          → nothing
            yes|yes               → nothing";
        for case in cases.lines().filter(|line| !line.trim().is_empty()) {
            let (texts, expected) = case.trim().split_once('→').unwrap();
            let groups = variants(texts.trim().split('|'));
            let sentences: Vec<String> = groups.iter().map(Variants::sentence).collect();
            let sentences =
                if sentences.is_empty() { "nothing".into() } else { sentences.join("; ") };
            assert_eq!(sentences, expected.trim(), "{case}");
        }
    }

    #[test]
    fn invisible_characters_are_seen() {
        assert!(has_invisible("a\u{FEFF}") && has_invisible("\u{200D}"));
        assert!(!has_invisible("früh 1\u{A0}mg"));
    }
}
