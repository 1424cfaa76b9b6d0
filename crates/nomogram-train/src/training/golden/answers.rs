//! Which values of a feature answer a question about an encoded value.
//!
//! A split, a bound or an edge asks something about a value of an encoded row. Where that value
//! depends on one feature, the answer changes at one number of the feature, or with its level. The
//! number is searched in the encoded rows themselves, so that any chain of steps will do.

use std::collections::BTreeMap;

use ndarray::Array2;
use nomogram::{Branch, Error, Range};
use nomogram_describe::reach::{Stages, encode};

use super::space::{Allowed, Space, Values};
use crate::count::number;

/// A question about a value of an encoded row.
pub(super) struct Question<'q> {
    pub(super) branch: usize,
    /// How many steps of the branch come before.
    pub(super) stage: usize,
    pub(super) position: usize,
    pub(super) is_true: Box<dyn Fn(f64) -> bool + 'q>,
}

/// The values of a feature that answer a question with yes and with no.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) feature: usize,
    /// For no and for yes; `None` where no value does.
    pub(super) allowed: [Option<Allowed>; 2],
    /// The values next to where the answer changes.
    pub(super) nearest: [Option<Allowed>; 2],
    /// The answer of a missing value of the feature.
    pub(super) if_missing: Missing,
}

/// What a missing value of the feature is where the question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The feature cannot be missing.
    Never,
    /// Still missing.
    Stays,
    /// A number, which answers the question so.
    Answer(bool),
}

/// The number of a question, the feature that answers it, and the range of its values.
type Asked = (usize, usize, Range);

/// Rows around a base, encoded.
pub(super) struct Encoder<'a> {
    branches: &'a [Branch],
    spaces: &'a [Space],
    base: Vec<f64>,
    /// For each feature, or none for the base, encoded rows that vary it.
    varied: Vec<(Option<usize>, bool)>,
    stages: Stages,
}

impl<'a> Encoder<'a> {
    /// `varied` are rows that differ from the first one in one feature each.
    pub(super) fn new(
        branches: &'a [Branch],
        spaces: &'a [Space],
        varied: &[(Option<usize>, Vec<f64>)],
    ) -> Result<Self, Error> {
        let base = varied.first().map_or(Vec::new(), |(_, row)| row.clone());
        let rows = matrix(varied.iter().map(|(_, row)| row), base.len());
        let is_missing = |(feature, row): &(Option<usize>, Vec<f64>)| {
            let value = feature.and_then(|feature| row.get(feature).copied());
            (*feature, value.is_some_and(f64::is_nan))
        };
        Ok(Self {
            branches,
            spaces,
            base,
            varied: varied.iter().map(is_missing).collect(),
            stages: encode(branches, rows.view())?,
        })
    }

