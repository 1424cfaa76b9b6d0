//! Settings by feature name, as settings by position.

use super::spec::{BoostedTreesSpec, Splits};
use crate::invalid::{Checked, Invalid, Spec};
use crate::learners::training_rows::TrainingRows;
use crate::steps::{Column, ColumnKind};

impl BoostedTreesSpec {
    /// The same settings for these rows: `increasing` and `decreasing` become `monotone`, and categories
    /// are added to `categorical`.
    pub(super) fn by_position(&self, rows: TrainingRows<'_>) -> Result<Checked<Self>, Invalid> {
        let mut spec = self.clone();
        match self.splits {
            // Exact splits read levels as numbers, and take no constraints.
            Splits::Exact => return spec.check(),
            Splits::Histogram(_) => {}
        }
        let is_category = |(_, column): &(usize, &Column)| is_levels(column);
        let categories = rows.columns.iter().enumerate().filter(is_category);
        spec.categorical.extend(categories.map(|(input, _)| input));
        spec.categorical.sort_unstable();
        spec.categorical.dedup();
        let increasing = std::mem::take(&mut spec.increasing);
        let decreasing = std::mem::take(&mut spec.decreasing);
        let is_constrained = !increasing.is_empty() || !decreasing.is_empty();
        if is_constrained && spec.monotone.is_empty() {
            spec.monotone = vec![0; rows.n_inputs()];
        }
        for (key, names, sign) in [("increasing", increasing, 1), ("decreasing", decreasing, -1)] {
            for (index, name) in names.iter().enumerate() {
                set_sign(&mut spec.monotone, rows.columns, name, sign)
                    .map_err(|invalid| invalid.in_item(index, None).at(key))?;
            }
        }
        spec.check()
    }
}

/// Constrains the values of a feature. Whether a value was missing stays free.
fn set_sign(monotone: &mut [i8], columns: &[Column], name: &str, sign: i8) -> Result<(), Invalid> {
    let mut is_known = false;
    for (column, monotone) in columns.iter().zip(monotone) {
        if column.feature != name {
            continue;
        }
        match column.kind {
            ColumnKind::Number | ColumnKind::Flag => {}
            ColumnKind::Missing => continue,
            ColumnKind::Levels(_) | ColumnKind::Level => {
                let category = format!("`{name}`, a category, which has no order");
                return Err(Invalid::new(category, "a number"));
            }
        }
        if *monotone == -sign {
            let detail = format!("`{name}` is constrained in both directions");
            return Err(Invalid::because(detail));
        }
        *monotone = sign;
        is_known = true;
    }
    if is_known {
        return Ok(());
    }
    let expected = if columns.is_empty() {
        "`monotone` in its place, as these inputs have no names"
    } else {
        "a feature of the member's input"
    };
    Err(Invalid::new(format!("`{name}`"), expected))
}

fn is_levels(column: &Column) -> bool {
    match column.kind {
        ColumnKind::Levels(_) => true,
        ColumnKind::Number | ColumnKind::Flag | ColumnKind::Level | ColumnKind::Missing => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learners::boosted_trees::HistogramSpec;
    use ndarray::array;

    fn by_position(
        increasing: &[&str],
        decreasing: &[&str],
    ) -> Result<(Vec<i8>, Vec<usize>), String> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let spec = BoostedTreesSpec {
            max_leaves: Some(4),
            splits: Splits::Histogram(HistogramSpec::default()),
            increasing: owned(increasing),
            decreasing: owned(decreasing),
            ..BoostedTreesSpec::new(1, 0.1)
        };
        let column = |feature: &str, kind| Column { feature: feature.into(), kind };
        let columns = [
            column("age", ColumnKind::Number),
            column("stage", ColumnKind::Levels(3)),
            column("age", ColumnKind::Missing),
            column("dose", ColumnKind::Number),
            column("smoker", ColumnKind::Flag),
            column("site", ColumnKind::Level),
        ];
        let values = array![[0.0; 6]];
        let rows = TrainingRows { columns: &columns, ..TrainingRows::binary(values.view(), &[0]) };
        let spec = spec.by_position(rows).map_err(|invalid| invalid.to_string())?;
        Ok((spec.monotone.clone(), spec.categorical.clone()))
    }

    #[test]
    fn names_become_the_positions_of_values_and_not_of_what_is_missing() {
        assert_eq!(by_position(&[], &[]), Ok((vec![], vec![1])));
        assert_eq!(by_position(&["smoker"], &[]), Ok((vec![0, 0, 0, 0, 1, 0], vec![1])));
        assert_eq!(by_position(&["age"], &["dose"]), Ok((vec![1, 0, 0, -1, 0, 0], vec![1])));
    }

    #[test]
    fn names_that_cannot_be_constrained_are_refused() {
        let refused = |increasing: &[&str], decreasing: &[&str], message: &str| {
            assert_eq!(by_position(increasing, decreasing).unwrap_err(), message);
        };
        refused(&["age", "x"], &[], "increasing: 2: `x`, expected a feature of the member's input");
        refused(
            &[],
            &["stage"],
            "decreasing: 1: `stage`, a category, which has no order, expected a number",
        );
        refused(
            &["age", "site"],
            &[],
            "increasing: 2: `site`, a category, which has no order, expected a number",
        );
        refused(&["age"], &["age"], "decreasing: 1: `age` is constrained in both directions");
    }
}
