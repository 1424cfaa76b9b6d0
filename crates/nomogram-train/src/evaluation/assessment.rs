//! Everything that is told of a model's predictions of one set of rows.

use nomogram::{Cutoff, FeatureKind};
use serde::Serialize;

use crate::data::Dataset;
use crate::ensemble::CutoffSpec;
use crate::error::Error;
use crate::evaluation::Evaluation;
use crate::predictions::Predictions;
use crate::training::config::SubgroupConfig;
use nomogram_stats::bootstrap::BootstrapSpec;
use nomogram_stats::calibration::{
    Binning, BrierDecomposition, BrierScore, CalibrationBins, CalibrationLine, ObservedExpected,
    SmoothCalibration, SpiegelhalterTest, calibration_in_the_large, calibration_line, clipped,
    observed_expected, spiegelhalter,
};
use nomogram_stats::classification::{Classification, Proportion};
use nomogram_stats::cutoffs::CutoffIntervals;
use nomogram_stats::decision_curve::{NetBenefit, decision_curve};
use nomogram_stats::discrimination::{
    AucEstimate, PrecisionRecallPoint, RocPoint, auc_estimate, average_precision,
    precision_recall_curve, roc_curve, without_collinear,
};
use nomogram_stats::metrics::most_probable;
use nomogram_stats::subgroups::{Subgroup, SubgroupSpec};
use nomogram_stats::{Confidence, Estimate};

/// Bins of equal counts for the calibration table, fewer where there are few rows.
const N_BINS: usize = 10;
/// Bins of equal width for the histogram of probabilities.
const N_HISTOGRAM_BINS: usize = 20;
/// Threshold probabilities of the decision curve: every hundredth.
const N_THRESHOLDS: u32 = 99;
/// How often rows are drawn to tell how surely they chose a cutoff.
const N_REPLICATES: usize = 1000;

/// How good the predictions of one set of rows are, with 95 % intervals. What these rows do not
/// define is `None`. Sources and conventions: [`nomogram_stats`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assessment {
    /// Which rows, for example `test part`.
    pub rows: String,
    /// How many there are.
    pub n_rows: usize,
    /// How many are of the positive class.
    pub n_events: usize,
    /// The class whose probability is judged, against all others.
    pub positive_class: String,
    /// Metrics of each member and of the vote.
    pub evaluation: Evaluation,
    /// How well the vote tells the classes apart.
    pub discrimination: Option<Discrimination>,
    /// How well the vote's probabilities agree with what came true.
    pub calibration: Calibration,
    /// What happens at each cutoff, and at a probability of one half.
    pub cutoffs: Vec<AtCutoff>,
    /// The performance by the values of some features.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subgroups: Vec<FeatureSubgroups>,
    /// The net benefit at each threshold probability.
    pub decision_curve: Vec<NetBenefit>,
    /// How many rows of each class got which probabilities.
    pub histogram: Histogram,
    /// How often each two members predict the same class.
    pub agreement: Agreement,
}

/// How well the classes are told apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Discrimination {
    /// The area under the ROC curve.
    pub auc: AucEstimate,
    /// The area under the precision–recall curve, by steps.
    pub average_precision: f64,
    /// The ROC curve.
    pub roc: Vec<RocPoint>,
    /// The precision–recall curve.
    pub precision_recall: Vec<PrecisionRecallPoint>,
}

/// How well probabilities agree with what came true.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Intercept and slope of the outcome on the logit; 0 and 1 are ideal.
    pub line: Option<CalibrationLine>,
    /// The intercept where the slope is kept at 1; 0 is ideal.
    pub in_the_large: Option<Estimate>,
    /// Observed over expected events; 1 is ideal.
    pub observed_expected: Option<ObservedExpected>,
    /// Whether the squared errors are as large as the probabilities promise.
    pub spiegelhalter: Option<SpiegelhalterTest>,
    /// The Brier score and its skill.
    pub brier: BrierScore,
    /// The parts of the Brier score.
    pub brier_decomposition: BrierDecomposition,
    /// Groups of rows by their probability, each with the same number of rows.
    pub groups: Vec<CalibrationGroup>,
    /// The expected calibration error over these groups.
    pub expected_calibration_error: f64,
    /// The smoothed curve, and its distances from the ideal.
    pub smooth: Option<SmoothCalibration>,
}

