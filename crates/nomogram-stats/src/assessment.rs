//! All statistics of one set of rows: what a report shows.
//!
//! The input is plain data ([`EvaluatedRows`]); the output serialises with the keys of the report.

mod discrimination;
mod histogram;
mod rows;

mod agreement;
mod calibration;
mod member_metrics;

use serde::Serialize;

use crate::bootstrap::BootstrapSpec;
use crate::classification::Classification;
use crate::cutoffs::{CutoffIntervals, CutoffRule};
use crate::decision_curve::{NetBenefit, decision_curve};
use crate::error::Error;
use crate::interval::Confidence;
use crate::rows::{counts, outcomes_of};
use crate::subgroups::{Subgroup, SubgroupSpec, subgroups};

pub use agreement::Agreement;
pub use calibration::{Calibration, CalibrationGroup};
pub use discrimination::Discrimination;
pub use histogram::Histogram;
pub use member_metrics::{ENSEMBLE, MemberMetrics, NamedMetrics};
pub use rows::{EvaluatedRows, FeatureLevels, NamedCutoff, NamedProbabilities};

const CONFIDENCE: Confidence = Confidence::PERCENT_95;

/// The cutoff that every assessment has, with its name.
const ONE_HALF: (&str, f64) = ("0.5", 0.5);

/// Cutoffs of the decision curve: every hundredth.
const N_DECISION_CUTOFFS: u32 = 99;

/// Bootstrap replicates for the intervals of a chosen cutoff.
const N_REPLICATES: usize = 1000;

/// The quality of the predictions of one set of rows, with 95 % intervals. A statistic that these rows
/// do not define is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assessment {
    /// The name of the set of rows, for example `test rows`.
    pub rows: String,
    /// The number of rows.
    pub n_rows: usize,
    /// The number of rows of the positive class.
    pub n_events: usize,
    /// The class whose probability is assessed, against all others.
    pub positive_class: String,
    /// Metrics of each member and of the ensemble.
    #[serde(rename = "evaluation")]
    pub member_metrics: MemberMetrics,
    /// How well the ensemble separates the classes.
    pub discrimination: Option<Discrimination>,
    /// How well the probabilities of the ensemble agree with observed events.
    pub calibration: Calibration,
    /// Classification at a probability of one half and at each cutoff of the positive class.
    pub cutoffs: Vec<CutoffAssessment>,
    /// The performance by the levels of some features.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subgroups: Vec<FeatureSubgroups>,
    /// The net benefit at each cutoff from 0.01 to 0.99.
    pub decision_curve: Vec<NetBenefit>,
    /// The number of rows of each outcome by probability.
    pub histogram: Histogram,
    /// How often each two members predict the same class.
    pub agreement: Agreement,
}

/// Classification at a named cutoff.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CutoffAssessment {
    /// The name of the cutoff in the model, or `0.5`.
    pub name: String,
    /// The classification.
    #[serde(flatten)]
    pub classification: Classification,
    /// The choice of the cutoff with its intervals, if these rows chose it:
    /// [`Assessment::add_choices`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<CutoffIntervals>,
}

/// The performance by the levels of one feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeatureSubgroups {
    /// The name of the feature.
    pub feature: String,
    /// Statistics of each level.
    pub groups: Vec<Subgroup>,
}

impl Assessment {
    /// Assesses the ensemble: of two classes the second one is positive, of more each in turn against
    /// all others.
    ///
    /// # Errors
    ///
    /// `Data` when predictions, classes or levels do not fit each other, when there is no row or only
    /// one class name, and when a number is not a probability.
    pub fn all(rows: &EvaluatedRows<'_>) -> Result<Vec<Self>, Error> {
        rows.check()?;
        match rows.class_names {
            [_, positive] => Ok(vec![Self::of_class(1, positive, rows.name.into(), rows)?]),
            names => {
                let of_class = |(class, name): (usize, &String)| {
                    Self::of_class(class, name, format!("{}, {name}", rows.name), rows)
                };
                names.iter().enumerate().map(of_class).collect()
            }
        }
    }

