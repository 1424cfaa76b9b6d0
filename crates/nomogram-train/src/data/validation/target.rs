//! What is wrong with the target: classes with too few rows, and features that give it away.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::ArrayView1;

use super::cells::CheckedTable;
use super::{Check, Finding, Limits, Severity};
use crate::data::config::{FeatureConfig, Kind};
use nomogram_stats::count::number;
use nomogram_stats::discrimination::auc_of_values;

pub(super) fn check(checked: &CheckedTable<'_>, limits: &Limits, findings: &mut Vec<Finding>) {
    balance(checked, limits, findings);
    for (_, feature, values) in checked.features() {
        let leak =
            one_to_one(checked, values).or_else(|| leakage(checked, feature, values, limits));
        findings.extend(leak.map(|finding| finding.of_column(&feature.name)));
    }
}

fn balance(checked: &CheckedTable<'_>, limits: &Limits, findings: &mut Vec<Finding>) {
    let column = &checked.reader.config.target.column;
    let classes = &checked.reader.config.target.classes;
    if !checked.reader.table.columns().contains(column) {
        return;
    }
    let n_of = |class| checked.classes.iter().filter(|of_row| **of_row == Some(class)).count();
    let mut add = |severity, check, found, expected: String| {
        findings.push(Finding::new(severity, check, found, expected).of_column(column));
    };
    for (_, name) in classes.iter().enumerate().filter(|(class, _)| n_of(*class) == 0) {
        let found = format!("no rows of class `{name}`");
        add(Severity::Error, Check::Classes, found, "at least 1 row of each class".into());
    }
    let n_known = checked.classes.iter().flatten().count();
    let rarest = classes.iter().enumerate().map(|(class, name)| (n_of(class), name)).min();
    let Some((n_rows, name)) = rarest.filter(|(n_rows, _)| *n_rows > 0) else { return };
    let share = number(n_rows) / number(n_known);
    if share < limits.min_class_share {
        let found = format!("{n_rows} of {n_known} rows of class `{name}`");
        let expected = format!("at least {} %", limits.min_class_share * 100.0);
        add(Severity::Warning, Check::ClassBalance, found, expected);
    }
    let n_features = checked.reader.config.features.len();
    let per_feature = number(n_rows) / number(n_features);
    if per_feature < limits.min_events_per_feature {
        let found = format!(
            "{n_rows} rows of class `{name}` for {n_features} features: {per_feature:.1} for each"
        );
        let expected = format!("at least {} for each feature", limits.min_events_per_feature);
        add(Severity::Warning, Check::ClassBalance, found, expected);
    }
}

/// A feature that is the target under other names.
fn one_to_one(checked: &CheckedTable<'_>, values: ArrayView1<'_, f64>) -> Option<Finding> {
    let rows = values.iter().zip(&checked.classes);
    let pairs: BTreeSet<(u64, usize)> = rows
        .filter(|(value, _)| !value.is_nan())
        .filter_map(|(value, class)| Some(((value + 0.0).to_bits(), (*class)?)))
        .collect();
    let values: BTreeSet<u64> = pairs.iter().map(|(value, _)| *value).collect();
    let classes: BTreeSet<usize> = pairs.iter().map(|(_, class)| *class).collect();
    let is_map = pairs.len() == values.len() && pairs.len() == classes.len() && classes.len() >= 2;
    is_map.then(|| leak("one value for each class: it is the target".into()))
}

/// A feature that separates a class from the others almost alone, by its values or by missing ones.
fn leakage(
    checked: &CheckedTable<'_>,
    feature: &FeatureConfig,
    values: ArrayView1<'_, f64>,
    limits: &Limits,
) -> Option<Finding> {
    let classes = &checked.reader.config.target.classes;
    // Of two classes, the second has the same AUC as the first.
    let n_views = if classes.len() == 2 { 1 } else { classes.len() };
    for class in (0..classes.len()).rev().take(n_views) {
        let is_of = |of_row: &Option<usize>| of_row.map(|of_row| of_row == class);
        let rows: Vec<(f64, bool)> = values
            .iter()
            .zip(&checked.classes)
            .filter_map(|(value, of_row)| Some((*value, is_of(of_row)?)))
            .collect();
        let known = rows.iter().copied().filter(|(value, _)| !value.is_nan()).collect();
        let known = if feature.kind == Kind::Category { by_share(known) } else { known };
        let missing = rows.iter().map(|(v, is_of)| (if v.is_nan() { 1.0 } else { 0.0 }, *is_of));
        let views = [("", known), ("missing values: ", missing.collect())];
        for (what, rows) in views {
            let Some(auc) = auc_of(&rows).map(|auc| auc.max(1.0 - auc)) else { continue };
            if auc > limits.max_feature_auc {
                let name = classes.get(class).map_or("", |name| name);
                let found = format!("{what}an AUC of {auc:.4} for class `{name}`");
                return Some(Finding {
                    expected: format!("an AUC of at most {}", limits.max_feature_auc),
                    ..leak(found)
                });
            }
        }
    }
    None
}

fn leak(found: String) -> Finding {
    let expected = "a feature that is known before the target";
    Finding::new(Severity::Warning, Check::Leakage, found, expected)
}

/// Levels have no order: each is replaced by the share of its rows that are of the class.
fn by_share(rows: Vec<(f64, bool)>) -> Vec<(f64, bool)> {
    let mut counts: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for (level, is_of) in &rows {
        let (n_of, n_rows) = counts.entry(level.to_bits()).or_default();
        *n_of += usize::from(*is_of);
        *n_rows += 1;
    }
    let share = |level: f64| {
        counts.get(&level.to_bits()).map_or(0.0, |(n_of, n_rows)| number(*n_of) / number(*n_rows))
    };
    rows.into_iter().map(|(level, is_of)| (share(level), is_of)).collect()
}

fn auc_of(rows: &[(f64, bool)]) -> Option<f64> {
    let (values, outcomes): (Vec<f64>, Vec<bool>) = rows.iter().copied().unzip();
    auc_of_values(&outcomes, &values)
}
