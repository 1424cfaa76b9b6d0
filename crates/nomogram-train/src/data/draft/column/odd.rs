//! The few cells of a column of numbers that are not numbers.

use nomogram_table::{Place, shown_value};

use crate::data::config::{ActionConfig, PolicyConfig};

/// A column with fewer numbers is not taken for one of numbers with odd cells.
const MIN_NUMBERS: usize = 10;
/// The share of the known cells that must be numbers, in tenths.
const MIN_TENTHS: usize = 9;
/// A column with more different odd texts holds something else.
const MAX_TEXTS: usize = 10;
/// How many odd texts a note names.
const MAX_NAMED: usize = 3;

/// The odd texts of a column, in the order of their first places. Of many, [`MAX_TEXTS`] and one more
/// are kept.
#[derive(Clone, Debug, Default)]
pub(in crate::data::draft) struct OddTexts {
    texts: Vec<OddText>,
    n_cells: usize,
}

#[derive(Clone, Debug)]
struct OddText {
    text: String,
    kind: OddKind,
    first: Place,
    n_cells: usize,
}

/// Why a cell is not a number that a model accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OddKind {
    NotANumber,
    Infinite,
    TooLarge,
    Text,
}

impl OddTexts {
    pub(super) fn add(&mut self, text: &str, kind: OddKind, first: Place) {
        self.n_cells += 1;
        if let Some(known) = self.texts.iter_mut().find(|known| known.text == text) {
            known.n_cells += 1;
        } else if self.texts.len() <= MAX_TEXTS {
            self.texts.push(OddText { text: text.into(), kind, first, n_cells: 1 });
        }
    }

    pub(in crate::data::draft) fn is_empty(&self) -> bool {
        self.n_cells == 0
    }

    /// The rule by which a column stays one of numbers: at least 10 numbers, which are at least 90 %
    /// of the known cells, and at most 10 different odd texts.
    pub(super) fn are_few(&self, n_numbers: usize) -> bool {
        let n_known = n_numbers + self.n_cells;
        n_numbers >= MIN_NUMBERS
            && n_numbers * 10 >= n_known * MIN_TENTHS
            && self.texts.len() <= MAX_TEXTS
    }

    /// Imputes such cells, and refuses everything else as before.
    ///
    /// A text is not made a missing text of the whole table: in another column it may be a level, and
    /// a table with such a text would pass unseen. With a policy, `validate` reports each of these
    /// cells with its line, and predictions are flagged.
    pub(in crate::data::draft) fn policy(&self) -> PolicyConfig {
        let mut policy = PolicyConfig::default();
        for OddText { kind, .. } in &self.texts {
            match kind {
                OddKind::NotANumber => policy.not_a_number = ActionConfig::Impute,
                OddKind::Infinite => policy.infinite = ActionConfig::Impute,
                OddKind::TooLarge => {
                    policy.out_of_range = ActionConfig::Impute;
                    // No whole number is so large: in a column of integers its type is wrong.
                    policy.wrong_type = ActionConfig::Impute;
                }
                OddKind::Text => policy.wrong_type = ActionConfig::Impute,
            }
            // In training, an imputed cell is a missing value.
            policy.missing = ActionConfig::Impute;
        }
        policy
    }

    /// For example ``299 of 300 are numbers; line 6: `<0.3` ``.
    pub(in crate::data::draft) fn note(&self, n_known: usize) -> String {
        let mut note = format!("{} of {n_known} are numbers", n_known - self.n_cells);
        for OddText { text, first, n_cells, .. } in self.texts.iter().take(MAX_NAMED) {
            let text = shown_value(text);
            note += &match n_cells {
                1 => format!("; {first}: `{text}`"),
                n => format!("; {first} and {} more: `{text}`", n - 1),
            };
        }
        match self.texts.len().saturating_sub(MAX_NAMED) {
            0 => {}
            1 => note += "; and 1 other text",
            n => note += &format!("; and {n} other texts"),
        }
        note + "; imputed: correct these cells, or leave the policy"
    }
}
