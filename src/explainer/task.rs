//! What methods have in common: a row to explain, and which numbers of a prediction are explained.

use crate::error::{Error, ErrorKind};
use crate::explanation::Explanation;
use crate::model::Model;
use crate::numeric::ln;
use crate::prediction::Prediction;

/// Which numbers of a prediction are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Readout {
    Outputs,
    /// The log odds of class 1.
    LogOdds,
    /// The logarithm of each probability.
    Logarithms,
    /// Margins from one on.
    Margins(usize),
}

impl Readout {
    /// Writes the numbers of a prediction.
    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the explainer was made")]
    pub(super) fn write(self, prediction: &Prediction<'_>, out: &mut [f64]) {
        let logarithm = |probability: f64| ln(probability.max(1e-300));
        let outputs = prediction.outputs();
        match self {
            Self::Outputs => out.copy_from_slice(outputs),
            Self::LogOdds => out[0] = logarithm(outputs[1]) - logarithm(outputs[0]),
            Self::Logarithms => {
                out.iter_mut().zip(outputs).for_each(|(out, output)| *out = logarithm(*output));
            }
            Self::Margins(first) => {
                out.copy_from_slice(&prediction.margins()[first..first + out.len()]);
            }
        }
    }
}

/// A row to explain by predicting rows that are partly background rows.
pub(super) struct Task<'t> {
    pub(super) model: &'t Model,
    pub(super) background: &'t Explanation,
    pub(super) readout: Readout,
    /// The index of the group of each feature; none if players are features.
    pub(super) groups: Option<&'t [u32]>,
    /// The admitted row.
    pub(super) row: &'t [f64],
    /// The explained numbers of each background row, and their mean.
    pub(super) at_background: &'t [f64],
    pub(super) base: &'t [f64],
    /// The explained numbers of the row.
    pub(super) explained: &'t [f64],
}

/// The length of a list of so many numbers for each of several things.
pub(super) fn times_players(n: usize, n_each: usize) -> Result<usize, Error> {
    n.checked_mul(n_each).ok_or_else(Error::out_of_memory)
}

/// Why a request does not fit a model.
pub(super) fn unfit(detail: &'static str) -> Error {
    Error::new(ErrorKind::Option, detail)
}
