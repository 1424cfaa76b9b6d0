//! Choosing the cutoff at which rows count as positive.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bootstrap::{BootstrapDistribution, BootstrapSpec, check_spec, replicates};
use super::interval::{Confidence, Interval};
use super::rows::{check, counts_of_both, number, select};
use super::sweep::{AtCutoff, sweep};
use crate::error::Error;

/// What makes a cutoff the best.
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
        /// What a false negative costs, in any unit, not negative.
        false_negative: f64,
        /// What a false positive costs, in the same unit, not negative.
        false_positive: f64,
        /// The share of events where the model will be used; nothing: as in these rows.
        #[serde(default)]
        prevalence: Option<f64>,
    },
}

/// The best cutoff, and what it gives on the rows that chose it.
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
    /// Of the cutoff.
    pub cutoff: Interval,
    /// Of its sensitivity.
    pub sensitivity: Interval,
    /// Of its specificity.
    pub specificity: Interval,
    /// Replicates on which no cutoff fulfils the rule, or all rows are of one class: left out.
    pub n_undefined: usize,
}

impl CutoffRule {
    /// The best cutoff among the probabilities of the rows.
    ///
    /// Ties: Youden and cost take the highest of equally good cutoffs; the other two take the one
    /// that is better in the share that the rule names, and then the highest. Ties are exact, but for
    /// costs with fractions or with a prevalence of their own, where rounding may part them.
    /// Calling every row negative is not among the choices.
    ///
    /// # Errors
    ///
    /// `Data` when all rows are of one class, when a number of the rule is not a share or is
    /// negative, when no cutoff has the specificity asked for, and as in [`statistics`](super).
    pub fn choose(self, outcomes: &[bool], probabilities: &[f64]) -> Result<ChosenCutoff, Error> {
        check(outcomes, probabilities)?;
        self.check().map_err(Error::Data)?;
        let (n_positive, n_negative) = counts_of_both(outcomes)?;
        let totals = Totals { n_positive, n_negative };
        let best = self
            .best(&totals, &sweep(outcomes, probabilities))
            .ok_or_else(|| Error::Data(format!("no cutoff fulfils {self}")))?;
        Ok(ChosenCutoff {
            cutoff: best.cutoff,
            sensitivity: totals.sensitivity(&best),
            specificity: totals.specificity(&best),
        })
    }

