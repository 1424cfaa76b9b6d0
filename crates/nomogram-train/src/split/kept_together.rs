//! Rows that are on the same side of every split.

use std::collections::BTreeSet;

use super::grouped::group_numbers;
use crate::data::Dataset;

/// The number of the group of each row, where rows must be kept together: the rows of a patient, where
/// the data name patients; else the copies of a row, which have one id, in a sample that was drawn with
/// replacement. Nothing where each row is on its own.
#[must_use]
pub fn kept_together(dataset: &Dataset) -> Option<Vec<usize>> {
    if let Some(patients) = dataset.patients() {
        return Some(group_numbers(patients));
    }
    let ids = dataset.row_ids();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    (distinct.len() < ids.len()).then(|| group_numbers(ids))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataConfig;

    fn dataset(patient: &str) -> Dataset {
        let yaml = format!(
            "{{ {patient}, target: {{ column: y, negative: a, positive: b }}, features: [{{ name: x }}] }}"
        );
        let config = DataConfig::from_yaml(&format!("data: {yaml}")).unwrap();
        let table = "p,x,y\nu,1,a\nv,2,b\nu,3,b\nw,1,a\n";
        Dataset::from_csv("t.csv", table.as_bytes(), &config).unwrap()
    }

    #[test]
    fn patients_and_copies_are_kept_together_and_other_rows_are_not() {
        assert_eq!(kept_together(&dataset("patient: p")), Some(vec![0, 1, 0, 2]));
        let without = dataset("ignored: [p]");
        assert_eq!(kept_together(&without), None);
        assert_eq!(kept_together(&without.select(&[2, 1, 2, 0])), Some(vec![0, 1, 0, 2]));
    }
}
