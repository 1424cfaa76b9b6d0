//! The mining schemas of models within others.

use nomogram::FeatureKind;

use super::Fields;
use crate::document::xml::Element;
use crate::error::Error;

impl Fields {
    /// Checks that the mining schema of a model within another treats no value anew.
    ///
    /// # Errors
    ///
    /// `Unsupported` at the field whose values it would treat.
    pub(in super::super) fn check_nested(&self, model: &Element) -> Result<(), Error> {
        let fields = model.child("MiningSchema").into_iter().flat_map(|s| s.all("MiningField"));
        for field in fields.filter(|field| field.or("usageType", "active") == "active") {
            let name = field.attribute("name")?;
            let outer = self.outer.get(name);
            let same = |attribute: &str| {
                outer.and_then(|outer| outer.find(attribute)) == field.find(attribute)
            };
            let has = |attribute: &str, harmless: &[&str]| {
                field.find(attribute).is_some_and(|value| !harmless.contains(&value))
            };
            let is_same_outlier = ["outliers", "lowValue", "highValue"].into_iter().all(same)
                && outer.is_some_and(|outer| outer.find("missingValueReplacement").is_none());
            let treated = if has("missingValueReplacement", &[]) && !same("missingValueReplacement")
            {
                Some("missingValueReplacement")
            } else if has("outliers", &["asIs"]) && !is_same_outlier {
                Some("outliers")
            } else {
                let harmless = |attribute: &str| -> &[&str] {
                    match attribute {
                        "missingValueTreatment" => {
                            &["asIs", "asMean", "asMode", "asMedian", "asValue"]
                        }
                        "invalidValueTreatment" => &["returnInvalid", "asIs"],
                        _ => &[],
                    }
                };
                ["missingValueTreatment", "invalidValueTreatment"]
                    .into_iter()
                    .find(|attribute| has(attribute, harmless(attribute)) && !same(attribute))
                    .or_else(|| Some("optype").filter(|_| self.is_other_type(name, field)))
            };
            if let Some(attribute) = treated {
                let what =
                    format!("`{attribute}` of `{name}` in `{}` within another model", model.name);
                return Err(field.unsupported(what));
            }
        }
        Ok(())
    }

    /// Whether a mining field makes a number a category, or the other way round.
    fn is_other_type(&self, name: &str, field: &Element) -> bool {
        let Some(is_number) = field.find("optype").map(|optype| optype == "continuous") else {
            return false;
        };
        let draft = self.drafts.iter().find(|draft| draft.name == name);
        let numbers = [FeatureKind::Number, FeatureKind::Integer];
        draft.is_some_and(|draft| numbers.contains(&draft.kind) != is_number)
    }
}
