//! Endpoints of registered models.

use serde_json::{Value, json};

use super::answer::{Answer, ErrorCode, Failure, Request, add_token, page};
use super::filter::Filter;
use super::records::{latest_versions as newest, model_json, version_json};
use crate::state::{ModelRecord, State, revoked};

pub(super) fn get(state: &State, request: &Request<'_>) -> Result<Answer, Failure> {
    let name = request.required("name")?;
    let model = state.model(&name)?;
    Answer::ok(json!({ "registered_model": model_json(&name, model) }))
}

pub(super) fn search(state: &State, request: &Request<'_>) -> Result<Answer, Failure> {
    let filter = Filter::parse(&request.parameter("filter").unwrap_or_default())?;
    let mut matching: Vec<(&String, &ModelRecord)> = Vec::new();
    for (name, model) in state.models() {
        if filter.accepts(|field| model_field(name, field))? {
            matching.push((name, model));
        }
    }
    for order in request.all("order_by") {
        match order.to_ascii_lowercase().trim() {
            "name" | "name asc" => {}
            "name desc" => matching.reverse(),
            _ => {
                return Err(Failure::invalid(format!(
                    "order `{order}`: expected `name ASC` or `name DESC`"
                )));
            }
        }
    }
    let (models, token) = page(request, matching)?;
    let models: Vec<Value> =
        models.into_iter().map(|(name, model)| model_json(name, model)).collect();
    let mut body = json!({ "registered_models": models });
    add_token(&mut body, token);
    Answer::ok(body)
}

/// A model has a name and no tags.
fn model_field(name: &str, field: &str) -> Result<Option<String>, Failure> {
    match field {
        "name" => Ok(Some(name.to_owned())),
        _ if field.starts_with("tag.") => Ok(None),
        _ => Err(Failure::invalid(format!("filter: field `{field}`, expected `name` or `tags.…`"))),
    }
}

pub(super) fn by_alias(state: &State, request: &Request<'_>) -> Result<Answer, Failure> {
    let (name, alias) = (request.required("name")?, request.required("alias")?);
    let model = state.model(&name)?;
    let number = model.alias(&alias).ok_or_else(|| {
        // Clients look for this code.
        let message = format!("Registered model alias {alias} not found.");
        Failure::new(ErrorCode::InvalidParameter, message)
    })?;
    let version = state.version(&name, number)?;
    if let Some(notice) = &version.revoked {
        let message = revoked(&name, number, notice).to_string();
        return Err(Failure::new(ErrorCode::PermissionDenied, message));
    }
    Answer::ok(json!({ "model_version": version_json(&name, model, number, version) }))
}

pub(super) fn latest_versions(state: &State, request: &Request<'_>) -> Result<Answer, Failure> {
    let name = request.required("name")?;
    let model = state.model(&name)?;
    Answer::ok(json!({ "model_versions": newest(&name, model, &request.all("stages")) }))
}
