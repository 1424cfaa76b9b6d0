//! Values of the dictionary that mark missing or invalid ones.

use nomogram::{Action, FeatureKind};

use super::draft::Draft;
use super::singles::singles;
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
