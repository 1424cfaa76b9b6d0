//! Support vector machines: weighted kernels between a row and stored vectors.

mod kernel;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use kernel::Kernel;

use super::{MemberKind, StoredRows, check_inputs, check_no_probabilities};
use crate::budget::{FUNCTION, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::link::Link;
use crate::memory;

/// `margin = Σ coefficient · kernel(vector, row) + intercept`, summed from the first vector to the last.
///
/// This is the decision function of libsvm (Chang and Lin, LIBSVM: a library for support vector machines,
/// 2011), and the prediction of its regression. No input may be missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SupportVectors {
    /// How its margins become outputs; not the probability link.
    pub link: Link,
    /// The similarity of a vector and a row.
    pub kernel: Kernel,
    /// The support vectors; there may be none.
    pub vectors: StoredRows,
    /// Of shape `(n_vectors, n_margins)`, row-major.
    pub coefficients: Vec<f64>,
    /// One per margin.
    pub intercepts: Vec<f64>,
}
decode_struct!(SupportVectors { link, kernel, vectors, coefficients, intercepts });

impl SupportVectors {
    /// The vectors, and what a kernel of each adds to the margins. Only for checked shapes.
    fn terms(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        self.vectors.iter().zip(self.coefficients.chunks_exact(self.intercepts.len()))
    }

    fn check_parameters(&self) -> Result<(), Error> {
        check_no_probabilities(self.link)?;
        self.vectors.check()?;
        let (n_vectors, n_margins) = (self.vectors.n_rows(), self.intercepts.len());
        if n_margins == 0 || n_vectors.checked_mul(n_margins) != Some(self.coefficients.len()) {
            return Err(Error::invalid_model(format_args!(
                "{} coefficients, expected {n_vectors} vectors × {n_margins} margins",
                self.coefficients.len()
            )));
        }
        self.kernel.check()
    }

    /// How many temporary numbers each row of a block needs: for its values and its margins.
    pub(super) fn n_temporary(&self) -> usize {
        self.vectors.n_inputs() + self.intercepts.len()
    }

    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        let of_numbers =
            times(self.vectors.values.len(), 2).saturating_add(self.coefficients.len() as u64);
        of_numbers.saturating_add(FUNCTION.saturating_mul(self.vectors.n_rows() as u64))
    }

    #[inline(never)]
    pub(super) fn margins(&self, encoded: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (vector, coefficients) in self.terms() {
            let similarity = self.kernel.of(vector, encoded);
            for (margin, coefficient) in out.iter_mut().zip(coefficients) {
                *margin += coefficient * similarity;
            }
        }
        for (margin, intercept) in out.iter_mut().zip(&self.intercepts) {
            *margin += intercept;
        }
    }
}

impl MemberKind for SupportVectors {
    fn link(&self) -> Link {
        self.link
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        check_inputs(inputs, self.vectors.n_inputs())?;
        let mut margins = memory::filled(Domain::new(0.0, 0.0), self.intercepts.len())?;
        for (index, (vector, coefficients)) in self.terms().enumerate() {
            let similarity = self.kernel.range(vector, inputs);
            let similarity = similarity.map_err(|e| e.within(Place::StoredRow(index)))?;
            for (margin, coefficient) in margins.iter_mut().zip(coefficients) {
                *margin = margin.plus_product(*coefficient, similarity);
            }
        }
        // Refuses coefficients and intercepts that are not finite, too.
        for (margin, intercept) in margins.iter_mut().zip(&self.intercepts) {
            *margin = margin.plus_product(1.0, Domain::new(*intercept, *intercept)).check()?;
        }
        Ok(margins)
    }
}

#[cfg(test)]
pub(super) mod tests;
