//! Checks of names in two spellings: classes, levels and patients.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::CheckedTable;
use super::{Check, Finding, Severity};
use crate::data::spelling::{Variants, has_invisible, variants};
use nomogram_table::shown_value;

pub(super) fn check(checked: &CheckedTable<'_>, findings: &mut Vec<Finding>) {
    let config = checked.reader.config;
    let lines = checked.lines();
    let classes = &config.target.classes;
    let of_row = checked.classes.iter().map(|class| classes.get((*class)?).map(String::as_str));
    let names = Names { known: classes, of_row: of_row.collect(), lines: &lines };
    names.check(&config.target.column, "one spelling of each class", findings);

    for (_, feature, values) in checked.features().filter(|(_, own, _)| !own.levels.is_empty()) {
        let of_row = values.iter().map(|value| level(&feature.levels, *value));
        let names = Names { known: &feature.levels, of_row: of_row.collect(), lines: &lines };
        names.check(&feature.name, "one spelling of each level", findings);
    }

    if let (Some(column), Some(patients)) = (&config.patient, &checked.patients) {
        let of_row: Vec<Option<&str>> = patients.iter().map(Option::as_deref).collect();
        let names = Names { known: &[], of_row, lines: &lines };
        names.check(column, "one spelling of each patient", findings);
    }
}

/// The names of a column.
struct Names<'c> {
    /// Those that the configuration names.
    known: &'c [String],
    /// The name of each row.
    of_row: Vec<Option<&'c str>>,
    lines: &'c [u64],
}

impl Names<'_> {
    fn check(&self, column: &str, expected: &str, findings: &mut Vec<Finding>) {
        let in_table = self.of_row.iter().copied().flatten();
        let all: BTreeSet<&str> = self.known.iter().map(String::as_str).chain(in_table).collect();
        let mut add = |found: String, expected: &str, lines: Vec<u64>| {
            let finding = Finding::new(Severity::Warning, Check::Spelling, found, expected);
            findings.push(finding.of_column(column).on_lines(lines));
        };
        for variants in variants(all.iter().copied()) {
            add(variants.sentence(), expected, self.lines_of_rarer(&variants));
        }
        for name in all.into_iter().filter(|name| has_invisible(name)) {
            let found = format!("`{}`, with an invisible character", shown_value(name));
            let lines = self.lines_where(|of_row| of_row == name);
            add(found, "a name without invisible characters", lines);
        }
    }

    /// The lines of all spellings but the most frequent one; of equally frequent ones, the first.
    fn lines_of_rarer(&self, variants: &Variants<'_>) -> Vec<u64> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for name in self.of_row.iter().flatten() {
            *counts.entry(name).or_insert(0) += 1;
        }
        let count = |name: &&&str| counts.get(**name).copied().unwrap_or(0);
        let most_frequent = variants.texts.iter().rev().max_by_key(count);
        let is_rarer = |name: &str| variants.texts.contains(&name) && most_frequent != Some(&name);
        self.lines_where(is_rarer)
    }

    fn lines_where(&self, is_meant: impl Fn(&str) -> bool) -> Vec<u64> {
        let rows = self.of_row.iter().zip(self.lines);
        rows.filter(|(name, _)| name.is_some_and(&is_meant)).map(|(_, line)| *line).collect()
    }
}

/// The level that a value is the number of.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
fn level(levels: &[String], value: f64) -> Option<&str> {
    (value >= 0.0).then(|| levels.get(value as usize).map(String::as_str))?
}
