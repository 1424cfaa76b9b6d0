//! The model repository: which models there are, and loading and unloading them.

use serde::Serialize;

use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// One version of a model in the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct IndexRow {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) state: &'static str,
    pub(super) reason: &'static str,
}

/// Every version that is served, by name. All of them are ready.
pub(super) fn index(service: &Service) -> Vec<IndexRow> {
    let catalog = service.models.catalog();
    let row = |served: &std::sync::Arc<crate::served::Served>| IndexRow {
        name: served.name().to_owned(),
        version: served.version().to_owned(),
        state: "READY",
        reason: "",
    };
    catalog.served().map(row).collect()
}

/// The versions of a model and their aliases.
pub(super) fn versions(service: &Service, name: &str) -> Vec<String> {
    let catalog = service.models.catalog();
    let of_name = catalog.models().filter(|(known, _)| *known == name);
    of_name
        .flat_map(|(_, versions)| versions.served())
        .map(|served| served.version().to_owned())
        .collect()
}

/// Serves a model no longer, in all its versions. Requests that it is answering end on it.
///
/// # Errors
///
/// `UnknownModel`.
pub(super) fn unload(service: &Service, name: &str) -> Result<(), Problem> {
    let versions = versions(service, name);
    if versions.is_empty() {
        return Err(Problem::new(ProblemKind::UnknownModel, "no model with this name"));
    }
    service.models.change(|catalog| {
        for version in &versions {
            catalog.remove(name, version);
        }
        Ok(())
    })
}

/// Loads a model that was unloaded, or loads it anew.
///
/// # Errors
///
/// `Unsupported`: models change with the registry or the folder that they come from.
pub(super) fn load(_service: &Service, _name: &str) -> Result<(), Problem> {
    let detail = "this service loads models when their registry or folder changes, not on request";
    Err(Problem::new(ProblemKind::Unsupported, detail))
}
