//! The distance from rows that a model was fitted to, or that it was held against.

use ndarray::{Array2, ArrayView2, Axis};
use nomogram::{Digest, Distance, Parts, Ranks};

use crate::count::position;
use crate::data::FeatureRows;
use crate::error::Error;
use crate::uncertainty::{Whitening, independent_rows, ranks_of_distances};

/// The folds across which distances are measured.
const N_FOLDS: usize = 10;

/// The distance of rows of these values, as a branch encodes them; its ranks are not fitted yet.
pub(super) fn fit_distance(
    branch: &str,
    parts: &Parts,
    values: ArrayView2<'_, f64>,
) -> Result<Distance, Error> {
    let index = branch_named(branch, parts)?;
    distance_of(index, encoded(index, parts, values)?.view())
}

/// The distance of a sealed model, for rows that it never saw: that of the parent where it is of the same
/// branch, otherwise one that is fitted to these rows. Its ranks are then the distances of one row of each
/// patient from those of other folds.
pub(super) fn sealed_distance(
    branch: Option<&str>,
    parent: &Parts,
    rows: &FeatureRows,
    seed: u64,
) -> Result<Option<Distance>, Error> {
    let Some(branch) = branch else { return Ok(None) };
    let index = branch_named(branch, parent)?;
    let of_parent = parent.uncertainty.as_ref().and_then(|parent| parent.distance.clone());
    if let Some(distance) = of_parent.filter(|distance| distance.branch as usize == index) {
        return Ok(Some(distance));
    }
    let independent = independent_rows(rows, seed);
    let n_rows = independent.len();
    if n_rows < 2 * N_FOLDS {
        let detail = format!("{n_rows} independent rows, expected at least {}", 2 * N_FOLDS);
        return Err(Error::Data(format!("uncertainty: distance: {detail}")));
    }
    let encoded = encoded(index, parent, rows.values.select(Axis(0), &independent).view())?;
    let mut order: Vec<usize> = (0..n_rows).collect();
    order.sort_by_cached_key(|row| Digest::of(format!("{seed} fold of {row}").as_bytes()));
    let mut distances = Vec::new();
    for fold in 0..N_FOLDS {
        let dealt = |is_in_fold: bool| -> Vec<usize> {
            let dealt = order.iter().enumerate();
            dealt
                .filter(|(n, _)| (n % N_FOLDS == fold) == is_in_fold)
                .map(|(_, row)| *row)
                .collect()
        };
        let fitted = distance_of(index, encoded.select(Axis(0), &dealt(false)).view())?;
        let held_out = encoded.select(Axis(0), &dealt(true));
        distances.extend(held_out.rows().into_iter().map(|row| fitted.of(&row.to_vec())));
    }
    let ranks = ranks_of_distances(distances.into_iter())?;
    Ok(Some(Distance { ranks, ..distance_of(index, encoded.view())? }))
}

fn branch_named(name: &str, parts: &Parts) -> Result<usize, Error> {
    parts.branches.iter().position(|branch| branch.name == name).ok_or_else(|| {
        let names = parts.branches.iter().map(|branch| format!("`{}`", branch.name));
        let names = names.collect::<Vec<_>>().join(", ");
        let detail = format!("no input `{name}` in the bundle, expected one of {names}, or null");
        Error::Data(format!("uncertainty: distance: {detail}"))
    })
}

/// Rows as a branch encodes them, after the branches that it continues.
fn encoded(
    branch: usize,
    parts: &Parts,
    values: ArrayView2<'_, f64>,
) -> Result<Array2<f64>, Error> {
    let mut chain = Vec::new();
    let mut next = Some(branch);
    while let Some(branch) = next.and_then(|index| parts.branches.get(index)) {
        chain.push(branch);
        next = branch.source.map(|source| source as usize);
    }
    let mut rows = values.to_owned();
    for step in chain.into_iter().rev().flat_map(|branch| &branch.steps) {
        rows = step.encode(rows.view())?;
    }
    Ok(rows)
}

/// Without ranks.
fn distance_of(branch: usize, encoded: ArrayView2<'_, f64>) -> Result<Distance, Error> {
    let Whitening { means, triangle } = Whitening::fit(encoded)?;
    let ranks = Ranks::of(vec![0.0])?;
    Ok(Distance { branch: position(branch)?, means, whitening: triangle, ranks })
}
