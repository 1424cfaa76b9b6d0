//! A model of the corpus as JSON: the parts of a bundle and its golden rows.
//!
//! The parts are written as their `serde` derives do, but a key that a feature leaves out is the
//! default, and the manifest follows from the file.

use std::collections::BTreeMap;

use ndarray::Array2;
use nomogram::{
    Branch, Calibrator, Combiner, Cutoff, Digest, EnsembleMember, Error, Explanation, Feature,
    FeatureGroup, ForestShares, Manifest, Parts, Profile, Rule, Schema, Target, Uncertainty, seal,
};
use serde::Deserialize;
use serde_json::Value;

/// A model as written in its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// The purpose of the model, in a sentence.
    purpose: String,
    features: Features,
    #[serde(default)]
    rules: Vec<Rule>,
    target: Target,
    branches: Vec<Branch>,
    members: Vec<EnsembleMember>,
    combiner: Combiner,
    #[serde(default)]
    calibrator: Option<Calibrator>,
    #[serde(default)]
    cutoffs: Vec<Cutoff>,
    #[serde(default)]
    uncertainty: Option<Uncertainty>,
    profile: Option<Profile>,
    #[serde(default)]
    card: Option<String>,
    #[serde(default)]
    explanation: Option<StatedExplanation>,
    /// Null where a value is missing.
    golden_rows: Vec<Vec<Option<f64>>>,
}

/// What explanations need; background values are null where one is missing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedExplanation {
    background: Vec<Vec<Option<f64>>>,
    weights: Vec<f64>,
    #[serde(default)]
    groups: Vec<FeatureGroup>,
    #[serde(default)]
    left_shares: Vec<ForestShares>,
}

impl StatedExplanation {
    fn parts(&self) -> Explanation {
        let values = self.background.iter().flatten();
        Explanation {
            background: values.map(|value| value.unwrap_or(f64::NAN)).collect(),
            weights: self.weights.clone(),
            groups: self.groups.clone(),
            left_shares: self.left_shares.clone(),
        }
    }
}

/// Features that may leave out defaults.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<Value>")]
struct Features(Vec<Feature>);

impl ModelFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// The line, and the reason.
    pub fn of_json(text: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let n_features = file.features.0.len();
        match file.golden_rows.iter().position(|row| row.len() != n_features) {
            None => Ok(file),
            Some(row) => Err(format!("golden row {}: expected {n_features} values", row + 1)),
        }
    }

    /// The features of a row.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features.0
    }

    /// The bytes of the bundle, which is named after its file.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the parts contradict each other, and as for predicting when a golden row
    /// is not usable.
    pub fn seal(&self, name: &str) -> Result<Vec<u8>, Error> {
        let features = self.features().to_vec();
        let parts = Parts {
            manifest: Manifest {
                name: name.into(),
                version: "1".into(),
                created_by: "tests/data/corpus".into(),
                training_data_digest: Digest::of(b"no data"),
                configuration_digest: Digest::of(b"no configuration"),
                notes: BTreeMap::from([("purpose".into(), self.purpose.clone())]),
            },
            card: self.card.clone(),
            schema: Schema::new(features, self.target.clone())?.with_rules(self.rules.clone())?,
            branches: self.branches.clone(),
            members: self.members.clone(),
            combiner: self.combiner.clone(),
            calibrator: self.calibrator.clone(),
            profile: self.profile.clone(),
            cutoffs: self.cutoffs.clone(),
            uncertainty: self.uncertainty.clone(),
            explanation: self.explanation.as_ref().map(StatedExplanation::parts),
        };
        let mut golden_rows =
            Array2::from_elem((self.golden_rows.len(), self.features().len()), 0.0);
        for (mut cells, row) in golden_rows.rows_mut().into_iter().zip(&self.golden_rows) {
            let cells = cells.iter_mut().zip(row);
            cells.for_each(|(cell, value)| *cell = value.unwrap_or(f64::NAN));
        }
        seal(&parts, golden_rows.view())
    }
}

impl TryFrom<Vec<Value>> for Features {
    type Error = serde_json::Error;

    fn try_from(stated: Vec<Value>) -> Result<Self, serde_json::Error> {
        let default = serde_json::to_value(Feature::number(""))?;
        let completed = stated.into_iter().map(|feature| {
            let mut completed = default.clone();
            lay_over(&mut completed, feature)?;
            serde_json::from_value(completed)
        });
        completed.collect::<Result<_, _>>().map(Self)
    }
}

/// Replaces what `stated` states, object by object; it states only what there is.
fn lay_over(base: &mut Value, stated: Value) -> Result<(), serde_json::Error> {
    match (base, stated) {
        (Value::Object(base), Value::Object(stated)) => {
            for (name, value) in stated {
                let unknown = || serde::de::Error::custom(format!("no field `{name}`"));
                lay_over(base.get_mut(&name).ok_or_else(unknown)?, value)?;
            }
        }
        (base, stated) => *base = stated,
    }
    Ok(())
}
