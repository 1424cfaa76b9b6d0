//! The acts of a registry: what an entry of the log does.

use std::collections::BTreeMap;

use nomogram::Digest;
use serde::{Deserialize, Serialize};

use crate::error::{Refusal, Rule};
use crate::limits::{Limit, Measures};
use crate::policy::Policy;
use crate::role::Role;
use crate::timestamp::Timestamp;

/// What an entry of the log does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Founds the registry; its author is the first administrator.
    Found {
        /// The name of the registry, for checkpoints: a host and a path without a scheme.
        origin: String,
        /// The first administrator.
        person: String,
        /// Their public key.
        public_key: String,
    },
    /// Sets the roles of a person, who may be new; without a role, they may do nothing.
    Person {
        /// The person.
        person: String,
        /// All roles from now on.
        roles: Vec<Role>,
    },
    /// Adds a key to a person.
    AddKey {
        /// The person.
        person: String,
        /// The public key.
        public_key: String,
        /// From when on the key no longer signs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Timestamp>,
    },
    /// Revokes a key. What it signed stays; its reviews no longer count.
    RevokeKey {
        /// The id of the key.
        key: String,
    },
    /// Sets the policy of the registry or of one model.
    SetPolicy {
        /// The model; without it, all models that have no policy of their own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// The stages and what they require.
        policy: Policy,
    },
    /// Registers a version.
    Register(Box<Registration>),
    /// Attaches an evaluation to a version, in place of an earlier one.
    Evaluate {
        /// The version.
        version: VersionName,
        /// The blob of the evaluation.
        evaluation: Evaluation,
    },
    /// Moves a version to a stage.
    Move {
        /// The version.
        version: VersionName,
        /// The name of the stage.
        stage: String,
    },
    /// Approves a version.
    Approve {
        /// The version.
        version: VersionName,
        /// The report that the reviewer was shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<Digest>,
    },
    /// Rejects a version.
    Reject {
        /// The version.
        version: VersionName,
        /// The report that the reviewer was shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<Digest>,
    },
    /// Sets an alias of a model, or removes it.
    SetAlias {
        /// The model.
        model: String,
        /// The alias, without `@`.
        alias: String,
        /// The number of the version; without it, the alias is removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<u32>,
    },
    /// Sets an alias to a version that it had before.
    RollBack {
        /// The model.
        model: String,
        /// The alias, without `@`.
        alias: String,
        /// The number of the earlier version.
        number: u32,
    },
    /// Advises against a version, which can still be used.
    Deprecate {
        /// The version.
        version: VersionName,
    },
    /// Forbids the use of a version.
    Revoke {
        /// The version.
        version: VersionName,
    },
    /// Comments on a model or a version; the comment is the reason of the entry.
    Comment {
        /// The model.
        model: String,
        /// The number of the version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<u32>,
    },
    /// Erases a blob; its digest and the reason stay.
    Erase {
        /// The blob.
        blob: Digest,
    },
}

/// A version of a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionName {
    /// The model.
    pub model: String,
    /// The number of the version, from 1.
    pub number: u32,
}

/// What a version consists of, as its author registers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The version.
    pub version: VersionName,
    /// The blob of the bundle.
    pub blob: Digest,
    /// The digest by which the bundle names itself, which predictions report.
    pub bundle: Digest,
    /// The length of the bundle in bytes.
    pub len: u64,
    /// The blob of the report that reviewers are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Digest>,
    /// The blob of the configuration of training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Digest>,
    /// The digest of the training data, which are not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Digest>,
    /// The number of the version that this one was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// The evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
    /// What the evaluation of this version must reach, beside the limits of the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// Texts by name, for searching.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// An evaluation, with the measures that limits refer to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// The blob of the report as JSON.
    pub blob: Digest,
    /// Its measures; an audit compares them with the blob.
    pub measures: Measures,
}

impl Act {
    /// Its name, as in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Found { .. } => "found",
            Self::Person { .. } => "person",
            Self::AddKey { .. } => "add_key",
            Self::RevokeKey { .. } => "revoke_key",
            Self::SetPolicy { .. } => "set_policy",
            Self::Register(_) => "register",
            Self::Evaluate { .. } => "evaluate",
            Self::Move { .. } => "move",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::SetAlias { .. } => "set_alias",
            Self::RollBack { .. } => "roll_back",
            Self::Deprecate { .. } => "deprecate",
            Self::Revoke { .. } => "revoke",
            Self::Comment { .. } => "comment",
            Self::Erase { .. } => "erase",
        }
    }

    /// The model that it is about.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        match self {
            Self::Found { .. }
            | Self::Person { .. }
            | Self::AddKey { .. }
            | Self::RevokeKey { .. }
            | Self::Erase { .. } => None,
            Self::SetPolicy { model, .. } => model.as_deref(),
            Self::Register(registration) => Some(&registration.version.model),
            Self::Evaluate { version, .. }
            | Self::Move { version, .. }
            | Self::Approve { version, .. }
            | Self::Reject { version, .. }
            | Self::Deprecate { version }
            | Self::Revoke { version } => Some(&version.model),
            Self::SetAlias { model, .. }
            | Self::RollBack { model, .. }
            | Self::Comment { model, .. } => Some(model),
        }
    }

    /// The number of the version that it is about.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        match self {
            Self::Found { .. }
            | Self::Person { .. }
            | Self::AddKey { .. }
            | Self::RevokeKey { .. }
            | Self::SetPolicy { .. }
            | Self::Erase { .. } => None,
            Self::Register(registration) => Some(registration.version.number),
            Self::Evaluate { version, .. }
            | Self::Move { version, .. }
            | Self::Approve { version, .. }
            | Self::Reject { version, .. }
            | Self::Deprecate { version }
            | Self::Revoke { version } => Some(version.number),
            Self::RollBack { number, .. } => Some(*number),
            Self::SetAlias { number, .. } | Self::Comment { number, .. } => *number,
        }
    }
}

impl Registration {
    /// Every blob of the version.
    #[must_use]
    pub fn blobs(&self) -> Vec<Digest> {
        let evaluation = self.evaluation.as_ref().map(|evaluation| evaluation.blob);
        [Some(self.blob), self.report, self.configuration, evaluation]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Checks a name of a model, an alias, a person or a stage: it is part of URLs and files.
pub(crate) fn check_name(kind: &str, name: &str) -> Result<(), Refusal> {
    let is_usual = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_first = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if name.len() <= 100 && is_first && name.chars().all(is_usual) {
        return Ok(());
    }
    let expected =
        "expected at most 100 of a–z, A–Z, 0–9, `-`, `_` and `.`, first a letter or digit";
    Err(Refusal::new(Rule::Name, format!("{kind} {name:?}: {expected}")))
}
