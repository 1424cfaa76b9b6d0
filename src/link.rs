//! Links: from margins to probabilities, or to a value.

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8};
use serde::{Deserialize, Serialize};

use crate::codec::decode_enum;
use crate::domain::Domain;
use crate::error::{Error, Place, format};
use crate::lanes::{Lanes, N_LANES, copy_lane, dispatch, set_lane};
use crate::numeric::{
    exp, exp_m1, logistic, logistic_pair, single_exp, single_logistic, single_softmax, softmax,
    vector,
};
use crate::schema::Target;

/// The function whose inverse turns a member's margins into one probability per class, or into the
/// value of a regression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// Two classes, one margin: the log odds of class 1.
    Logit,
    /// One margin per class; probabilities are proportional to `exp(margin)`.
    Softmax,
    /// Regression: the one margin is the predicted value.
    Identity,
    /// One margin per class, which is its probability already, as averaged trees give it.
    Probability,
    /// Regression: the predicted value is `exp(margin)`.
    Log,
    /// As [`Self::Logit`], computed in single precision as XGBoost does: each result is rounded.
    LogitSingle,
    /// As [`Self::Softmax`], computed in single precision as XGBoost does; only the sum is not rounded
    /// before it is complete.
    SoftmaxSingle,
    /// As [`Self::Log`], rounded to single precision.
    LogSingle,
    /// Two classes, one margin: the logarithm of the cumulative hazard of class 1, whose probability is
    /// `1 − exp(−exp(margin))`. A Cox model with a baseline survival has this link.
    ComplementaryLogLog,
    /// One margin per class: its log odds against all others. The logistics are divided by their sum, as
    /// in scikit-learn's one-vs-rest classifiers. If all are 0, all classes are equally probable.
    OneVsRest,
}
decode_enum!(Link {
    Logit,
    Softmax,
    Identity,
    Probability,
    Log,
    LogitSingle,
    SoftmaxSingle,
    LogSingle,
    ComplementaryLogLog,
    OneVsRest
});

