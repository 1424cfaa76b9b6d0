//! Fitted preprocessing: branches of steps that turn a row into an encoded row.
//!
//! A step is one file in `pipeline/`: its formula and source, its checks, `apply`. Each member reads
//! one branch, so that trees can see raw values while others see scaled ones; a branch may go on
//! from an earlier one, and what they share is then computed once.

mod binner;
mod clip;
mod derivation;
mod impute;
mod inputs;
mod level_encoder;
mod log1p;
mod min_max_scaler;
mod one_hot;
mod polynomial;
mod projection;
mod robust_scaler;
mod selection;
mod signed_power;
mod spline;
mod standard_scaler;
mod yeo_johnson;

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

pub use binner::Binner;
pub use clip::Clip;
pub use derivation::{Derivation, Derive};
pub use impute::{ImputeStatistic, Imputer};
pub use inputs::Inputs;
pub use level_encoder::LevelEncoder;
pub use log1p::Log1p;
pub use min_max_scaler::MinMaxScaler;
pub use one_hot::OneHotEncoder;
pub use polynomial::Polynomial;
pub use projection::Projection;
pub use robust_scaler::RobustScaler;
pub use selection::Select;
pub use signed_power::SignedPower;
pub use spline::Spline;
pub use standard_scaler::StandardScaler;
pub use yeo_johnson::YeoJohnson;

use crate::domain::Domain;
use crate::error::{Error, Place};

/// What a fitted step can do. `check` comes first, once, when a model is opened.
pub(crate) trait Transform {
    /// Checks the parameters, and that they can work on such inputs; tells what comes out, one
    /// domain per output.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the input.
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error>;

    /// Writes the outputs of an encoded row; the lengths are those that `check` saw and told. What
    /// is missing is NaN, and any NaN may stand for it.
    fn apply(&self, input: &[f64], output: &mut [f64]);
}

/// Declares the steps: variant, type, what it does.
macro_rules! steps {
    ($($variant:ident($type:ident) $text:literal;)+) => {
        /// One fitted transformation of an encoded row.
        ///
        /// Values that are changed one by one stay where they stand; a value that becomes several
        /// is replaced by them in its place; new values are appended at the end; a polynomial, a
        /// projection and a selection take the place of the whole row.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Step {
            $(#[doc = $text] $variant($type),)+
        }

        impl Step {
            pub(crate) fn transform(&self) -> &dyn Transform {
                match self { $(Self::$variant(step) => step,)+ }
            }
        }
    };
}

// The order is that of the bundle's numbers: append only.
steps! {
    StandardScale(StandardScaler) "Subtract the mean, divide by the standard deviation.";
    Impute(Imputer) "Put a value where there is none.";
    Clip(Clip) "Move values beyond bounds to them.";
    Log1p(Log1p) "The logarithm of one more.";
    SignedPower(SignedPower) "A power that keeps the sign.";
    YeoJohnson(YeoJohnson) "The Yeo–Johnson transformation.";
    MinMaxScale(MinMaxScaler) "Multiply, then add.";
    RobustScale(RobustScaler) "Subtract the median, divide by the spread of the middle.";
    OneHot(OneHotEncoder) "One value per level.";
    EncodeLevels(LevelEncoder) "A fitted number for each level: ordinal and target encoding.";
    Bin(Binner) "The number of the bin.";
    Derive(Derive) "Append ratios, products and differences.";
    Polynomial(Polynomial) "Products of values.";
    Spline(Spline) "A restricted cubic spline.";
    Project(Projection) "Project onto principal components.";
    Select(Select) "Some of the values, in an order of one's own.";
}

