//! Rows of the training data that a member stores.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::codec::decode_struct;
use crate::error::{Error, Place};

/// Encoded rows of the training data, which a member compares with the row that it predicts. They may be data of
/// patients, and a bundle with such a member contains them.
///
/// `Debug` leaves them out: it may end up in a log.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredRows {
    /// How many numbers each row has.
    pub n_inputs: u32,
    /// The numbers, finite, of shape `(n_rows, n_inputs)`, row-major.
    pub values: Vec<f64>,
}
decode_struct!(StoredRows { n_inputs, values });

impl StoredRows {
    pub(super) fn n_inputs(&self) -> usize {
        self.n_inputs as usize
    }

    /// How many rows there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.values.len() / self.n_inputs().max(1)
    }

    /// The rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.n_inputs().max(1))
    }

    /// Refuses rows without numbers, numbers that are no whole rows, and numbers that are not finite.
    pub(super) fn check(&self) -> Result<(), Error> {
        let n_inputs = self.n_inputs();
        if n_inputs == 0 || self.n_rows() * n_inputs != self.values.len() {
            return Err(Error::invalid_model(format_args!(
                "{} numbers of stored rows, expected {n_inputs} for each row, and at least 1",
                self.values.len()
            )));
        }
        match self.values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(at) => Err(Error::invalid_model("not a finite number")
                .within(Place::Input(at % n_inputs))
                .within(Place::StoredRow(at / n_inputs))),
        }
    }
}

impl fmt::Debug for StoredRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} stored rows of {} numbers", self.n_rows(), self.n_inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn rows_are_whole_and_finite() {
        let check = |n_inputs, values| StoredRows { n_inputs, values }.check();
        let refused = |n_inputs, values| check(n_inputs, values).unwrap_err().to_string();
        assert!(check(2, vec![]).is_ok() && check(2, vec![1.0, 2.0]).is_ok());
        let wrong = "3 numbers of stored rows, expected 2 for each row, and at least 1";
        assert_eq!(refused(2, vec![0.0; 3]), wrong);
        let wrong = "0 numbers of stored rows, expected 0 for each row, and at least 1";
        assert_eq!(refused(0, vec![]), wrong);
        let wrong = "stored row 2: input 1: not a finite number";
        assert_eq!(refused(2, vec![0.0, 1.0, f64::NAN, 3.0]), wrong);
    }

    #[test]
    fn debug_has_no_value() {
        let rows = StoredRows { n_inputs: 2, values: vec![48151.0, 62342.0] };
        assert_eq!(format!("{rows:?}"), "1 stored rows of 2 numbers");
    }
}
