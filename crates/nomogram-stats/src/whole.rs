//! Sums of weights in JSON: whole numbers without a decimal point, as counts.

use serde::{Serialize, Serializer};

/// Below this, every whole number is an `f64`.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// For `serialize_with`: a sum of weights, which is the number of rows where there are none.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
pub(crate) fn sum<S: Serializer>(sum: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    WholeOrNot(*sum).serialize(serializer)
}

/// [`sum`] of each number of a list.
pub(crate) fn sums<S: Serializer>(sums: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(sums.iter().map(|sum| WholeOrNot(*sum)))
}

/// [`sum`], if there is one.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
pub(crate) fn optional<S: Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.map(WholeOrNot).serialize(serializer)
}

/// [`sum`] of a table, if there is one.
#[allow(clippy::ref_option, reason = "the signature that serde asks for")]
pub(crate) fn table<S: Serializer>(
    table: &Option<Vec<Vec<f64>>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let row = |row: &Vec<f64>| row.iter().map(|sum| WholeOrNot(*sum)).collect::<Vec<_>>();
    let rows = table.as_ref().map(|rows| rows.iter().map(row).collect::<Vec<_>>());
    rows.serialize(serializer)
}

struct WholeOrNot(f64);

impl Serialize for WholeOrNot {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and small")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(sum) = *self;
        let is_count = (0.0..LARGEST).contains(&sum) && sum.fract() == 0.0;
        if is_count { serializer.serialize_u64(sum as u64) } else { serializer.serialize_f64(sum) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_no_decimal_point() {
        let text = |sum| serde_json::to_string(&WholeOrNot(sum)).unwrap();
        assert_eq!([0.0, 12.0, 2.5, 1e300].map(text), ["0", "12", "2.5", "1e+300"]);
    }
}
