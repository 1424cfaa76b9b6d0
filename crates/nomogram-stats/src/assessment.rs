//! All statistics of one set of rows: what a report shows.
//!
//! The input is plain data ([`EvaluatedRows`]); the output serialises with the keys of the report.

mod discrimination;
mod histogram;
mod rows;

mod agreement;
mod calibration;
mod member_metrics;
mod patients;
mod weighting;

use serde::Serialize;

use crate::abstention::{RiskAtCoverage, risk_coverage};
use crate::bootstrap::BootstrapSpec;
use crate::classification::Classification;
use crate::cutoffs::{CutoffIntervals, CutoffRule};
use crate::decision_curve::{NetBenefit, decision_curve};
use crate::error::Error;
use crate::interval::Confidence;
use crate::rows::Rows;
use crate::subgroups::{Subgroup, SubgroupSpec, subgroups};

pub use agreement::Agreement;
pub use calibration::{Calibration, CalibrationGroup};
pub use discrimination::{Discrimination, Ranking};
pub use histogram::Histogram;
pub use member_metrics::{ENSEMBLE, MemberMetrics, NamedMetrics};
pub use patients::{PatientInterval, PatientIntervals};
pub use rows::{EvaluatedRows, FeatureLevels, NamedCutoff, NamedProbabilities};
pub use weighting::Weighting;

const CONFIDENCE: Confidence = Confidence::PERCENT_95;

/// The cutoff that every assessment has, with its name.
const ONE_HALF: (&str, f64) = ("0.5", 0.5);

/// The name of all classes but the positive one, where there are several.
const ALL_OTHERS: &str = "all others";

/// Cutoffs of the decision curve: every hundredth.
const N_DECISION_CUTOFFS: u32 = 99;

/// With more classes than this, an assessment has no curves and no intervals by patient: they would take
/// minutes and fill a report that nobody can read.
pub const MAX_CLASSES_WITH_CURVES: usize = 10;

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
    /// The number of patients, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_patients: Option<usize>,
    /// The weights, where rows have them; all statistics are then weighted but those that it lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighting: Option<Weighting>,
    /// The class whose probability is assessed, against all others.
    pub positive_class: String,
    /// The other one of two classes; of more, `all others`.
    pub other_class: String,
    /// Metrics of each member and of the ensemble. Of more than two classes, the counts of each class by
    /// predicted class are in the first assessment only.
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
    /// Intervals of a bootstrap that draws patients, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_intervals: Option<PatientIntervals>,
    /// The net benefit at each cutoff from 0.01 to 0.99; empty where curves are left out.
    pub decision_curve: Vec<NetBenefit>,
    /// The rows of each outcome by probability.
    pub histogram: Histogram,
    /// How often each two members predict the same class.
    pub agreement: Agreement,
    /// The error of the rows that are left when the least sure ones are referred; of more than two
    /// classes, in the first assessment only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub risk_coverage: Vec<RiskAtCoverage>,
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
    /// The name of the cutoff of all levels: the first of the positive class, or `0.5`.
    pub cutoff_name: String,
    /// The cutoff.
    pub cutoff: f64,
    /// Statistics of each level, in the declared order; rows without a value are the last.
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
        let metrics = MemberMetrics::new(&rows.members, &rows.of_ensemble()?)?;
        match rows.class_names {
            [_, _] => Ok(vec![Self::of_class(1, rows.name.into(), rows, metrics)?]),
            names => {
                let without_counts = metrics.without_counts();
                let of_class = |(class, name): (usize, &String)| {
                    let metrics = if class == 0 { &metrics } else { &without_counts };
                    Self::of_class(class, format!("{}, {name}", rows.name), rows, metrics.clone())
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
        let (of_class, patients) = (rows.of_ensemble()?.one_class(class), rows.numbered_patients());
        let of_class = of_class.rows().of_patients(patients.as_deref())?;
        let spec = BootstrapSpec::new(N_REPLICATES, seed);
        for cutoff in &mut self.cutoffs {
            let Some((_, rule)) = rules.iter().find(|(name, _)| *name == cutoff.name) else {
                continue;
            };
            cutoff.choice = Some(rule.choose_with_intervals(of_class, &spec, CONFIDENCE)?);
        }
        Ok(())
    }

    fn of_class(
        class: usize,
        name: String,
        all: &EvaluatedRows<'_>,
        member_metrics: MemberMetrics,
    ) -> Result<Self, Error> {
        let (of_class, patients) = (all.of_ensemble()?.one_class(class), all.numbered_patients());
        let rows: Rows<'_> = of_class.rows().of_patients(patients.as_deref())?;
        let has_curves = all.class_names.len() <= MAX_CLASSES_WITH_CURVES;
        let named = all.cutoffs.iter().filter(|cutoff| cutoff.class == class);
        let named: Vec<(&str, f64)> =
            named.map(|cutoff| (cutoff.name, cutoff.probability)).collect();
        let (cutoff_name, cutoff) = named.first().copied().unwrap_or(ONE_HALF);
        let spec = SubgroupSpec { cutoff, confidence: CONFIDENCE };
        let by_level = |levels: &FeatureLevels| {
            let groups = subgroups(rows, &levels.names, &levels.level_of_row, spec)?;
            let (feature, cutoff_name) = (levels.feature.clone(), cutoff_name.to_owned());
            Ok(FeatureSubgroups { feature, cutoff_name, cutoff, groups })
        };
        let named: Vec<(&str, f64)> = [ONE_HALF].into_iter().chain(named).collect();
        let at_cutoff = |(name, cutoff): &(&str, f64)| {
            let classification = Classification::new(rows, *cutoff, CONFIDENCE)?;
            Ok(CutoffAssessment { name: (*name).into(), classification, choice: None })
        };
        let n_decision_cutoffs = if has_curves { N_DECISION_CUTOFFS } else { 0 };
        let hundredths: Vec<f64> =
            (1..=n_decision_cutoffs).map(|nth| f64::from(nth) / 100.0).collect();
        let (discrimination, calibration) = if has_curves {
            (Discrimination::new(rows, CONFIDENCE), Calibration::new(rows, CONFIDENCE))
        } else {
            let discrimination = Discrimination::without_curves(rows, CONFIDENCE);
            (discrimination, Calibration::without_curve(rows, CONFIDENCE))
        };
        let intervals = || PatientIntervals::new(rows, &named, CONFIDENCE);
        Ok(Self {
            rows: name,
            n_rows: rows.n_rows(),
            n_events: rows.counts().0,
            n_patients: patients::n_patients(rows),
            weighting: Weighting::of(rows),
            positive_class: all.class_names.get(class).cloned().unwrap_or_default(),
            other_class: match all.class_names {
                [first, _] => first.clone(),
                _ => ALL_OTHERS.into(),
            },
            member_metrics,
            discrimination: discrimination.ok(),
            calibration: calibration?,
            cutoffs: named.iter().map(at_cutoff).collect::<Result<_, Error>>()?,
            subgroups: all.subgroups.iter().map(by_level).collect::<Result<_, Error>>()?,
            patient_intervals: has_curves.then(intervals).flatten(),
            decision_curve: decision_curve(rows, &hundredths)?,
            histogram: Histogram::new(rows),
            agreement: Agreement::new(&all.members, all.weights),
            risk_coverage: if all.class_names.len() == 2 || class == 0 {
                risk_coverage(&all.of_ensemble()?)
            } else {
                Vec::new()
            },
        })
    }
}

#[cfg(test)]
mod tests;
