//! Datasets and predictions as the plain data that `nomogram_stats::assessment` reads.

use nomogram::{Cutoff, FeatureKind};
use nomogram_stats::assessment::{
    Assessment, EvaluatedRows, FeatureLevels, MemberMetrics, NamedCutoff, NamedProbabilities,
};

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
        let EvaluatedRows { classes, members, ensemble, .. } = self.evaluated();
        Ok(MemberMetrics::new(classes, &members, ensemble)?)
    }

    /// Without cutoffs and subgroups.
    fn evaluated(&self) -> EvaluatedRows<'_> {
        let Self { name, dataset, predictions } = self;
        let members = predictions.names.iter().zip(&predictions.members);
        EvaluatedRows {
            name,
            classes: dataset.classes(),
            class_names: dataset.schema().target().classes(),
            members: members
                .map(|(name, values)| NamedProbabilities { name, probabilities: values.view() })
                .collect(),
            ensemble: predictions.ensemble.view(),
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
    let names: Vec<String> = match feature.kind {
        FeatureKind::Boolean => vec!["no".into(), "yes".into()],
        _ => feature.levels().to_vec(),
    };
    let level = |value: &f64| {
        if value.is_nan() {
            return "missing".into();
        }
        match subgroup {
            SubgroupConfig::Cuts { at, .. } => range(at, *value),
            SubgroupConfig::Levels(_) => {
                let codes = names.iter().zip(0_u32..).find(|(_, code)| f64::from(*code) == *value);
                codes.map_or_else(|| "other".into(), |(name, _)| name.clone())
            }
        }
    };
    let levels = dataset.values().column(column).iter().map(level).collect();
    Ok(FeatureLevels { feature: name.to_owned(), levels })
}

/// The range between two cuts that holds `value`; a cut belongs to the range above it.
fn range(cuts: &[f64], value: f64) -> String {
    let n_below = cuts.iter().take_while(|cut| **cut <= value).count();
    let lower = n_below.checked_sub(1).and_then(|last| cuts.get(last));
    match (lower, cuts.get(n_below)) {
        (None, Some(upper)) => format!("below {upper}"),
        (Some(lower), Some(upper)) => format!("from {lower} to below {upper}"),
        (lower, None) => format!("from {} on", lower.copied().unwrap_or(f64::NEG_INFINITY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_belongs_to_the_range_above_it() {
        let of = |value| range(&[40.0, 65.0], value);
        assert_eq!(of(39.5), "below 40");
        assert_eq!(of(40.0), "from 40 to below 65");
        assert_eq!(of(65.0), "from 65 on");
    }
}
