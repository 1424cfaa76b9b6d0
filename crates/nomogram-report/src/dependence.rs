//! How the Shapley value of a feature depends on the feature: means of groups of rows.
//!
//! A report may be shown to anyone, so no point is the value of a single row.

use serde::Serialize;

/// The fewest rows of a group.
const MIN_ROWS: usize = 5;
/// The most groups.
const MAX_GROUPS: usize = 10;

/// A group of rows with similar values of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DependencePoint {
    /// The mean value of the feature.
    pub value: f64,
    /// The mean of the Shapley values of the feature.
    pub mean: f64,
    /// The standard deviation of the Shapley values.
    pub std_dev: f64,
    /// How many rows the group has.
    pub n_rows: usize,
}

/// The groups, from the smallest value to the largest, of pairs of a feature's value and its Shapley
/// value. Equal values are in one group; missing values are left out. Empty with fewer than two groups.
pub(crate) fn dependence(mut pairs: Vec<(f64, f64)>) -> Vec<DependencePoint> {
    pairs.retain(|(value, _)| value.is_finite());
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let target = pairs.len().div_ceil(MAX_GROUPS).max(MIN_ROWS);
    let mut groups: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in pairs {
        match groups.last_mut() {
            Some(group) if group.len() < target || group.last().map(|p| p.0) == Some(pair.0) => {
                group.push(pair);
            }
            Some(_) | None => groups.push(vec![pair]),
        }
    }
    // What is left at the end is too small for a group.
    if let Some(rest) = groups.pop_if(|group| group.len() < MIN_ROWS)
        && let Some(last) = groups.last_mut()
    {
        last.extend(rest);
    }
    if groups.len() < 2 {
        return Vec::new();
    }
    groups.iter().map(|group| point(group)).collect()
}

fn point(group: &[(f64, f64)]) -> DependencePoint {
    #[allow(clippy::cast_precision_loss, reason = "a number of rows")]
    let mean =
        |of: &dyn Fn(&(f64, f64)) -> f64| group.iter().map(of).sum::<f64>() / group.len() as f64;
    let of_values = mean(&|(_, value)| *value);
    let variance = mean(&|(_, value)| (value - of_values) * (value - of_values));
    let value = mean(&|(value, _)| *value);
    DependencePoint { value, mean: of_values, std_dev: variance.sqrt(), n_rows: group.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_grouped_by_value_and_no_group_is_small() {
        let pairs: Vec<(f64, f64)> = (0..23).map(|n| (f64::from(n), 2.0 * f64::from(n))).collect();
        let found = dependence(pairs);
        let n_rows: Vec<usize> = found.iter().map(|point| point.n_rows).collect();
        assert_eq!(n_rows, [5, 5, 5, 8]);
        assert_eq!((found[0].value, found[0].mean), (2.0, 4.0));
        assert!((found[0].std_dev - 8.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn equal_values_are_one_group_and_missing_ones_none() {
        let of = |value: f64| (0..7).map(move |n| (value, f64::from(n)));
        let pairs = of(1.0).chain(of(0.0)).chain(of(f64::NAN)).collect();
        let found = dependence(pairs);
        assert_eq!(
            found.iter().map(|p| (p.value, p.n_rows)).collect::<Vec<_>>(),
            [(0.0, 7), (1.0, 7)]
        );
        assert!(dependence(of(3.0).collect()).is_empty(), "one group shows no dependence");
        assert!(dependence(Vec::new()).is_empty());
    }
}
