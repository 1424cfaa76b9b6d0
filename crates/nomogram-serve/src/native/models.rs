//! Which models are served, and what each of them takes and predicts.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use nomogram_describe::{FeatureDescription, RuleDescription, TargetDescription};
use nomogram_table::TableFormat;
use serde::Serialize;

use super::predict::json_response;
use super::target::Target;
use crate::problem::{Problem, ProblemKind};
use crate::served::{Approval, Served};
use crate::service::Service;

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    latest: &'a str,
    versions: Vec<ListedVersion<'a>>,
    aliases: std::collections::BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct ListedVersion<'a> {
    version: &'a str,
    digest: &'a str,
    approval: Approval,
}

#[derive(Serialize)]
struct Described<'a> {
    name: &'a str,
    version: &'a str,
    digest: &'a str,
    approval: Approval,
    created_by: &'a str,
    training_data_digest: String,
    target: TargetDescription,
    features: Vec<FeatureDescription>,
    rules: Vec<RuleDescription>,
    members: Vec<&'a str>,
    cutoffs: Vec<DescribedCutoff<'a>>,
    /// How the training table was written, which tables of a caller follow by default.
    table_format: &'a TableFormat,
    has_uncertainty: bool,
    has_explanation: bool,
    has_card: bool,
}

#[derive(Serialize)]
struct DescribedCutoff<'a> {
    name: &'a str,
    class: &'a str,
    probability: f64,
}

/// All models with their versions and aliases.
pub(super) async fn list(State(service): State<Arc<Service>>) -> Response {
    let catalog = service.models.catalog();
    let listed = catalog.models().map(|(name, versions)| Listed {
        name,
        latest: versions.latest(),
        versions: versions
            .served()
            .map(|served| ListedVersion {
                version: served.version(),
                digest: served.digest(),
                approval: Approval::clone(&served.approval()),
            })
            .collect(),
        aliases: versions.aliases().collect(),
    });
    #[derive(Serialize)]
    struct Answer<'a> {
        models: Vec<Listed<'a>>,
    }
    written(&Answer { models: listed.collect() })
}

/// What a model takes and predicts.
pub(super) async fn describe(Target(served): Target) -> Response {
    written(&Described::new(&served))
}

/// The card of a model, Markdown.
pub(super) async fn card(Target(served): Target) -> Result<Response, Problem> {
    let missing = || Problem::new(ProblemKind::NotFound, "the bundle has no model card");
    let card = served.model().card().ok_or_else(missing)?.to_owned();
    Ok(([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], card).into_response())
}

impl<'a> Described<'a> {
    fn new(served: &'a Served) -> Self {
        let model = served.model();
        let (schema, manifest) = (model.schema(), model.manifest());
        let classes = schema.target().classes();
        Self {
            name: served.name(),
            version: served.version(),
            digest: served.digest(),
            approval: Approval::clone(&served.approval()),
            created_by: &manifest.created_by,
            training_data_digest: manifest.training_data_digest.to_string(),
            target: TargetDescription::new(schema.target()),
            features: schema.features().iter().map(FeatureDescription::new).collect(),
            rules: schema.rules().iter().map(|rule| RuleDescription::new(rule, schema)).collect(),
            members: model.member_names().collect(),
            cutoffs: model
                .cutoffs()
                .iter()
                .map(|cutoff| DescribedCutoff {
                    name: &cutoff.name,
                    class: classes.get(cutoff.class as usize).map_or("", String::as_str),
                    probability: cutoff.probability,
                })
                .collect(),
            table_format: served.table_format(),
            has_uncertainty: model.uncertainty().is_some(),
            has_explanation: model.explanation().is_some(),
            has_card: model.card().is_some(),
        }
    }
}

fn written(answer: &impl Serialize) -> Response {
    match serde_json::to_vec(answer) {
        Ok(json) => json_response(json),
        Err(_) => Problem::new(ProblemKind::Defect, "an answer that is no JSON").into_response(),
    }
}
