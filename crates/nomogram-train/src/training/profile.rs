//! The profile of the training rows: how each feature, the predictions and the classes are distributed.

use std::collections::BTreeSet;

use nomogram::{Bins, FeatureKind, Histogram, MAX_BINS, Profile, Schema, Statuses};
use nomogram_stats::bins::{of_numbers, published};
use nomogram_stats::metrics::most_probable;

use crate::data::Dataset;
use crate::predictions::Predictions;

/// The profile of `dataset`, and of the predictions of the rows `held_out` by models that were not
/// fitted to them. Of each patient only the first row counts: the others are not independent of it.
pub(super) fn fit(dataset: &Dataset, held_out: &Dataset, out_of_fold: &Predictions) -> Profile {
    let rows = first_rows(dataset);
    let feature = |(index, feature): (usize, &nomogram::Feature)| {
        let column = dataset.values().column(index);
        let values: Vec<f64> = rows.iter().filter_map(|row| column.get(*row)).copied().collect();
        histogram(feature, &values)
    };
    let features = dataset.schema().features().iter().enumerate().map(feature).collect();
    let rows_held_out = first_rows(held_out);
    let n_rows = rows.len() as u64;
    let n_classes = dataset.n_classes();
    let outputs = outputs(dataset.schema(), &rows_held_out, out_of_fold);
    let mut classes = vec![0_u64; n_classes];
    for row in &rows_held_out {
        let class = most_probable(out_of_fold.ensemble.row(*row));
        if let Some(count) = classes.get_mut(class) {
            *count += 1;
        }
    }
    classes.iter_mut().for_each(|count| *count = published(*count));
    Profile { n_rows, features, outputs, classes }
}

/// The first row of each patient; every row where the data name no patients.
fn first_rows(dataset: &Dataset) -> Vec<usize> {
    let all = 0..dataset.n_rows();
    match dataset.patients() {
        None => all.collect(),
        Some(patients) => {
            let mut seen = BTreeSet::new();
            all.filter(|row| patients.get(*row).is_none_or(|patient| seen.insert(patient)))
                .collect()
        }
    }
}

fn outputs(schema: &Schema, rows: &[usize], out_of_fold: &Predictions) -> Vec<Bins> {
    let n_outputs = Profile::n_outputs(schema.target());
    let first = if n_outputs == 1 { 1 } else { 0 };
    let of_class = |class| {
        let column = out_of_fold.ensemble.column(class);
        of_numbers(rows.iter().filter_map(|row| column.get(*row).copied()))
    };
    (first..first + n_outputs).map(of_class).collect()
}

/// The histogram of one feature, of values as a model gets them.
fn histogram(feature: &nomogram::Feature, values: &[f64]) -> Histogram {
    let mut statuses = Statuses::default();
    let is_plausible =
        |value: f64| feature.range.is_none_or(|range| value >= range.low && value <= range.high);
    let mut used = Vec::with_capacity(values.len());
    let n_levels = feature.levels().len();
    for value in values {
        if value.is_nan() {
            statuses.missing += 1;
        } else if n_levels > 0 && level(*value) >= n_levels {
            statuses.unseen_level += 1;
        } else if !is_plausible(*value) {
            statuses.out_of_range += 1;
        } else {
            used.push(*value);
        }
    }
    let levels = |n_levels: usize| {
        let mut counts = vec![0_u64; n_levels.min(MAX_BINS)];
        let last = counts.len().saturating_sub(1);
        for value in &used {
            if let Some(count) = counts.get_mut(level(*value).min(last)) {
                *count += 1;
            }
        }
        Bins::Levels { counts: counts.into_iter().map(published).collect() }
    };
    let bins = match &feature.kind {
        FeatureKind::Boolean => levels(2),
        FeatureKind::Category { .. } => levels(n_levels),
        FeatureKind::Number | FeatureKind::Integer => of_numbers(used.iter().copied()),
    };
    statuses.missing = published(statuses.missing);
    statuses.unseen_level = published(statuses.unseen_level);
    statuses.out_of_range = published(statuses.out_of_range);
    Histogram { bins, statuses }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number of a level is a small whole number"
)]
fn level(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use nomogram::{Feature, Range};

    use super::*;

    #[test]
    fn values_that_are_not_used_as_they_are_have_counts_of_their_own() {
        let mut age = Feature::number("age");
        age.range = Some(Range { low: 0.0, high: 100.0 });
        let mut values: Vec<f64> = (0..60).map(f64::from).collect();
        values.extend([f64::NAN; 7]);
        values.extend([150.0; 2]);
        let histogram = histogram(&age, &values);
        assert_eq!(histogram.statuses.missing, 7);
        assert_eq!(histogram.statuses.out_of_range, 5, "2 rows are published as 5");
        assert_eq!(histogram.bins.edges().len(), 2);
        assert_eq!(histogram.bins.counts().iter().sum::<u64>(), 61);
    }

    #[test]
    fn a_rare_level_is_published_as_five_rows() {
        let levels = ["I", "II", "III"].map(Into::into).into();
        let stage = Feature::of_kind("stage", FeatureKind::Category { levels });
        let values: Vec<f64> = [vec![0.0; 40], vec![1.0; 2], vec![3.0; 9]].concat();
        let histogram = histogram(&stage, &values);
        assert_eq!(histogram.bins, Bins::Levels { counts: vec![40, 5, 0] });
        assert_eq!(histogram.statuses.unseen_level, 9);
    }
}
