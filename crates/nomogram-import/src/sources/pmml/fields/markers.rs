//! Values of the dictionary that mark missing or invalid ones.

use nomogram::{Action, FeatureKind};

use super::draft::Draft;
use crate::columns::Map;
use crate::document::xml::Element;
use crate::error::Error;

impl Draft {
    /// Adds what happens to the values that a field of the dictionary lists with a property.
    ///
    /// # Errors
    ///
    /// `Unsupported` for values that the bundle could not treat as the source does.
    pub(super) fn read_markers(&mut self, field: &Element) -> Result<(), Error> {
        let is_number = matches!(self.kind, FeatureKind::Number | FeatureKind::Integer);
        for value in field.all("Value") {
            let text = value.attribute("value")?;
            let property = value.or("property", "valid");
            let is_nan = text.trim().parse().is_ok_and(f64::is_nan);
            match (property, is_number) {
                // A bundle takes NaN as missing anyway.
                ("missing", true) if is_nan => {}
                ("missing", true) => self.mark(value)?,
                ("invalid", true) if self.invalid == Action::Impute => self.mark(value)?,
                ("valid" | "invalid", _) if self.invalid == Action::Take => {}
                ("invalid", true) => {
                    let what =
                        format!("`{text}` as an invalid value of the number `{}`", self.name);
                    return Err(value.unsupported(what));
                }
                ("valid", true) => {
                    let what = format!("a list of the valid values of the number `{}`", self.name);
                    return Err(value.unsupported(what));
                }
                // Such a text is no level: it is refused, or taken as missing.
                ("missing" | "invalid", false) if self.invalid != Action::Take => {}
                ("missing", false) => {
                    let what = format!(
                        "`{text}` as a missing value of the category `{}`, whose invalid values are taken as they are",
                        self.name
                    );
                    return Err(value.unsupported(what));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes a number as missing.
    fn mark(&mut self, value: &Element) -> Result<(), Error> {
        let marker = value.number("value")?;
        let (low, high) = if self.is_float { singles(marker) } else { (marker, marker) };
        self.treatment.push(Map::MarkMissing { low, high });
        Ok(())
    }
}

/// Whether a single holds the number exactly.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
pub(super) fn is_single(number: f64) -> bool {
    f64::from(number as f32).to_bits() == number.to_bits()
}

/// The first and the last number that round to the same single as this one.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn singles(number: f64) -> (f64, f64) {
    let single = number as f32;
    let end = |next: f32, inwards: fn(f64) -> f64| {
        // The sum of two neighbours is exact in double precision.
        let middle = f64::midpoint(f64::from(single), f64::from(next));
        if middle as f32 == single { middle } else { inwards(middle) }
    };
    (end(single.next_down(), f64::next_up), end(single.next_up(), f64::next_down))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn the_ends_round_to_the_marker_and_their_neighbours_do_not() {
        for marker in [-999.0, -1.0, 0.1, 9.0, 1e30] {
            let (low, high) = singles(marker);
            assert!(low as f32 == marker as f32 && high as f32 == marker as f32);
            assert!((low.next_down() as f32) < marker as f32, "{marker}");
            assert!((high.next_up() as f32) > marker as f32, "{marker}");
        }
        assert!(is_single(0.5) && !is_single(0.1));
    }
}