    /// Answers questions; `None` where a value depends on no feature or on several.
    pub(super) fn answers(&self, questions: &[Question<'_>]) -> Result<Vec<Option<Answer>>, Error> {
        let mut answers: Vec<Option<Answer>> = questions.iter().map(|_| None).collect();
        let mut numbers: BTreeMap<(usize, usize), Vec<Asked>> = BTreeMap::new();
        for (index, (question, answer)) in questions.iter().zip(&mut answers).enumerate() {
            let Some(feature) = self.only_feature(question) else { continue };
            let Some(space) = self.spaces.get(feature) else { continue };
            match space.values {
                Values::Levels(n_levels) => {
                    *answer = Some(self.of_levels(question, feature, n_levels)?);
                }
                Values::Numbers { range, .. } => {
                    let stage = numbers.entry((question.branch, question.stage)).or_default();
                    stage.push((index, feature, range));
                }
            }
        }
        for asked in numbers.into_values() {
            for (index, answer) in self.of_numbers(questions, &asked)? {
                answers.iter_mut().skip(index).take(1).for_each(|a| *a = Some(answer.clone()));
            }
        }
        Ok(answers)
    }

    /// The one feature that the value of a question depends on.
    fn only_feature(&self, question: &Question<'_>) -> Option<usize> {
        let rows = self.stages.get(question.branch)?.get(question.stage)?;
        let base = rows.get([0, question.position])?;
        let mut only = None;
        for (row, (feature, _)) in self.varied.iter().enumerate() {
            let value = rows.get([row, question.position])?;
            if value.to_bits() == base.to_bits() {
                continue;
            }
            match (only, feature) {
                (None, _) => only = *feature,
                (Some(_), _) if only == *feature => {}
                (Some(_), _) => return None,
            }
        }
        only
    }

    fn if_missing(&self, question: &Question<'_>, feature: usize) -> Missing {
        let row = self.varied.iter().position(|varied| *varied == (Some(feature), true));
        let stage = self.stages.get(question.branch).and_then(|s| s.get(question.stage));
        match row.and_then(|row| stage.and_then(|rows| rows.get([row, question.position]))) {
            None => Missing::Never,
            Some(value) if value.is_nan() => Missing::Stays,
            Some(value) => Missing::Answer((question.is_true)(*value)),
        }
    }

    fn of_levels(
        &self,
        question: &Question<'_>,
        feature: usize,
        n_levels: usize,
    ) -> Result<Answer, Error> {
        let values: Vec<(usize, f64)> =
            (0..n_levels).map(|level| (feature, number(level))).collect();
        let encoded = self.encoded((question.branch, question.stage), &values)?;
        let column = encoded.columns().into_iter().nth(question.position);
        let yes: Vec<bool> = column
            .map_or(Vec::new(), |column| column.iter().map(|v| (question.is_true)(*v)).collect());
        let no: Vec<bool> = yes.iter().map(|yes| !yes).collect();
        let some = |levels: Vec<bool>| levels.contains(&true).then_some(Allowed::Levels(levels));
        let allowed = [some(no), some(yes)];
        let if_missing = self.if_missing(question, feature);
        Ok(Answer { feature, nearest: allowed.clone(), allowed, if_missing })
    }

    /// Bisects all questions of one stage at once.
    fn of_numbers(
        &self,
        questions: &[Question<'_>],
        asked: &[(usize, usize, Range)],
    ) -> Result<Vec<(usize, Answer)>, Error> {
        let Some(first) = asked.first().and_then(|(index, ..)| questions.get(*index)) else {
            return Ok(Vec::new());
        };
        let stage = (first.branch, first.stage);
        let yes = |values: &[(usize, f64)]| -> Result<Vec<bool>, Error> {
            let encoded = self.encoded(stage, values)?;
            let answer = |(row, (index, ..)): (usize, &(usize, usize, Range))| {
                let question = questions.get(*index);
                question.is_some_and(|question| {
                    let value = encoded.get([row, question.position]);
                    value.is_some_and(|value| (question.is_true)(*value))
                })
            };
            Ok(asked.iter().enumerate().map(answer).collect())
        };
        let ends = |end: fn(&Range) -> f64| -> Vec<(usize, f64)> {
            asked.iter().map(|(_, feature, range)| (*feature, end(range))).collect()
        };
        let (mut low, mut high) = (ends(|range| range.low), ends(|range| range.high));
        let (at_low, at_high) = (yes(&low)?, yes(&high)?);
        loop {
            let middle = |((feature, low), (_, high)): (&(usize, f64), &(usize, f64))| {
                let is_whole = self.spaces.get(*feature).is_some_and(|space| {
                    matches!(space.values, Values::Numbers { is_whole: true, .. })
                });
                (*feature, if is_whole { whole_between(*low, *high) } else { between(*low, *high) })
            };
            let middles: Vec<(usize, f64)> = low.iter().zip(&high).map(middle).collect();
            let is_done = |((_, low), (_, middle)): (&(usize, f64), &(usize, f64))| middle <= low;
            if low.iter().zip(&middles).all(is_done) {
                break;
            }
            let answers = yes(&middles)?;
            for (nth, (answer, middle)) in answers.iter().zip(&middles).enumerate() {
                let side = if at_low.get(nth) == Some(answer) { &mut low } else { &mut high };
                side.iter_mut().skip(nth).take(1).for_each(|end| *end = *middle);
            }
        }
        let mut found = Vec::with_capacity(asked.len());
        for (nth, (index, feature, range)) in asked.iter().enumerate() {
            let (Some(question), Some((_, low)), Some((_, high))) =
                (questions.get(*index), low.get(nth), high.get(nth))
            else {
                continue;
            };
            let starts = at_low.get(nth).is_some_and(|yes| *yes);
            let ends = at_high.get(nth).is_some_and(|yes| *yes);
            let numbers = |low, high| Some(Allowed::Numbers(Range { low, high }));
            let (mut allowed, mut nearest) = ([None, None], [None, None]);
            let mut put = |yes: bool, all: Option<Allowed>, near: Option<Allowed>| {
                let [no_all, yes_all] = &mut allowed;
                let [no_near, yes_near] = &mut nearest;
                if yes {
                    (*yes_all, *yes_near) = (all, near);
                } else {
                    (*no_all, *no_near) = (all, near);
                }
            };
            if starts == ends {
                put(starts, numbers(range.low, range.high), None);
            } else {
                put(starts, numbers(range.low, *low), numbers(*low, *low));
                put(ends, numbers(*high, range.high), numbers(*high, *high));
            }
            let if_missing = self.if_missing(question, *feature);
            found.push((*index, Answer { feature: *feature, allowed, nearest, if_missing }));
        }
        Ok(found)
    }

    /// The base row with each of these values of a feature, as it enters a step.
    fn encoded(
        &self,
        (branch, stage): (usize, usize),
        values: &[(usize, f64)],
    ) -> Result<Array2<f64>, Error> {
        let row = |(feature, value): &(usize, f64)| {
            let mut row = self.base.clone();
            row.iter_mut().skip(*feature).take(1).for_each(|cell| *cell = *value);
            row
        };
        let rows: Vec<Vec<f64>> = values.iter().map(row).collect();
        let rows = matrix(rows.iter(), self.base.len());
        let is_row = self.branches.get(branch).is_some_and(|found| found.source.is_none());
        if stage == 0 && is_row {
            return Ok(rows);
        }
        let branches = self.branches.get(..=branch).unwrap_or(self.branches);
        let stages = encode(branches, rows.view())?;
        Ok(stages.into_iter().nth(branch).and_then(|s| s.into_iter().nth(stage)).unwrap_or(rows))
    }
}

fn matrix<'r>(rows: impl Iterator<Item = &'r Vec<f64>>, width: usize) -> Array2<f64> {
    let values: Vec<f64> = rows.flatten().copied().collect();
    let n_rows = values.len() / width.max(1);
    Array2::from_shape_vec((n_rows, width), values).unwrap_or_default()
}

/// The number in the middle of all numbers between two; the lower one when there is none.
fn between(low: f64, high: f64) -> f64 {
    let (low, high) = (place(low), place(high));
    number_at(low + (high.saturating_sub(low)) / 2)
}

/// The whole number in the middle; the lower one when there is none.
fn whole_between(low: f64, high: f64) -> f64 {
    low + ((high - low) / 2.0).floor()
}

/// The place of a number among all numbers, ascending.
fn place(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn number_at(place: u64) -> f64 {
    f64::from_bits(if place >> 63 == 1 { place & !(1 << 63) } else { !place })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_places_in_ascending_order() {
        let numbers = [-1e300, -1.0, -1e-300, -0.0, 0.0, 5e-324, 1.0, 1e300];
        assert!(numbers.map(place).is_sorted_by(|a, b| a < b));
        assert!(numbers.iter().all(|n| number_at(place(*n)).to_bits() == n.to_bits()));
        assert_eq!(between(1.0, 1.0_f64.next_up()), 1.0);
        assert_eq!(whole_between(3.0, 4.0), 3.0);
    }
}
