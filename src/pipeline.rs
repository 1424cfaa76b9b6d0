//! Fitted preprocessing: branches of steps that turn a row into an encoded row.
//!
//! A kind of step is one file in `pipeline/`: its formula and source, its checks, `apply`. Each
//! member reads one branch, so that trees can read raw values while other members read scaled ones.
//! A branch may continue an earlier one, so that shared steps are computed once.

mod origin;

mod transform;

mod inputs;

mod clip;

mod binner;
mod curves;
mod derivation;
mod impute;
mod level_encoder;
mod log1p;
mod mark_missing;
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

mod branch;

use alloc::vec;
use alloc::vec::Vec;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

pub use binner::Binner;
pub use branch::Branch;
pub(crate) use branch::Pipeline;
pub use clip::Clip;
pub use curves::{Curve, Curves};
pub use derivation::{Derivation, Derive};
pub use impute::{ImputeStatistic, Imputer};
pub use inputs::Inputs;
pub use level_encoder::LevelEncoder;
pub use log1p::Log1p;
pub use mark_missing::MarkMissing;
pub use min_max_scaler::MinMaxScaler;
pub use one_hot::OneHotEncoder;
pub(crate) use origin::Origin;
pub use polynomial::Polynomial;
pub use projection::Projection;
pub use robust_scaler::RobustScaler;
pub use selection::Select;
pub use signed_power::SignedPower;
pub use spline::Spline;
pub use standard_scaler::StandardScaler;
pub use yeo_johnson::YeoJohnson;

use crate::budget::{FUNCTION, times};
use crate::codec::decode_enum;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use origin::{appended, merged, repeated};
use transform::{
    MAX_OUTPUTS, Transform, check_finite, check_levels, check_position, check_positive, total,
};

/// Declares the steps: variant, type, description.
macro_rules! steps {
    ($($variant:ident($type:ident) $text:literal;)+) => {
        /// One fitted transformation of an encoded row.
        ///
        /// Values that are changed one by one keep their positions; a value that becomes several is
        /// replaced by them in its place; new values are appended at the end; a polynomial, a
        /// projection and a selection replace the whole row.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Step {
            $(#[doc = $text] $variant($type),)+
        }
        decode_enum!(Step { $($variant($type)),+ });

        impl Step {
            /// As [`Transform::check`].
            pub(crate) fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
                match self { $(Self::$variant(step) => step.check(inputs),)+ }
            }

            /// As [`Transform::max_outputs`].
            pub(crate) fn max_outputs(&self, n_inputs: usize) -> usize {
                match self { $(Self::$variant(step) => step.max_outputs(n_inputs),)+ }
            }

            /// As [`Transform::origins`].
            pub(crate) fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
                match self { $(Self::$variant(step) => step.origins(inputs),)+ }
            }

            /// As [`Transform::work`].
            pub(crate) fn work(&self) -> u64 {
                match self { $(Self::$variant(step) => step.work(),)+ }
            }

            /// As [`Transform::apply`].
            pub(crate) fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
                match self { $(Self::$variant(step) => step.apply(input, output),)+ }
            }
        }
    };
}

// The order is that of the bundle's numbers: append only.
steps! {
    StandardScale(StandardScaler) "Subtract the mean, divide by the standard deviation.";
    Impute(Imputer) "Replace missing values by fitted ones.";
    Clip(Clip) "Move values beyond bounds to the bounds.";
    Log1p(Log1p) "The logarithm of one plus the value.";
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
    Select(Select) "Some of the values, in a chosen order.";
    MarkMissing(MarkMissing) "Treat the numbers by which a source marks missing values as missing.";
    Curves(Curves) "Polynomials between break points.";
}

impl Step {
    /// Whether every output comes from one input and is continuous in it: no inputs are combined, and no
    /// output jumps between two values of a number. Then each input can be drawn as a scale.
    #[must_use]
    pub const fn is_separable(&self) -> bool {
        match self {
            Self::StandardScale(_)
            | Self::Impute(_)
            | Self::Clip(_)
            | Self::Log1p(_)
            | Self::SignedPower(_)
            | Self::YeoJohnson(_)
            | Self::MinMaxScale(_)
            | Self::RobustScale(_)
            | Self::OneHot(_)
            | Self::EncodeLevels(_)
            | Self::Spline(_)
            | Self::Select(_) => true,
            Self::Bin(_)
            | Self::Derive(_)
            | Self::Polynomial(_)
            | Self::Project(_)
            | Self::MarkMissing(_)
            | Self::Curves(_) => false,
        }
    }

    /// Encodes many rows at once, of shape `(n_rows, n_inputs)` in any layout, into rows of shape
    /// `(n_rows, n_outputs)`. NaN is missing. For training, which fits the next step on them.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the step does not accept such values; a model with it would be refused.
    pub fn encode(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, Error> {
        let domains: Vec<Domain> = rows.columns().into_iter().map(Domain::of_column).collect();
        let n_outputs = self.check(&domains)?.len();
        let mut encoded = Array2::zeros((rows.nrows(), n_outputs));
        let (mut input, mut output) = (vec![0.0; rows.ncols()], vec![0.0; n_outputs]);
        for (row, mut target) in rows.rows().into_iter().zip(encoded.rows_mut()) {
            input.iter_mut().zip(row).for_each(|(cell, value)| *cell = *value);
            self.apply(&input, &mut output);
            target.iter_mut().zip(&output).for_each(|(cell, value)| *cell = *value);
        }
        Ok(encoded)
    }
}

#[cfg(test)]
mod reference;
