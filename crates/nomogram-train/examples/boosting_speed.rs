//! How long boosting with histograms takes; `tests/reference/boosting_speed.py` runs it in turn with
//! LightGBM on the same table.
//!
//! ```text
//! boosting_speed TABLE.npy N_THREADS
//! ```
//!
//! The table is `<f8` in C order, the class in its last column. Prints the seconds of the fit, bins
//! included, and the mean log loss of the rows that it was fitted to.

#[path = "shared/forests.rs"]
mod forests;

use std::error::Error;
use std::time::Instant;

use ndarray::s;
use nomogram_train::Spec as _;
use nomogram_train::learners::{BoostedTreesSpec, HistogramSpec, Splits, TrainingRows};

use forests::{log_loss, number, outputs, read};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, n_threads] = arguments.as_slice() else {
        return Err("usage: boosting_speed TABLE.npy N_THREADS".into());
    };
    let table = read(&std::fs::read(table)?)?;
    let values = table.slice(s![.., ..-1]);
    let classes: Vec<usize> =
        table.column(table.ncols() - 1).iter().map(|y| usize::from(*y > 0.5)).collect();
    let rows = TrainingRows::binary(values, &classes);
    let spec = BoostedTreesSpec {
        max_leaves: Some(31),
        min_rows_per_leaf: 20,
        min_child_weight: 1e-3,
        splits: Splits::Histogram(HistogramSpec::default()),
        ..BoostedTreesSpec::new(100, 0.1)
    }
    .check()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads.parse()?).build()?;
    let start = Instant::now();
    let forest = pool.install(|| spec.fit(rows, 0))?;
    let seconds = start.elapsed().as_secs_f64();
    let all = values.rows().into_iter().zip(&classes);
    let loss: f64 = all
        .map(|(row, class)| log_loss(forest.link, &outputs(&forest, &row.to_vec()), *class))
        .sum();
    println!("{seconds} {}", loss / number(classes.len()));
    Ok(())
}
