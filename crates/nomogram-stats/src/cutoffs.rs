//! Choosing a cutoff by a rule.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::bootstrap::{BootstrapDistribution, BootstrapSpec, check_spec, replicates};
use crate::confusion::ConfusionMatrix;
use crate::error::Error;
use crate::interval::{Confidence, Interval};
use crate::rows::Rows;
use crate::sweep::{CutoffPoint, sweep};

/// The rule that chooses a cutoff.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutoffRule {
    /// The largest sensitivity + specificity − 1 (Youden 1950).
    Youden,
    /// The largest specificity with at least this sensitivity.
    SensitivityAtLeast(f64),
    /// The largest sensitivity with at least this specificity.
    SpecificityAtLeast(f64),
    /// The least expected cost per row: `false_negative · (1 − sensitivity) · prevalence +
    /// false_positive · (1 − specificity) · (1 − prevalence)` (Metz 1978).
    Cost {
        /// The cost of a false negative, in any unit, not negative.
        false_negative: f64,
        /// The cost of a false positive, in the same unit, not negative.
        false_positive: f64,
        /// The share of events where the model will be used; `None`: as in these rows.
        #[serde(default)]
        prevalence: Option<f64>,
    },
}

/// The best cutoff, with sensitivity and specificity on the rows that chose it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChosenCutoff {
    /// Rows with at least this probability are positive; one of the probabilities of the rows.
    pub cutoff: f64,
    /// The share of positive rows that are positive at the cutoff.
    pub sensitivity: f64,
    /// The share of negative rows that are negative at the cutoff.
    pub specificity: f64,
}

/// The best cutoff with percentile intervals: the choice is made anew on each replicate.
///
/// Sensitivity and specificity are those on the replicate that chose, so they are as optimistic as the
/// estimate is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CutoffIntervals {
    /// The choice on all rows.
    pub chosen: ChosenCutoff,
    /// The interval of the cutoff.
    pub cutoff: Interval,
    /// The interval of its sensitivity.
    pub sensitivity: Interval,
    /// The interval of its specificity.
    pub specificity: Interval,
    /// The number of bootstrap replicates.
    pub n_replicates: usize,
    /// Replicates without a choice, left out: no cutoff meets the rule, or all rows are of one class.
    pub n_undefined: usize,
}

impl CutoffRule {
    /// The best cutoff among the probabilities of the rows.
    ///
    /// Ties: Youden and cost take the highest of equally good cutoffs; the other two take the one
    /// that is better in the share that the rule names, and then the highest. Ties are exact, except
    /// for fractional weights, fractional costs or a given prevalence, where rounding may break them.
    /// Predicting every row negative is not a choice.
    ///
    /// # Errors
    ///
    /// `Data` when all rows are of one class, when a number of the rule is not a share or is
    /// negative, and when no cutoff meets the rule.
    pub fn choose(self, rows: Rows<'_>) -> Result<ChosenCutoff, Error> {
        self.check().map_err(Error::Data)?;
        rows.counts_of_both()?;
        let chosen = |CutoffPoint { cutoff, confusion }| {
            let (sensitivity, specificity) = (confusion.sensitivity()?, confusion.specificity()?);
            Some(ChosenCutoff { cutoff, sensitivity, specificity })
        };
        self.best(&sweep(rows))
            .and_then(chosen)
            .ok_or_else(|| Error::Data(format!("no cutoff meets the rule {self}")))
    }

