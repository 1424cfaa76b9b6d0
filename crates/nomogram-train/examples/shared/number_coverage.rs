//! How often intervals hold the number that comes true, on rows that were never seen.

use std::collections::BTreeMap;

use nomogram::{
    Branch, Combiner, Digest, EnsembleMember, Feature, Linear, Link, Manifest, Member, Parts,
    Schema, Session, Target, seal,
};
use nomogram_train::{
    Error, ModelColumns, NumberRows, Table, UncertaintyConfig, recalibrate_uncertainty,
};
use serde::Deserialize;

use crate::shuffled::shuffled;

/// The patients: `tests/reference/make_numbers.py` wrote them.
pub(crate) const DIABETES: &str = include_str!("../../tests/reference/diabetes.csv");

/// What the same script wrote of two members that were fitted to every third patient.
#[derive(Deserialize)]
pub(crate) struct Fitted {
    members: Vec<FittedMember>,
}

#[derive(Deserialize)]
struct FittedMember {
    intercept: f64,
    weights: Vec<f64>,
}

/// Counts over the test rows of all splits.
#[derive(Debug, Default)]
pub(crate) struct NumberCoverage {
    /// Test rows of all splits.
    pub(crate) n_rows: usize,
    /// For each level, how many intervals hold the number.
    pub(crate) n_covered: Vec<usize>,
    /// For each level, the sum of their widths.
    pub(crate) widths: Vec<f64>,
    /// How many rows have a distance with a p-value of at most 0.05.
    pub(crate) n_far: usize,
}

/// A bundle of the two members, which predicts the progression.
pub(crate) fn parent(fitted: &Fitted) -> Result<Vec<u8>, nomogram::Error> {
    let names = DIABETES.lines().next().unwrap_or_default().split(',').skip(1);
    let features: Vec<Feature> = names.take(10).map(Feature::number).collect();
    let golden = ndarray::Array2::from_shape_fn((16, features.len()), |(row, _)| row as f64);
    let member = |(index, member): (usize, &FittedMember)| {
        let FittedMember { intercept, weights } = member;
        let linear = Linear::new(Link::Identity, vec![*intercept], weights.clone())?;
        let name = format!("ridge {}", index + 1);
        Ok(EnsembleMember { name, branch: 0, member: Member::Linear(linear) })
    };
    let parts = Parts {
        manifest: Manifest {
            name: "diabetes".into(),
            version: "1".into(),
            created_by: "make_numbers.py".into(),
            training_data_digest: Digest::of(b""),
            configuration_digest: Digest::of(b""),
            notes: BTreeMap::new(),
        },
        card: None,
        schema: Schema::new(features, Target::Number { name: "progression".into(), unit: None })?,
        branches: vec![Branch { name: "features".into(), source: None, steps: vec![] }],
        members: fitted.members.iter().enumerate().map(member).collect::<Result<_, _>>()?,
        combiner: Combiner::SoftVote { weights: vec![1.0; fitted.members.len()] },
        calibrator: None,
        cutoffs: vec![],
        uncertainty: None,
        explanation: None,
        profile: None,
    };
    seal(&parts, golden.view())
}

/// The columns of [`DIABETES`].
pub(crate) fn columns() -> ModelColumns {
    ModelColumns {
        target: "progression".into(),
        patient: Some("patient".into()),
        ..ModelColumns::default()
    }
}

/// A table of some patients, counted from 0.
pub(crate) fn table(patients: &[usize]) -> Result<Table, Error> {
    let lines: Vec<&str> = DIABETES.lines().collect();
    let chosen = patients.iter().map(|patient| lines[patient + 1]);
    let text = [lines[0]].into_iter().chain(chosen).collect::<Vec<_>>().join("\n");
    Ok(Table::from_csv("diabetes.csv", text.as_bytes(), &Default::default())?)
}

/// Fits uncertainty to a random half of the patients that the members were not fitted to, and counts on
/// the other half, `n_splits` times.
pub(crate) fn measure(
    parent: &[u8],
    config: &UncertaintyConfig,
    n_splits: u64,
) -> Result<NumberCoverage, Error> {
    let n_levels = config.uncertainty.levels.len();
    let mut coverage = NumberCoverage {
        n_covered: vec![0; n_levels],
        widths: vec![0.0; n_levels],
        ..NumberCoverage::default()
    };
    let unseen: Vec<usize> = (0..DIABETES.lines().count() - 1).filter(|row| row % 3 != 0).collect();
    for split in 0..n_splits {
        let order: Vec<usize> =
            shuffled(unseen.len(), split).iter().map(|at| unseen[*at]).collect();
        let (known, new) = order.split_at(unseen.len() / 2);
        let child = recalibrate_uncertainty(parent, config, &table(known)?)?;
        let new = NumberRows::of_model(&table(new)?, child.model.schema(), &columns())?;
        let mut session = Session::new(child.model.clone());
        session.predict_each(new.values().view(), |row, prediction| {
            let Some(uncertain) = prediction.uncertain() else { return };
            for (level, interval) in uncertain.intervals().enumerate() {
                let is_held = (interval.low..=interval.high).contains(&new.numbers()[row]);
                coverage.n_covered[level] += usize::from(is_held);
                coverage.widths[level] += interval.high - interval.low;
            }
            coverage.n_rows += 1;
            coverage.n_far += usize::from(uncertain.distance_p_value().is_some_and(|p| p <= 0.05));
        })?;
    }
    Ok(coverage)
}
