//! The total of a points score, and the margins that it becomes.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::budget::times;
use crate::codec::decode_enum;
use crate::domain::{Domain, affine};
use crate::error::Error;
use crate::lanes::Number;
use crate::link::Link;
use crate::member::kind::check_number;
use crate::memory;

/// The most totals of a printed table.
const MAX_TOTALS: usize = 1000;

/// How the total of the points becomes margins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PointsTotal {
    /// A predicted value: `intercept + slope · total`. With 0 and 1 it is the total itself; with 0
    /// and ½, the total of points that are stored doubled because the score has half points.
    Value {
        /// The value of no points.
        intercept: f64,
        /// What each point adds.
        slope: f64,
    },
    /// The log odds of class 1: `intercept + slope · total`.
    Logit {
        /// The log odds of no points.
        intercept: f64,
        /// What each point adds to the log odds.
        slope: f64,
    },
    /// The probability of class 1, from a printed table.
    Table {
        /// The totals, ascending, and the probability of each. It must have every total that the
        /// items can give; for print like "9 or more" these are written out one by one.
        probabilities: Vec<(i32, f64)>,
    },
}
decode_enum!(PointsTotal { Value { intercept, slope }, Logit { intercept, slope }, Table { probabilities } });

impl PointsTotal {
    pub(super) fn link(&self) -> Link {
        match self {
            Self::Value { .. } => Link::Identity,
            Self::Logit { .. } => Link::Logit,
            Self::Table { .. } => Link::Probability,
        }
    }

    /// Writes the margins of a total that can come up.
    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
    pub(super) fn margins<N: Number>(&self, total: N, out: &mut [N]) {
        match self {
            Self::Value { intercept, slope } | Self::Logit { intercept, slope } => {
                out[0] = total.map(|total| intercept + slope * total);
            }
            Self::Table { probabilities } => {
                let of_total = |total| {
                    let index =
                        probabilities.partition_point(|(listed, _)| f64::from(*listed) < total);
                    probabilities[index].1
                };
                out[1] = total.map(of_total);
                out[0] = out[1].map(|probability| 1.0 - probability);
            }
        }
    }

    /// What checking the table computes when the items have so many points, in steps of about a
    /// nanosecond.
    pub(super) fn work_of_check(&self, n_points: usize) -> u64 {
        match self {
            Self::Value { .. } | Self::Logit { .. } => n_points as u64,
            Self::Table { probabilities } => {
                8 * times(n_points, probabilities.len().min(MAX_TOTALS) as u64)
            }
        }
    }

    pub(super) fn check_parameters(&self) -> Result<(), Error> {
        match self {
            Self::Value { intercept, slope } | Self::Logit { intercept, slope } => {
                check_number(*intercept, "intercept")?;
                check_number(*slope, "slope")
            }
            Self::Table { probabilities } => {
                if !(1..=MAX_TOTALS).contains(&probabilities.len()) {
                    let n_totals = probabilities.len();
                    let detail =
                        format_args!("a table of {n_totals} totals, expected 1 to {MAX_TOTALS}");
                    return Err(Error::invalid_model(detail));
                }
                if !probabilities.is_sorted_by(|(previous, _), (next, _)| previous < next) {
                    return Err(Error::invalid_model(
                        "the totals of its table, expected them to ascend",
                    ));
                }
                match probabilities.iter().find(|(_, p)| !(0.0..=1.0).contains(p)) {
                    None => Ok(()),
                    Some((total, probability)) => Err(Error::invalid_model(format_args!(
                        "total {total}: probability {probability}, expected 0 to 1"
                    ))),
                }
            }
        }
    }

    /// The domains of the margins, from the points that each item can give. Only after
    /// [`Self::check_parameters`].
    pub(super) fn check(&self, items: Vec<Vec<i32>>) -> Result<Vec<Domain>, Error> {
        match self {
            Self::Value { intercept, slope } | Self::Logit { intercept, slope } => {
                let sum = |end: fn(&Vec<i32>) -> Option<&i32>| -> f64 {
                    items.iter().filter_map(end).copied().map(f64::from).sum()
                };
                let total = Domain::whole(sum(|item| item.first()), sum(|item| item.last()));
                memory::copy(&[affine(*intercept, [(slope, &total)].into_iter())?])
            }
            Self::Table { probabilities } => {
                let (mut low, mut high) = (1.0_f64, 0.0_f64);
                for total in possible_totals(&items, probabilities.len())? {
                    let listed = probabilities
                        .binary_search_by_key(&total, |(listed, _)| i64::from(*listed))
                        .ok()
                        .and_then(|at| probabilities.get(at));
                    let Some((_, probability)) = listed else {
                        let detail =
                            format_args!("a total of {total} is possible, but not in the table");
                        return Err(Error::invalid_model(detail));
                    };
                    (low, high) = (low.min(*probability), high.max(*probability));
                }
                memory::copy(&[Domain::new(1.0 - high, 1.0 - low), Domain::new(low, high)])
            }
        }
    }
}

/// Every total that the items can give, ascending, whatever the others give.
///
/// No step holds more than `n_listed` totals, and only items with a choice cost more than a step:
/// each makes one more total possible at least, so there are fewer than `n_listed` of them.
fn possible_totals(items: &[Vec<i32>], n_listed: usize) -> Result<Vec<i64>, Error> {
    let [mut totals, mut sums, mut merged] =
        [memory::list(n_listed)?, memory::list(n_listed)?, memory::list(n_listed)?];
    totals.push(0_i64);
    let mut constant = 0_i64;
    for points in items {
        if let [only] = points.as_slice() {
            constant += i64::from(*only);
            continue;
        }
        sums.clear();
        for points in points {
            let shifted = totals.iter().map(|total| total + i64::from(*points));
            merge(&sums, shifted, &mut merged, n_listed)?;
            core::mem::swap(&mut sums, &mut merged);
        }
        core::mem::swap(&mut totals, &mut sums);
    }
    totals.iter_mut().for_each(|total| *total += constant);
    Ok(totals)
}

/// Writes the numbers of two ascending lists to `merged`, ascending, each once.
fn merge(
    first: &[i64],
    second: impl Iterator<Item = i64>,
    merged: &mut Vec<i64>,
    n_listed: usize,
) -> Result<(), Error> {
    merged.clear();
    let (mut first, mut second) = (first.iter().copied().peekable(), second.peekable());
    loop {
        let next = match (first.peek(), second.peek()) {
            (None, None) => return Ok(()),
            (Some(one), None) => *one,
            (None, Some(other)) => *other,
            (Some(one), Some(other)) => *one.min(other),
        };
        first.next_if_eq(&next);
        second.next_if_eq(&next);
        if merged.len() == n_listed {
            let detail =
                format_args!("more than {n_listed} totals are possible, but not in the table");
            return Err(Error::invalid_model(detail));
        }
        merged.push(next);
    }
}
