//! Requests and answers of CDS Hooks 2.0 in JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::mapping::Coding;
use crate::protocols::fhir::Resource;

/// The services that can be called.
#[derive(Debug, Serialize)]
pub(super) struct Services {
    pub(super) services: Vec<ServiceOffer>,
}

/// One service: a model whose features are mapped to FHIR.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceOffer {
    pub(super) hook: &'static str,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) id: String,
    pub(super) prefetch: BTreeMap<String, String>,
    pub(super) usage_requirements: &'static str,
    pub(super) extension: BTreeMap<&'static str, serde_json::Value>,
}

/// A call of a service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    pub(super) hook: String,
    #[serde(rename = "hookInstance")]
    pub(super) _hook_instance: String,
    pub(super) context: Context,
    #[serde(default)]
    pub(super) prefetch: BTreeMap<String, Option<Resource>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Context {
    pub(super) patient_id: String,
}

/// The answer to a call.
#[derive(Debug, Serialize)]
pub(super) struct Cards {
    pub(super) cards: [Card; 1],
}

/// What a user is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Card {
    pub(super) uuid: String,
    /// At most 140 characters.
    pub(super) summary: String,
    pub(super) detail: String,
    pub(super) indicator: &'static str,
    pub(super) source: Source,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) override_reasons: Vec<Coding>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) extension: BTreeMap<&'static str, serde_json::Value>,
}

#[derive(Debug, Serialize)]
pub(super) struct Source {
    pub(super) label: String,
}

/// What users did with cards.
#[derive(Debug, Deserialize)]
pub(super) struct FeedbackCall {
    pub(super) feedback: Vec<FeedbackItem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeedbackItem {
    #[serde(rename = "card")]
    _card: String,
    pub(super) outcome: Outcome,
    pub(super) outcome_timestamp: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Accepted,
    Overridden,
}
