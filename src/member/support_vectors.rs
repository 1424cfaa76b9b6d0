//! Support vector machines: weighted kernels between a row and stored vectors.

mod kernel;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use kernel::Kernel;

use super::{MemberKind, by_row, check_finite, check_inputs, check_no_probabilities};
use crate::budget::{FUNCTION, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::lanes::Lanes;
use crate::link::Link;
use crate::memory;

/// `margin = Σ coefficient · kernel(vector, row) + intercept`, summed from the first vector to the last.
///
/// This is the decision function of libsvm (Chang and Lin, LIBSVM: a library for support vector machines,
/// 2011), and the prediction of its regression. The vectors are encoded rows of the training data: a bundle
/// with this member holds them. A row of which a value is missing has no kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SupportVectors {
    link: Link,
    kernel: Kernel,
    n_inputs: u32,
    intercepts: Vec<f64>,
    vectors: Vec<f64>,
    coefficients: Vec<f64>,
}
decode_struct!(SupportVectors { link, kernel, n_inputs, intercepts, vectors, coefficients });

impl SupportVectors {
    /// A model of `intercepts.len()` margins. `vectors` has shape `(n_vectors, n_inputs)`, `coefficients`
    /// `(n_vectors, n_margins)`, both row-major; there may be no vector.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the shapes do not fit, a parameter is not finite, the `gamma` of a radial kernel is
    /// negative, or for the probability link.
    pub fn new(
        link: Link,
        kernel: Kernel,
        n_inputs: u32,
        intercepts: Vec<f64>,
        vectors: Vec<f64>,
        coefficients: Vec<f64>,
    ) -> Result<Self, Error> {
        let machine = Self { link, kernel, n_inputs, intercepts, vectors, coefficients };
        machine.check_parameters()?;
        Ok(machine)
    }

    fn n_inputs(&self) -> usize {
        self.n_inputs as usize
    }

    /// How alike a row and a vector are.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// How many vectors it stores.
    #[must_use]
    pub fn n_vectors(&self) -> usize {
        self.vectors.len() / self.n_inputs().max(1)
    }

    /// The vectors, and how many numbers each has.
    pub(super) fn stored(&self) -> (&[f64], usize) {
        (&self.vectors, self.n_inputs().max(1))
    }

    /// The vectors, and what a kernel of each adds to the margins. Only for checked shapes.
    fn terms(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        let coefficients = self.coefficients.chunks_exact(self.intercepts.len());
        self.vectors.chunks_exact(self.n_inputs()).zip(coefficients)
    }

    fn check_parameters(&self) -> Result<(), Error> {
        check_no_probabilities(self.link)?;
        let (n_margins, n_inputs, n_vectors) =
            (self.intercepts.len(), self.n_inputs(), self.n_vectors());
        let is_of_shape = n_inputs > 0
            && n_margins > 0
            && n_vectors.checked_mul(n_inputs) == Some(self.vectors.len())
            && n_vectors.checked_mul(n_margins) == Some(self.coefficients.len());
        if !is_of_shape {
            return Err(Error::invalid_model(format_args!(
                "{} numbers of vectors and {} coefficients, expected vectors of {n_inputs} inputs, and \
                 {n_margins} coefficients of each",
                self.vectors.len(),
                self.coefficients.len()
            )));
        }
        self.kernel.check()?;
        check_finite(&self.intercepts, "intercept")?;
        check_finite(&self.vectors, "number of the vectors")?;
        check_finite(&self.coefficients, "coefficient")
    }

    /// How many temporary numbers each row of a block needs: for the values and the margins of a row.
    pub(super) fn n_temporary(&self) -> usize {
        self.n_inputs() + self.intercepts.len()
    }

    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        let of_numbers =
            times(self.vectors.len(), 2).saturating_add(self.coefficients.len() as u64);
        of_numbers.saturating_add(FUNCTION.saturating_mul(self.n_vectors() as u64))
    }

    pub(super) fn margins(&self, encoded: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (vector, coefficients) in self.terms() {
            let alike = self.kernel.of(vector, encoded);
            for (margin, coefficient) in out.iter_mut().zip(coefficients) {
                *margin += coefficient * alike;
            }
        }
        for (margin, intercept) in out.iter_mut().zip(&self.intercepts) {
            *margin += intercept;
        }
    }

    /// As [`Self::margins`], for a block of rows, one after the other.
    pub(super) fn block_margins(
        &self,
        encoded: &[Lanes],
        temporary: &mut [Lanes],
        out: &mut [Lanes],
    ) {
        by_row(encoded, temporary, out, &|row, _, margins| self.margins(row, margins));
    }
}

impl MemberKind for SupportVectors {
    fn link(&self) -> Link {
        self.link
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        check_inputs(inputs, self.n_inputs())?;
        let mut margins = memory::filled(Domain::new(0.0, 0.0), self.intercepts.len())?;
        for (index, (vector, coefficients)) in self.terms().enumerate() {
            let alike = self.kernel.range(vector, inputs);
            let alike = alike.map_err(|e| e.within(Place::Row(index)))?;
            for (margin, coefficient) in margins.iter_mut().zip(coefficients) {
                *margin = margin.plus_product(*coefficient, alike);
            }
        }
        for (margin, intercept) in margins.iter_mut().zip(&self.intercepts) {
            *margin = margin.plus_product(1.0, Domain::new(*intercept, *intercept)).check()?;
        }
        Ok(margins)
    }
}

#[cfg(test)]
pub(super) mod tests;
