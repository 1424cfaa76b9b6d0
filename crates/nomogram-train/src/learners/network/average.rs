//! Several networks as one, whose margins are the mean of theirs.

use nomogram::{Layer, Network};

use crate::count::number;

/// Layers whose outputs are the mean of the networks' outputs: hidden layers are side by side, without
/// connections from one network to another.
#[allow(clippy::indexing_slicing, reason = "all networks have layers of the same shape")]
pub(super) fn average(networks: &[Network]) -> Vec<Layer> {
    let n_layers = networks[0].layers().len();
    let merged = |index: usize| {
        let layers = || networks.iter().map(|network| &network.layers()[index]);
        let (is_first, is_last) = (index == 0, index + 1 == n_layers);
        let (n_inputs, n_outputs) =
            (networks[0].layers()[index].n_inputs(), networks[0].layers()[index].n_outputs());
        let width = if is_last { n_outputs } else { n_outputs * networks.len() };
        let height = if is_first { n_inputs } else { n_inputs * networks.len() };
        let (mut weights, mut biases) = (vec![0.0; height * width], vec![0.0; width]);
        let share = if is_last { 1.0 / number(networks.len()) } else { 1.0 };
        for (nth, layer) in layers().enumerate() {
            let (down, right) = (
                if is_first { 0 } else { nth * n_inputs },
                if is_last { 0 } else { nth * n_outputs },
            );
            for (input, from) in layer.weights.chunks_exact(n_outputs).enumerate() {
                let place = &mut weights[(down + input) * width + right..][..n_outputs];
                place.iter_mut().zip(from).for_each(|(sum, weight)| *sum += share * weight);
            }
            let place = &mut biases[right..right + n_outputs];
            place.iter_mut().zip(&layer.biases).for_each(|(sum, bias)| *sum += share * bias);
        }
        Layer { activation: networks[0].layers()[index].activation, biases, weights }
    };
    (0..n_layers).map(merged).collect()
}
