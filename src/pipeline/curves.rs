//! Curves: piecewise polynomials of one value.
//!
//! As scipy's `PPoly`, with pieces of their own below the first break and above the last one. Splines of any
//! basis, quantile maps and other straight lines between points are such curves.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Inputs, MAX_OUTPUTS, Origin, Transform, repeated};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::lanes::Number;
use crate::memory;

/// The most coefficients of a piece.
const MAX_COEFFICIENTS: usize = 8;

/// The values of its curves, in order, take the place of each input. Of a missing one, all are missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    inputs: Inputs,
    curves: Vec<Vec<Curve>>,
}
decode_struct!(Curves { inputs, curves });

/// A piecewise polynomial of a value `x`. Piece 0 applies below `breaks[0]`, piece `i` from `breaks[i − 1]` on.
///
/// A piece with the coefficients `c₀ … c₃` is `((c₃·u + c₂)·u + c₁)·u + c₀` with `u = x − breaks[i − 1]`;
/// piece 0 takes `breaks[0]`, and without breaks `u = x`. [`Curves::new`] checks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Strictly ascending, at most 10¹⁰⁰ in magnitude; perhaps none.
    pub breaks: Vec<f64>,
    /// The 1 to 8 coefficients of each piece, the constant first, at most 10¹⁰⁰ in magnitude; one more piece
    /// than breaks.
    pub pieces: Vec<Vec<f64>>,
}
decode_struct!(Curve { breaks, pieces });

impl Curve {
    fn check(&self) -> Result<(), Error> {
        let are_sane = |numbers: &[f64]| numbers.iter().all(|number| number.abs() <= 1e100);
        let ascend = self.breaks.is_sorted_by(|before, after| before < after);
        if !ascend || !are_sane(&self.breaks) {
            return Err(Error::invalid_model(
                "breaks of a curve, expected ascending numbers of at most 1e100 in magnitude",
            ));
        }
        let (n_pieces, n_expected) = (self.pieces.len(), self.breaks.len() + 1);
        if n_pieces != n_expected {
            let detail = format_args!(
                "a curve has {n_pieces} pieces, expected {n_expected}: one more than breaks"
            );
            return Err(Error::invalid_model(detail));
        }
        let is_sane = |piece: &Vec<f64>| {
            (1..=MAX_COEFFICIENTS).contains(&piece.len()) && are_sane(piece.as_slice())
        };
        if !self.pieces.iter().all(is_sane) {
            return Err(Error::invalid_model(
                "coefficients of a piece, expected 1 to 8 of at most 1e100 in magnitude",
            ));
        }
        Ok(())
    }

    /// What a piece is measured from.
    fn origin(&self, piece: usize) -> f64 {
        self.breaks.get(piece.saturating_sub(1)).copied().unwrap_or(0.0)
    }

    /// Its value at `x`; NaN for NaN.
    fn at(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let piece = self.breaks.partition_point(|start| *start <= x);
        let coefficients = self.pieces.get(piece).map_or(&[][..], Vec::as_slice);
        horner(coefficients, x - self.origin(piece))
    }

    /// The domain of its values, for values of a domain.
    fn domain(&self, input: Domain) -> Result<Domain, Error> {
        let mut hull: Option<Domain> = None;
        for (index, piece) in self.pieces.iter().enumerate() {
            let first = index.checked_sub(1).and_then(|before| self.breaks.get(before));
            let low = first.map_or(input.low, |start| start.max(input.low));
            let high = self.breaks.get(index).map_or(input.high, |end| end.min(input.high));
            if low > high {
                continue;
            }
            let origin = self.origin(index);
            let (low, high) = (low - origin, high - origin);
            let of_piece = match piece.as_slice() {
                // Straight lines are monotone, also as they are rounded.
                [] | [_] | [_, _] => {
                    let (a, b) = (horner(piece, low), horner(piece, high));
                    Domain::new(a.min(b), a.max(b))
                }
                _ => {
                    let largest = low.abs().max(high.abs());
                    let sum = piece.iter().rev().fold(0.0, |sum, c| sum * largest + c.abs());
                    // Each of the operations rounds.
                    let bound = sum * (1.0 + 1e-12);
                    Domain::new(-bound, bound)
                }
            };
            let of_piece = of_piece.check()?;
            hull = Some(hull.map_or(of_piece, |hull| {
                Domain::new(hull.low.min(of_piece.low), hull.high.max(of_piece.high))
            }));
        }
        Ok(hull.unwrap_or(Domain::new(0.0, 0.0)).missing_as(input))
    }
}

/// The polynomial with these coefficients, from the constant on.
fn horner(coefficients: &[f64], u: f64) -> f64 {
    let mut powers = coefficients.iter().rev();
    let first = powers.next().copied().unwrap_or(0.0);
    powers.fold(first, |sum, coefficient| sum * u + coefficient)
}

impl Curves {
    /// The curves of each input, at least one.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there are not as many lists as inputs, an input has no curve, or one is invalid.
    pub fn new(inputs: Inputs, curves: Vec<Vec<Curve>>) -> Result<Self, Error> {
        let curves = Self { inputs, curves };
        curves.check_parameters()?;
        Ok(curves)
    }

