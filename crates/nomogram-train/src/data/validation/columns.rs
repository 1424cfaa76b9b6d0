//! What is wrong with feature columns as a whole.

use std::collections::BTreeMap;

use ndarray::ArrayView1;
use nomogram::numeric::{is_whole, sqrt};

use super::cells::CheckedTable;
use super::{Check, Finding, Limits, Severity};
use crate::data::config::{FeatureConfig, Kind, UnitConfig};
use nomogram_stats::count::number;

/// With fewer rows, distinct whole numbers are no sign of anything.
const MIN_ROWS_OF_IDS: usize = 20;
/// Fewer implausible values are slips, not another unit.
const MIN_ROWS_OF_UNIT: usize = 3;
/// The share of implausible values that another unit must explain.
const MIN_EXPLAINED: f64 = 0.9;

pub(super) fn check(checked: &CheckedTable<'_>, limits: &Limits, findings: &mut Vec<Finding>) {
    for (_, feature, values) in checked.features() {
        let of_column = [
            missing(values, limits),
            unit(checked, feature),
            constant(values, limits),
            id_as_feature(feature, values),
        ];
        let of_column = of_column.into_iter().flatten().chain(levels(feature, values, limits));
        findings.extend(of_column.map(|finding| finding.of_column(&feature.name)));
    }
    correlations(checked, limits, findings);
}

fn warning(check: Check, found: String, expected: impl Into<String>) -> Finding {
    Finding::new(Severity::Warning, check, found, expected)
}

fn missing(values: ArrayView1<'_, f64>, limits: &Limits) -> Option<Finding> {
    let n_missing = values.iter().filter(|value| value.is_nan()).count();
    let share = number(n_missing) / number(values.len());
    (share > limits.max_missing_share).then(|| {
        let found = format!("{} of the values missing or unusable", percent(share));
        let expected = format!("at most {}", percent(limits.max_missing_share));
        warning(Check::Missing, found, expected)
    })
}

/// Implausible values that would be plausible in another unit of the feature.
fn unit(checked: &CheckedTable<'_>, feature: &FeatureConfig) -> Option<Finding> {
    let ([low, high], Some(own)) = (feature.range?, &feature.unit) else { return None };
    let cells = checked.reader.table.column(&feature.name).ok()?;
    let format = checked.reader.config.table_format();
    let is_plausible = |value: f64| value >= low && value <= high;
    let stray: Vec<(f64, u64)> = cells
        .filter(|cell| !cell.cell.is_missing(&format))
        .filter_map(|cell| Some((cell.cell.finite(&format)?, cell.place.number())))
        .filter(|(value, _)| !is_plausible(*value))
        .collect();
    let explains = |unit: &&UnitConfig| {
        let in_own = |value: f64| (value - unit.offset) * unit.multiplier / unit.divisor;
        let n_explained = stray.iter().filter(|(value, _)| is_plausible(in_own(*value))).count();
        stray.len() >= MIN_ROWS_OF_UNIT
            && number(n_explained) >= MIN_EXPLAINED * number(stray.len())
    };
    let unit = feature.alternative_units.iter().find(explains)?;
    let n = stray.len();
    let found = format!("{n} implausible values that would be plausible in {}", unit.code);
    let finding = warning(Check::Unit, found, format!("values in {own}"));
    Some(finding.on_lines(stray.into_iter().map(|(_, line)| line)))
}

fn constant(values: ArrayView1<'_, f64>, limits: &Limits) -> Option<Finding> {
    let counts = counts(values);
    let n_known: usize = counts.values().sum();
    let most = counts.values().copied().max()?;
    let found = if most == n_known {
        format!("the same value in all {n_known} rows where it is known")
    } else if number(most) > limits.max_same_share * number(n_known) {
        format!("the same value in {most} of {n_known} rows")
    } else {
        return None;
    };
    let expected = format!("at most {} of the rows with one value", percent(limits.max_same_share));
    Some(warning(Check::Constant, found, expected))
}

fn id_as_feature(feature: &FeatureConfig, values: ArrayView1<'_, f64>) -> Option<Finding> {
    let known = values.iter().filter(|value| !value.is_nan()).count();
    let is_id = known >= MIN_ROWS_OF_IDS
        && feature.kind != Kind::Boolean
        && values.iter().all(|value| value.is_nan() || is_whole(*value))
        && counts(values).len() == known;
    is_id.then(|| {
        let what = if feature.kind == Kind::Category { "levels" } else { "whole numbers" };
        let found = format!("{known} different {what} in {known} rows");
        warning(
            Check::IdAsFeature,
            found,
            "a measurement; an id belongs under `row_id` or `ignored`",
        )
    })
}

fn levels(
    feature: &FeatureConfig,
    values: ArrayView1<'_, f64>,
    limits: &Limits,
) -> Option<Finding> {
    let counts = counts(values);
    let n_rows = |index: usize| counts.get(&number(index).to_bits()).copied().unwrap_or(0);
    let rare: Vec<String> = feature
        .levels
        .iter()
        .enumerate()
        .filter(|(index, _)| n_rows(*index) < limits.min_rows_per_level)
        .map(|(index, level)| format!("`{level}` in {} rows", n_rows(index)))
        .collect();
    let expected = format!("each level in at least {} rows", limits.min_rows_per_level);
    (!rare.is_empty()).then(|| warning(Check::Levels, rare.join(", "), expected))
}

fn correlations(checked: &CheckedTable<'_>, limits: &Limits, findings: &mut Vec<Finding>) {
    let is_number = |feature: &FeatureConfig| feature.kind != Kind::Category;
    let features: Vec<_> =
        checked.features().filter(|(_, feature, _)| is_number(feature)).collect();
    for (index, (_, first, values)) in features.iter().enumerate() {
        for (_, second, others) in features.iter().skip(index + 1) {
            let Some(r) = correlation(*values, *others) else { continue };
            if r.abs() > limits.max_correlation {
                let found = format!("a correlation of {r:.4}");
                let expected = format!("at most {} in magnitude", limits.max_correlation);
                let finding = warning(Check::Correlation, found, expected);
                findings.push(finding.of_column(format!("{} and {}", first.name, second.name)));
            }
        }
    }
}

/// Pearson's, over the rows in which both are known; nothing where one of them is constant.
fn correlation(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Option<f64> {
    let known = || a.iter().zip(b).filter(|(a, b)| !a.is_nan() && !b.is_nan());
    let n = number(known().count());
    let (sum_a, sum_b) = known().fold((0.0, 0.0), |(x, y), (a, b)| (x + a, y + b));
    let (mean_a, mean_b) = (sum_a / n, sum_b / n);
    let (mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in known() {
        let (a, b) = (a - mean_a, b - mean_b);
        (aa, ab, bb) = (aa + a * a, ab + a * b, bb + b * b);
    }
    let scale = sqrt(aa) * sqrt(bb);
    // Of two rows, every correlation is 1.
    (n > 2.0 && scale > 0.0 && scale.is_finite()).then(|| ab / scale)
}

/// How often each value occurs, by its bits.
fn counts(values: ArrayView1<'_, f64>) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for value in values.iter().filter(|value| !value.is_nan()) {
        *counts.entry((value + 0.0).to_bits()).or_insert(0) += 1;
    }
    counts
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
