//! Origins: which feature of the schema a value of an encoded row comes from.

use alloc::vec::Vec;

use crate::error::Error;
use crate::memory;

/// The feature of the schema that a value of an encoded row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// None: the value is the same in every row.
    Constant,
    /// One.
    Feature(u32),
    /// Several.
    Several,
}

impl Origin {
    /// The origin of a value that is computed from two others.
    pub(super) fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Constant, origin) | (origin, Self::Constant) => origin,
            (Self::Feature(first), Self::Feature(second)) if first == second => self,
            (Self::Feature(_) | Self::Several, Self::Feature(_) | Self::Several) => Self::Several,
        }
    }
}

/// The origins of a row in which some values are replaced by several. `n_values` returns how many values
/// take the place of the one at a position.
pub(super) fn repeated(
    inputs: &[Origin],
    mut n_values: impl FnMut(usize) -> usize,
) -> Result<Vec<Origin>, Error> {
    let mut outputs = memory::list(inputs.len())?;
    for (at, origin) in inputs.iter().enumerate() {
        for _ in 0..n_values(at) {
            memory::push(&mut outputs, *origin)?;
        }
    }
    Ok(outputs)
}

/// The origins of a row with more values at its end.
pub(super) fn appended(
    inputs: &[Origin],
    more: impl Iterator<Item = Origin>,
) -> Result<Vec<Origin>, Error> {
    let mut outputs = memory::copy(inputs)?;
    for origin in more {
        memory::push(&mut outputs, origin)?;
    }
    Ok(outputs)
}

/// The origin of a value that is computed from those at some positions.
pub(super) fn merged(inputs: &[Origin], positions: impl Iterator<Item = usize>) -> Origin {
    let origins = positions.filter_map(|at| inputs.get(at).copied());
    origins.fold(Origin::Constant, Origin::with)
}

#[cfg(test)]
mod tests {
    use super::Origin::{Constant, Feature, Several};
    use super::*;
    use crate::pipeline::{
        Curve, Curves, Derivation, Derive, ImputeStatistic, Imputer, Inputs, OneHotEncoder,
        Polynomial, Projection, Select, Spline, Step,
    };
    use alloc::vec;

    const INPUTS: [Origin; 3] = [Feature(0), Feature(1), Feature(1)];

    fn inputs(positions: &[u32]) -> Inputs {
        Inputs::new(positions.to_vec()).unwrap()
    }

    #[test]
    fn every_step_that_moves_values_moves_their_origins() {
        let product = |first, second| Derivation::Product { first, second };
        let imputer = Imputer::new(inputs(&[0]), ImputeStatistic::Constant, vec![0.0], true);
        let projection = Projection::new(vec![0.0; 3], vec![1.0, 0.0, 0.0], vec![1.0]);
        let curve = || Curve { breaks: vec![], pieces: vec![vec![1.0]] };
        let curves = Curves::new(inputs(&[1]), vec![vec![curve(), curve()]]);
        let cases: [(Step, &[Origin]); 8] = [
            (
                Step::OneHot(OneHotEncoder::new(inputs(&[0]), vec![3], true).unwrap()),
                &[Feature(0), Feature(0), Feature(1), Feature(1)],
            ),
            (
                Step::Spline(Spline::new(inputs(&[1]), vec![vec![0.0, 1.0, 2.0]]).unwrap()),
                &[Feature(0), Feature(1), Feature(1), Feature(1)],
            ),
            (Step::Curves(curves.unwrap()), &[Feature(0), Feature(1), Feature(1), Feature(1)]),
            (Step::Impute(imputer.unwrap()), &[Feature(0), Feature(1), Feature(1), Feature(0)]),
            (
                Step::Derive(Derive::new(vec![product(0, 1), product(1, 2)]).unwrap()),
                &[Feature(0), Feature(1), Feature(1), Several, Feature(1)],
            ),
            (
                Step::Polynomial(
                    Polynomial::new(vec![vec![], vec![0], vec![0, 0], vec![0, 2]]).unwrap(),
                ),
                &[Constant, Feature(0), Feature(0), Several],
            ),
            (Step::Project(projection.unwrap()), &[Several]),
            (Step::Select(Select::new(vec![2, 0]).unwrap()), &[Feature(1), Feature(0)]),
        ];
        for (step, expected) in cases {
            assert_eq!(step.origins(&INPUTS).unwrap(), expected, "{step:?}");
        }
    }
}