    /// Adds the intervals of the cutoffs of the positive class that were chosen by a rule on `rows`,
    /// which are those of the assessment. `rules` has the name of each cutoff.
    ///
    /// # Errors
    ///
    /// `Data` when a rule cannot choose on these rows, and when the positive class is not one of theirs.
    pub fn add_choices(
        &mut self,
        rows: &EvaluatedRows<'_>,
        rules: &[(&str, CutoffRule)],
        seed: u64,
    ) -> Result<(), Error> {
        rows.check()?;
        let class = rows.class_names.iter().position(|name| *name == self.positive_class);
        let class = class.ok_or_else(|| {
            let (class, names) = (&self.positive_class, rows.class_names);
            Error::Data(format!("the positive class `{class}`, expected one of {names:?}"))
        })?;
        let outcomes = outcomes_of(class, rows.classes);
        let probabilities = rows.probabilities_of(class);
        let spec = BootstrapSpec::new(N_REPLICATES, seed);
        for cutoff in &mut self.cutoffs {
            let Some((_, rule)) = rules.iter().find(|(name, _)| *name == cutoff.name) else {
                continue;
            };
            let choice =
                rule.choose_with_intervals(&outcomes, &probabilities, &spec, CONFIDENCE)?;
            cutoff.choice = Some(choice);
        }
        Ok(())
    }

    fn of_class(
        class: usize,
        class_name: &str,
        name: String,
        rows: &EvaluatedRows<'_>,
    ) -> Result<Self, Error> {
        let outcomes = outcomes_of(class, rows.classes);
        let probabilities = rows.probabilities_of(class);
        let (n_events, _) = counts(&outcomes);
        let named: Vec<(&str, f64)> = rows
            .cutoffs
            .iter()
            .filter(|cutoff| cutoff.class == class)
            .map(|cutoff| (cutoff.name, cutoff.probability))
            .collect();
        let (_, subgroup_cutoff) = named.first().copied().unwrap_or(ONE_HALF);
        let spec = SubgroupSpec { cutoff: subgroup_cutoff, confidence: CONFIDENCE };
        let by_level = |FeatureLevels { feature, levels }: &FeatureLevels| {
            let groups = subgroups(&outcomes, &probabilities, levels, spec)?;
            Ok(FeatureSubgroups { feature: feature.clone(), groups })
        };
        let at_cutoff = |(name, cutoff): (&str, f64)| {
            let classification =
                Classification::new(&outcomes, &probabilities, cutoff, CONFIDENCE)?;
            Ok(CutoffAssessment { name: name.into(), classification, choice: None })
        };
        let cutoffs = [ONE_HALF].into_iter().chain(named).map(at_cutoff);
        let hundredths: Vec<f64> =
            (1..=N_DECISION_CUTOFFS).map(|nth| f64::from(nth) / 100.0).collect();
        Ok(Self {
            rows: name,
            n_rows: outcomes.len(),
            n_events,
            positive_class: class_name.into(),
            member_metrics: MemberMetrics::new(rows.classes, &rows.members, rows.ensemble)?,
            discrimination: Discrimination::new(&outcomes, &probabilities, CONFIDENCE).ok(),
            calibration: Calibration::new(&outcomes, &probabilities, CONFIDENCE)?,
            cutoffs: cutoffs.collect::<Result<_, Error>>()?,
            subgroups: rows.subgroups.iter().map(by_level).collect::<Result<_, Error>>()?,
            decision_curve: decision_curve(&outcomes, &probabilities, &hundredths)?,
            histogram: Histogram::new(&outcomes, &probabilities)?,
            agreement: Agreement::new(&rows.members),
        })
    }
}

#[cfg(test)]
mod tests;