    /// The best cutoff with bootstrap intervals; patients are drawn where rows have them.
    ///
    /// # Errors
    ///
    /// `Data` when the choice on all rows fails as in [`choose`](Self::choose), when there is no
    /// replicate, or when it fails on all replicates but one.
    pub fn choose_with_intervals(
        self,
        rows: Rows<'_>,
        spec: &BootstrapSpec,
        confidence: Confidence,
    ) -> Result<CutoffIntervals, Error> {
        let chosen = self.choose(rows)?;
        check_spec(spec)?;
        let choices = replicates(rows, spec, |drawn| self.choose(rows.select(drawn).rows()).ok());
        let interval = |of: fn(&ChosenCutoff) -> f64| {
            let values: Vec<Option<f64>> =
                choices.iter().map(|choice| choice.as_ref().map(of)).collect();
            let distribution = BootstrapDistribution::new(of(&chosen), &values)?;
            Ok::<_, Error>(distribution.percentile(confidence))
        };
        Ok(CutoffIntervals {
            cutoff: interval(|choice| choice.cutoff)?,
            sensitivity: interval(|choice| choice.sensitivity)?,
            specificity: interval(|choice| choice.specificity)?,
            n_replicates: choices.len(),
            n_undefined: choices.iter().filter(|choice| choice.is_none()).count(),
            chosen,
        })
    }

    fn best(self, points: &[CutoffPoint]) -> Option<CutoffPoint> {
        match self {
            Self::Youden => first_max_by(points, |confusion| Some(youden(confusion))),
            Self::SensitivityAtLeast(least) => first_max_by(points, |confusion| {
                let key = (confusion.true_negative, confusion.true_positive);
                (confusion.sensitivity()? >= least).then_some(key)
            }),
            Self::SpecificityAtLeast(least) => first_max_by(points, |confusion| {
                let key = (confusion.true_positive, confusion.true_negative);
                (confusion.specificity()? >= least).then_some(key)
            }),
            Self::Cost { false_negative, false_positive, prevalence } => {
                first_max_by(points, |confusion| {
                    // Costs per row times a constant: whole-numbered costs then add up without
                    // rounding, and equally good cutoffs tie.
                    let (of_false_negative, of_false_positive) = match prevalence {
                        None => (false_negative, false_positive),
                        Some(share) => (
                            false_negative * share * confusion.negative(),
                            false_positive * (1.0 - share) * confusion.positive(),
                        ),
                    };
                    Some(
                        -(of_false_negative * confusion.false_negative
                            + of_false_positive * confusion.false_positive),
                    )
                })
            }
        }
    }

    /// Checks the numbers of the rule.
    ///
    /// # Errors
    ///
    /// What was found and expected, when a share is not in `[0, 1]` or a cost is negative, or both
    /// costs are 0.
    pub fn check(self) -> Result<(), String> {
        let is_share = |value: f64| (0.0..=1.0).contains(&value);
        let is_cost = |value: f64| value >= 0.0 && value.is_finite();
        let is_valid = match self {
            Self::Youden => true,
            Self::SensitivityAtLeast(least) | Self::SpecificityAtLeast(least) => is_share(least),
            Self::Cost { false_negative, false_positive, prevalence } => {
                let is_some_cost = false_negative > 0.0 || false_positive > 0.0;
                is_cost(false_negative)
                    && is_cost(false_positive)
                    && is_some_cost
                    && prevalence.is_none_or(is_share)
            }
        };
        if is_valid {
            return Ok(());
        }
        Err(format!("{self}, expected shares in [0, 1], and costs not negative and not both 0"))
    }
}

impl fmt::Display for CutoffRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Youden => write!(f, "youden"),
            Self::SensitivityAtLeast(least) => write!(f, "sensitivity_at_least: {least}"),
            Self::SpecificityAtLeast(least) => write!(f, "specificity_at_least: {least}"),
            Self::Cost { false_negative, false_positive, prevalence } => {
                write!(f, "false_negative: {false_negative}, false_positive: {false_positive}")?;
                prevalence.map_or(Ok(()), |share| write!(f, ", prevalence: {share}"))
            }
        }
    }
}

/// Sensitivity plus specificity, times the rows of both classes: exact for whole weights, below 2⁵³.
fn youden(confusion: &ConfusionMatrix) -> f64 {
    confusion.true_positive * confusion.negative() + confusion.true_negative * confusion.positive()
}