impl Link {
    /// In words, for messages and descriptions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Logit => "logit",
            Self::Softmax => "softmax",
            Self::Identity => "identity",
            Self::Probability => "probability",
            Self::Log => "log",
            Self::LogitSingle => "logit in single precision",
            Self::SoftmaxSingle => "softmax in single precision",
            Self::LogSingle => "log in single precision",
            Self::ComplementaryLogLog => "complementary log-log",
            Self::OneVsRest => "one-vs-rest",
        }
    }

    /// How many margins a member must give for a target.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the link cannot serve the target.
    pub(crate) fn n_margins(self, target: &Target) -> Result<usize, Error> {
        let n_classes = target.classes().len();
        let (name, serves) = match self {
            Self::Logit | Self::LogitSingle | Self::ComplementaryLogLog if n_classes == 2 => {
                return Ok(1);
            }
            Self::Softmax | Self::SoftmaxSingle | Self::Probability | Self::OneVsRest
                if n_classes > 0 =>
            {
                return Ok(n_classes);
            }
            Self::Identity | Self::Log | Self::LogSingle if n_classes == 0 => return Ok(1),
            Self::Logit | Self::LogitSingle => ("logit", "2 classes"),
            Self::Softmax | Self::SoftmaxSingle => ("softmax", "classes"),
            Self::ComplementaryLogLog => ("complementary log-log", "2 classes"),
            Self::Identity => ("identity", "a number"),
            Self::Log | Self::LogSingle => ("log", "a number"),
            Self::Probability => ("probability", "classes"),
            Self::OneVsRest => ("one-vs-rest", "classes"),
        };
        let target =
            if n_classes == 0 { "is a number".into() } else { format!("has {n_classes} classes") };
        Err(Error::invalid_model(format_args!(
            "the {name} link serves {serves}, but the target {target}"
        )))
    }

    /// Checks that margins of these domains have an inverse. Returns the domain of the outputs.
    ///
    /// Any numbers have a logistic and a softmax, and any number is a value: only margins that may be
    /// missing or lie beyond 1e300 are refused, and those whose exponential could overflow. Domains cannot prove that probabilities sum to 1:
    /// members that use the probability link prove it themselves.
    pub(crate) fn check(self, margins: &[Domain]) -> Result<Domain, Error> {
        let mut hull: Option<Domain> = None;
        for (index, margin) in margins.iter().enumerate() {
            margin.check_present()?;
            match self {
                Self::Logit
                | Self::Softmax
                | Self::Identity
                | Self::Log
                | Self::LogitSingle
                | Self::SoftmaxSingle
                | Self::LogSingle
                | Self::ComplementaryLogLog
                | Self::OneVsRest => drop(margin.check()?),
                Self::Probability => {
                    margin.check_within(0.0, 1.0).map_err(|e| e.within(Place::Class(index)))?
                }
            }
            let (low, high) = (margin.low, margin.high);
            hull = Some(hull.map_or(*margin, |h| Domain::new(h.low.min(low), h.high.max(high))));
        }
        match (self, hull) {
            (_, None) => Err(Error::invalid_model("no margins, expected at least 1")),
            (Self::Identity, Some(value)) => Ok(value),
            (Self::Log, Some(margin)) => margin.map_monotone(&exp)?.widened(),
            (Self::LogSingle, Some(margin)) => margin.map_monotone(&single_exp),
            (
                Self::Logit
                | Self::Softmax
                | Self::Probability
                | Self::LogitSingle
                | Self::SoftmaxSingle
                | Self::ComplementaryLogLog
                | Self::OneVsRest,
                Some(_),
            ) => Ok(Domain::new(0.0, 1.0)),
        }
    }

    /// As [`Self::outputs`], for a block of rows. `row` has room for the margins and the outputs of one.
    pub(crate) fn block_outputs(
        self,
        level: Level,
        margins: &[Lanes],
        row: (&mut [f64], &mut [f64]),
        out: &mut [Lanes],
    ) {
        match (self, margins, &mut *out) {
            (Self::Logit, [margins], [first, second]) => {
                dispatch!(level, simd => logistic_lanes(simd, margins, first, second));
            }
            (Self::Softmax, ..) => {
                out.copy_from_slice(margins);
                softmax_lanes(level, out);
            }
            (Self::Identity | Self::Probability, ..) => out.copy_from_slice(margins),
            (
                Self::Logit
                | Self::Log
                | Self::LogitSingle
                | Self::SoftmaxSingle
                | Self::LogSingle
                | Self::ComplementaryLogLog
                | Self::OneVsRest,
                ..,
            ) => {
                for lane in 0..N_LANES {
                    copy_lane(lane, margins, row.0);
                    self.outputs(row.0, row.1);
                    set_lane(lane, row.1, out);
                }
            }
        }
    }

    /// Writes one output per class, or the one value; `margins` are finite.
    ///
    /// The sum of `Softmax` runs from the first class to the last.
    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
    pub(crate) fn outputs(self, margins: &[f64], out: &mut [f64]) {
        match self {
            Self::Logit => (out[0], out[1]) = logistic_pair(margins[0]),
            Self::Softmax => {
                out.copy_from_slice(margins);
                softmax(out);
            }
            Self::Identity | Self::Probability => out.copy_from_slice(margins),
            Self::Log => out[0] = exp(margins[0]),
            Self::LogitSingle => (out[0], out[1]) = single_logistic(margins[0]),
            Self::SoftmaxSingle => {
                out.copy_from_slice(margins);
                single_softmax(out);
            }
            Self::LogSingle => out[0] = single_exp(margins[0]),
            Self::ComplementaryLogLog => {
                // Beyond 700, exp could overflow; the survival is 0 long before.
                let hazard = exp(margins[0].min(700.0));
                (out[0], out[1]) = (exp(-hazard), -exp_m1(-hazard));
            }
            Self::OneVsRest => {
                for (probability, margin) in out.iter_mut().zip(margins) {
                    *probability = logistic(*margin);
                }
                divide_by_sum(out);
            }
        }
    }
}

/// Divides numbers by their sum, added from the first to the last; if all are 0, they become equal.
pub(crate) fn divide_by_sum(numbers: &mut [f64]) {
    let sum = numbers.iter().fold(0.0, |sum, number| sum + number);
    let n_numbers = crate::schema::count(numbers.len());
    for number in numbers {
        *number = if sum > 0.0 { *number / sum } else { 1.0 / n_numbers };
    }
}

