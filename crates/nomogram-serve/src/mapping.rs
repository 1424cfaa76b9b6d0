//! Which FHIR resources hold the values of a model's features.
//!
//! A bundle may carry the mapping as JSON in the note [`NOTE`] of its manifest; the configuration of the
//! service overrides it. Units are those of the schema.

use std::collections::BTreeMap;

use nomogram::{FeatureKind, Model, Target};
use serde::{Deserialize, Serialize};

/// The note of a bundle's manifest that holds the mapping.
pub const NOTE: &str = "fhir";
/// The system of LOINC codes.
pub const LOINC: &str = "http://loinc.org";

/// Where the values of a model's features are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// What comes true in the last class.
    pub outcome: Option<Coding>,
    /// Where the value of each feature is, by its name.
    pub features: BTreeMap<String, Source>,
}

/// A code of a code system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Coding {
    /// The URI of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The code in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Its text for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

/// Where the value of a feature is: in the newest observation with a code, or in the patient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    /// The LOINC code of the observation, or of a component of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loinc: Option<String>,
    /// The LOINC code of the observation of which `loinc` is a component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panel: Option<String>,
    /// An element of the patient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientElement>,
    /// Which level a code or a text is, where they differ.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, String>,
}

/// An element of the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PatientElement {
    /// Whole years since `birthDate`.
    Age,
    /// `gender`: male, female, other or unknown.
    Gender,
}

impl Mapping {
    /// The mapping that a bundle carries; `None` without one.
    ///
    /// # Errors
    ///
    /// When the note cannot be read or does not fit the schema.
    pub fn of_model(model: &Model) -> Result<Option<Self>, String> {
        let Some(note) = model.manifest().notes.get(NOTE) else { return Ok(None) };
        let mapping: Self =
            serde_json::from_str(note).map_err(|error| format!("note `{NOTE}`: {error}"))?;
        mapping.check(model).map_err(|error| format!("note `{NOTE}`: {error}"))?;
        Ok(Some(mapping))
    }

    /// Checks that it fits a model.
    ///
    /// # Errors
    ///
    /// The feature, what was found and what was expected.
    pub fn check(&self, model: &Model) -> Result<(), String> {
        let schema = model.schema();
        for (name, source) in &self.features {
            let feature = schema
                .feature_index(name)
                .and_then(|index| schema.features().get(index))
                .ok_or_else(|| format!("features: `{name}`: the model has no such feature"))?;
            source.check(&feature.kind).map_err(|error| format!("features: `{name}`: {error}"))?;
        }
        match schema.target() {
            Target::Number { .. } => {
                Err("the model predicts a number, expected classes with probabilities".into())
            }
            _ => Ok(()),
        }
    }
}

impl Source {
    fn check(&self, kind: &FeatureKind) -> Result<(), String> {
        match (&self.loinc, self.patient, kind) {
            (Some(code), None, _)
                if is_loinc(code) && self.panel.as_deref().is_none_or(is_loinc) => {}
            (Some(_), None, _) => {
                return Err("loinc, panel: no LOINC code, expected for example `2160-0`".into());
            }
            (
                None,
                Some(PatientElement::Age),
                FeatureKind::Category { .. } | FeatureKind::Boolean,
            ) => {
                return Err("patient: age of a feature that is no number".into());
            }
            (None, Some(PatientElement::Gender), FeatureKind::Category { .. }) => {}
            (None, Some(PatientElement::Gender), _) => {
                return Err("patient: gender of a feature that is no category".into());
            }
            (None, Some(_), _) => {}
            (None, None, _) | (Some(_), Some(_), _) => {
                return Err("expected either `loinc` or `patient`".into());
            }
        }
        let FeatureKind::Category { levels } = kind else {
            return match self.levels.is_empty() {
                true => Ok(()),
                false => Err("levels of a feature that is no category".into()),
            };
        };
        match self.levels.values().find(|level| !levels.contains(level)) {
            Some(level) => Err(format!("levels: `{level}` is no level of the feature")),
            None => Ok(()),
        }
    }
}

/// Whether a text has the form of a LOINC code: digits, a hyphen and a check digit.
fn is_loinc(code: &str) -> bool {
    let Some((number, check)) = code.split_once('-') else { return false };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=7).contains(&number.len()) && is_digits(number) && check.len() == 1 && is_digits(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<(), String> {
        let model = Model::open(&nomogram_testkit::bundle_of_policies()).unwrap();
        let mapping: Mapping = serde_json::from_str(json).map_err(|error| error.to_string())?;
        mapping.check(&model)
    }

    #[test]
    fn a_mapping_fits_its_schema() {
        let model = Model::open(&nomogram_testkit::bundle_of_policies()).unwrap();
        let name = &model.schema().features()[0].name;
        assert_eq!(
            check(&format!(r#"{{"features": {{"{name}": {{"loinc": "2160-0"}}}}}}"#)),
            Ok(())
        );
        let cases = [
            (r#"{"features": {"nobody": {"loinc": "2160-0"}}}"#.to_owned(), "no such feature"),
            (
                format!(r#"{{"features": {{"{name}": {{"loinc": "creatinine"}}}}}}"#),
                "no LOINC code",
            ),
            (format!(r#"{{"features": {{"{name}": {{}}}}}}"#), "either `loinc` or `patient`"),
            (format!(r#"{{"features": {{"{name}": {{"code": "2160-0"}}}}}}"#), "unknown field"),
            (format!(r#"{{"features": {{"{name}": {{"patient": "gender"}}}}}}"#), "is no category"),
        ];
        for (json, message) in cases {
            let error = check(&json).unwrap_err();
            assert!(error.contains(message), "{json}: {error}");
        }
    }
}
