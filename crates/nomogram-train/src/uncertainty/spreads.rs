//! What was seen of each feature: its middle and its usual distances.

use nomogram::{FeatureKind, Spread};

use crate::count::share;
use crate::data::FeatureRows;

/// The share of the rows below the lower and above the upper usual value.
const TAIL: f64 = 0.025;

/// The median of each feature of numbers, and the distances of the 2.5 % and the 97.5 % quantile from
/// it, rounded to two digits. Booleans, categories and constant features are not compared.
pub(crate) fn spreads(rows: &FeatureRows) -> Vec<Spread> {
    let features = rows.schema.features().iter().zip(rows.values.columns());
    let spread = |(feature, column): (&nomogram::Feature, ndarray::ArrayView1<'_, f64>)| {
        let is_number = matches!(feature.kind, FeatureKind::Number | FeatureKind::Integer);
        let known = column.iter().copied().filter(|value| is_number && !value.is_nan());
        let mut values: Vec<f64> = known.collect();
        values.sort_unstable_by(f64::total_cmp);
        of_sorted(&values).unwrap_or(Spread { middle: 0.0, below: 0.0, above: 0.0 })
    };
    features.map(spread).collect()
}

fn of_sorted(values: &[f64]) -> Option<Spread> {
    let last = values.len().checked_sub(1)?;
    let quantile = |fraction| values.get(share(last, fraction)).copied();
    let middle = rounded(quantile(0.5)?);
    let below = rounded(middle - quantile(TAIL)?);
    let above = rounded(quantile(1.0 - TAIL)? - middle);
    // A feature that is mostly at one end has one usual distance.
    let usual = below.max(above);
    let or_usual = |distance: f64| if distance > 0.0 { distance } else { usual };
    (usual > 0.0).then(|| Spread { middle, below: or_usual(below), above: or_usual(above) })
}

/// Two significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_rounded_quantiles() {
        let values: Vec<f64> = (0..=200_u32).map(|i| 1000.0 + f64::from(i)).collect();
        assert_eq!(of_sorted(&values), Some(Spread { middle: 1100.0, below: 95.0, above: 95.0 }));
        let mut skewed = vec![0.0; 150];
        skewed.extend((1..=51_u32).map(f64::from));
        assert_eq!(of_sorted(&skewed), Some(Spread { middle: 0.0, below: 46.0, above: 46.0 }));
        assert_eq!(of_sorted(&[7.0, 7.0]), None);
        assert_eq!(of_sorted(&[]), None);
    }
}