/// A group of rows of similar probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationGroup {
    /// The mean of their probabilities.
    pub mean_probability: f64,
    /// The share that came true.
    pub observed: Proportion,
}

/// A classification and the name of its cutoff.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtCutoff {
    /// The name that the bundle gives the cutoff, or `0.5`.
    pub name: String,
    /// What happens there.
    #[serde(flatten)]
    pub classification: Classification,
    /// How surely these rows chose the cutoff, where they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<CutoffIntervals>,
}

/// The performance by the values of a feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeatureSubgroups {
    /// The feature.
    pub feature: String,
    /// Its levels, or the ranges of its values.
    pub groups: Vec<Subgroup>,
}

/// Counts of rows by probability, in bins of equal width.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Histogram {
    /// Of the negative rows.
    pub negative: Vec<u64>,
    /// Of the positive rows.
    pub positive: Vec<u64>,
}

/// The share of rows for which two members predict the same class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The members.
    pub names: Vec<String>,
    /// Of each member the share with each other; a square table.
    pub shares: Vec<Vec<f64>>,
}

impl Assessment {
    /// Judges the vote's predictions of all rows of `dataset`, which `rows` names: of two classes the
    /// positive one, of more each of them against all others.
    ///
    /// # Errors
    ///
    /// `Data` when there is not one prediction per row.
    pub fn all(
        rows: &str,
        dataset: &Dataset,
        predictions: &Predictions,
        cutoffs: &[Cutoff],
    ) -> Result<Vec<Self>, Error> {
        let classes = dataset.schema().target().classes();
        if classes.len() == 2 {
            return Ok(vec![Self::of_class(1, rows, dataset, predictions, cutoffs)?]);
        }
        let of_class = |(class, name): (usize, &String)| {
            Self::of_class(class, &format!("{rows}, {name}"), dataset, predictions, cutoffs)
        };
        classes.iter().enumerate().map(of_class).collect()
    }

    fn of_class(
        class: usize,
        rows: &str,
        dataset: &Dataset,
        predictions: &Predictions,
        cutoffs: &[Cutoff],
    ) -> Result<Self, Error> {
        let positive_class = dataset.schema().target().classes().get(class);
        let positive_class = positive_class.cloned().unwrap_or_default();
        let evaluation = Evaluation::new(predictions, dataset.classes())?;
        let outcomes: Vec<bool> = dataset.classes().iter().map(|own| *own == class).collect();
        let probabilities = predictions.ensemble.column(class).to_vec();
        let thresholds: Vec<f64> = (1..=N_THRESHOLDS).map(|nth| f64::from(nth) / 100.0).collect();
        let positive_cutoffs = cutoffs.iter().filter(|cutoff| cutoff.class as usize == class);
        let named = positive_cutoffs.map(|cutoff| (cutoff.name.as_str(), cutoff.probability));
        let at_cutoff = |(name, probability): (&str, f64)| {
            let classification =
                Classification::new(&outcomes, &probabilities, probability, CONFIDENCE)?;
            Ok(AtCutoff { name: name.into(), classification, choice: None })
        };
        Ok(Self {
            rows: rows.into(),
            n_rows: outcomes.len(),
            n_events: outcomes.iter().filter(|outcome| **outcome).count(),
            positive_class,
            evaluation,
            discrimination: Discrimination::new(&outcomes, &probabilities).ok(),
            calibration: Calibration::new(&outcomes, &probabilities)?,
            cutoffs: [("0.5", 0.5)]
                .into_iter()
                .chain(named)
                .map(at_cutoff)
                .collect::<Result<_, Error>>()?,
            subgroups: Vec::new(),
            decision_curve: decision_curve(&outcomes, &probabilities, &thresholds)?,
            histogram: Histogram::new(&outcomes, &probabilities),
            agreement: Agreement::new(predictions),
        })
    }
}

