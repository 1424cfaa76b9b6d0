//! Mini-batch fits from one start or several.

use nomogram::{Member, Network};
use rayon::prelude::*;

use super::average::average;
use super::descent::Descent;
use super::rows::Rows;
use super::spec::NetworkSpec;
use super::start::{NetworkStart, initial_layers, link};
use crate::error::Error;
use crate::invalid::{Checked, Invalid};
use crate::learners::early_stopping::Best;
use crate::learners::fit_member::FitMember;
use crate::learners::training_rows::TrainingRows;
use crate::parallel::try_map;
use nomogram_stats::random::Random;

#[cfg(test)]
mod tests;

/// The largest number of weights of all networks: 2 GB while they are fitted.
const MAX_WEIGHTS: usize = 50_000_000;
/// Stream of random numbers of this file.
const BATCHES: u64 = 5;
/// From the seed of a network to that of the next: odd, so that no seed repeats.
const SEED_STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

impl Checked<NetworkSpec> {
    /// Fits from random weights; rows are shuffled anew in each epoch.
    ///
    /// # Errors
    ///
    /// `Data` when a value is missing, or when early stopping leaves no row of a class on either side;
    /// `NotConverged` when training diverges.
    pub fn fit(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Network, Error> {
        rows.check()?;
        self.refuse_large(rows)?;
        let fit = |nth: usize| {
            // The first is the network that a single seed gives.
            let seed = seed.wrapping_add((nth as u64).wrapping_mul(SEED_STRIDE));
            let layers = initial_layers(self, rows.n_inputs(), rows.n_margins(), seed);
            self.fit_from(rows, seed, NetworkStart { layers, shuffle: true })
        };
        if self.n_seeds == 1 {
            return fit(0);
        }
        let networks: Vec<Network> = try_map((0..self.n_seeds).into_par_iter(), fit)?;
        Ok(Network::new(link(rows), average(&networks))?)
    }

    /// Refuses layers that would take memory without end.
    fn refuse_large(&self, rows: TrainingRows<'_>) -> Result<(), Error> {
        let widths = [rows.n_inputs()].into_iter().chain(self.hidden.iter().copied());
        let widths: Vec<usize> = widths.chain([rows.n_margins()]).collect();
        let products =
            widths.windows(2).map(|pair| pair.iter().fold(1, |n, w| w.saturating_mul(n)));
        let n_weights = products.fold(0_usize, usize::saturating_add);
        let n_weights = n_weights.saturating_mul(self.n_seeds);
        if n_weights <= MAX_WEIGHTS {
            return Ok(());
        }
        let found = format!("{n_weights} weights with {} inputs", rows.n_inputs());
        Err(Invalid::new(found, format!("at most {MAX_WEIGHTS}")).at("hidden").into())
    }

    /// Fits one network from given layers, for example to continue a fit or to compare it with another
    /// program.
    ///
    /// # Errors
    ///
    /// As `fit`, and `Configuration` or `Model` when the layers do not fit the rows or the
    /// settings.
    pub fn fit_from(
        &self,
        rows: TrainingRows<'_>,
        seed: u64,
        start: NetworkStart,
    ) -> Result<Network, Error> {
        rows.check()?;
        rows.refuse_missing("network")?;
        start.check(self, rows)?;
        let mut random = Random::new(seed, BATCHES);
        let (fitted, held_out) = match &self.early_stopping {
            None => (Rows::new(self, rows, None), None),
            Some(stopping) => {
                let split = stopping.split(rows, seed)?;
                let held_out = Rows::new(self, rows, Some(&split.test));
                (Rows::new(self, rows, Some(&split.train)), Some((stopping, held_out)))
            }
        };
        let mut order: Vec<usize> = (0..fitted.classes.len()).collect();
        let mut descent = Descent::new(self, start.layers);
        let mut best = Best::new(descent.layers.clone());
        for epoch in 0..self.max_epochs {
            if start.shuffle {
                random.shuffle(&mut order);
            }
            let rate = self.learning_rate_in(epoch);
            for batch in order.chunks(self.batch_rows) {
                descent.step(&fitted, batch, rate);
            }
            let Some((stopping, held_out)) = &held_out else { continue };
            let loss = descent.log_loss(held_out);
            if !loss.is_finite() {
                return Err(Error::NotConverged(format!(
                    "network: epoch {}: the log loss of the held-out rows is {loss}, expected a \
                     finite number; try a smaller learning rate",
                    epoch + 1
                )));
            }
            if best.update(loss, || descent.layers.clone(), stopping) {
                break;
            }
        }
        let layers = if held_out.is_some() { best.fit } else { descent.layers };
        Network::new(link(rows), layers).map_err(|cause| {
            Error::NotConverged(format!(
                "network: training diverged: weights are no longer finite: {cause}"
            ))
        })
    }
}

impl FitMember for Checked<NetworkSpec> {
    fn fit_member(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Member, Error> {
        self.fit(rows, seed).map(Member::Network)
    }
}
