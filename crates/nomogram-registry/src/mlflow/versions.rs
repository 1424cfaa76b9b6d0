//! Endpoints of model versions.

use serde_json::{Value, json};

use super::answer::{Answer, ErrorCode, Failure, Request, add_token, page};
use super::filter::Filter;
use super::records::{download_uri as uri, milliseconds, tags, version, version_json};
use crate::state::{State, VersionRecord, revoked};

pub(super) fn get(state: &State, request: &Request<'_>) -> Result<Answer, Failure> {
    let name = request.required("name")?;
    let (number, version) = version(state, &name, &request.required("version")?)?;
    let model = state.model(&name)?;
    Answer::ok(json!({ "model_version": version_json(&name, model, number, version) }))
}

pub(super) fn search(state: &State, request: &Request<'_>) -> Result<Answer, Failure> {
    let filter = Filter::parse(&request.parameter("filter").unwrap_or_default())?;
    let mut matching = Vec::new();
    for (name, model) in state.models() {
        for (number, version) in &model.versions {
            if filter.accepts(|field| version_field(name, *number, version, field))? {
                matching.push((name, model, *number, version));
            }
        }
    }
    // As MLflow: what was changed last is first.
    matching.sort_by_key(|(name, _, number, version)| {
        (std::cmp::Reverse(version.stage_since), name.as_str(), std::cmp::Reverse(*number))
    });
    for order in request.all("order_by") {
        match order.to_ascii_lowercase().trim() {
            "version_number" | "version_number asc" => matching.sort_by_key(|item| item.2),
            "version_number desc" => matching.sort_by_key(|item| std::cmp::Reverse(item.2)),
            "name" | "name asc" => matching.sort_by_key(|item| item.0),
            "name desc" => matching.sort_by_key(|item| std::cmp::Reverse(item.0)),
            "creation_timestamp" | "creation_timestamp asc" => {
                matching.sort_by_key(|item| item.3.time);
            }
            "creation_timestamp desc" => {
                matching.sort_by_key(|item| std::cmp::Reverse(item.3.time));
            }
            "last_updated_timestamp desc" => {}
            _ => {
                let expected = "expected `name`, `version_number` or `creation_timestamp`";
                return Err(Failure::invalid(format!("order `{order}`: {expected}")));
            }
        }
    }
    let (versions, token) = page(request, matching)?;
    let versions: Vec<Value> = versions
        .into_iter()
        .map(|(name, model, number, version)| version_json(name, model, number, version))
        .collect();
    let mut body = json!({ "model_versions": versions });
    add_token(&mut body, token);
    Answer::ok(body)
}

fn version_field(
    name: &str,
    number: u32,
    version: &VersionRecord,
    field: &str,
) -> Result<Option<String>, Failure> {
    match field {
        "name" => Ok(Some(name.to_owned())),
        "version_number" => Ok(Some(number.to_string())),
        "run_id" => Ok(Some(String::new())),
        "source_path" => Ok(Some(uri(name, number))),
        "creation_timestamp" => Ok(Some(milliseconds(version.time).to_string())),
        "last_updated_timestamp" => Ok(Some(milliseconds(version.stage_since).to_string())),
        _ => match field.strip_prefix("tag.") {
            Some(tag) => Ok(tags(version).remove(tag)),
            None => Err(Failure::invalid(format!("filter: unknown field `{field}`"))),
        },
    }
}

pub(super) fn download_uri(state: &State, request: &Request<'_>) -> Result<Answer, Failure> {
    let name = request.required("name")?;
    let (number, version) = version(state, &name, &request.required("version")?)?;
    if let Some(notice) = &version.revoked {
        let message = revoked(&name, number, notice).to_string();
        return Err(Failure::new(ErrorCode::PermissionDenied, message));
    }
    Answer::ok(json!({ "artifact_uri": uri(&name, number) }))
}
