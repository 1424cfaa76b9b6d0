//! Selection: some of the values, in a chosen order.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{MAX_OUTPUTS, Origin, Transform, appended, check_position, merged, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use crate::memory;

/// The values at these positions take the place of the whole row; a position may appear several times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {
    positions: Vec<u32>,
}
decode_struct!(Select { positions });

impl Select {
    /// These positions, in this order.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is none, or more than 65,536.
    pub fn new(positions: Vec<u32>) -> Result<Self, Error> {
        let select = Self { positions };
        select.check_count()?;
        Ok(select)
    }

    /// The positions, in their order.
    #[must_use]
    pub fn positions(&self) -> &[u32] {
        &self.positions
    }

    fn check_count(&self) -> Result<(), Error> {
        let n_positions = self.positions.len();
        if (1..=MAX_OUTPUTS).contains(&n_positions) {
            return Ok(());
        }
        Err(Error::invalid_model(format_args!(
            "{n_positions} positions, expected 1 to {MAX_OUTPUTS}"
        )))
    }
}

impl Transform for Select {
    #[allow(clippy::indexing_slicing, reason = "positions are checked first")]
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_count()?;
        let domain = |position: &u32| {
            check_position(*position as usize, inputs.len())?;
            Ok(inputs[*position as usize])
        };
        memory::collect(self.positions.iter().map(domain))
    }

    fn max_outputs(&self, _n_inputs: usize) -> usize {
        self.positions.len()
    }

    fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
        let positions = self.positions.iter();
        appended(&[], positions.map(|at| merged(inputs, [*at as usize].into_iter())))
    }

    fn work(&self) -> u64 {
        times(self.positions.len(), 2)
    }

    #[allow(clippy::indexing_slicing, reason = "positions were checked when the model was opened")]
    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        for (output, position) in output.iter_mut().zip(&self.positions) {
            *output = input[*position as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn positions_are_taken_in_their_order() {
        let select = Select::new(vec![2, 0, 2]).unwrap();
        let mut output = [0.0; 3];
        select.apply(&[1.0, 2.0, 3.0], &mut output);
        assert_eq!(output, [3.0, 1.0, 3.0]);
        assert!(select.check(&[Domain::new(0.0, 1.0); 2]).is_err());
        assert!(Select::new(vec![]).is_err());
    }
}