#[inline(always)]
fn logistic_lanes<S: Simd>(simd: S, margins: &Lanes, first: &mut Lanes, second: &mut Lanes) {
    let outputs = first.as_chunks_mut::<8>().0.iter_mut().zip(second.as_chunks_mut::<8>().0);
    for (margins, (first, second)) in margins.as_chunks::<8>().0.iter().zip(outputs) {
        let (p, q) = vector::logistic_pair(f64x8::simd_from(simd, *margins));
        (*first, *second) = (p.into(), q.into());
    }
}

/// [`softmax`] of each row of a block.
pub(crate) fn softmax_lanes(level: Level, values: &mut [Lanes]) {
    dispatch!(level, simd => softmax_of_block(simd, values));
}

#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "a block has N_LANES / 8 vectors")]
fn softmax_of_block<S: Simd>(simd: S, values: &mut [Lanes]) {
    for part in 0..N_LANES / 8 {
        let read = |lanes: &Lanes| f64x8::simd_from(simd, lanes.as_chunks::<8>().0[part]);
        let write = |lanes: &mut Lanes, value: f64x8<S>| {
            lanes.as_chunks_mut::<8>().0[part] = value.into();
        };
        let lowest = f64x8::splat(simd, f64::NEG_INFINITY);
        let largest = values.iter().fold(lowest, |largest, lanes| largest.max(read(lanes)));
        let mut sum = f64x8::splat(simd, 0.0);
        for lanes in &mut *values {
            let value = vector::exp(read(lanes) - largest);
            sum += value;
            write(lanes, value);
        }
        for lanes in &mut *values {
            let value = read(lanes) / sum;
            write(lanes, value);
        }
    }
}

/// The index of the largest probability; of equal ones, the lowest.
pub(crate) fn most_probable(probabilities: &[f64]) -> usize {
    index_of_largest(probabilities.iter().copied())
}