impl Step {
    /// Encodes many rows at once, shape `(n_rows, n_inputs)` in any layout; what comes out has shape
    /// `(n_rows, n_outputs)`. NaN is missing. For those who fit what comes after the step.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the step cannot work on such values, as a model with it would be refused.
    pub fn encode(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, Error> {
        let domains: Vec<Domain> = rows.columns().into_iter().map(Domain::of_column).collect();
        let n_outputs = self.transform().check(&domains)?.len();
        let mut encoded = Array2::zeros((rows.nrows(), n_outputs));
        let (mut input, mut output) = (vec![0.0; rows.ncols()], vec![0.0; n_outputs]);
        for (row, mut target) in rows.rows().into_iter().zip(encoded.rows_mut()) {
            input.iter_mut().zip(row).for_each(|(own, value)| *own = *value);
            self.transform().apply(&input, &mut output);
            target.iter_mut().zip(&output).for_each(|(own, value)| *own = *value);
        }
        Ok(encoded)
    }
}

/// A chain of steps from the row, or from an earlier branch, to what some members read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Its name, unique in the model, for example `scaled`.
    #[serde(deserialize_with = "crate::codec::text")]
    pub name: String,
    /// The branch that it goes on from, one of those before it; nothing for the row itself.
    pub source: Option<u32>,
    /// The steps, in the order in which they are applied; none leave the source as it is.
    pub steps: Vec<Step>,
}

/// Branches that were checked, and where their encoded rows stand in working memory.
#[derive(Debug)]
pub(crate) struct Pipeline {
    branches: Vec<PlacedBranch>,
    n_encoded: usize,
    n_scratch: usize,
}

/// A branch, each step with the number of its outputs.
#[derive(Debug)]
struct PlacedBranch {
    steps: Vec<(Step, usize)>,
    source: Span,
    target: Span,
    domains: Vec<Domain>,
}

/// Where an encoded row stands.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    len: usize,
}

impl Pipeline {
    /// Checks branches, for rows of such features, and gives each a place.
    pub(crate) fn new(branches: Vec<Branch>, row: &[Domain]) -> Result<Self, Error> {
        let mut pipeline = Self { branches: Vec::new(), n_encoded: row.len(), n_scratch: 0 };
        for (index, branch) in branches.into_iter().enumerate() {
            pipeline.push(branch, row).map_err(|e| e.within(Place::Branch(index)))?;
        }
        Ok(pipeline)
    }

    fn push(&mut self, branch: Branch, row: &[Domain]) -> Result<(), Error> {
        let (source, mut domains) = match branch.source {
            None => (Span { start: 0, len: row.len() }, row.to_vec()),
            Some(index) => match self.branches.get(index as usize) {
                Some(earlier) => (earlier.target, earlier.domains.clone()),
                None => {
                    let detail = format!("goes on from branch {index}, which is no earlier one");
                    return Err(Error::invalid_model(detail));
                }
            },
        };
        let mut steps = Vec::with_capacity(branch.steps.len());
        for (index, step) in branch.steps.into_iter().enumerate() {
            let checked = step.transform().check(&domains);
            domains = checked.map_err(|e| e.within(Place::Step(index)))?;
            self.n_scratch = self.n_scratch.max(domains.len());
            steps.push((step, domains.len()));
        }
        let mut target = source;
        if !steps.is_empty() {
            target = Span { start: self.n_encoded, len: domains.len() };
            self.n_encoded += target.len;
        }
        self.branches.push(PlacedBranch { steps, source, target, domains });
        Ok(())
    }

    /// What members that read a branch will get.
    pub(crate) fn domains(&self, branch: usize) -> Result<&[Domain], Error> {
        let n_branches = self.branches.len();
        self.branches
            .get(branch)
            .map(|branch| branch.domains.as_slice())
            .ok_or_else(|| Error::invalid_model(format!("reads branch {branch} of {n_branches}")))
    }

    /// How many values the row and all branches have together.
    pub(crate) fn n_encoded(&self) -> usize {
        self.n_encoded
    }

    /// How much scratch space [`Self::apply`] needs.
    pub(crate) fn n_scratch(&self) -> usize {
        2 * self.n_scratch
    }

    /// Encodes the row that stands at the beginning of `encoded`.
    pub(crate) fn apply(&self, encoded: &mut [f64], scratch: &mut [f64]) {
        let (here, there) = scratch.split_at_mut(scratch.len() / 2);
        for branch in &self.branches {
            branch.apply(encoded, here, there);
        }
    }

    /// The encoded row of a branch.
    #[allow(clippy::indexing_slicing, reason = "spans were laid out within `encoded`")]
    pub(crate) fn encoded<'e>(&self, branch: usize, encoded: &'e [f64]) -> &'e [f64] {
        let Span { start, len } = self.branches[branch].target;
        &encoded[start..start + len]
    }
}

