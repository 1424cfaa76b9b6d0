//! Characteristics of sets of rows, as in the first table of a clinical study.

use std::collections::BTreeSet;

use nomogram::FeatureKind;
use nomogram_stats::quantile;
use nomogram_train::Dataset;
use serde::Serialize;

/// Characteristics of a set of rows.
#[derive(Clone, Debug, Serialize)]
pub struct Characteristics {
    /// The name of the set.
    pub rows: String,
    /// The number of rows.
    pub n_rows: usize,
    /// The number of patients, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_patients: Option<usize>,
    /// The sum of the weights, where rows have them. Counts and quartiles are unweighted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum_of_weights: Option<f64>,
    /// The number of rows with the same values of all features as a training row; `None` for the
    /// training rows themselves, and if they are not known.
    pub n_seen: Option<usize>,
    /// Each feature, in the order of the schema.
    pub features: Vec<FeatureCharacteristics>,
}

/// Characteristics of the values of a feature.
#[derive(Clone, Debug, Serialize)]
pub struct FeatureCharacteristics {
    /// Its name.
    pub feature: String,
    /// The number of rows without a value.
    pub n_missing: usize,
    /// Of a number, over the rows with a value: the lower quartile, the median and the upper
    /// quartile, linearly interpolated.
    pub quartiles: Option<[f64; 3]>,
    /// Of a category or a boolean, how many rows have each level.
    pub levels: Vec<(String, usize)>,
}

impl Characteristics {
    /// Characteristics of the rows of a dataset; `training_rows` are those that a model was fitted to.
    #[must_use]
    pub fn new(rows: &str, dataset: &Dataset, training_rows: Option<&Dataset>) -> Self {
        let features = dataset.schema().features().iter().enumerate();
        Self {
            rows: rows.into(),
            n_rows: dataset.n_rows(),
            n_patients: dataset.patients().map(|patients| BTreeSet::from_iter(patients).len()),
            sum_of_weights: dataset.weights().map(|weights| weights.iter().sum()),
            n_seen: training_rows.map(|other| dataset.n_rows_in(other)),
            features: features
                .map(|(index, feature)| FeatureCharacteristics::new(dataset, index, feature))
                .collect(),
        }
    }
}

impl FeatureCharacteristics {
    fn new(dataset: &Dataset, index: usize, feature: &nomogram::Feature) -> Self {
        let column = dataset.values().column(index);
        let mut values: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
        values.sort_by(f64::total_cmp);
        let names: Vec<String> = match &feature.kind {
            FeatureKind::Category { levels } => levels.clone(),
            FeatureKind::Boolean => vec!["no".into(), "yes".into()],
            FeatureKind::Number | FeatureKind::Integer => Vec::new(),
        };
        let quartile = |share| quantile(&values, share);
        let quartiles = || Some([quartile(0.25)?, quartile(0.5)?, quartile(0.75)?]);
        let of_level = |(name, code): (String, u32)| {
            let is_own = |value: &&f64| **value == f64::from(code);
            (name, values.iter().filter(is_own).count())
        };
        Self {
            feature: feature.name.clone(),
            n_missing: column.len() - values.len(),
            quartiles: if names.is_empty() { quartiles() } else { None },
            levels: names.into_iter().zip(0..).map(of_level).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use nomogram_train::{Dataset, TrainingConfig};

    use super::*;

    const CONFIG: &str = r#"
model: { name: small, version: "1" }
data:
  missing: [""]
  target: { column: y, negative: "no", positive: "yes" }
  features:
    - { name: age, policy: { missing: impute } }
    - { name: sex, kind: category, levels: [f, m] }
seed: 1
validation: { n_folds: 2, min_auc: 0.5 }
members:
  - { name: bayes, input: scaled, weight: 1.0, learner: { naive_bayes: { var_smoothing: 1.0e-9 } } }
combiner: soft_vote
"#;

    #[test]
    fn rows_are_counted_by_level_and_by_quartile() {
        let config = TrainingConfig::from_yaml(CONFIG).unwrap();
        let table = "y,age,sex\nno,1,f\nyes,2,m\nno,,m\nyes,4,m\nno,3,f\nyes,5,f\nno,2,m\nyes,,m\n";
        let dataset = Dataset::from_csv("table", table.as_bytes(), &config.data).unwrap();
        let first = dataset.select(&[0, 1, 2, 3, 4]);
        let found = Characteristics::new("first", &first, None);
        assert_eq!((found.n_rows, found.n_seen), (5, None));
        let [age, sex] = found.features.as_slice() else { panic!("{found:?}") };
        assert_eq!((age.n_missing, age.quartiles), (1, Some([1.75, 2.5, 3.25])));
        assert_eq!(sex.levels, [("f".to_owned(), 2), ("m".to_owned(), 3)]);
        assert_eq!((sex.n_missing, sex.quartiles), (0, None));
        let last = Characteristics::new("last", &dataset.select(&[5, 6, 7]), Some(&first));
        assert_eq!(last.n_seen, Some(2), "2 m, and missing m");
    }
}
