//! Datasets and predictions as the plain data that `nomogram_stats::assessment` reads.

use nomogram::{Cutoff, FeatureKind};
use nomogram_stats::assessment::{
    Assessment, EvaluatedRows, FeatureLevels, MemberMetrics, NamedCutoff, NamedProbabilities,
};

use nomogram_stats::ClassRows;

use crate::data::Dataset;
use crate::ensemble::CutoffSpec;
use crate::error::Error;
use crate::predictions::Predictions;
use crate::training::config::SubgroupConfig;

/// A set of rows with the predictions of a model for them.
#[derive(Clone, Copy, Debug)]
pub struct PredictedRows<'a> {
    /// The name of the set, for example `test rows`.
    pub name: &'a str,
    /// The rows.
    pub dataset: &'a Dataset,
    /// One prediction per row.
    pub predictions: &'a Predictions,
}

impl PredictedRows<'_> {
    /// Assesses the ensemble at `cutoffs`, and by the levels of some features.
    ///
    /// # Errors
    ///
    /// `Configuration` when there is no such feature; otherwise as [`Assessment::all`].
    pub fn assess(
        &self,
        cutoffs: &[Cutoff],
        subgroups: &[SubgroupConfig],
    ) -> Result<Vec<Assessment>, Error> {
        let levels = subgroups.iter().map(|subgroup| {
            levels(self.dataset, subgroup)
                .map_err(|detail| Error::configuration(format!("report: subgroups: {detail}")))
        });
        let named = cutoffs.iter().map(|cutoff| NamedCutoff {
            name: &cutoff.name,
            class: cutoff.class as usize,
            probability: cutoff.probability,
        });
        Ok(Assessment::all(&EvaluatedRows {
            cutoffs: named.collect(),
            subgroups: levels.collect::<Result<_, Error>>()?,
            ..self.evaluated()
        })?)
    }

    /// Adds the intervals of each cutoff to an assessment of these rows, which chose the cutoffs.
    ///
    /// # Errors
    ///
    /// As [`Assessment::add_choices`].
    pub fn add_choices(
        &self,
        assessment: &mut Assessment,
        cutoffs: &[CutoffSpec],
        seed: u64,
    ) -> Result<(), Error> {
        let rules: Vec<_> =
            cutoffs.iter().map(|cutoff| (cutoff.name.as_str(), cutoff.rule)).collect();
        Ok(assessment.add_choices(&self.evaluated(), &rules, seed)?)
    }

    /// The metrics of each member and of the ensemble.
    ///
    /// # Errors
    ///
    /// As [`MemberMetrics::new`].
    pub fn member_metrics(&self) -> Result<MemberMetrics, Error> {
        let EvaluatedRows { members, .. } = self.evaluated();
        let uncalibrated = self.predictions.uncalibrated.as_ref().map(|values| values.view());
        let rows = ClassRows::new(self.dataset.classes(), self.predictions.ensemble.view())?;
        let rows = rows.weighted(self.dataset.weights())?.ranked_by(uncalibrated)?;
        Ok(MemberMetrics::new(&members, &rows)?)
    }

    /// Without cutoffs and subgroups.
    fn evaluated(&self) -> EvaluatedRows<'_> {
        let Self { name, dataset, predictions } = self;
        let members = predictions.names.iter().zip(&predictions.members);
        EvaluatedRows {
            name,
            classes: dataset.classes(),
            weights: dataset.weights(),
            patients: dataset.patients(),
            class_names: dataset.schema().target().classes(),
            members: members
                .map(|(name, values)| NamedProbabilities { name, probabilities: values.view() })
                .collect(),
            ensemble: predictions.ensemble.view(),
            uncalibrated: predictions.uncalibrated.as_ref().map(|values| values.view()),
            cutoffs: Vec::new(),
            subgroups: Vec::new(),
        }
    }
}