impl Assessment {
    /// Adds the performance by the values of these features, of the same rows.
    ///
    /// # Errors
    ///
    /// `Configuration` when there is no such feature, or its values do not make such groups.
    pub fn add_subgroups(
        &mut self,
        dataset: &Dataset,
        predictions: &Predictions,
        subgroups: &[SubgroupConfig],
    ) -> Result<(), Error> {
        let names = dataset.schema().target().classes();
        let class = names.iter().position(|own| *own == self.positive_class).unwrap_or(1);
        let outcomes: Vec<bool> = dataset.classes().iter().map(|own| *own == class).collect();
        let probabilities = predictions.ensemble.column(class).to_vec();
        let named = self.cutoffs.iter().find(|at| at.name != "0.5");
        let cutoff = named.map_or(0.5, |at| at.classification.cutoff);
        let spec = SubgroupSpec { cutoff, confidence: CONFIDENCE };
        for subgroup in subgroups {
            let (feature, labels) = labels(dataset, subgroup)
                .map_err(|detail| Error::configuration(format!("report: subgroups: {detail}")))?;
            let groups =
                nomogram_stats::subgroups::subgroups(&outcomes, &probabilities, &labels, spec)?;
            self.subgroups.push(FeatureSubgroups { feature, groups });
        }
        Ok(())
    }

    /// Adds how surely the same rows chose each cutoff of the positive class.
    ///
    /// # Errors
    ///
    /// `Data` when a cutoff cannot be chosen on these rows.
    pub fn add_choices(
        &mut self,
        dataset: &Dataset,
        predictions: &Predictions,
        cutoffs: &[CutoffSpec],
        seed: u64,
    ) -> Result<(), Error> {
        let names = dataset.schema().target().classes();
        let class = names.iter().position(|own| *own == self.positive_class).unwrap_or(1);
        let outcomes: Vec<bool> = dataset.classes().iter().map(|own| *own == class).collect();
        let probabilities = predictions.ensemble.column(class).to_vec();
        let spec = BootstrapSpec::new(N_REPLICATES, seed);
        for at in &mut self.cutoffs {
            let Some(cutoff) = cutoffs.iter().find(|own| own.name == at.name) else { continue };
            let chosen =
                cutoff.rule.choose_with_intervals(&outcomes, &probabilities, &spec, CONFIDENCE)?;
            at.choice = Some(chosen);
        }
        Ok(())
    }
}

/// The name of the group of each row.
fn labels(dataset: &Dataset, subgroup: &SubgroupConfig) -> Result<(String, Vec<String>), String> {
    let name = subgroup.feature();
    let features = dataset.schema().features();
    let Some(at) = features.iter().position(|own| own.name == *name) else {
        return Err(format!("`{name}`, expected a feature"));
    };
    let levels: Vec<String> = match features.get(at) {
        Some(own) if own.kind == FeatureKind::Boolean => vec!["no".into(), "yes".into()],
        Some(own) => own.levels().to_vec(),
        None => Vec::new(),
    };
    let label = |value: f64| -> Option<String> {
        if value.is_nan() {
            return Some("missing".into());
        }
        let SubgroupConfig::Cuts { at, .. } = subgroup else {
            return levels
                .iter()
                .zip(0_u32..)
                .find(|(_, code)| f64::from(*code) == value)
                .map(|l| l.0.clone());
        };
        let above = at.iter().take_while(|cut| **cut <= value).count();
        Some(match (above.checked_sub(1).and_then(|below| at.get(below)), at.get(above)) {
            (None, Some(high)) => format!("below {high}"),
            (Some(low), Some(high)) => format!("from {low} to below {high}"),
            (low, None) => format!("from {} on", low.copied().unwrap_or(f64::NEG_INFINITY)),
        })
    };
    let column = dataset.values().column(at);
    let labels = column.iter().map(|value| label(*value).unwrap_or_else(|| "other".into()));
    Ok((name.to_owned(), labels.collect()))
}

