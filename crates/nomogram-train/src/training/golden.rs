//! Golden cases of a trained model: rows that a bundle replays when it is opened.
//!
//! They are constructed, so that no patient leaves with the bundle; rows of the training data only
//! where the configuration asks for them.

// Layers, lowest first.
mod space;

mod answers;
mod bisection;
mod extremes;
mod nearness;
mod rules;

mod goals;

mod construct;

mod spec;

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis};
use nomogram::{MIN_GOLDEN_CASES, Model, Parts, seal};
use nomogram_describe::reach::Reach;

use crate::data::Dataset;
use crate::error::Error;
use construct::Construction;
use nearness::{NEAR, nearest};
use space::Space;
pub use spec::GoldenSpec;

/// The note of a manifest about where the golden rows come from.
pub const GOLDEN_ROWS: &str = "golden rows";

/// The most constructed cases: opening the reference model takes 4 µs for each.
const MAX_CONSTRUCTED: usize = 72;
/// The room for the cases of a small model, in bytes; those of a larger one take less than the rest.
const SMALL: usize = 16 << 10;

/// Rows for golden cases, and where they come from.
#[derive(Debug)]
pub(super) struct GoldenRows {
    pub(super) rows: Array2<f64>,
    pub(super) note: String,
}

/// Rows for the golden cases of a model that was fitted to `dataset`.
pub(super) fn rows(
    spec: GoldenSpec,
    parts: &Parts,
    dataset: &Dataset,
    seed: u64,
) -> Result<GoldenRows, Error> {
    let rows = match spec {
        GoldenSpec::Rows => extremes::choose(parts, dataset)?,
        GoldenSpec::Constructed => constructed(parts, dataset, seed)?,
    };
    let note = note(spec, dataset, &rows);
    Ok(GoldenRows { rows, note })
}

fn constructed(parts: &Parts, dataset: &Dataset, seed: u64) -> Result<Array2<f64>, Error> {
    // Any rows will do to open the model: this bundle is not kept.
    let first: Vec<usize> = (0..MIN_GOLDEN_CASES).collect();
    let first = dataset.values().select(Axis(0), &first);
    let bundle = seal(parts, first.view())?;
    let model = Arc::new(Model::open(&bundle)?);
    let reach = Reach::new(&model, parts, first.view())?;
    let n_max = n_max(parts, bundle.len());
    let construction = Construction::new(parts, reach, dataset.values().view(), seed)?;
    let rows = construction.rows(MIN_GOLDEN_CASES, n_max)?;
    if rows.nrows() >= MIN_GOLDEN_CASES {
        return Ok(rows);
    }
    // So few rows exist, for example of two booleans, that each of them is a golden case several times.
    let repeated: Vec<usize> = (0..MIN_GOLDEN_CASES).map(|nth| nth % rows.nrows().max(1)).collect();
    match rows.nrows() {
        0 => Err(Error::Data("no constructed row satisfies the rules; `golden: rows` seals training rows instead, see docs/privacy.md".into())),
        _ => Ok(rows.select(Axis(0), &repeated)),
    }
}

/// The smallest distance between one of some rows and a training row.
pub(super) fn nearest_distance(dataset: &Dataset, rows: &Array2<f64>) -> f64 {
    let training = dataset.values().view();
    let spaces = Space::each(dataset.schema().features(), training);
    let distances = rows.rows().into_iter().map(|row| nearest(&spaces, training, &row.to_vec()));
    distances.fold(f64::INFINITY, f64::min)
}

/// The most cases that a new calibrator and new cutoffs add.
const MAX_ADDED: usize = 32;

/// The golden cases of a parent, and constructed ones for what they do not reach in its child, which
/// differs in its calibrator and its cutoffs. `dataset` are the rows that these were fitted to.
pub(super) fn extended(
    parts: &Parts,
    golden_rows: ArrayView2<'_, f64>,
    dataset: &Dataset,
    seed: u64,
) -> Result<Array2<f64>, Error> {
    let model = Arc::new(Model::open(&seal(parts, golden_rows)?)?);
    let reach = Reach::new(&model, parts, golden_rows)?;
    let construction = Construction::new(parts, reach, dataset.values().view(), seed)?;
    Ok(construction.extend(golden_rows, MAX_ADDED)?)
}

/// How many golden cases a bundle has room for.
fn n_max(parts: &Parts, bundle_len: usize) -> usize {
    let (n_features, n_outputs) = (parts.schema.n_features(), parts.schema.n_outputs());
    let case_len = 9 * n_features + 8 * n_outputs * (1 + parts.members.len()) + 32;
    let others_len = bundle_len.saturating_sub(MIN_GOLDEN_CASES * case_len);
    let n_fitting = (others_len / 8 * 7 + SMALL) / case_len;
    n_fitting.clamp(MIN_GOLDEN_CASES, MAX_CONSTRUCTED)
}

/// Where the rows come from, and how near they are to training rows.
fn note(spec: GoldenSpec, dataset: &Dataset, rows: &Array2<f64>) -> String {
    if spec == GoldenSpec::Rows {
        return "rows of the training data".into();
    }
    let training = dataset.values().view();
    let spaces = Space::each(dataset.schema().features(), training);
    let distances: Vec<f64> =
        rows.rows().into_iter().map(|row| nearest(&spaces, training, &row.to_vec())).collect();
    let smallest = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let n_near = distances.iter().filter(|distance| **distance < NEAR).count();
    format!(
        "constructed; distance to the nearest training row at least {smallest:.3} of a feature's spread, \
         {n_near} of {} cases below {NEAR}",
        distances.len()
    )
}
