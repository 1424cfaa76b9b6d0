//! The elements of FHIR resources that are read.

use serde::{Deserialize, Serialize};

use crate::instant::Instant;
use crate::mapping::Coding as MappedCoding;

/// A resource of a request. Of other types, nothing is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "resourceType")]
pub(crate) enum Resource {
    Bundle(Bundle),
    Observation(Box<Observation>),
    Patient(Patient),
    /// A resource that the sender could not get.
    OperationOutcome {},
    #[serde(other)]
    Other,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Bundle {
    pub(crate) entry: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) resource: Option<Resource>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Patient {
    pub(crate) id: Option<String>,
    pub(crate) birth_date: Option<String>,
    pub(crate) gender: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Observation {
    pub(crate) id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) code: Concept,
    pub(crate) subject: Option<Reference>,
    effective_date_time: Option<String>,
    effective_instant: Option<String>,
    effective_period: Option<Period>,
    issued: Option<String>,
    #[serde(flatten)]
    pub(crate) content: Content,
    pub(crate) component: Vec<Component>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Component {
    pub(crate) code: Concept,
    #[serde(flatten)]
    pub(crate) content: Content,
}

/// What an observation or a component of it has: a value, or a reason why there is none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Content {
    pub(crate) value_quantity: Option<Quantity>,
    pub(crate) value_codeable_concept: Option<Concept>,
    pub(crate) value_string: Option<String>,
    pub(crate) value_boolean: Option<bool>,
    pub(crate) value_integer: Option<i64>,
    pub(crate) data_absent_reason: Option<Concept>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Quantity {
    pub(crate) value: Option<f64>,
    pub(crate) comparator: Option<String>,
    pub(crate) code: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Concept {
    pub(crate) coding: Vec<Coding>,
    pub(crate) text: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Coding {
    pub(crate) system: Option<String>,
    pub(crate) code: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Period {
    start: Option<String>,
    end: Option<String>,
}

/// A reference to another resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Reference {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
}

impl Reference {
    pub(crate) fn new(reference: String) -> Self {
        Self { reference: Some(reference) }
    }
}

impl Concept {
    /// Whether a coding of it has this code.
    pub(crate) fn has(&self, system: &str, code: &str) -> bool {
        self.coding.iter().any(|coding| {
            coding.system.as_deref() == Some(system) && coding.code.as_deref() == Some(code)
        })
    }
}

impl Observation {
    /// Whether its value may be used.
    pub(crate) fn is_usable(&self) -> bool {
        matches!(self.status.as_deref(), Some("final" | "amended" | "corrected" | "preliminary"))
    }

    /// The time that it is true for, where it has one.
    pub(crate) fn time(&self) -> Option<Instant> {
        let period = self.effective_period.as_ref();
        let texts = [
            self.effective_date_time.as_deref(),
            self.effective_instant.as_deref(),
            period.and_then(|period| period.end.as_deref().or(period.start.as_deref())),
            self.issued.as_deref(),
        ];
        texts.into_iter().flatten().find_map(Instant::of_text)
    }
}

/// An assessment of a patient's risk, as R4 has it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RiskAssessment {
    pub(crate) resource_type: &'static str,
    pub(crate) identifier: Vec<Identifier>,
    pub(crate) status: &'static str,
    pub(crate) method: OutConcept,
    pub(crate) code: OutConcept,
    pub(crate) subject: Reference,
    pub(crate) occurrence_date_time: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) basis: Vec<Reference>,
    pub(crate) prediction: Vec<Forecast>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) note: Vec<Annotation>,
}

/// One outcome and how probable it is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Forecast {
    pub(crate) outcome: OutConcept,
    /// In percent, at most 100.
    pub(crate) probability_decimal: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Identifier {
    pub(crate) system: &'static str,
    pub(crate) value: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct OutConcept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) coding: Vec<MappedCoding>,
    pub(crate) text: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Annotation {
    pub(crate) text: String,
}
