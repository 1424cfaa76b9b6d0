//! The files of a version: lists and downloads of MLflow's artifact interface.
//!
//! A version has the folder `model/number` with the bundle, its report, its configuration and its
//! evaluation.

use serde_json::{Value, json};

use nomogram::Digest;

use super::answer::{Answer, ErrorCode, Failure, Request};
use super::records::version;
use crate::state::{State, VersionRecord, revoked};

pub(super) fn respond(state: &State, request: &Request<'_>, path: &str) -> Result<Answer, Failure> {
    if request.method != "GET" {
        let message = "files of this registry are written by `nomogram registry register`";
        return Err(Failure::new(ErrorCode::PermissionDenied, message));
    }
    if path.is_empty() { list(state, request) } else { download(state, path) }
}

fn list(state: &State, request: &Request<'_>) -> Result<Answer, Failure> {
    let path = request.parameter("path").unwrap_or_default();
    // Clients also ask whether a file is a folder.
    let Ok((model, number, None)) = split(&path) else {
        return Answer::ok(json!({ "files": [] }));
    };
    let (_, version) = usable(state, model, number)?;
    let file = |(name, blob): (&str, Digest)| {
        let mut file = json!({ "path": name, "is_dir": false });
        if let (Value::Object(file), true) = (&mut file, blob == version.registration.blob) {
            file.insert("file_size".into(), version.registration.len.into());
        }
        file
    };
    let files: Vec<Value> = files(version).into_iter().map(file).collect();
    Answer::ok(json!({ "files": files }))
}

fn download(state: &State, path: &str) -> Result<Answer, Failure> {
    let (model, number, file) = split(path)?;
    let (_, version) = usable(state, model, number)?;
    let files = files(version);
    let blob = files.iter().find(|(name, _)| Some(*name) == file).map(|(_, blob)| *blob);
    blob.map(Answer::Blob).ok_or_else(|| missing(path))
}

/// `model/number` or `model/number/file`.
fn split(path: &str) -> Result<(&str, &str, Option<&str>), Failure> {
    let mut pieces = path.trim_matches('/').split('/');
    match (pieces.next(), pieces.next(), pieces.next(), pieces.next()) {
        (Some(model), Some(number), file, None) => Ok((model, number, file)),
        (_, _, _, _) => Err(missing(path)),
    }
}

fn missing(path: &str) -> Failure {
    Failure::new(ErrorCode::DoesNotExist, format!("no file `{path}`"))
}

fn usable<'a>(
    state: &'a State,
    model: &str,
    number: &str,
) -> Result<(u32, &'a VersionRecord), Failure> {
    let (number, version) = version(state, model, number)?;
    match &version.revoked {
        None => Ok((number, version)),
        Some(notice) => {
            let message = revoked(model, number, notice).to_string();
            Err(Failure::new(ErrorCode::PermissionDenied, message))
        }
    }
}

/// The files of a version by their names.
fn files(version: &VersionRecord) -> Vec<(&'static str, Digest)> {
    let registration = &version.registration;
    let evaluation = registration.evaluation.as_ref().map(|evaluation| evaluation.blob);
    let files = [
        ("model.nomo", Some(registration.blob)),
        ("report", registration.report),
        ("configuration.yaml", registration.configuration),
        ("evaluation.json", evaluation),
    ];
    files.into_iter().filter_map(|(name, blob)| Some((name, blob?))).collect()
}
