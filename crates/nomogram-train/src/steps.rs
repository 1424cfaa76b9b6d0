//! Steps: preprocessing, fitted to the training rows alone.
//!
//! Each step is a file: its settings, their check and the fit. What a step fits comes from the
//! training rows; row weights do not count, nor do missing values, which stay missing except in
//! `impute`.

// Layers, lowest first: a file uses only the blocks above its own.
mod column;
mod summary;

mod encoded_rows;

mod bins;
mod clip;
mod impute;
mod log1p;
mod min_max_scale;
mod one_hot;
mod pca;
mod robust_scale;
mod spline;
mod standard_scale;
mod yeo_johnson;

use ndarray::Array2;
use nomogram::Step;
use serde::{Deserialize, Serialize};

pub use bins::BinsSpec;
pub use clip::ClipSpec;
pub use column::{Column, ColumnKind};
pub(crate) use encoded_rows::EncodedRows;
pub use impute::{ImputeSpec, Statistic};
pub use log1p::Log1pSpec;
pub use min_max_scale::MinMaxScaleSpec;
pub use one_hot::OneHotSpec;
pub use pca::PcaSpec;
pub use robust_scale::RobustScaleSpec;
pub use spline::SplineSpec;
pub use standard_scale::{StandardScaleSpec, fit_standard_scaler};
pub use yeo_johnson::YeoJohnsonSpec;

use crate::data::Dataset;
use crate::error::Error;
use crate::invalid::{Invalid, Spec};

/// Makes the enum of all steps, and the places where each must be thought of.
macro_rules! steps {
    ($($(#[$doc:meta])* $variant:ident($spec:ty) = $key:literal),* $(,)?) => {
        /// Settings of a step.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum StepSpec {
            $($(#[$doc])* #[serde(rename = $key)] $variant($spec)),*
        }

        impl StepSpec {
            /// The name of the step in a configuration.
            #[must_use]
            pub fn key(&self) -> &'static str {
                match self { $(Self::$variant(_) => $key),* }
            }

            /// Checks the settings, fits the step and encodes the rows by it.
            fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
                match self { $(Self::$variant(spec) => spec.clone().check()?.fit(rows)),* }
            }
        }

        impl Spec for StepSpec {
            fn validate(&self) -> Result<(), Invalid> {
                match self { $(Self::$variant(spec) => spec.validate()),* }
            }
        }
    };
}

steps! {
    /// Imputation of missing values.
    Impute(ImputeSpec) = "impute",
    /// One column for each level of a category.
    OneHot(OneHotSpec) = "one_hot",
    /// Clipping between two quantiles.
    Clip(ClipSpec) = "clip",
    /// `ln(1 + x)`.
    Log1p(Log1pSpec) = "log1p",
    /// The Yeo–Johnson transformation.
    YeoJohnson(YeoJohnsonSpec) = "yeo_johnson",
    /// A restricted cubic spline.
    Spline(SplineSpec) = "spline",
    /// The number of the quantile bin.
    Bins(BinsSpec) = "bins",
    /// Mean 0 and standard deviation 1.
    StandardScale(StandardScaleSpec) = "standard_scale",
    /// From 0 to 1.
    MinMaxScale(MinMaxScaleSpec) = "min_max_scale",
    /// Median 0 and interquartile range 1.
    RobustScale(RobustScaleSpec) = "robust_scale",
    /// Projections on principal components.
    Pca(PcaSpec) = "pca",
}

impl StepSpec {
    /// The steps of the input `scaled`.
    pub(crate) fn scaled() -> [Self; 3] {
        [
            Self::Impute(ImputeSpec::default()),
            Self::OneHot(OneHotSpec::default()),
            Self::StandardScale(StandardScaleSpec::default()),
        ]
    }
}

/// Fits steps to all rows of `dataset`, one after the other, and returns the rows as they encode them.
///
/// The result depends on the rows alone, and is the same on every platform.
///
/// # Errors
///
/// `Configuration` when a setting is invalid; `Data` with the number, counted from 1, and the name of
/// the step when it does not fit the rows.
pub fn fit_steps(dataset: &Dataset, steps: &[StepSpec]) -> Result<(Vec<Step>, Array2<f64>), Error> {
    let rows = encode(dataset, steps)?;
    Ok((rows.steps, rows.values))
}

/// [`fit_steps`], with the feature that each column comes from.
pub(crate) fn encode<'a>(
    dataset: &'a Dataset,
    steps: &[StepSpec],
) -> Result<EncodedRows<'a>, Error> {
    let mut rows = EncodedRows::new(dataset)?;
    for (index, step) in steps.iter().enumerate() {
        step.validate().map_err(|invalid| invalid.at(step.key()).in_item(index, None))?;
        step.fit(&mut rows)
            .map_err(|error| Error::Data(format!("step {}: {}: {error}", index + 1, step.key())))?;
    }
    Ok(rows)
}
