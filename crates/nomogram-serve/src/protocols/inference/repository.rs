//! The model repository: which models there are, and loading and unloading them.

use serde::Serialize;

use crate::models::Withdrawal;
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

/// Every version by name: those that answer, and unless `is_ready`, those that do not any more.
pub(super) fn index(service: &Service, is_ready: bool) -> Vec<IndexRow> {
    let catalog = service.models.catalog();
    let mut rows = Vec::new();
    for (name, versions) in catalog.models() {
        let row = |version: &str, state, reason| IndexRow {
            name: name.to_owned(),
            version: version.to_owned(),
            state,
            reason,
        };
        rows.extend(versions.served().map(|served| row(served.version(), "READY", "")));
        let withdrawn = versions.withdrawn().filter(|_| !is_ready);
        rows.extend(withdrawn.map(|(version, why)| row(version, "UNAVAILABLE", reason(why))));
    }
    rows
}

fn reason(why: Withdrawal) -> &'static str {
    match why {
        Withdrawal::Revoked => "revoked",
        Withdrawal::Untrusted => "refused by the policy of trust",
        Withdrawal::Unloaded => "unloaded",
    }
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

/// Serves a model no longer, in all its versions, until it is loaded. Requests that it is answering end on it.
///
/// # Errors
///
/// `UnknownModel`.
pub(super) fn unload(service: &Service, name: &str) -> Result<(), Problem> {
    service.models.unload(name)?;
    service.log.event("info", "unloaded", &[("model", name)]);
    Ok(())
}

/// Reads a model anew from its folder or registry, and serves it again if it was unloaded. It blocks.
///
/// # Errors
///
/// `UnknownModel`; `NotReady` when folder or registry cannot be read: the model then answers as before;
/// `Unsupported` when models come from neither.
pub(super) fn load(service: &Service, name: &str) -> Result<(), Problem> {
    let trust = service.trust.load_full();
    if let Some(registry) = &service.registry {
        let was_unloaded = service.models.allow(name);
        let read = registry.read_again(&service.models, &trust);
        service.report_refused(registry.refused());
        let found = match read {
            Ok(()) if service.models.catalog().models().any(|(known, _)| known == name) => Ok(()),
            Ok(()) => Err(Problem::new(ProblemKind::UnknownModel, "no model with this name")),
            Err(failed) => Err(cannot_read(service, &failed.fault.to_string())),
        };
        if found.is_err() && was_unloaded {
            // It may be unknown by now; then there is nothing to keep unloaded.
            let _unloaded = service.models.unload(name);
        }
        found?;
    } else if let Some(folder) = service.folder.load_full() {
        let read = folder.read(&trust, &service.models.catalog());
        let (catalog, refused) = read.map_err(|fault| cannot_read(service, &fault))?;
        service.report_refused(refused);
        service.models.load(name, &catalog)?;
    } else {
        let detail = "the models of this service come from neither a folder nor a registry";
        return Err(Problem::new(ProblemKind::Unsupported, detail));
    }
    // The policy may have changed while the bundles were read.
    service.withdraw_untrusted();
    service.log.event("info", "loaded", &[("model", name)]);
    Ok(())
}

/// Refuses parameters of a request to load: nobody who calls can replace a bundle.
///
/// # Errors
///
/// `Unsupported`.
pub(super) fn check_parameters(n_parameters: usize) -> Result<(), Problem> {
    match n_parameters {
        0 => Ok(()),
        n => {
            let detail = format!("{n} parameters of a load, expected none");
            Err(Problem::new(ProblemKind::Unsupported, detail))
        }
    }
}

fn cannot_read(service: &Service, reason: &str) -> Problem {
    service.log.event("error", "load failed", &[("reason", reason)]);
    Problem::new(ProblemKind::NotReady, "the models cannot be read; the log has the reason")
}
