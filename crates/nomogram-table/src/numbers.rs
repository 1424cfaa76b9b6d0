//! The rows of numbers among some rows of a table.

/// Rows of numbers, as [`Session::predict_rows`](nomogram::Session::predict_rows) takes them: one
/// number per feature, in the order of the schema; NaN for a missing value, a level by its position,
/// a boolean as 0 or 1.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// First of all rows, in the end of those of numbers.
    values: Vec<f64>,
    n_features: usize,
    is_of_numbers: Vec<bool>,
}

impl Numbers {
    /// The numbers of these rows, one row after the other.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Whether each of the rows that were read is one of numbers.
    #[must_use]
    pub fn is_of_numbers(&self) -> &[bool] {
        &self.is_of_numbers
    }

    /// Reads nothing: none of so many rows is one of numbers.
    pub fn clear(&mut self, n_rows: usize) {
        self.begin(n_rows, 0);
        self.is_of_numbers.fill(false);
    }

    /// Begins with rows that are all of numbers.
    pub(crate) fn begin(&mut self, n_rows: usize, n_features: usize) {
        self.n_features = n_features;
        self.values.clear();
        self.values.resize(n_rows * n_features, f64::NAN);
        self.is_of_numbers.clear();
        self.is_of_numbers.resize(n_rows, true);
    }

    /// Sets a number; without one, its row is none of numbers.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, feature: usize, number: Option<f64>) {
        let slot = self.values.get_mut(row * self.n_features + feature);
        match (slot, number) {
            (Some(slot), Some(number)) => *slot = number,
            _ => {
                if let Some(is_of_numbers) = self.is_of_numbers.get_mut(row) {
                    *is_of_numbers = false;
                }
            }
        }
    }

    /// Leaves the numbers of the rows that are of numbers, if `is_whole` says so of the row too.
    pub(crate) fn end(&mut self, is_whole: impl Fn(usize) -> bool) {
        let mut n_left = 0;
        for (row, is_of_numbers) in self.is_of_numbers.iter_mut().enumerate() {
            *is_of_numbers &= is_whole(row);
            if *is_of_numbers {
                if n_left < row {
                    let from = row * self.n_features;
                    self.values.copy_within(from..from + self.n_features, n_left * self.n_features);
                }
                n_left += 1;
            }
        }
        self.values.truncate(n_left * self.n_features);
    }
}
