//! Fitted preprocessing: branches of steps that turn a row into an encoded row.
//!
//! A step is one file in `pipeline/`: its formula, `apply`, its checks. Each member reads one
//! branch, so that trees can see raw values while others see scaled ones.

mod standard_scaler;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use standard_scaler::StandardScaler;

use crate::bound::{self, MAX_MAGNITUDE};
use crate::error::{Error, Place};

/// One fitted transformation of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Step {
    /// Subtract the mean, divide by the standard deviation.
    StandardScale(StandardScaler),
}

impl Step {
    fn n_inputs(&self) -> usize {
        match self {
            Self::StandardScale(scaler) => scaler.n_features(),
        }
    }

    fn n_outputs(&self) -> usize {
        match self {
            Self::StandardScale(scaler) => scaler.n_features(),
        }
    }

    fn apply(&self, input: &[f64], output: &mut [f64]) {
        match self {
            Self::StandardScale(scaler) => scaler.apply(input, output),
        }
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::StandardScale(scaler) => scaler.check(),
        }
    }

    /// The largest magnitude of an output, when no input exceeds `magnitude`.
    fn bound(&self, magnitude: f64) -> f64 {
        match self {
            Self::StandardScale(scaler) => scaler.bound(magnitude),
        }
    }
}

/// A chain of steps from the row to what some members read; without steps, the row itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Its name, for example `scaled`.
    pub name: String,
    /// The steps, in the order in which they are applied.
    pub steps: Vec<Step>,
}

impl Branch {
    /// Checks the steps and that each fits the one before it; returns the largest magnitude of an
    /// encoded value.
    pub(crate) fn check(&self, n_features: usize) -> Result<f64, Error> {
        let mut width = n_features;
        let mut magnitude = MAX_MAGNITUDE;
        for (index, step) in self.steps.iter().enumerate() {
            let checked = if step.n_inputs() == width {
                step.check().and_then(|()| bound::check(step.bound(magnitude)))
            } else {
                let n_inputs = step.n_inputs();
                Err(Error::invalid_model(format!("reads {n_inputs} values, but gets {width}")))
            };
            magnitude = checked.map_err(|e| e.within(Place::Step(index)))?;
            width = step.n_outputs();
        }
        Ok(magnitude)
    }

    pub(crate) fn n_outputs(&self, n_features: usize) -> usize {
        self.steps.last().map_or(n_features, Step::n_outputs)
    }

    /// The widest row between two steps: how much scratch space each side of a step needs.
    pub(crate) fn n_scratch(&self) -> usize {
        self.steps.iter().map(Step::n_outputs).max().unwrap_or(0)
    }

    /// Writes the encoded row, unless there are no steps: then it is the row itself. `here` and
    /// `there` hold at least [`Self::n_scratch`] values.
    #[allow(clippy::indexing_slicing, reason = "widths were checked when the model was opened")]
    pub(crate) fn apply<'s>(
        &self,
        row: &[f64],
        mut here: &'s mut [f64],
        mut there: &'s mut [f64],
        encoded: &mut [f64],
    ) {
        let Some((last, before)) = self.steps.split_last() else { return };
        let Some((first, between)) = before.split_first() else {
            last.apply(row, encoded);
            return;
        };
        first.apply(row, &mut here[..first.n_outputs()]);
        for step in between {
            step.apply(&here[..step.n_inputs()], &mut there[..step.n_outputs()]);
            core::mem::swap(&mut here, &mut there);
        }
        last.apply(&here[..last.n_inputs()], encoded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn halve() -> Step {
        Step::StandardScale(StandardScaler::new(vec![0.0; 2], vec![2.0; 2]).unwrap())
    }

    #[test]
    fn any_number_of_steps_is_applied_in_order() {
        for n_steps in 1..5 {
            let branch = Branch { name: "halved".into(), steps: vec![halve(); n_steps] };
            branch.check(2).unwrap();
            let (mut here, mut there) = ([0.0; 2], [0.0; 2]);
            let mut encoded = [0.0; 2];
            branch.apply(&[16.0, -32.0], &mut here, &mut there, &mut encoded);
            let divisor = crate::numeric::powi(2.0, u32::try_from(n_steps).unwrap());
            assert_eq!(encoded, [16.0 / divisor, -32.0 / divisor]);
        }
    }

    #[test]
    fn a_step_that_does_not_fit_is_refused() {
        let branch = Branch { name: "halved".into(), steps: vec![halve()] };
        let error = branch.check(3).unwrap_err();
        assert_eq!(
            alloc::string::ToString::to_string(&error),
            "step 0: reads 2 values, but gets 3"
        );
    }
}