    /// The best cutoff with bootstrap intervals.
    ///
    /// # Errors
    ///
    /// `Data` when the choice on all rows fails as in [`choose`](Self::choose), when there is no
    /// replicate, or when it fails on all replicates but one.
    pub fn choose_with_intervals(
        self,
        outcomes: &[bool],
        probabilities: &[f64],
        spec: &BootstrapSpec,
        confidence: Confidence,
    ) -> Result<CutoffIntervals, Error> {
        let chosen = self.choose(outcomes, probabilities)?;
        check_spec(outcomes, spec)?;
        let choices = replicates(outcomes, spec, |rows| {
            self.choose(&select(outcomes, rows), &select(probabilities, rows)).ok()
        });
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
            n_undefined: choices.iter().filter(|choice| choice.is_none()).count(),
            chosen,
        })
    }

    fn best(self, totals: &Totals, points: &[AtCutoff]) -> Option<AtCutoff> {
        match self {
            Self::Youden => first_max_by(points, |at| Some(totals.youden(at))),
            Self::SensitivityAtLeast(least) => first_max_by(points, |at| {
                let key = (totals.n_true_negative(at), at.true_positive);
                (totals.sensitivity(at) >= least).then_some(key)
            }),
            Self::SpecificityAtLeast(least) => first_max_by(points, |at| {
                let key = (at.true_positive, totals.n_true_negative(at));
                (totals.specificity(at) >= least).then_some(key)
            }),
            Self::Cost { false_negative, false_positive, prevalence } => {
                // Costs per row times a constant: whole-numbered costs then add up without rounding,
                // and equally good cutoffs tie.
                let (of_missed, of_alarmed) = match prevalence {
                    None => (false_negative, false_positive),
                    Some(share) => (
                        false_negative * share * number(totals.n_negative),
                        false_positive * (1.0 - share) * number(totals.n_positive),
                    ),
                };
                first_max_by(points, |at| {
                    let n_missed = number(totals.n_positive - at.true_positive);
                    Some(-(of_missed * n_missed + of_alarmed * number(at.false_positive)))
                })
            }
        }
    }

    /// Refuses numbers that are no shares and no costs.
    pub fn check(self) -> Result<(), String> {
        let is_share = |value: f64| (0.0..=1.0).contains(&value);
        let is_cost = |value: f64| value >= 0.0 && value.is_finite();
        let is_good = match self {
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
        if is_good {
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

/// Rows of each class, at least one.
struct Totals {
    n_positive: usize,
    n_negative: usize,
}

impl Totals {
    fn n_true_negative(&self, at: &AtCutoff) -> usize {
        self.n_negative - at.false_positive
    }

    fn sensitivity(&self, at: &AtCutoff) -> f64 {
        number(at.true_positive) / number(self.n_positive)
    }

    fn specificity(&self, at: &AtCutoff) -> f64 {
        number(self.n_true_negative(at)) / number(self.n_negative)
    }

    /// Sensitivity plus specificity, times the rows of both classes.
    fn youden(&self, at: &AtCutoff) -> u128 {
        let times = |part: usize, whole: usize| part as u128 * whole as u128;
        times(at.true_positive, self.n_negative) + times(self.n_true_negative(at), self.n_positive)
    }
}

/// The first of the largest among points that have a key: the highest cutoff, because points begin
/// there.
fn first_max_by<K: PartialOrd>(
    points: &[AtCutoff],
    key: impl Fn(&AtCutoff) -> Option<K>,
) -> Option<AtCutoff> {
    let mut best: Option<(K, AtCutoff)> = None;
    for point in points {
        let Some(of_point) = key(point) else { continue };
        if best.as_ref().is_none_or(|(of_best, _)| of_point > *of_best) {
            best = Some((of_point, *point));
        }
    }
    best.map(|(_, point)| point)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: [bool; 6] = [true, true, false, true, false, false];
    const PROBABILITIES: [f64; 6] = [0.9, 0.8, 0.7, 0.6, 0.2, 0.1];

    fn chosen(rule: CutoffRule) -> f64 {
        rule.choose(&OUTCOMES, &PROBABILITIES).unwrap().cutoff
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
    fn dear_misses_lower_the_cutoff() {
        let cost = |false_negative, prevalence| {
            chosen(CutoffRule::Cost { false_negative, false_positive: 1.0, prevalence })
        };
        assert_eq!(cost(10.0, None), 0.6);
        assert_eq!(cost(0.1, None), 0.8);
        assert_eq!(cost(10.0, Some(0.01)), 0.8);
    }

    #[test]
    fn what_cannot_be_fulfilled_is_refused() {
        let refused =
            |outcomes: &[bool], rule: CutoffRule| rule.choose(outcomes, &[0.9, 0.1]).is_err();
        assert!(refused(&[false, true], CutoffRule::SpecificityAtLeast(1.0)));
        assert!(refused(&[true, true], CutoffRule::Youden));
        assert!(refused(&[true, false], CutoffRule::SensitivityAtLeast(1.5)));
        assert!(refused(&[true, false], CutoffRule::SensitivityAtLeast(f64::NAN)));
        let (false_negative, false_positive) = (0.0, 0.0);
        let free = CutoffRule::Cost { false_negative, false_positive, prevalence: None };
        assert!(refused(&[true, false], free));
    }

    #[test]
    fn intervals_hold_the_choices_of_replicates() {
        let spec = BootstrapSpec::new(50, 1);
        let found = CutoffRule::Youden
            .choose_with_intervals(&OUTCOMES, &PROBABILITIES, &spec, Confidence::PERCENT_95)
            .unwrap();
        assert!(
            found.cutoff.lower <= found.chosen.cutoff && found.chosen.cutoff <= found.cutoff.upper
        );
        assert_eq!(found.n_undefined, 0);
    }
}
