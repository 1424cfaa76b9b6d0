//! Preprocessing, fitted once for each input that members read.

use std::collections::{BTreeMap, BTreeSet};

use nomogram::Branch;

use super::config::{Input, TrainingConfig};
use crate::data::Dataset;
use crate::error::Error;
use crate::steps::{EncodedRows, StepSpec, encode};

/// The training rows as each input of a member encodes them, and the number of its branch.
pub(super) struct Inputs<'a>(BTreeMap<&'a Input, (u32, EncodedRows<'a>)>);

impl<'a> Inputs<'a> {
    /// Fits the steps of each input that a member reads, and of `distance`. The configuration must be
    /// valid.
    #[allow(clippy::indexing_slicing, reason = "documented above")]
    pub(super) fn fit(
        config: &'a TrainingConfig,
        distance: Option<&'a Input>,
        dataset: &'a Dataset,
    ) -> Result<Self, Error> {
        let of_members = config.members.iter().map(|member| &member.input);
        let used: BTreeSet<&Input> = of_members.chain(distance).collect();
        let fit = |(index, input): (u32, &'a Input)| {
            let view = match input {
                Input::Raw => encode(dataset, &[])?,
                Input::Scaled => encode(dataset, &StepSpec::scaled())?,
                Input::Named(name) => {
                    encode(dataset, &config.inputs[name]).map_err(|error| match error {
                        Error::Row { row, detail } => {
                            Error::Row { row, detail: format!("inputs: {name}: {detail}") }
                        }
                        other => Error::Data(format!("inputs: {name}: {other}")),
                    })?
                }
            };
            Ok((input, (index, view)))
        };
        Ok(Self((0..).zip(used).map(fit).collect::<Result<_, Error>>()?))
    }

    /// The number of the branch and its encoded rows.
    #[allow(clippy::indexing_slicing, reason = "`fit` makes one for each input of a member")]
    pub(super) fn of(&self, input: &Input) -> (u32, &EncodedRows<'a>) {
        let (branch, view) = &self.0[input];
        (*branch, view)
    }

    pub(super) fn branches(self) -> Vec<Branch> {
        let branch = |(input, (_, view)): (&Input, (u32, EncodedRows<'_>))| Branch {
            name: input.name().into(),
            source: None,
            steps: view.steps,
        };
        self.0.into_iter().map(branch).collect()
    }
}
