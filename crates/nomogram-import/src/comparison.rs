//! Comparison: how the bundle's numbers differ from those of the source.

use std::fmt;

use serde::Serialize;

/// How close the bundle must come to the source.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tolerance {
    /// The same bits, also after rounding to single precision if the source does so.
    Bits,
    /// So many units in the last place of single precision.
    SingleUlps(u32),
    /// So much of the number, or of 1 if it is smaller: where the source adds in another order or takes
    /// its functions from another library.
    Relative(f64),
}

impl Tolerance {
    /// Whether `found` is close enough to `expected`.
    #[must_use]
    pub fn allows(self, found: f64, expected: f64) -> bool {
        match self {
            Self::Bits => found == expected,
            Self::SingleUlps(n) => {
                let ulp = single_ulp(expected);
                (found - expected).abs() <= f64::from(n) * ulp
            }
            Self::Relative(share) => (found - expected).abs() <= share * expected.abs().max(1.0),
        }
    }
}

/// The distance of the next number of single precision.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn single_ulp(value: f64) -> f64 {
    let single = value.abs() as f32;
    f64::from(single.next_up()) - f64::from(single)
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits => f.write_str("the same bits"),
            Self::SingleUlps(n) => write!(f, "{n} ulp of single precision"),
            Self::Relative(share) => write!(f, "{share:e}, relative above 1"),
        }
    }
}

/// How many rows are named.
const MAX_ROWS_BEYOND: usize = 10;

/// The differences between numbers of the bundle and of the source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Differences {
    /// How many numbers were compared.
    pub n_compared: usize,
    /// How many of them are equal.
    pub n_equal: usize,
    /// How many differ by more than the tolerance.
    pub n_beyond: usize,
    /// The first rows with one that does, counted from 1; at most 10.
    pub rows_beyond: Vec<usize>,
    /// The largest difference.
    pub largest: f64,
    /// The row with the largest difference, counted from 1; none when all are equal.
    pub largest_row: Option<usize>,
    /// How close they must be.
    pub tolerance: Tolerance,
}

impl Differences {
    pub(crate) fn new(tolerance: Tolerance) -> Self {
        Self {
            n_compared: 0,
            n_equal: 0,
            n_beyond: 0,
            rows_beyond: Vec::new(),
            largest: 0.0,
            largest_row: None,
            tolerance,
        }
    }

    /// Compares a number of a row.
    pub(crate) fn compare(&mut self, row: usize, found: f64, expected: f64) {
        self.compare_within(row, found, expected, None);
    }

    /// As [`Differences::compare`], with a tolerance of the number itself.
    pub(crate) fn compare_within(
        &mut self,
        row: usize,
        found: f64,
        expected: f64,
        within: Option<f64>,
    ) {
        self.n_compared += 1;
        if found == expected {
            self.n_equal += 1;
            return;
        }
        let difference = (found - expected).abs();
        let is_close = match within {
            Some(within) => difference <= within,
            None => self.tolerance.allows(found, expected),
        };
        self.n_beyond += usize::from(!is_close);
        if !is_close
            && self.rows_beyond.len() < MAX_ROWS_BEYOND
            && self.rows_beyond.last() != Some(&(row + 1))
        {
            self.rows_beyond.push(row + 1);
        }
        // A difference that is not a number is the largest.
        if difference > self.largest || difference.is_nan() {
            self.largest = difference;
            self.largest_row = Some(row + 1);
        }
    }
}

/// Which leaves the trees reach, compared with the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Paths {
    /// How many walks were compared: rows × trees.
    pub n_compared: usize,
    /// How many of them end at another leaf.
    pub n_different: usize,
    /// The first row with another leaf and the tree, both counted from 1.
    pub first: Option<(usize, usize)>,
}

/// The comparison of a bundle with the predictions of the source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// How many rows with known predictions were compared.
    pub n_rows: usize,
    /// How many further rows the schema refuses.
    pub n_refused: usize,
    /// How many further rows are not compared, because their last neighbour and the next stored row are equally
    /// far: libraries break such ties differently.
    pub n_tied: usize,
    /// Margins, where the source gave them.
    pub margins: Option<Differences>,
    /// Probabilities or values, where the source gave them.
    pub outputs: Option<Differences>,
    /// Decision paths, where the source gave them.
    pub paths: Option<Paths>,
}

impl Comparison {
    /// Whether everything is within the tolerances, and every walk ends at the source's leaf.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let numbers = [&self.margins, &self.outputs].into_iter().flatten();
        numbers.map(|differences| differences.n_beyond).sum::<usize>() == 0
            && self.paths.as_ref().is_none_or(|paths| paths.n_different == 0)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.n_rows + self.n_refused + self.n_tied == 0 {
            return f.write_str("not compared: no predictions of the source were given");
        }
        write!(f, "{} rows compared", self.n_rows)?;
        if self.n_refused > 0 {
            write!(f, ", {} more refused by the schema", self.n_refused)?;
        }
        if self.n_tied > 0 {
            write!(f, ", {} more skipped: ties among their nearest neighbours", self.n_tied)?;
        }
        for (name, differences) in [("margins", &self.margins), ("outputs", &self.outputs)] {
            let Some(d) = differences else { continue };
            let (n_equal, n_compared, beyond) = (d.n_equal, d.n_compared, d.n_beyond);
            write!(f, "\n{name}: {n_equal} of {n_compared} equal")?;
            if let Some(row) = d.largest_row {
                write!(f, ", largest difference {:e} in row {row}", d.largest)?;
            }
            write!(f, ", {beyond} beyond the tolerance ({})", d.tolerance)?;
            for (nth, row) in d.rows_beyond.iter().enumerate() {
                write!(f, "{} {row}", if nth == 0 { ", first in rows" } else { "," })?;
            }
        }
        if let Some(paths) = &self.paths {
            write!(
                f,
                "\ndecision paths: {} compared, {} differ",
                paths.n_compared, paths.n_different
            )?;
            if let Some((row, tree)) = paths.first {
                write!(f, ", first in row {row}, tree {tree}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_beyond_the_tolerance_is_counted() {
        let mut differences = Differences::new(Tolerance::SingleUlps(1));
        let ulp = f64::from(1.0_f32.next_up()) - 1.0;
        for (row, found) in [1.0, 1.0 + ulp, 1.0 + 3.0 * ulp].into_iter().enumerate() {
            differences.compare(row, found, 1.0);
        }
        assert_eq!((differences.n_equal, differences.n_beyond), (1, 1));
        assert_eq!(differences.largest_row, Some(3));
        assert_eq!(differences.rows_beyond, [3]);
        differences.compare(3, f64::NAN, 1.0);
        assert_eq!((differences.n_beyond, differences.largest_row), (2, Some(4)));
        assert!(Tolerance::Relative(1e-12).allows(1e6 + 1e-7, 1e6));
        assert!(!Tolerance::Bits.allows(1.0, 1.0_f64.next_up()));
    }
}
