//! Models and versions as MLflow's clients read them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::Failure;
use crate::state::{ModelRecord, State, VersionRecord};
use crate::timestamp::Timestamp;

/// The URI of a version's files, which clients resolve against the server that they asked.
pub(super) fn download_uri(model: &str, number: u32) -> String {
    format!("mlflow-artifacts:/{model}/{number}")
}

pub(super) fn milliseconds(time: Timestamp) -> i64 {
    1000 * time.unix()
}

/// A version that a caller named by its number.
pub(super) fn version<'a>(
    state: &'a State,
    model: &str,
    number: &str,
) -> Result<(u32, &'a VersionRecord), Failure> {
    let number: u32 = number
        .parse()
        .map_err(|_| Failure::invalid(format!("version `{number}`: expected a number")))?;
    Ok((number, state.version(model, number)?))
}

pub(super) fn model_json(name: &str, model: &ModelRecord) -> Value {
    let times = || model.versions.values().map(|version| version.time);
    let aliases: Vec<Value> = model
        .aliases
        .keys()
        .filter_map(|alias| {
            Some(json!({ "alias": alias, "version": model.alias(alias)?.to_string() }))
        })
        .collect();
    json!({
        "name": name,
        "creation_timestamp": times().min().map_or(0, milliseconds),
        "last_updated_timestamp": times().max().map_or(0, milliseconds),
        "latest_versions": latest_versions(name, model, &[]),
        "aliases": aliases,
        "tags": [],
    })
}

/// The newest version of each stage, or of those stages.
pub(super) fn latest_versions(name: &str, model: &ModelRecord, stages: &[String]) -> Vec<Value> {
    let mut newest: BTreeMap<&str, (u32, &VersionRecord)> = BTreeMap::new();
    for (number, version) in &model.versions {
        if stages.is_empty()
            || stages.iter().any(|stage| stage.eq_ignore_ascii_case(&version.stage))
        {
            newest.insert(&version.stage, (*number, version));
        }
    }
    newest.values().map(|(number, version)| version_json(name, model, *number, version)).collect()
}

pub(super) fn version_json(
    name: &str,
    model: &ModelRecord,
    number: u32,
    version: &VersionRecord,
) -> Value {
    let aliases: Vec<&str> = model.aliases_of(number).collect();
    let (status, message) = match &version.revoked {
        None => ("READY", String::new()),
        Some(notice) => ("FAILED_REGISTRATION", format!("revoked: {}", notice.reason)),
    };
    json!({
        "name": name,
        "version": number.to_string(),
        "creation_timestamp": milliseconds(version.time),
        "last_updated_timestamp": milliseconds(version.stage_since),
        "user_id": version.author,
        "current_stage": version.stage,
        "description": version.deprecated.as_ref().map_or(String::new(), |n| format!("deprecated: {}", n.reason)),
        "source": download_uri(name, number),
        "run_id": "",
        "status": status,
        "status_message": message,
        "tags": tags(version).into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect::<Vec<_>>(),
        "aliases": aliases,
    })
}

/// The tags of a version, with its digests.
pub(super) fn tags(version: &VersionRecord) -> BTreeMap<String, String> {
    let registration = &version.registration;
    let mut tags = registration.tags.clone();
    tags.insert("nomogram.bundle".into(), registration.bundle.to_string());
    tags.insert("nomogram.sha256".into(), registration.blob.to_string());
    tags
}
