//! Binning: values to the number of their bin.
//!
//! As scikit-learn's `KBinsDiscretizer(encode="ordinal")`; quantile and fixed bins differ in how
//! their edges were chosen. For one-hot bins, add a one-hot step.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{FUNCTION, Inputs, Transform, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use crate::schema::count;

/// How many edges are not above the value: bin 0 lies below the first edge, a value on an edge
/// belongs to the bin above it. Input by input. Missing values stay missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Binner {
    inputs: Inputs,
    edges: Vec<Vec<f64>>,
}
decode_struct!(Binner { inputs, edges });

impl Binner {
    /// The edges between the bins of each input (scikit-learn's `bin_edges_` without the outer ones).
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ, or edges are not finite or do not ascend.
    pub fn new(inputs: Inputs, edges: Vec<Vec<f64>>) -> Result<Self, Error> {
        let binner = Self { inputs, edges };
        binner.check_parameters()?;
        Ok(binner)
    }

    /// The edges of each input, by its position in the encoded row.
    #[must_use = "edges are all there is to it"]
    pub fn edges(&self) -> impl Iterator<Item = (usize, &[f64])> {
        self.inputs.positions().zip(self.edges.iter().map(Vec::as_slice))
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.edges.len(), "lists of edges")?;
        self.inputs.check_each(&|nth| {
            let edges = &self.edges[nth];
            let ascend = edges.is_sorted_by(|previous, next| previous < next);
            if edges.is_empty() || !ascend || edges.iter().any(|edge| !edge.is_finite()) {
                return Err(Error::invalid_model("its edges, expected finite numbers that ascend"));
            }
            Ok(())
        })
    }

    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    fn bin(&self, nth: usize, value: f64) -> f64 {
        if value.is_nan() {
            return value;
        }
        count(self.edges[nth].partition_point(|edge| *edge <= value))
    }
}

impl Transform for Binner {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains(inputs, &|nth, domain| {
            Ok(Domain { is_whole: true, ..domain.map_monotone(&|value| self.bin(nth, value))? })
        })
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), FUNCTION)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_values(input, output, |nth, value| self.bin(nth, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_value_on_an_edge_belongs_to_the_bin_above() {
        let binner = Binner::new(Inputs::all(1), vec![vec![1.0, 2.0]]).unwrap();
        assert_eq!(binner.check(&[Domain::new(-9.0, 1.5)]).unwrap(), [Domain::whole(0.0, 1.0)]);
        let mut output = [0.0];
        for (value, expected) in [(0.5, 0.0), (1.0, 1.0), (1.5, 1.0), (2.0, 2.0), (9.0, 2.0)] {
            binner.apply(&[value], &mut output);
            assert_eq!(output, [expected]);
        }
        binner.apply(&[f64::NAN], &mut output);
        assert!(output[0].is_nan());
        assert!(Binner::new(Inputs::all(1), vec![vec![2.0, 1.0]]).is_err());
    }
}
