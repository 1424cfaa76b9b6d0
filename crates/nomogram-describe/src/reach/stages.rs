//! Stages: the rows before and after each step of each branch.

use ndarray::{Array2, ArrayView2};
use nomogram::{Branch, Error, Feature, FeatureKind, Intake, Schema, Value};

/// The rows of each branch: first as they enter it, then after each of its steps.
pub type Stages = Vec<Vec<Array2<f64>>>;

/// Encodes rows as the model gets them, of shape `(n_rows, n_features)`.
///
/// # Errors
///
/// `InvalidModel` when there is no row, or when a step does not accept one.
pub fn encode(branches: &[Branch], rows: ArrayView2<'_, f64>) -> Result<Stages, Error> {
    let mut stages = Stages::with_capacity(branches.len());
    for branch in branches {
        let source = branch.source.and_then(|source| stages.get(source as usize));
        let mut current = source.and_then(|stages| stages.last()).cloned();
        let mut of_branch = vec![current.take().unwrap_or_else(|| rows.to_owned())];
        for step in &branch.steps {
            if let Some(last) = of_branch.last() {
                of_branch.push(step.encode(last.view())?);
            }
        }
        stages.push(of_branch);
    }
    Ok(stages)
}

/// What holds for a value wherever it is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Whether it is a whole number where it is not missing.
    pub is_whole: bool,
    /// Whether it can be missing.
    pub may_be_missing: bool,
}

/// The facts of every value of every stage, by what rows that vary each feature show.
pub(super) fn facts(stages: &Stages) -> Vec<Vec<Vec<Fact>>> {
    let of_stage = |stage: &Array2<f64>| {
        let columns = stage.columns().into_iter();
        columns
            .map(|column| Fact {
                is_whole: column.iter().all(|value| value.is_nan() || value.fract() == 0.0),
                may_be_missing: column.iter().any(|value| value.is_nan()),
            })
            .collect()
    };
    stages.iter().map(|of_branch| of_branch.iter().map(of_stage).collect()).collect()
}

/// Rows that differ from `base` in one feature each, as the model gets them; the first is `base`.
#[must_use]
pub fn varied_rows(
    schema: &Schema,
    intake: &Intake,
    base: &[f64],
) -> Vec<(Option<usize>, Vec<f64>)> {
    let taken = |feature: usize, number: f64| {
        let value = if number.is_nan() { Value::Missing(None) } else { Value::Number(number) };
        intake.take(feature, value).ok().map(|(number, _)| number)
    };
    let base: Vec<f64> = base
        .iter()
        .enumerate()
        .map(|(feature, value)| taken(feature, *value).unwrap_or(*value))
        .collect();
    let mut rows = vec![(None, base.clone())];
    for (index, feature) in schema.features().iter().enumerate() {
        let now = base.get(index).copied().unwrap_or(0.0);
        for number in variations(feature, now) {
            let Some(number) = taken(index, number) else { continue };
            let mut row = base.clone();
            row.iter_mut().skip(index).take(1).for_each(|value| *value = number);
            rows.push((Some(index), row));
        }
    }
    rows
}

/// The most levels of a category that are varied.
const MAX_LEVELS: usize = 64;

fn variations(feature: &Feature, now: f64) -> Vec<f64> {
    let now = if now.is_nan() { 0.0 } else { now };
    let mut numbers = match (&feature.kind, feature.range) {
        (FeatureKind::Boolean, _) => vec![0.0, 1.0],
        (FeatureKind::Category { levels }, _) => {
            (0..=levels.len().min(MAX_LEVELS)).map(small).collect()
        }
        (_, Some(range)) => {
            let inside = range.low + (range.high - range.low) * 0.37;
            vec![range.low, range.high, inside, range.low - 1.0, range.high + 1.0]
        }
        (_, None) => vec![now * 1.37 + 0.61, now * 0.61 - 0.13, now + 1e3],
    };
    if feature.kind == FeatureKind::Integer {
        numbers.iter_mut().for_each(|number| *number = number.round());
    }
    numbers.push(f64::NAN);
    numbers
}

/// A small count as a number.
pub(crate) fn small(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::INFINITY, f64::from)
}
