//! Linear members and forests: Shapley values of their margins without predicting other rows.
//!
//! Several values of an encoded row may come from one feature of the schema; the features are the
//! players. So values are exact for the features whatever the pipeline does to each of them, and there
//! is no closed form behind a step that computes a value from several features.

use alloc::vec::Vec;

use super::task::{times_players, unfit};
use crate::error::Error;
use crate::explanation::{Explanation, add_weighted};
use crate::member::{Against, CompiledMember, ForestPaths, LinearSingle, PathMemory, Tables};
use crate::memory;
use crate::model::Model;
use crate::pipeline::Origin;
use crate::scratch::Scratch;

/// A member with a closed form, and what it is compared with.
#[derive(Debug)]
pub(super) struct ClosedForm {
    member: usize,
    /// The feature of each value that the member reads.
    players: Vec<u32>,
    base: Vec<f64>,
    form: Form,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one per explainer, and a box could not fail")]
enum Form {
    /// The mean of each value over the background rows, where a missing value counts as 0.
    Linear { means: Vec<f64> },
    Forest {
        paths: ForestPaths,
        memory: PathMemory,
        /// Without background rows.
        tables: Option<Tables>,
        background: Option<EncodedRows>,
    },
}

/// Encoded background rows.
#[derive(Debug)]
struct EncodedRows {
    values: Vec<f64>,
    weights: Vec<f64>,
}

impl ClosedForm {
    /// The closed form of a member; without background rows, against the shares of its trees.
    pub(super) fn new(
        model: &Model,
        member: usize,
        background: Option<&Explanation>,
        scratch: &mut Scratch<'_>,
    ) -> Result<Self, Error> {
        let Some((compiled, shares)) = model.member(member) else {
            return Err(unfit("there is no such member to explain"));
        };
        let origins = model.origins_of(member)?;
        let mut players = memory::list(origins.len())?;
        for origin in &origins {
            players.push(match origin {
                // A constant is the same in every row, so whose it is does not matter.
                Origin::Constant => 0,
                Origin::Feature(feature) => *feature,
                Origin::Several => {
                    return Err(unfit(
                        "a step before this member computes a value from several features: use \
                         permutations",
                    ));
                }
            });
        }
        let (_, n_margins) = model.margins_of(member);
        let mut base = memory::filled(0.0, n_margins)?;
        let background = match background {
            Some(rows) => Some(EncodedRows::new(model, member, rows, origins.len(), scratch)?),
            None => None,
        };
        let form = match (compiled, background) {
            (
                CompiledMember::Linear(linear)
                | CompiledMember::LinearSingle(LinearSingle { linear }),
                Some(rows),
            ) => {
                let mut means = memory::filled(0.0, origins.len())?;
                for (row, weight) in rows.values.chunks_exact(origins.len()).zip(&rows.weights) {
                    for (mean, value) in means.iter_mut().zip(row) {
                        *mean += weight * or_zero(*value);
                    }
                }
                linear.margins(&means, &mut base);
                Form::Linear { means }
            }
            (CompiledMember::Forest(forest), background) => {
                let shares = match (&background, shares) {
                    (None, None) => {
                        return Err(unfit(
                            "the bundle has no shares of training rows for its trees",
                        ));
                    }
                    (None, shares) => shares,
                    (Some(_), _) => None,
                };
                let paths = forest.paths(&players, shares)?;
                let mut memory = PathMemory::new(&paths)?;
                let tables = match &background {
                    None => {
                        forest.expected_margins(&paths, &mut memory, &mut base);
                        Some(Tables::new(&paths, &mut memory, model.schema().n_features())?)
                    }
                    Some(rows) => {
                        let mut margins = memory::filled(0.0, n_margins)?;
                        let weighted = rows.values.chunks_exact(origins.len()).zip(&rows.weights);
                        for (row, weight) in weighted {
                            forest.double_margins(row, &mut margins);
                            add_weighted(&mut base, *weight, &margins);
                        }
                        None
                    }
                };
                Form::Forest { paths, memory, tables, background }
            }
            (CompiledMember::Linear(_) | CompiledMember::LinearSingle(_), None) => {
                return Err(unfit("only forests are explained without background rows"));
            }
            (CompiledMember::LinearForest(_), _) => {
                return Err(unfit(
                    "a forest with linear leaves has no closed form: use permutations",
                ));
            }
            (
                CompiledMember::Network(_)
                | CompiledMember::NaiveBayes(_)
                | CompiledMember::PointsScore(_)
                | CompiledMember::SupportVectors(_)
                | CompiledMember::Neighbours(_),
                _,
            ) => {
                return Err(unfit(
                    "only linear members and forests have a closed form: use permutations",
                ));
            }
        };
        Ok(Self { member, players, base, form })
    }

    pub(super) fn base(&self) -> &[f64] {
        &self.base
    }

    /// Writes the margins of a row and what each feature adds to them.
    #[allow(clippy::indexing_slicing, reason = "players are features of the schema")]
    pub(super) fn explain(
        &mut self,
        model: &Model,
        scratch: &mut Scratch<'_>,
        row: &[f64],
        explained: &mut [f64],
        values: &mut [f64],
    ) {
        let Some((compiled, _)) = model.member(self.member) else { return };
        let encoded = model.encode_for(self.member, scratch, row);
        match (compiled, &mut self.form) {
            (
                CompiledMember::Linear(linear)
                | CompiledMember::LinearSingle(LinearSingle { linear }),
                Form::Linear { means },
            ) => {
                linear.known_margins(encoded, explained);
                values.fill(0.0);
                let weights = linear.weights().chunks_exact(encoded.len());
                for (values, weights) in values.chunks_exact_mut(row.len()).zip(weights) {
                    for (at, weight) in weights.iter().enumerate() {
                        let player = self.players[at] as usize;
                        values[player] += weight * (or_zero(encoded[at]) - means[at]);
                    }
                }
            }
            (
                CompiledMember::Forest(forest),
                Form::Forest { paths, memory, tables, background },
            ) => {
                let against = match (background, tables) {
                    (None, None) => Against::Shares,
                    (None, Some(tables)) => Against::Listed(tables),
                    (Some(rows), _) => Against::Rows(&rows.values, &rows.weights),
                };
                forest.attribute(paths, encoded, against, memory, explained, values);
            }
            (
                CompiledMember::Linear(_)
                | CompiledMember::LinearSingle(_)
                | CompiledMember::Forest(_)
                | CompiledMember::LinearForest(_)
                | CompiledMember::Network(_)
                | CompiledMember::NaiveBayes(_)
                | CompiledMember::PointsScore(_)
                | CompiledMember::SupportVectors(_)
                | CompiledMember::Neighbours(_),
                Form::Linear { .. } | Form::Forest { .. },
            ) => {}
        }
    }
}

/// A value as a linear member adds it: a missing one adds nothing.
fn or_zero(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value }
}

impl EncodedRows {
    fn new(
        model: &Model,
        member: usize,
        background: &Explanation,
        n_encoded: usize,
        scratch: &mut Scratch<'_>,
    ) -> Result<Self, Error> {
        let mut values = memory::list(times_players(background.n_rows(), n_encoded)?)?;
        for index in 0..background.n_rows() {
            values.extend_from_slice(model.encode_for(member, scratch, background.row(index)));
        }
        Ok(Self { values, weights: memory::copy(&background.weights)? })
    }
}
