//! Fits what members read: preprocessing, fitted to the training rows alone.

use ndarray::{Array2, ArrayView1};
use nomogram::{
    Action, Condition, FeatureKind, ImputeStatistic, Imputer, Inputs, OneHotEncoder, Step,
};

use crate::dataset::Dataset;
use crate::error::Error;
use crate::learner::{fit_standard_scaler, position};

/// The steps of the input `scaled`, and the rows as they encode them.
///
/// A feature that may be missing gets the median of its values, or its most frequent level, and an
/// indicator; a category becomes one value per level; then everything is standard-scaled. Row weights
/// do not count.
///
/// # Errors
///
/// `Data` when a feature that may be missing is missing in every row; `Model` when a value is too
/// large.
pub(crate) fn fit_scaled(dataset: &Dataset) -> Result<(Vec<Step>, Array2<f64>), Error> {
    let mut steps = Vec::new();
    let mut encoded = dataset.values().clone();
    let mut push = |step: Step, encoded: &mut Array2<f64>| -> Result<(), Error> {
        *encoded = step.encode(encoded.view())?;
        steps.push(step);
        Ok(())
    };
    if let Some(imputer) = fit_imputer(dataset)? {
        push(Step::Impute(imputer), &mut encoded)?;
    }
    if let Some(encoder) = one_hot(dataset)? {
        push(Step::OneHot(encoder), &mut encoded)?;
    }
    let scaler = fit_standard_scaler(encoded.view())?;
    push(Step::StandardScale(scaler), &mut encoded)?;
    Ok((steps, encoded))
}

/// Fills in the features whose policy imputes; nothing when there is none.
fn fit_imputer(dataset: &Dataset) -> Result<Option<Imputer>, Error> {
    let features = dataset.schema().features().iter().zip(dataset.values().columns());
    let (mut positions, mut values) = (Vec::new(), Vec::new());
    for (index, (feature, column)) in features.enumerate() {
        let imputes = |condition| feature.policy.action(condition) == Action::Impute;
        if !Condition::ALL.into_iter().any(imputes) {
            continue;
        }
        let value = match feature.kind {
            FeatureKind::Number | FeatureKind::Integer => median(column),
            _ => most_frequent(column),
        };
        let Some(value) = value else {
            let name = &feature.name;
            return Err(Error::Data(format!("`{name}` is missing in every row to fit to")));
        };
        positions.push(position(index)?);
        values.push(value);
    }
    if positions.is_empty() {
        return Ok(None);
    }
    let inputs = Inputs::new(positions)?;
    Ok(Some(Imputer::new(inputs, ImputeStatistic::Median, values, true)?))
}

fn one_hot(dataset: &Dataset) -> Result<Option<OneHotEncoder>, Error> {
    let (mut positions, mut n_levels) = (Vec::new(), Vec::new());
    for (index, feature) in dataset.schema().features().iter().enumerate() {
        if !feature.levels().is_empty() {
            positions.push(position(index)?);
            n_levels.push(position(feature.levels().len())?);
        }
    }
    if positions.is_empty() {
        return Ok(None);
    }
    Ok(Some(OneHotEncoder::new(Inputs::new(positions)?, n_levels, false)?))
}

fn sorted(column: ArrayView1<'_, f64>) -> Vec<f64> {
    let mut values: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The middle value, or the mean of the middle two.
#[allow(clippy::indexing_slicing, reason = "there is a value")]
fn median(column: ArrayView1<'_, f64>) -> Option<f64> {
    let values = sorted(column);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(values[middle - 1] + (values[middle] - values[middle - 1]) / 2.0),
    }
}

/// The most frequent value; of equally frequent ones, the lowest.
fn most_frequent(column: ArrayView1<'_, f64>) -> Option<f64> {
    let values = sorted(column);
    let runs = values.chunk_by(|a, b| a.total_cmp(b).is_eq());
    let longest = runs.fold(None, |best: Option<&[f64]>, run| match best {
        Some(best) if best.len() >= run.len() => Some(best),
        _ => Some(run),
    });
    longest.and_then(|run| run.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn what_is_missing_does_not_count() {
        let values = array![3.0, f64::NAN, 1.0, 2.0, 2.0, f64::NAN];
        assert_eq!(median(values.view()), Some(2.0));
        assert_eq!(median(array![1.0, 4.0].view()), Some(2.5));
        assert_eq!(most_frequent(values.view()), Some(2.0));
        assert_eq!(most_frequent(array![1.0, 0.0, 1.0, 0.0].view()), Some(0.0));
        assert_eq!(median(array![f64::NAN].view()), None);
    }
}
