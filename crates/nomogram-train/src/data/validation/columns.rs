//! Checks of whole feature columns.

use ndarray::ArrayView1;
use nomogram::numeric::{is_whole, sqrt};

use super::cells::CheckedTable;
use super::{Check, Finding, Limits, Severity};
use crate::data::config::{FeatureConfig, Kind, UnitConfig};
use nomogram_stats::count::number;

/// With fewer rows, distinct whole numbers may be measurements.
const MIN_ROWS_OF_IDS: usize = 20;
/// Fewer implausible values are typing errors, not another unit.
const MIN_ROWS_OF_UNIT: usize = 3;
/// The share of implausible values that another unit must explain.
const MIN_EXPLAINED: f64 = 0.9;

pub(super) fn check(checked: &CheckedTable<'_>, limits: &Limits, findings: &mut Vec<Finding>) {
    for (_, feature, values) in checked.features() {
        let counts = Counts::new(values);
        let of_column = [
            missing(values, limits),
            unit(checked, feature),
            constant(&counts, limits),
            id_as_feature(feature, values, &counts),
            levels(feature, &counts, limits),
        ];
        let of_column = of_column.into_iter().flatten();
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

fn constant(counts: &Counts, limits: &Limits) -> Option<Finding> {
    let n_known: usize = counts.0.iter().map(|(_, n)| n).sum();
    let most = counts.0.iter().map(|(_, n)| *n).max()?;
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

fn id_as_feature(
    feature: &FeatureConfig,
    values: ArrayView1<'_, f64>,
    counts: &Counts,
) -> Option<Finding> {
    let known = values.iter().filter(|value| !value.is_nan()).count();
    let is_id = known >= MIN_ROWS_OF_IDS
        && feature.kind != Kind::Boolean
        && values.iter().all(|value| value.is_nan() || is_whole(*value))
        && counts.0.len() == known;
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

fn levels(feature: &FeatureConfig, counts: &Counts, limits: &Limits) -> Option<Finding> {
    let n_rows = |index: usize| counts.of(number(index));
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
    let features = checked.features().filter(|(_, feature, _)| is_number(feature));
    let features: Vec<_> =
        features.map(|(_, feature, values)| (feature, Column::new(values))).collect();
    for (index, (first, values)) in features.iter().enumerate() {
        for (second, others) in features.iter().skip(index + 1) {
            let Some(r) = correlation(values, others) else { continue };
            if r.abs() > limits.max_correlation {
                let found = format!("a correlation of {r:.4}");
                let expected = format!("at most {} in magnitude", limits.max_correlation);
                let finding = warning(Check::Correlation, found, expected);
                findings.push(finding.of_column(format!("{} and {}", first.name, second.name)));
            }
        }
    }
}

/// A column, contiguous in memory.
struct Column {
    values: Vec<f64>,
    /// Where no value is missing.
    centred: Option<Centred>,
}

/// Differences from their mean, and the sum of the squares.
struct Centred {
    differences: Vec<f64>,
    squares: f64,
}

impl Column {
    fn new(values: ArrayView1<'_, f64>) -> Self {
        let values = values.to_vec();
        let is_whole = !values.iter().any(|value| value.is_nan());
        let centred = is_whole.then(|| Centred::new(&values));
        Self { values, centred }
    }
}

impl Centred {
    fn new(values: &[f64]) -> Self {
        let mean = sum(values.iter().copied()) / number(values.len());
        let differences: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let squares = sum(differences.iter().map(|difference| difference * difference));
        Self { differences, squares }
    }

    /// Pearson's; nothing where one of them is constant.
    fn correlation(&self, other: &Self) -> Option<f64> {
        let both = self.differences.iter().zip(&other.differences);
        let products = sum(both.map(|(a, b)| a * b));
        let scale = sqrt(self.squares) * sqrt(other.squares);
        // Of two rows, every correlation is 1.
        let is_one = self.differences.len() > 2 && scale > 0.0 && scale.is_finite();
        is_one.then(|| products / scale)
    }
}

/// Pearson's, over the rows in which both are known; nothing where one of them is constant.
fn correlation(a: &Column, b: &Column) -> Option<f64> {
    if let (Some(a), Some(b)) = (&a.centred, &b.centred) {
        return a.correlation(b);
    }
    let both = a.values.iter().copied().zip(b.values.iter().copied());
    let known = both.filter(|(a, b)| !a.is_nan() && !b.is_nan());
    let (a, b): (Vec<f64>, Vec<f64>) = known.unzip();
    Centred::new(&a).correlation(&Centred::new(&b))
}

/// From the first to the last.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// How often each value occurs, by its bits, in their order.
struct Counts(Vec<(u64, usize)>);

impl Counts {
    fn new(values: ArrayView1<'_, f64>) -> Self {
        let known = values.iter().filter(|value| !value.is_nan());
        // Zero has one sign.
        let mut bits: Vec<u64> = known.map(|value| (value + 0.0).to_bits()).collect();
        bits.sort_unstable();
        let of_value = |equal: &[u64]| equal.first().map(|bits| (*bits, equal.len()));
        Self(bits.chunk_by(|a, b| a == b).filter_map(of_value).collect())
    }

    fn of(&self, value: f64) -> usize {
        let found = self.0.binary_search_by_key(&value.to_bits(), |(bits, _)| *bits);
        found.ok().and_then(|at| self.0.get(at)).map_or(0, |(_, n)| *n)
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
