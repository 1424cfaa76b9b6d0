//! Imputation by a statistic of the training rows.

use ndarray::ArrayView1;
use nomogram::{Action, Condition, Feature, ImputeStatistic, Imputer, Step};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoded_rows::{EncodedRows, inputs};
use super::summary::{mean, median, most_frequent};
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// Imputes the features whose policy imputes; categories always get their most frequent level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImputeSpec {
    /// The statistic that replaces a missing number.
    #[serde(default)]
    pub statistic: Statistic,
    /// Appends a column that is 1 where a value was missing.
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

fn yes() -> bool {
    true
}

impl Default for ImputeSpec {
    fn default() -> Self {
        Self { statistic: Statistic::default(), indicators: true }
    }
}

impl Spec for ImputeSpec {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

/// A statistic of a column; nothing of a column without values.
type ColumnStatistic = fn(ArrayView1<'_, f64>) -> Option<f64>;

impl Checked<ImputeSpec> {
    /// Numbers get their median or mean, categories their most frequent level.
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let (statistic, number_statistic): (_, ColumnStatistic) = match self.statistic {
            Statistic::Median => (ImputeStatistic::Median, median),
            Statistic::Mean => (ImputeStatistic::Mean, mean),
        };
        let features = rows.dataset.schema().features().iter().filter(|feature| imputes(feature));
        let imputed: Vec<&str> = features.map(|feature| feature.name.as_str()).collect();
        let is_imputed = |column: &Column| imputed.contains(&column.feature.as_str());
        let numbers = rows.positions_where(|column| is_imputed(column) && column.is_number());
        let others = rows.positions_where(|column| is_imputed(column) && !column.is_number());
        let kinds = [
            (numbers, statistic, number_statistic),
            (others, ImputeStatistic::Mode, most_frequent as ColumnStatistic),
        ];
        for (positions, statistic, fit) in kinds {
            if positions.is_empty() {
                continue;
            }
            let values = rows.fit_each(&positions, fit)?;
            let imputer = Imputer::new(inputs(&positions)?, statistic, values, self.indicators)?;
            if self.indicators {
                rows.add_flags(&positions);
            }
            rows.push(Step::Impute(imputer))?;
        }
        Ok(())
    }
}

/// Whether the policy of a feature imputes, on any condition.
fn imputes(feature: &Feature) -> bool {
    let action = |condition| feature.policy.action(condition);
    Condition::ALL.into_iter().any(|condition| action(condition) == Action::Impute)
}
