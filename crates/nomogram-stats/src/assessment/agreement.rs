//! How often two members predict the same class.

use serde::Serialize;

use super::rows::NamedProbabilities;
use crate::predicted_class::most_probable;

/// The share of rows, by weight, for which two members predict the same class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// The names of the members.
    pub names: Vec<String>,
    /// The share of each member (row) with each member (column); 1 on the diagonal.
    pub shares: Vec<Vec<f64>>,
}

impl Agreement {
    /// Compares the predicted classes of each pair of members, which have the same number of rows, at
    /// least 1.
    pub(super) fn new(members: &[NamedProbabilities<'_>], weights: Option<&[f64]>) -> Self {
        let weight = |row: usize| weights.and_then(|weights| weights.get(row)).unwrap_or(&1.0);
        let classes = |member: &NamedProbabilities<'_>| -> Vec<usize> {
            member.probabilities.rows().into_iter().map(most_probable).collect()
        };
        let classes: Vec<Vec<usize>> = members.iter().map(classes).collect();
        let share = |first: &Vec<usize>, second: &Vec<usize>| {
            let pairs = first.iter().zip(second).enumerate();
            let (same, all) = pairs.fold((0.0, 0.0), |(same, all), (row, (first, second))| {
                let weight = weight(row);
                (if first == second { same + weight } else { same }, all + weight)
            });
            same / all
        };
        let shares =
            classes.iter().map(|first| classes.iter().map(|second| share(first, second)).collect());
        Self {
            shares: shares.collect(),
            names: members.iter().map(|member| member.name.into()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn agreement_counts_equal_predicted_classes() {
        let first = array![[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.6, 0.4]];
        let second = array![[0.7, 0.3], [0.6, 0.4], [0.8, 0.2], [0.4, 0.6]];
        let member = |name, probabilities| NamedProbabilities { name, probabilities };
        let members = [member("first", first.view()), member("second", second.view())];
        let agreement = Agreement::new(&members, None);
        assert_eq!(agreement.names, ["first", "second"]);
        assert_eq!(agreement.shares, [[1.0, 0.5], [0.5, 1.0]]);
        let weighted = Agreement::new(&members, Some(&[5.0, 1.0, 1.0, 1.0]));
        assert_eq!(weighted.shares, [[1.0, 0.75], [0.75, 1.0]]);
    }
}
