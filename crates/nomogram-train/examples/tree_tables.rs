//! Mean cross-validated log loss of boosting with histograms; `tests/reference/boosting_tables.py`
//! compares it with LightGBM, XGBoost and scikit-learn on the same folds.
//!
//! ```text
//! boosting_tables TABLE.npy N_CLASSES N_REPEATS [CATEGORICAL_INPUT …]
//! ```
//!
//! The table is `<f8` in C order; behind the inputs stand the class and, for each repeat, the fold.

#[path = "shared/boosting.rs"]
mod boosting;

use std::error::Error;

use ndarray::{Axis, s};
use nomogram_train::config::{BoostedTreesSpec, HistogramSpec, Splits};
use nomogram_train::learner::{TrainingRows, fit_boosted_trees};

use boosting::{log_loss, margins, number, read};

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, n_classes, n_repeats, categorical @ ..] = arguments.as_slice() else {
        return Err("usage: boosting_tables TABLE.npy N_CLASSES N_REPEATS [INPUT …]".into());
    };
    let table = read(&std::fs::read(table)?)?;
    let (n_classes, n_repeats) = (n_classes.parse()?, n_repeats.parse::<usize>()?);
    let n_inputs = table.ncols() - 1 - n_repeats;
    let spec = BoostedTreesSpec {
        max_leaves: Some(15),
        min_rows_per_leaf: 20,
        min_child_weight: 1e-3,
        categorical: categorical.iter().map(|input| input.parse()).collect::<Result<_, _>>()?,
        splits: Splits::Histogram(HistogramSpec::default()),
        ..BoostedTreesSpec::new(100, 0.1)
    };
    let classes: Vec<usize> = table.column(n_inputs).iter().map(|y| *y as usize).collect();
    let (mut sum, mut n_rows) = (0.0, 0);
    for repeat in 0..n_repeats {
        let fold_of = table.column(n_inputs + 1 + repeat);
        let n_folds = fold_of.iter().fold(0.0_f64, |most, fold| most.max(*fold)) as usize + 1;
        for fold in 0..n_folds {
            let (test, train): (Vec<usize>, Vec<usize>) =
                (0..classes.len()).partition(|row| fold_of.get(*row) == Some(&number(fold)));
            let values = table.slice(s![.., ..n_inputs]);
            let fitted = values.select(Axis(0), &train);
            let of = |row: &usize| classes.get(*row).copied().unwrap_or(0);
            let fitted_classes: Vec<usize> = train.iter().map(of).collect();
            let rows =
                TrainingRows { n_classes, ..TrainingRows::binary(fitted.view(), &fitted_classes) };
            let forest = fit_boosted_trees(&spec, rows, 0)?;
            for row in &test {
                sum += log_loss(&margins(&forest, &values.row(*row).to_vec()), of(row));
                n_rows += 1;
            }
        }
    }
    println!("{}", sum / number(n_rows));
    Ok(())
}