/// The first of the largest among points that have a key: the highest cutoff, because points begin
/// there.
fn first_max_by<K: PartialOrd>(
    points: &[CutoffPoint],
    key: impl Fn(&ConfusionMatrix) -> Option<K>,
) -> Option<CutoffPoint> {
    let mut best: Option<(K, CutoffPoint)> = None;
    for point in points {
        let Some(key) = key(&point.confusion) else { continue };
        if best.as_ref().is_none_or(|(best_key, _)| key > *best_key) {
            best = Some((key, *point));
        }
    }
    best.map(|(_, point)| point)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: [bool; 6] = [true, true, false, true, false, false];
    const PROBABILITIES: [f64; 6] = [0.9, 0.8, 0.7, 0.6, 0.2, 0.1];

    fn rows() -> Rows<'static> {
        Rows::new(&OUTCOMES, &PROBABILITIES).unwrap()
    }

    fn chosen(rule: CutoffRule) -> f64 {
        rule.choose(rows()).unwrap().cutoff
    }

    #[test]
    fn equally_good_cutoffs_give_the_highest() {
        // J is 2/3 at 0.8 and at 0.6.
        assert_eq!(chosen(CutoffRule::Youden), 0.8);
        assert_eq!(chosen(CutoffRule::SensitivityAtLeast(1.0)), 0.6);
        assert_eq!(chosen(CutoffRule::SensitivityAtLeast(0.0)), 0.8);
        assert_eq!(chosen(CutoffRule::SpecificityAtLeast(1.0)), 0.8);
        assert_eq!(chosen(CutoffRule::SpecificityAtLeast(0.5)), 0.6);
    }

    #[test]
    fn heavy_positive_rows_lower_the_cutoff() {
        let weighted = rows().weighted(Some(&[1.0, 1.0, 1.0, 5.0, 1.0, 1.0])).unwrap();
        assert_eq!(CutoffRule::Youden.choose(weighted).unwrap().cutoff, 0.6);
        let spec = BootstrapSpec::new(20, 1);
        let patients = [0, 0, 1, 1, 2, 2];
        let weighted = weighted.of_patients(Some(&patients)).unwrap();
        let confidence = Confidence::PERCENT_95;
        let choice = CutoffRule::Youden.choose_with_intervals(weighted, &spec, confidence).unwrap();
        // A replicate that draws the second patient alone has both classes; the first or the third, one.
        assert!(choice.n_undefined < 20 && choice.n_replicates == 20, "{choice:?}");
    }

    #[test]
    fn costly_false_negatives_lower_the_cutoff() {
        let cost = |false_negative, prevalence| {
            chosen(CutoffRule::Cost { false_negative, false_positive: 1.0, prevalence })
        };
        assert_eq!(cost(10.0, None), 0.6);
        assert_eq!(cost(0.1, None), 0.8);
        assert_eq!(cost(10.0, Some(0.01)), 0.8);
    }

    #[test]
    fn rules_that_no_cutoff_meets_are_refused() {
        let refused = |outcomes: &[bool], rule: CutoffRule| {
            rule.choose(Rows::new(outcomes, &[0.9, 0.1]).unwrap()).is_err()
        };
        assert!(refused(&[false, true], CutoffRule::SpecificityAtLeast(1.0)));
        assert!(refused(&[true, true], CutoffRule::Youden));
        assert!(refused(&[true, false], CutoffRule::SensitivityAtLeast(1.5)));
        assert!(refused(&[true, false], CutoffRule::SensitivityAtLeast(f64::NAN)));
        let (false_negative, false_positive) = (0.0, 0.0);
        let free = CutoffRule::Cost { false_negative, false_positive, prevalence: None };
        assert!(refused(&[true, false], free));
    }

    #[test]
    fn intervals_contain_the_choice_on_all_rows() {
        let spec = BootstrapSpec::new(50, 1);
        let intervals = CutoffRule::Youden
            .choose_with_intervals(rows(), &spec, Confidence::PERCENT_95)
            .unwrap();
        assert!(
            intervals.cutoff.lower <= intervals.chosen.cutoff
                && intervals.chosen.cutoff <= intervals.cutoff.upper
        );
        assert_eq!(intervals.n_undefined, 0);
    }
}