const CONFIDENCE: Confidence = Confidence::PERCENT_95;

impl Discrimination {
    fn new(outcomes: &[bool], probabilities: &[f64]) -> Result<Self, Error> {
        Ok(Self {
            auc: auc_estimate(outcomes, probabilities, CONFIDENCE)?,
            average_precision: average_precision(outcomes, probabilities)?,
            roc: without_collinear(&roc_curve(outcomes, probabilities)?),
            precision_recall: precision_recall_curve(outcomes, probabilities)?,
        })
    }
}

impl Calibration {
    fn new(outcomes: &[bool], probabilities: &[f64]) -> Result<Self, Error> {
        let inside = clipped(probabilities);
        let binning = Binning::EqualCount(N_BINS.min(outcomes.len()));
        let bins = CalibrationBins::new(outcomes, probabilities, binning)?;
        let groups = bins.bins.iter().filter(|bin| bin.n_rows > 0).map(|bin| {
            let observed = Proportion::new(bin.n_events, bin.n_rows, CONFIDENCE)?;
            Ok(CalibrationGroup { mean_probability: bin.mean_probability, observed })
        });
        Ok(Self {
            line: calibration_line(outcomes, &inside, CONFIDENCE).ok(),
            in_the_large: calibration_in_the_large(outcomes, &inside, CONFIDENCE).ok(),
            observed_expected: observed_expected(outcomes, probabilities, CONFIDENCE).ok(),
            spiegelhalter: spiegelhalter(outcomes, probabilities).ok(),
            brier: BrierScore::new(outcomes, probabilities)?,
            brier_decomposition: BrierDecomposition::new(outcomes, probabilities, binning)?,
            groups: groups.collect::<Result<_, Error>>()?,
            expected_calibration_error: bins.expected_calibration_error,
            smooth: SmoothCalibration::new(outcomes, probabilities).ok(),
        })
    }
}

impl Histogram {
    #[allow(clippy::indexing_slicing, reason = "the bin is kept below the number of bins")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1")]
    fn new(outcomes: &[bool], probabilities: &[f64]) -> Self {
        let mut counts = [vec![0; N_HISTOGRAM_BINS], vec![0; N_HISTOGRAM_BINS]];
        for (outcome, probability) in outcomes.iter().zip(probabilities) {
            let bin = (probability * crate::count::number(N_HISTOGRAM_BINS)) as usize;
            counts[usize::from(*outcome)][bin.min(N_HISTOGRAM_BINS - 1)] += 1;
        }
        let [negative, positive] = counts;
        Self { negative, positive }
    }

    /// The ends of the bins, one more than bins.
    #[must_use]
    pub fn edges(&self) -> Vec<f64> {
        let n_bins = self.negative.len();
        (0..=n_bins).map(|end| crate::count::number(end) / crate::count::number(n_bins)).collect()
    }
}

impl Agreement {
    fn new(predictions: &Predictions) -> Self {
        let classes = predictions
            .members
            .iter()
            .map(|member| -> Vec<usize> { member.rows().into_iter().map(most_probable).collect() });
        let classes: Vec<Vec<usize>> = classes.collect();
        let share = |a: &[usize], b: &[usize]| {
            let n_same = a.iter().zip(b).filter(|(a, b)| a == b).count();
            crate::count::number(n_same) / crate::count::number(a.len().max(1))
        };
        let row = |own: &Vec<usize>| classes.iter().map(|other| share(own, other)).collect();
        Self { names: predictions.names.clone(), shares: classes.iter().map(row).collect() }
    }
}