    /// The curves of each input, by its position in the encoded row.
    #[must_use = "it only reads"]
    pub fn curves(&self) -> impl Iterator<Item = (usize, &[Curve])> {
        self.inputs.positions().zip(self.curves.iter().map(Vec::as_slice))
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.curves.len(), "lists of curves")?;
        let n_curves: usize = self.curves.iter().map(Vec::len).sum();
        if n_curves > MAX_OUTPUTS {
            return Err(Error::invalid_model(format_args!(
                "{n_curves} curves, expected at most 65,536"
            )));
        }
        self.inputs.check_each(&|nth| {
            if self.curves[nth].is_empty() {
                return Err(Error::invalid_model("no curves, expected at least 1"));
            }
            self.curves[nth].iter().try_for_each(Curve::check)
        })
    }
}

impl Transform for Curves {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.check(inputs.len())?;
        let mut curves = self.inputs.positions().zip(&self.curves).peekable();
        let mut outputs = memory::list(self.max_outputs(inputs.len()))?;
        for (at, input) in inputs.iter().enumerate() {
            let Some((_, curves)) = curves.next_if(|(position, _)| *position == at) else {
                outputs.push(*input);
                continue;
            };
            for curve in curves {
                outputs.push(curve.domain(*input).map_err(|e| e.within(Place::Input(at)))?);
            }
        }
        Ok(outputs)
    }

    fn max_outputs(&self, n_inputs: usize) -> usize {
        n_inputs + self.curves.iter().map(Vec::len).sum::<usize>()
    }

    fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
        let mut curves = self.inputs.positions().zip(&self.curves).peekable();
        repeated(inputs, |at| match curves.next_if(|(position, _)| *position == at) {
            Some((_, curves)) => curves.len(),
            None => 1,
        })
    }

    fn work(&self) -> u64 {
        let curves = self.curves.iter().flatten();
        curves.map(|curve| 16 + u64::from(curve.breaks.len().max(1).ilog2())).sum()
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        let mut curves = self.inputs.positions().zip(&self.curves).peekable();
        let mut outputs = output.iter_mut();
        for (at, value) in input.iter().enumerate() {
            let Some((_, curves)) = curves.next_if(|(position, _)| *position == at) else {
                outputs.by_ref().take(1).for_each(|output| *output = *value);
                continue;
            };
            for (curve, output) in curves.iter().zip(outputs.by_ref()) {
                *output = value.map(|value| curve.at(value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn curve(breaks: &[f64], pieces: &[&[f64]]) -> Curve {
        let pieces = pieces.iter().map(|piece| piece.to_vec()).collect();
        Curve { breaks: breaks.to_vec(), pieces }
    }

    #[test]
    fn each_piece_holds_from_its_break_on() {
        let absolute = curve(&[0.0], &[&[0.0, -1.0], &[0.0, 1.0]]);
        let steps = curve(&[1.0, 2.0], &[&[7.0], &[8.0, 0.0, 1.0], &[9.0]]);
        let everywhere = curve(&[], &[&[1.0, 2.0, 3.0]]);
        let curves =
            Curves::new(Inputs::new(vec![1]).unwrap(), vec![vec![absolute, steps, everywhere]]);
        let curves = curves.unwrap();
        for (x, expected) in [
            (-2.5, [2.5, 7.0, 14.75]),
            (0.0, [0.0, 7.0, 1.0]),
            (1.0, [1.0, 8.0, 6.0]),
            (1.5, [1.5, 8.25, 10.75]),
            (2.0, [2.0, 9.0, 17.0]),
        ] {
            let mut output = [0.0; 5];
            curves.apply(&[5.0, x, 6.0], &mut output);
            assert_eq!(output, [5.0, expected[0], expected[1], expected[2], 6.0], "{x}");
        }
        let mut output = [0.0; 4];
        curves.apply(&[5.0, f64::NAN], &mut output);
        assert!(output[0] == 5.0 && output[1..].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn domains_are_those_of_the_pieces_that_values_reach() {
        let steps = curve(&[1.0, 2.0], &[&[7.0], &[8.0, 0.5], &[-9.0, 0.0, 1.0]]);
        let domain = |low, high| steps.domain(Domain::new(low, high)).unwrap();
        assert_eq!(domain(-5.0, 0.5), Domain::new(7.0, 7.0));
        assert_eq!(domain(-5.0, 1.5), Domain::new(7.0, 8.25));
        assert!(domain(2.0, 4.0).high >= 13.0);
        let high = steps.domain(Domain::new(0.0, 1e200)).unwrap_err();
        assert!(high.to_string().contains("1e300"), "{high}");
    }

    #[test]
    fn invalid_curves_are_refused() {
        let refused =
            |curves: Vec<Curve>| Curves::new(Inputs::all(1), vec![curves]).unwrap_err().to_string();
        for (curves, expected) in [
            (vec![], "input 1: no curves, expected at least 1"),
            (
                vec![curve(&[2.0, 1.0], &[&[0.0], &[0.0], &[0.0]])],
                "input 1: breaks of a curve, expected ascending numbers of at most 1e100 in magnitude",
            ),
            (
                vec![curve(&[1.0], &[&[0.0]])],
                "input 1: a curve has 1 pieces, expected 2: one more than breaks",
            ),
            (
                vec![curve(&[], &[&[]])],
                "input 1: coefficients of a piece, expected 1 to 8 of at most 1e100 in magnitude",
            ),
            (
                vec![curve(&[], &[&[f64::NAN]])],
                "input 1: coefficients of a piece, expected 1 to 8 of at most 1e100 in magnitude",
            ),
        ] {
            assert_eq!(refused(curves), expected);
        }
    }
}
