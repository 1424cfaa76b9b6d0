//! Mean cross-validated log loss of boosted trees with histograms, or of random forests;
//! `tests/reference/tree_tables.py` compares it with LightGBM, XGBoost and scikit-learn on the same
//! folds.
//!
//! ```text
//! tree_tables (rows|curvature|forest) TABLE.npy N_CLASSES N_REPEATS [CATEGORICAL_INPUT …]
//! ```
//!
//! `rows` and `curvature` are the lower bounds of the leaves of boosted trees. The table is `<f8` in C
//! order; the columns after the inputs are the class and, for each repeat, the fold.

#[path = "shared/forests.rs"]
mod forests;

use std::error::Error;

use ndarray::{Axis, s};
use nomogram_train::Spec as _;
use nomogram_train::learners::{
    BoostedTreesSpec, HistogramSpec, Impurity, MaxFeatures, RandomForestSpec, Splits, TrainingRows,
};

use forests::{log_loss, number, outputs, read};

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [learner, table, n_classes, n_repeats, categorical @ ..] = arguments.as_slice() else {
        return Err("usage: tree_tables LEARNER TABLE.npy N_CLASSES N_REPEATS [INPUT …]".into());
    };
    let table = read(&std::fs::read(table)?)?;
    let (n_classes, n_repeats) = (n_classes.parse()?, n_repeats.parse::<usize>()?);
    let n_inputs = table.ncols() - 1 - n_repeats;
    let by_rows = BoostedTreesSpec {
        max_leaves: Some(15),
        min_rows_per_leaf: 20,
        min_child_weight: 1e-3,
        categorical: categorical.iter().map(|input| input.parse()).collect::<Result<_, _>>()?,
        splits: Splits::Histogram(HistogramSpec::default()),
        ..BoostedTreesSpec::new(100, 0.1)
    };
    // LightGBM's curvature of more than two classes is `K / (K − 1)` times ours.
    let unit = if n_classes > 2 { 1.0 - 1.0 / number(n_classes) } else { 1.0 };
    let by_curvature = BoostedTreesSpec {
        learning_rate: 0.1 * unit,
        min_rows_per_leaf: 1,
        min_child_weight: unit,
        l2: unit,
        ..by_rows.clone()
    };
    let forest = RandomForestSpec {
        n_trees: 500,
        criterion: Impurity::Gini,
        max_features: MaxFeatures::Sqrt,
        max_depth: None,
        min_rows_per_leaf: 5,
        bootstrap: true,
    };
    let (by_rows, by_curvature, forest) =
        (by_rows.check()?, by_curvature.check()?, forest.check()?);
    let classes: Vec<usize> = table.column(n_inputs).iter().map(|y| *y as usize).collect();
    let (mut sum, mut n_rows) = (0.0, 0);
    for repeat in 0..n_repeats {
        let folds = table.column(n_inputs + 1 + repeat);
        let n_folds = folds.iter().fold(0.0_f64, |most, fold| most.max(*fold)) as usize + 1;
        for fold in 0..n_folds {
            let (test, train): (Vec<usize>, Vec<usize>) =
                (0..classes.len()).partition(|row| folds.get(*row) == Some(&number(fold)));
            let values = table.slice(s![.., ..n_inputs]);
            let inputs = values.select(Axis(0), &train);
            let class = |row: &usize| classes.get(*row).copied().unwrap_or(0);
            let fitted_classes: Vec<usize> = train.iter().map(class).collect();
            let rows =
                TrainingRows { n_classes, ..TrainingRows::binary(inputs.view(), &fitted_classes) };
            let fitted = match learner.as_str() {
                "rows" => by_rows.fit(rows, 0)?,
                "curvature" => by_curvature.fit(rows, 0)?,
                "forest" => forest.fit(rows, u64::try_from(repeat)?)?,
                other => {
                    let detail = "expected `rows`, `curvature` or `forest`";
                    return Err(format!("learner: `{other}`, {detail}").into());
                }
            };
            for row in &test {
                sum += log_loss(
                    fitted.link,
                    &outputs(&fitted, &values.row(*row).to_vec()),
                    class(row),
                );
                n_rows += 1;
            }
        }
    }
    println!("{}", sum / number(n_rows));
    Ok(())
}
