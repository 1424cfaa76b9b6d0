//! How long boosting with histograms takes; `tests/reference/boosting_speed.py` runs it in turn with
//! LightGBM on the same table.
//!
//! ```text
//! boosting_speed TABLE.npy N_THREADS
//! ```
//!
//! The table is `<f8` in C order, the class in its last column. Prints the seconds of the fit, bins
//! included, and the mean log loss of the rows that it was fitted to.

use std::error::Error;
use std::time::Instant;

use ndarray::{Array2, s};
use nomogram::{Forest, Node, Side, numeric};
use nomogram_train::config::{BoostedTreesSpec, HistogramSpec, Splits};
use nomogram_train::learner::{TrainingRows, fit_boosted_trees};

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
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads.parse()?).build()?;
    let start = Instant::now();
    let forest = pool.install(|| fit_boosted_trees(&spec, rows, 0))?;
    let seconds = start.elapsed().as_secs_f64();
    let loss = values.rows().into_iter().zip(&classes).map(|(row, class)| {
        let margin = margin(&forest, &row.to_vec());
        numeric::softplus(if *class == 1 { -margin } else { margin })
    });
    println!("{seconds} {}", loss.sum::<f64>() / rows_as_number(classes.len()));
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "far fewer than 2^53 rows")]
fn rows_as_number(n_rows: usize) -> f64 {
    n_rows as f64
}

#[allow(clippy::indexing_slicing, reason = "a forest that was just fitted")]
fn margin(forest: &Forest, row: &[f64]) -> f64 {
    let mut margin = forest.base_margins[0];
    for tree in &forest.trees {
        let mut at = 0;
        loop {
            match tree.nodes[at] {
                Node::Split { input, threshold, left, right, default_child } => {
                    let value = row[input as usize];
                    let default = value.is_nan() && default_child == Side::Left;
                    at = if value <= threshold || default { left } else { right } as usize;
                }
                Node::Leaf { leaf } => break margin += tree.leaves[leaf as usize],
                _ => break,
            }
        }
    }
    margin
}

/// Reads a matrix as NumPy writes it.
fn read(bytes: &[u8]) -> Result<Array2<f64>, Box<dyn Error>> {
    let (length, rest) = bytes.split_at_checked(10).ok_or("not a .npy file")?;
    let length = usize::from(u16::from_le_bytes([length[8], length[9]]));
    let (header, data) = rest.split_at_checked(length).ok_or("a header that is cut off")?;
    let header = std::str::from_utf8(header)?;
    let shape = header.split(['(', ')']).nth(1).ok_or("no shape")?;
    let shape: Vec<usize> = shape.split(',').map(|n| n.trim().parse()).collect::<Result<_, _>>()?;
    let [n_rows, n_columns] = shape.as_slice() else { return Err("not a matrix".into()) };
    if !header.contains("<f8") || header.contains("'fortran_order': True") {
        return Err("not <f8 in C order".into());
    }
    let (numbers, _) = data.as_chunks::<8>();
    let numbers = numbers.iter().map(|number| f64::from_le_bytes(*number)).collect();
    Ok(Array2::from_shape_vec((*n_rows, *n_columns), numbers)?)
}