impl PlacedBranch {
    #[allow(clippy::indexing_slicing, reason = "widths were checked when the model was opened")]
    fn apply<'s>(&self, encoded: &mut [f64], mut here: &'s mut [f64], mut there: &'s mut [f64]) {
        let Some(((last, _), before)) = self.steps.split_last() else { return };
        let (earlier, later) = encoded.split_at_mut(self.target.start);
        let target = &mut later[..self.target.len];
        let source = &earlier[self.source.start..self.source.start + self.source.len];
        let Some(((first, first_width), between)) = before.split_first() else {
            last.transform().apply(source, target);
            return;
        };
        let mut width = *first_width;
        first.transform().apply(source, &mut here[..width]);
        for (step, n_outputs) in between {
            step.transform().apply(&here[..width], &mut there[..*n_outputs]);
            core::mem::swap(&mut here, &mut there);
            width = *n_outputs;
        }
        last.transform().apply(&here[..width], target);
    }
}

/// The largest number of values that a step may add to a row or put in its place.
const MAX_OUTPUTS: usize = 1 << 16;

fn check_position(position: usize, width: usize) -> Result<(), Error> {
    if position < width {
        return Ok(());
    }
    Err(Error::invalid_model(format!("reads input {position} of {width}")))
}

/// Refuses what is not the number of a level.
fn check_levels(domain: Domain) -> Result<(), Error> {
    if domain.is_whole && domain.low >= 0.0 {
        return Ok(());
    }
    Err(Error::invalid_model("encodes levels, but gets numbers that are none"))
}

fn check_finite(value: f64, what: &str) -> Result<(), Error> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::invalid_model(format!("{what} {value}, expected a finite number")))
}

fn check_positive(value: f64, what: &str) -> Result<(), Error> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::invalid_model(format!("{what} {value}, expected a positive number")))
}

#[cfg(test)]
mod reference;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const ROW: [Domain; 2] = [Domain::new(-100.0, 100.0), Domain::new(-100.0, 100.0)];

    fn halve() -> Step {
        let scaler = StandardScaler::new(Inputs::all(2), vec![0.0; 2], vec![2.0; 2]);
        Step::StandardScale(scaler.unwrap())
    }

    fn branch(source: Option<u32>, n_steps: usize) -> Branch {
        Branch { name: "halved".into(), source, steps: vec![halve(); n_steps] }
    }

    fn encode(pipeline: &Pipeline, row: [f64; 2]) -> Vec<f64> {
        let mut encoded = vec![0.0; pipeline.n_encoded()];
        encoded[..2].copy_from_slice(&row);
        let mut scratch = vec![0.0; pipeline.n_scratch()];
        pipeline.apply(&mut encoded, &mut scratch);
        encoded
    }

    #[test]
    fn any_number_of_steps_is_applied_in_order() {
        for n_steps in 0..5 {
            let pipeline = Pipeline::new(vec![branch(None, n_steps)], &ROW).unwrap();
            let encoded = encode(&pipeline, [16.0, -32.0]);
            let divisor = crate::numeric::powi(2.0, u32::try_from(n_steps).unwrap());
            assert_eq!(pipeline.encoded(0, &encoded), [16.0 / divisor, -32.0 / divisor]);
        }
    }

    #[test]
    fn a_branch_goes_on_from_an_earlier_one() {
        let branches = vec![branch(None, 1), branch(Some(0), 2), branch(Some(1), 0)];
        let pipeline = Pipeline::new(branches, &ROW).unwrap();
        let encoded = encode(&pipeline, [16.0, -32.0]);
        assert_eq!(pipeline.encoded(0, &encoded), [8.0, -16.0]);
        assert_eq!(pipeline.encoded(1, &encoded), [2.0, -4.0]);
        assert_eq!(pipeline.encoded(2, &encoded), [2.0, -4.0]);
        let error = Pipeline::new(vec![branch(Some(0), 1)], &ROW).unwrap_err();
        let expected = "branch 0: goes on from branch 0, which is no earlier one";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_step_that_does_not_fit_is_refused() {
        let error = Pipeline::new(vec![branch(None, 1)], &ROW[..1]).unwrap_err();
        assert_eq!(error.to_string(), "branch 0: step 0: reads input 1 of 1");
    }
}
