//! Every coalition of at most 12 players: Shapley values by their definition.

use alloc::vec::Vec;

use super::task::{Task, times_players};
use crate::error::Error;
use crate::explanation::{add_weighted, coalition_weight};
use crate::memory;
use crate::scratch::Scratch;

/// Memory for the mean prediction of every coalition.
#[derive(Debug)]
pub(super) struct Coalitions {
    n_players: usize,
    /// The explained numbers of each coalition; bit `i` of its index: whether player `i` is in it.
    means: Vec<f64>,
    numbers: Vec<f64>,
    /// By the size of a coalition.
    weights: Vec<f64>,
}

impl Coalitions {
    pub(super) fn new(n_players: usize, n_explained: usize) -> Result<Self, Error> {
        let weights = (0..n_players).map(|size| Ok(coalition_weight(n_players, size)));
        Ok(Self {
            n_players,
            means: memory::filled(0.0, times_players(1 << n_players, n_explained)?)?,
            numbers: memory::filled(0.0, n_explained)?,
            weights: memory::collect(weights)?,
        })
    }

    #[allow(clippy::indexing_slicing, reason = "there is a mean for every coalition")]
    pub(super) fn explain(
        &mut self,
        task: &Task<'_>,
        scratch: &mut Scratch<'_>,
        hybrid: &mut [f64],
        values: &mut [f64],
    ) {
        let (n_players, n_explained) = (self.n_players, self.numbers.len());
        let n_coalitions = 1_usize << n_players;
        let n_rows = task.background.n_rows();
        let (means, numbers) = (&mut self.means, &mut self.numbers);
        means.fill(0.0);
        means[..n_explained].copy_from_slice(task.base);
        means[(n_coalitions - 1) * n_explained..].copy_from_slice(task.explained);
        // The empty coalition and the one of all players are known.
        task.model.evaluate_rows(
            scratch,
            (n_coalitions - 2) * n_rows,
            hybrid,
            &mut |index, hybrid| {
                let coalition = 1 + index / n_rows;
                let background = task.background.row(index % n_rows);
                let sources = task.row.iter().zip(background).enumerate();
                for (value, (feature, (of_row, of_background))) in hybrid.iter_mut().zip(sources) {
                    let player = task.groups.map_or(feature, |groups| groups[feature] as usize);
                    *value = if coalition >> player & 1 == 1 { *of_row } else { *of_background };
                }
            },
            &mut |index, prediction| {
                let first = (1 + index / n_rows) * n_explained;
                task.readout.write(prediction, numbers);
                let weight = task.background.weights[index % n_rows];
                add_weighted(&mut means[first..first + n_explained], weight, numbers);
            },
        );
        values.fill(0.0);
        for player in 0..n_players {
            for coalition in (0..n_coalitions).filter(|coalition| coalition >> player & 1 == 0) {
                let weight = self.weights[coalition.count_ones() as usize];
                let joined = coalition | 1 << player;
                for nth in 0..n_explained {
                    let gain =
                        means[joined * n_explained + nth] - means[coalition * n_explained + nth];
                    values[nth * n_players + player] += weight * gain;
                }
            }
        }
    }
}
