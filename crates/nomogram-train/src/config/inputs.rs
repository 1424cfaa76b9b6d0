//! The steps of an input.

use serde::{Deserialize, Serialize};

/// A step of an input. What it is fitted with comes from the training rows alone; row weights do not
/// count, nor do missing values, which stay missing but in [`Self::Impute`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepConfig {
    /// Fills in the features whose policy imputes.
    Impute(ImputeConfig),
    /// One value for each level of a category.
    OneHot(OneHotConfig),
    /// Keeps values between two quantiles; between the smallest and the largest value unless said
    /// otherwise. A feature without a range needs it before steps that could overflow.
    Clip(ClipConfig),
    /// `ln(1 + x)`.
    Log1p(TransformConfig),
    /// The Yeo–Johnson transformation with the λ of the largest likelihood.
    YeoJohnson(TransformConfig),
    /// A restricted cubic spline with knots at Harrell's quantiles.
    Spline(SplineConfig),
    /// The number of the quantile bin that the value lies in.
    Bins(BinsConfig),
    /// Mean 0 and standard deviation 1.
    StandardScale(ColumnsConfig),
    /// From 0 to 1.
    MinMaxScale(ColumnsConfig),
    /// Median 0 and interquartile range 1.
    RobustScale(ColumnsConfig),
    /// The projections on the first principal components take the place of everything.
    Pca(PcaConfig),
}

/// Which columns a step reads: those of these features, or without `of` all that the step can read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnsConfig {
    /// Names of features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

/// What is transformed, and whether what it was stays too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformConfig {
    /// Names of features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
    /// The results stand at the end of the row and the values stay where they are.
    #[serde(default)]
    pub keep: bool,
}

/// How missing values are filled in; categories always get their most frequent level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImputeConfig {
    /// What a missing number becomes.
    #[serde(default)]
    pub statistic: Statistic,
    /// Whether a value is added that tells what was missing.
    #[serde(default = "yes")]
    pub indicators: bool,
}

/// A statistic of the training rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The middle value, or the mean of the middle two.
    #[default]
    Median,
    /// The mean.
    Mean,
}

/// How levels become values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneHotConfig {
    /// Leaves out the value of the first level.
    #[serde(default)]
    pub drops_first: bool,
}

/// Where values are clipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipConfig {
    /// Shares of the values that lie below the bounds.
    #[serde(default = "all")]
    pub quantiles: [f64; 2],
    /// Names of features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

/// How many knots a spline has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplineConfig {
    /// From 3 to 7 (Harrell, Regression Modeling Strategies, 2015, table 2.3).
    pub knots: usize,
    /// Names of features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

/// How many bins there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinsConfig {
    /// At least 2; fewer where quantiles are equal.
    pub n: usize,
    /// Names of features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

/// How many components are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcaConfig {
    /// At most the number of values.
    pub n_components: usize,
    /// Divides each projection by its standard deviation.
    #[serde(default)]
    pub whiten: bool,
}

fn yes() -> bool {
    true
}

fn all() -> [f64; 2] {
    [0.0, 1.0]
}

impl Default for ImputeConfig {
    fn default() -> Self {
        Self { statistic: Statistic::default(), indicators: true }
    }
}

impl Default for ClipConfig {
    fn default() -> Self {
        Self { quantiles: all(), of: None }
    }
}

impl StepConfig {
    /// The steps of the input `scaled`.
    pub(crate) fn scaled() -> [Self; 3] {
        [
            Self::Impute(ImputeConfig::default()),
            Self::OneHot(OneHotConfig::default()),
            Self::StandardScale(ColumnsConfig::default()),
        ]
    }

    /// How the step is called in a configuration.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Impute(_) => "impute",
            Self::OneHot(_) => "one_hot",
            Self::Clip(_) => "clip",
            Self::Log1p(_) => "log1p",
            Self::YeoJohnson(_) => "yeo_johnson",
            Self::Spline(_) => "spline",
            Self::Bins(_) => "bins",
            Self::StandardScale(_) => "standard_scale",
            Self::MinMaxScale(_) => "min_max_scale",
            Self::RobustScale(_) => "robust_scale",
            Self::Pca(_) => "pca",
        }
    }

    /// Refuses settings that make no sense.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Clip(ClipConfig { quantiles: [low, high], .. })
                if !(0.0 <= *low && low < high && *high <= 1.0) =>
            {
                Err(format!("quantiles: {low} to {high}, expected to ascend within 0 to 1"))
            }
            Self::Spline(SplineConfig { knots, .. }) if !(3..=7).contains(knots) => {
                Err(format!("knots: {knots}, expected 3 to 7"))
            }
            Self::Bins(BinsConfig { n, .. }) if *n < 2 => {
                Err(format!("n: {n}, expected at least 2"))
            }
            Self::Pca(PcaConfig { n_components: 0, .. }) => {
                Err("n_components: 0, expected at least 1".into())
            }
            _ => Ok(()),
        }
    }
}
