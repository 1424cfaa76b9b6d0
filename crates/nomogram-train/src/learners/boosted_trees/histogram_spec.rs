//! Settings of splits between bins.

use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, Spec};
use crate::learners::checks::{at_least_one, not_negative, require};

/// How values are put into bins, and how sets of levels are chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistogramSpec {
    /// The largest number of bins of an input, 2 to 255; missing values have their own besides.
    pub max_bins: usize,
    /// An input with at most so many levels is split as one level against the rest.
    pub max_cat_to_onehot: usize,
    /// Added to the curvature of a level when levels are sorted by gradient; levels with fewer rows
    /// stay on the right.
    pub cat_smooth: f64,
    /// The L2 penalty on the leaves of a split by sets of levels, in addition to `l2`.
    pub cat_l2: f64,
    /// The largest number of levels in a set.
    pub max_cat_threshold: usize,
    /// The smallest number of rows between two sets that are tried.
    pub min_rows_per_group: usize,
}

impl Default for HistogramSpec {
    /// The defaults of LightGBM.
    fn default() -> Self {
        Self {
            max_bins: 255,
            max_cat_to_onehot: 4,
            cat_smooth: 10.0,
            cat_l2: 10.0,
            max_cat_threshold: 32,
            min_rows_per_group: 100,
        }
    }
}

impl Spec for HistogramSpec {
    fn validate(&self) -> Result<(), Invalid> {
        require((2..=255).contains(&self.max_bins), self.max_bins, "2 to 255", "max_bins")?;
        not_negative(self.cat_smooth, "cat_smooth")?;
        not_negative(self.cat_l2, "cat_l2")?;
        at_least_one(self.max_cat_threshold, "max_cat_threshold")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_numbered_in_one_byte() {
        let invalid = |max_bins| {
            let spec = HistogramSpec { max_bins, ..HistogramSpec::default() };
            spec.check().unwrap_err().to_string()
        };
        assert_eq!(invalid(1), "max_bins: 1, expected 2 to 255");
        assert_eq!(invalid(256), "max_bins: 256, expected 2 to 255");
    }
}
