//! Fits tree after tree to the residuals.

use nomogram::{Forest, Link, numeric};

use super::columns::Columns;
use super::gradient::Gradient;
use super::search::Search;
use crate::count::position;
use crate::error::Error;
use crate::learners::boosted_trees::draw::{SUBSAMPLE, draw, n_drawn};
use crate::learners::boosted_trees::spec::BoostedTreesSpec;
use crate::learners::training_rows::TrainingRows;
use nomogram_stats::random::Random;

#[cfg(test)]
mod tests;

/// Fits a forest whose leaves contain the learning rate.
pub(in crate::learners::boosted_trees) fn fit(
    spec: &BoostedTreesSpec,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<Forest, Error> {
    refuse_more_classes(rows)?;
    let targets = rows.targets();
    let weights = rows.row_weights();
    let n_rows = rows.n_rows();
    let n_drawn = n_drawn(spec, n_rows)?;
    let columns = Columns::new(rows);
    let (positive, total) =
        targets.iter().zip(&weights).fold((0.0, 0.0), |(positive, total), (target, weight)| {
            (positive + target * weight, total + weight)
        });
    let prior = positive / total;
    let base_margin = numeric::ln(prior / (1.0 - prior));

    let mut random = Random::new(seed, SUBSAMPLE);
    let mut margins = vec![base_margin; n_rows];
    let mut trees = Vec::with_capacity(spec.n_trees);
    for _ in 0..spec.n_trees {
        let drawn = draw(&mut random, n_rows, n_drawn);
        let rows = margins.iter().zip(&targets).zip(&weights);
        let gradients = rows.map(|((margin, target), weight)| {
            let probability = numeric::logistic(*margin);
            Gradient {
                weight: *weight,
                residual: target - probability,
                curvature: probability * (1.0 - probability),
            }
        });
        let gradients: Vec<Gradient> = gradients.collect();
        let tree = Search { spec, columns: &columns, gradients: &gradients }.grow(drawn)?;
        for (row, margin) in margins.iter_mut().enumerate() {
            *margin += columns.leaf_of(row, &tree);
        }
        trees.push(tree);
    }
    Ok(Forest::new(Link::Logit, position(rows.n_inputs())?, vec![base_margin], trees)?)
}

fn refuse_more_classes(rows: TrainingRows<'_>) -> Result<(), Error> {
    if rows.n_classes == 2 {
        return Ok(());
    }
    let n_classes = rows.n_classes;
    Err(Error::Data(format!(
        "boosted trees: {n_classes} classes, expected 2 with exact splits; `splits: {{ histogram: {{}} }}` \
         takes more"
    )))
}