/// The index of the largest number; of equal ones, the lowest.
pub(crate) fn index_of_largest(numbers: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, probability) in numbers.enumerate() {
        if probability > best.1 {
            best = (index, probability);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn classes(n: usize) -> Target {
        Target::of_classes("diagnosis", ["a", "b", "c"].into_iter().take(n))
    }

    #[test]
    fn softmax_of_two_margins_is_the_logistic_of_their_difference() {
        let mut softmax = [0.0; 2];
        Link::Softmax.outputs(&[0.25, 1.5], &mut softmax);
        let mut logit = [0.0; 2];
        Link::Logit.outputs(&[1.25], &mut logit);
        assert!((softmax[0] - logit[0]).abs() < 1e-16 && (softmax[1] - logit[1]).abs() < 1e-15);
    }

    #[test]
    fn softmax_does_not_overflow() {
        let mut out = [0.0; 3];
        Link::Softmax.outputs(&[1e300, -1e300, 1e300], &mut out);
        assert_eq!(out, [0.5, 0.0, 0.5]);
    }

    #[test]
    fn a_link_serves_what_it_can_predict() {
        let number = Target::Number { name: "dose".into(), unit: None };
        let n_margins = |link: Link, target: &Target| link.n_margins(target).ok();
        assert_eq!(n_margins(Link::Logit, &classes(2)), Some(1));
        assert_eq!(n_margins(Link::Softmax, &classes(3)), Some(3));
        assert_eq!(n_margins(Link::Probability, &classes(2)), Some(2));
        assert_eq!(n_margins(Link::Identity, &number), Some(1));
        assert_eq!(n_margins(Link::Identity, &classes(2)), None);
        assert_eq!(n_margins(Link::Softmax, &number), None);
        assert_eq!(
            Link::Logit.n_margins(&classes(3)).unwrap_err().to_string(),
            "the logit link serves 2 classes, but the target has 3 classes"
        );
    }

    #[test]
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn links_of_single_precision_round_every_result() {
        let is_single = |value: f64| f64::from(value as f32) == value;
        let mut two = [0.0; 2];
        for margin in [-1e9, -90.0, -3.3, -1e-9, 0.0, 0.1, 17.0, 1e9] {
            Link::LogitSingle.outputs(&[margin], &mut two);
            assert!(two.iter().all(|p| is_single(*p) && (0.0..=1.0).contains(p)), "{two:?}");
            assert!((two[1] - logistic(margin)).abs() < 1e-7);
        }
        let mut three = [0.0; 3];
        Link::SoftmaxSingle.outputs(&[0.1, -2.0, 88.0], &mut three);
        assert!(three.iter().all(|p| is_single(*p)) && three[2] == 1.0);
        let mut value = [0.0];
        Link::LogSingle.outputs(&[1.0], &mut value);
        assert_eq!(value, [f64::from(core::f32::consts::E)]);
        Link::Log.outputs(&[1.0], &mut value);
        assert_eq!(value, [exp(1.0)]);
        for (margin, risk) in [(-1e9, 0.0), (0.0, 0.632_120_558_828_557_7), (1e9, 1.0)] {
            Link::ComplementaryLogLog.outputs(&[margin], &mut two);
            assert!((two[0] - (1.0 - risk)).abs() < 1e-15 && (two[1] - risk).abs() < 1e-15);
        }
    }

    #[test]
    fn logistics_of_one_vs_rest_are_divided_by_their_sum() {
        let mut three = [0.0; 3];
        let ln_3 = crate::numeric::ln(3.0);
        Link::OneVsRest.outputs(&[ln_3, 0.0, -ln_3], &mut three);
        for (share, expected) in three.iter().zip([0.5, 1.0 / 3.0, 1.0 / 6.0]) {
            assert!((share - expected).abs() < 1e-15, "{three:?}");
        }
        Link::OneVsRest.outputs(&[-1e9; 3], &mut three);
        assert_eq!(three, [1.0 / 3.0; 3]);
        let mut block = [[0.0; N_LANES]; 3];
        let margins = [[ln_3; N_LANES], [0.0; N_LANES], [-1e9; N_LANES]];
        let (mut row, mut outputs) = ([0.0; 3], [0.0; 3]);
        let room = (&mut row[..], &mut outputs[..]);
        Link::OneVsRest.block_outputs(Level::baseline(), &margins, room, &mut block);
        Link::OneVsRest.outputs(&[ln_3, 0.0, -1e9], &mut three);
        assert!(block.iter().zip(three).all(|(lanes, share)| *lanes == [share; N_LANES]));
    }

    #[test]
    fn exponentials_that_could_overflow_are_refused() {
        let check = |link: Link, high| link.check(&[Domain::new(-1e9, high)]);
        assert!(check(Link::Log, 690.0).is_ok() && check(Link::Log, 691.0).is_err());
        assert!(check(Link::LogSingle, 88.0).is_ok() && check(Link::LogSingle, 89.0).is_err());
    }

    #[test]
    fn margins_of_every_link_are_checked() {
        let inside = [Domain::new(-3.0, 5.0), Domain::new(-1.0, 7.0)];
        let outputs = |link: Link, n: usize| {
            let outputs = link.check(&inside[..n]).unwrap();
            (outputs.low, outputs.high)
        };
        assert_eq!(outputs(Link::Logit, 1), (0.0, 1.0));
        assert_eq!(outputs(Link::Softmax, 2), (0.0, 1.0));
        assert_eq!(outputs(Link::Identity, 1), (-3.0, 5.0));
        assert!(Link::Probability.check(&[Domain::new(0.0, 1.0); 2]).is_ok());
        let refused = Link::Probability.check(&[Domain::new(0.0, 1.0), Domain::new(0.0, 1.5)]);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "class 2: may lie in [0, 1.5], expected [0, 1]"
        );
        for link in [Link::Logit, Link::Softmax, Link::Identity, Link::Probability] {
            let missing = Domain { may_be_missing: true, ..Domain::new(0.0, 1.0) };
            let cases = [vec![], vec![missing], vec![Domain::new(0.0, f64::INFINITY)]];
            for margins in cases.iter().chain(&[vec![Domain::new(f64::NAN, 0.0)]]) {
                assert!(link.check(margins).is_err(), "{link:?} {margins:?}");
            }
        }
    }

    #[test]
    fn values_and_probabilities_are_margins_as_they_are() {
        let mut value = [0.0];
        Link::Identity.outputs(&[-0.0], &mut value);
        assert!(value[0].to_bits() == (-0.0_f64).to_bits());
        let mut probabilities = [0.0; 3];
        Link::Probability.outputs(&[0.25, 0.75, 0.0], &mut probabilities);
        assert_eq!(probabilities, [0.25, 0.75, 0.0]);
    }

    #[test]
    fn of_equally_probable_classes_the_lowest_is_chosen() {
        assert_eq!(most_probable(&[0.5, 0.5]), 0);
        assert_eq!(most_probable(&[0.2, 0.4, 0.4]), 1);
    }
}
