//! An approximation of the Hessian that is quickly inverted, for conjugate gradients.

use rayon::prelude::*;

use super::cholesky::{decompose, substitute};
use super::design_matrix::add_scaled_row;
use super::objective::Problem;
use super::slopes::Slopes;

/// With more inputs, the blocks take longer than the products that they save.
const MOST_FOR_BLOCKS: usize = 64;

/// What takes the place of the Hessian.
pub(super) enum Preconditioner {
    /// Its diagonal.
    Diagonal(Vec<f64>),
    /// The second derivatives by the coefficients of each margin, decomposed.
    Blocks(Vec<Vec<f64>>),
}

impl Preconditioner {
    /// Of one margin the diagonal, as its block is the Hessian; of several the blocks, if they are small
    /// and not singular.
    pub(super) fn new(problem: &Problem<'_>, slopes: &Slopes) -> Self {
        let diagonal = || Self::Diagonal(problem.hessian_diagonal(slopes));
        if problem.n_margins == 1 || problem.width() > MOST_FOR_BLOCKS {
            return diagonal();
        }
        let width = problem.width();
        let block = |margin: usize| decompose(problem.hessian_block(slopes, margin), width);
        let blocks: Option<_> = (0..problem.n_margins).into_par_iter().map(block).collect();
        blocks.map_or_else(diagonal, Self::Blocks)
    }

    /// The residual, divided by the approximation.
    pub(super) fn apply(&self, residual: &[f64]) -> Vec<f64> {
        match self {
            Self::Diagonal(diagonal) => {
                let entries = residual.iter().zip(diagonal);
                // An input that is 0 in every row and not penalised keeps the weight 0.
                entries.map(|(r, d)| if *d > 0.0 { r / d } else { 0.0 }).collect()
            }
            Self::Blocks(blocks) => {
                let of_margins = residual.chunks_exact(residual.len() / blocks.len());
                of_margins.zip(blocks).flat_map(|(right, block)| substitute(block, right)).collect()
            }
        }
    }
}

#[allow(clippy::indexing_slicing, reason = "a block has width · width entries")]
impl Problem<'_> {
    /// The second derivatives by the coefficients of a margin: a lower triangle, row-major.
    fn hessian_block(&self, slopes: &Slopes, margin: usize) -> Vec<f64> {
        let width = self.width();
        let mut block = vec![0.0; width * width];
        for row in 0..self.rows.n_rows() {
            let curvature = slopes.curvature(row, margin, margin, self.weights[row]);
            let values = self.rows.row(row);
            for (i, line) in block.chunks_exact_mut(width).enumerate() {
                add_scaled_row(&mut line[..=i], curvature * values[i], &values[..=i]);
            }
        }
        for i in (0..width).filter(|i| !self.is_intercept(*i)) {
            block[i * width + i] += self.penalty;
        }
        block
    }
}
