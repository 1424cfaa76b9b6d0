//! Whether a version is served.

use nomogram_registry::{ModelRecord, Policy, State, VersionRecord};

use super::RegistryConfig;
use crate::served::Approval;

/// Whether a version is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is served.
    Served(Approval),
    /// It was revoked; `is_chosen` when it would be served otherwise.
    Revoked { is_chosen: bool },
    /// It is in another stage, has none of the aliases, or was erased by order.
    Withheld,
}

impl Standing {
    pub(super) fn new(
        state: &State,
        config: &RegistryConfig,
        (name, record): (&str, &ModelRecord),
        (number, version): (u32, &VersionRecord),
    ) -> Self {
        let stages = &state.policy(name).stages;
        let is_approved = stages.iter().any(|stage| stage.alias && stage.name == version.stage);
        let is_in_stage = match config.stages.as_slice() {
            [] => is_approved,
            stages => stages.contains(&version.stage),
        };
        let is_named = config.aliases.is_empty()
            || record.aliases_of(number).any(|alias| config.aliases.iter().any(|a| a == alias));
        let is_erased = state.erased().contains_key(&version.registration.blob);
        let is_chosen = is_in_stage && is_named;
        if version.revoked.is_some() {
            return Self::Revoked { is_chosen };
        }
        if !is_chosen || is_erased {
            return Self::Withheld;
        }
        let approvals = version.reviews.iter().filter(|review| review.is_approval);
        Self::Served(match is_approved {
            true => Approval::Approved {
                by: approvals.map(|review| review.notice.person.clone()).collect(),
            },
            false => Approval::Pending,
        })
    }
}

/// A stage that no policy of the registry has.
pub(super) fn unknown_stage<'a>(state: &State, stages: &'a [String]) -> Option<&'a str> {
    let names = state.models().keys().map(String::as_str);
    // No model has the empty name: its policy is the one of all models without their own.
    let policies: Vec<&Policy> = names.chain([""]).map(|name| state.policy(name)).collect();
    let is_known = |wanted: &String| {
        policies.iter().any(|policy| policy.stages.iter().any(|stage| stage.name == *wanted))
    };
    stages.iter().find(|stage| !is_known(stage)).map(String::as_str)
}
