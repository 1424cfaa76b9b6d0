//! Independent rows: one of each patient.

use std::collections::BTreeMap;

use nomogram::Digest;

use crate::data::FeatureRows;

/// One row of each patient, or of each row that was drawn several times, chosen by the seed: rows of one
/// patient are alike, and would count as more evidence than they are (Dunn, Wasserman and Ramdas,
/// Distribution-free prediction sets for two-layer hierarchical models, 2022). Indices ascend.
pub(crate) fn independent_rows(rows: &FeatureRows, seed: u64) -> Vec<usize> {
    let mut chosen: BTreeMap<&String, (Digest, usize)> = BTreeMap::new();
    for (row, group) in rows.groups().iter().enumerate() {
        let ticket = Digest::of(format!("{seed} {row} {group}").as_bytes());
        let best = chosen.entry(group).or_insert((ticket, row));
        if ticket < best.0 {
            *best = (ticket, row);
        }
    }
    let mut rows: Vec<usize> = chosen.into_values().map(|(_, row)| row).collect();
    rows.sort_unstable();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataConfig, Dataset};
    use std::collections::BTreeSet;

    #[test]
    fn every_patient_has_one_row_and_the_seed_chooses_it() {
        let yaml = "data: { patient: p, target: { column: y, negative: a, positive: b }, features: [{ name: x }] }";
        let config = DataConfig::from_yaml(yaml).unwrap();
        let rows: String =
            (0..60).map(|row| format!("p{},{row},{}\n", row % 20, ["a", "b"][row % 2])).collect();
        let table = format!("p,x,y\n{rows}");
        let dataset = Dataset::from_csv("t", table.as_bytes(), &config).unwrap();
        let rows = dataset.feature_rows();
        let chosen = independent_rows(rows, 1);
        assert!(chosen.is_sorted());
        let patients: BTreeSet<usize> = chosen.iter().map(|row| row % 20).collect();
        assert_eq!((chosen.len(), patients.len()), (20, 20));
        assert!(chosen.iter().any(|row| *row >= 20), "not only the first rows");
        assert_ne!(independent_rows(rows, 2), chosen);
    }
}
