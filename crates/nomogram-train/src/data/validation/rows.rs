//! Checks of rows: duplicate ids and rows, broken rules, patients in several partitions.

use std::collections::{BTreeMap, BTreeSet};

use nomogram::{Rule, RuleAction};
use nomogram_table::shown_value;

use super::cells::CheckedTable;
use super::{Check, Finding, Severity};
use crate::data::Partition;
use crate::error::Error;

pub(super) fn check(checked: &CheckedTable<'_>, findings: &mut Vec<Finding>) -> Result<(), Error> {
    findings.extend(repeated_ids(checked)?);
    findings.extend(repeated_rows(checked));
    rules(checked, findings)?;
    findings.extend(patients_in_partitions(checked));
    findings.extend(rows_in_partitions(checked));
    Ok(())
}

fn repeated_ids(checked: &CheckedTable<'_>) -> Result<Option<Finding>, Error> {
    let table = checked.reader.table;
    let Some(column) = &checked.reader.config.row_id else { return Ok(None) };
    if !table.columns().contains(column) {
        return Ok(None);
    }
    let ids = checked.reader.row_ids()?;
    let mut seen = BTreeSet::new();
    let repeated: Vec<(&String, u64)> =
        ids.iter().zip(table.lines()).filter(|(id, _)| !seen.insert(*id)).collect();
    let Some((first, _)) = repeated.first() else { return Ok(None) };
    let found = format!("`{}`, as in an earlier row", shown_value(first));
    let expected = "row ids that are unique";
    let finding = Finding::new(Severity::Error, Check::DuplicateId, found, expected);
    Ok(Some(finding.of_column(column).on_lines(repeated.iter().map(|(_, line)| *line))))
}

/// The bits of a row's values: what is equal is the same row.
fn bits(checked: &CheckedTable<'_>, row: usize) -> Vec<u64> {
    let values = checked.values.row(row);
    // Both zeros are the same value, and so is every NaN.
    let canonical = |value: &f64| if value.is_nan() { f64::NAN } else { value + 0.0 };
    values.iter().map(|value| canonical(value).to_bits()).collect()
}

fn repeated_rows(checked: &CheckedTable<'_>) -> Option<Finding> {
    let mut seen = BTreeMap::new();
    let mut lines = Vec::new();
    let mut n_of_other_class = 0;
    for (row, (class, line)) in checked.classes.iter().zip(checked.lines()).enumerate() {
        match seen.get(&bits(checked, row)) {
            None => {
                seen.insert(bits(checked, row), class);
            }
            Some(earlier) => {
                lines.push(line);
                n_of_other_class += usize::from(*earlier != class);
            }
        }
    }
    if lines.is_empty() {
        return None;
    }
    let of_other = match n_of_other_class {
        0 => String::new(),
        n => format!(", {n} of them of another class"),
    };
    let n_rows = lines.len();
    let found = format!("{n_rows} rows with the same features as an earlier one{of_other}");
    let finding = Finding::new(Severity::Warning, Check::DuplicateRow, found, "rows that differ");
    Some(finding.on_lines(lines))
}

fn rules(checked: &CheckedTable<'_>, findings: &mut Vec<Finding>) -> Result<(), Error> {
    let rules = checked.reader.schema.rules();
    let mut broken_on = vec![Vec::new(); rules.len()];
    for (row, line) in checked.values.rows().into_iter().zip(checked.lines()) {
        for rule in checked.reader.broken_rules(&row.to_vec())? {
            if let Some(lines) = broken_on.get_mut(rule) {
                lines.push(line);
            }
        }
    }
    for (rule, lines) in rules.iter().zip(broken_on) {
        if lines.is_empty() {
            continue;
        }
        let severity = match rule.action {
            RuleAction::Refuse => Severity::Error,
            RuleAction::Flag => Severity::Warning,
        };
        let found = match lines.len() {
            1 => "1 row that breaks it".to_owned(),
            n_rows => format!("{n_rows} rows that break it"),
        };
        let finding = Finding::new(severity, Check::Rule, found, bounds(rule));
        findings.push(finding.of_column(&rule.name).on_lines(lines));
    }
    Ok(())
}

fn bounds(rule: &Rule) -> String {
    match (rule.low, rule.high) {
        (Some(low), Some(high)) => format!("from {low} to {high}"),
        (Some(low), None) => format!("{low} or more"),
        (None, Some(high)) => format!("{high} or less"),
        (None, None) => String::new(),
    }
}

fn patients_in_partitions(checked: &CheckedTable<'_>) -> Option<Finding> {
    let patients = checked.patients.as_ref()?.iter().map(Option::as_ref);
    let (found, lines) = shared(checked, patients)?;
    let found = match found.as_slice() {
        [patient] => format!("patient `{}` in several partitions", shown_value(patient)),
        [patient, ..] => {
            let first = shown_value(patient);
            format!("{} patients in several partitions, the first `{first}`", found.len())
        }
        [] => return None,
    };
    let expected = "all rows of a patient in one partition";
    let finding = Finding::new(Severity::Error, Check::PatientInPartitions, found, expected);
    Some(finding.of_column(checked.reader.config.patient.as_ref()?).on_lines(lines))
}

fn rows_in_partitions(checked: &CheckedTable<'_>) -> Option<Finding> {
    let rows: Vec<Vec<u64>> = (0..checked.values.nrows()).map(|row| bits(checked, row)).collect();
    let (found, lines) = shared(checked, rows.iter().map(Some))?;
    let found = format!("{} rows with the same features in several partitions", found.len());
    let expected = "test rows that differ from the training rows";
    let finding = Finding::new(Severity::Warning, Check::RowInPartitions, found, expected);
    Some(finding.on_lines(lines))
}

/// The keys that occur in several partitions, and the lines where they are not in their first one.
fn shared<'k, K: Ord + Clone + 'k>(
    checked: &CheckedTable<'_>,
    keys: impl Iterator<Item = Option<&'k K>>,
) -> Option<(Vec<K>, Vec<u64>)> {
    let partitions = checked.partitions.as_ref()?;
    let mut partition_of: BTreeMap<&K, Partition> = BTreeMap::new();
    let (mut seen, mut found, mut lines) = (BTreeSet::new(), Vec::new(), Vec::new());
    for ((key, partition), line) in keys.zip(partitions).zip(checked.lines()) {
        let (Some(key), Some(partition)) = (key, partition) else { continue };
        if *partition_of.entry(key).or_insert(*partition) != *partition {
            if seen.insert(key) {
                found.push(key.clone());
            }
            lines.push(line);
        }
    }
    (!lines.is_empty()).then_some((found, lines))
}