/// The level of a feature in each row: a category, or a range of numbers.
fn levels(dataset: &Dataset, subgroup: &SubgroupConfig) -> Result<FeatureLevels, String> {
    let name = subgroup.feature();
    let features = dataset.schema().features();
    let Some((column, feature)) = features.iter().enumerate().find(|(_, f)| f.name == *name) else {
        return Err(format!("`{name}`, expected a feature"));
    };
    let column = dataset.values().column(column);
    let (names, place) = match subgroup {
        SubgroupConfig::Cuts { at, .. } => (ranges(at), Place::Among(at)),
        SubgroupConfig::Levels(_) => {
            let mut names: Vec<String> = match &feature.kind {
                FeatureKind::Boolean => vec!["no".into(), "yes".into()],
                FeatureKind::Category { levels } => levels.clone(),
                FeatureKind::Number | FeatureKind::Integer => Vec::new(),
            };
            let place = Place::Level { n_levels: names.len() };
            names.push("other".into());
            (names, place)
        }
    };
    let of_row = |value: &f64| (!value.is_nan()).then(|| place.of(*value));
    let level_of_row = column.iter().map(of_row).collect();
    Ok(FeatureLevels { feature: name.to_owned(), names, level_of_row })
}

/// How a value has its place among the levels.
enum Place<'a> {
    /// In one of the ranges between these cuts.
    Among(&'a [f64]),
    /// As the code of a level; values that are no level come last.
    Level { n_levels: usize },
}

impl Place<'_> {
    fn of(&self, value: f64) -> usize {
        match self {
            Self::Among(cuts) => cuts.iter().take_while(|cut| **cut <= value).count(),
            Self::Level { n_levels } => {
                let mut codes = (0_u32..).take(*n_levels).map(f64::from);
                codes.position(|code| code == value).unwrap_or(*n_levels)
            }
        }
    }
}

/// The names of the ranges between cuts, from the lowest up; a cut belongs to the range above it.
fn ranges(cuts: &[f64]) -> Vec<String> {
    let name = |place: usize| {
        let lower = place.checked_sub(1).and_then(|last| cuts.get(last));
        match (lower, cuts.get(place)) {
            (None, None) => "all".into(),
            (None, Some(upper)) => format!("below {upper}"),
            (Some(lower), Some(upper)) => format!("from {lower} to below {upper}"),
            (Some(lower), None) => format!("from {lower} on"),
        }
    };
    (0..=cuts.len()).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TrainingConfig;

    #[test]
    fn ranges_have_the_order_of_the_cuts() {
        let expected = ["below 5", "from 5 to below 10", "from 10 on"];
        assert_eq!(ranges(&[5.0, 10.0]), expected);
        assert_eq!(ranges(&[]), ["all"]);
    }

    #[test]
    fn a_cut_belongs_to_the_range_above_it_and_a_missing_value_to_none() {
        let config = TrainingConfig::from_yaml(
            "
model: { name: m, version: '1' }
data:
  target: { column: y, negative: 'no', positive: 'yes' }
  features: [{ name: age, policy: { missing: impute } }]
seed: 1
validation: { n_folds: 2, min_auc: 0.5 }
members: [{ name: a, input: scaled, weight: 1.0, learner: { naive_bayes: { var_smoothing: 1.0e-9 } } }]
combiner: soft_vote
report: { subgroups: [{ feature: age, at: [40, 65] }] }
",
        )
        .unwrap();
        let table = "age,y\n39.5,no\n40,yes\n,no\n65,yes\n";
        let dataset = Dataset::from_csv("t", table.as_bytes(), &config.data).unwrap();
        let subgroup = config.report.unwrap().subgroups.remove(0);
        let levels = levels(&dataset, &subgroup).unwrap();
        assert_eq!(levels.names, ["below 40", "from 40 to below 65", "from 65 on"]);
        assert_eq!(levels.level_of_row, [Some(0), Some(1), None, Some(2)]);
    }
}
