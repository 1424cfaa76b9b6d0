//! Models, their versions and their aliases.

use std::collections::BTreeMap;

use nomogram::Digest;
use serde::{Deserialize, Serialize};

use crate::act::Registration;
use crate::role::Role;
use crate::statement::Sequence;
use crate::timestamp::Timestamp;

/// A model: its versions and aliases.
#[derive(Clone, Debug, Default)]
pub struct ModelRecord {
    /// The versions by their number.
    pub versions: BTreeMap<u32, VersionRecord>,
    /// The aliases, with every version that they had, in order.
    pub aliases: BTreeMap<String, Vec<AliasChange>>,
    /// Comments on the model.
    pub comments: Vec<Notice>,
}

/// A version that an alias had from an entry on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AliasChange {
    /// The entry.
    pub entry: Sequence,
    /// When it was written.
    pub time: Timestamp,
    /// The number of the version; `None` where the alias was removed.
    pub number: Option<u32>,
}

/// A version of a model, and what was done with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// What it consists of.
    pub registration: Registration,
    /// Who registered it.
    pub author: String,
    /// The entry that registered it.
    pub entry: Sequence,
    /// When it was registered.
    pub time: Timestamp,
    /// The stage that it is in.
    pub stage: String,
    /// When it was moved there.
    pub stage_since: Timestamp,
    /// The reviews, the last one of each person.
    pub reviews: Vec<Review>,
    /// Why it should no longer be used.
    pub deprecated: Option<Notice>,
    /// Why it must not be used.
    pub revoked: Option<Notice>,
    /// Comments on the version.
    pub comments: Vec<Notice>,
}

/// An approval or a rejection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Whether the version was approved.
    pub is_approval: bool,
    /// The report that the reviewer was shown.
    pub report: Option<Digest>,
    /// The roles that the reviewer had.
    pub roles: Vec<Role>,
    /// Who, when and why.
    #[serde(flatten)]
    pub notice: Notice,
}

/// Who did something, when and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The entry.
    pub entry: Sequence,
    /// When it was written.
    pub time: Timestamp,
    /// The person.
    pub person: String,
    /// The id of their key.
    pub key: String,
    /// Why.
    pub reason: String,
}

impl VersionRecord {
    /// The report that reviewers are shown: the report of the version, or else its evaluation.
    #[must_use]
    pub fn shown_report(&self) -> Option<Digest> {
        let evaluation = self.registration.evaluation.as_ref();
        self.registration.report.or(evaluation.map(|evaluation| evaluation.blob))
    }
}

impl ModelRecord {
    /// The number of the version that an alias has now.
    #[must_use]
    pub fn alias(&self, alias: &str) -> Option<u32> {
        self.aliases.get(alias)?.last()?.number
    }

    /// The aliases that a version has now.
    pub fn aliases_of(&self, number: u32) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter();
        aliases
            .filter(move |(_, changes)| changes.last().is_some_and(|c| c.number == Some(number)))
            .map(|(alias, _)| alias.as_str())
    }

    /// The version that an alias had before, unless it was revoked since.
    #[must_use]
    pub fn before(&self, alias: &str) -> Option<u32> {
        let current = self.alias(alias);
        let numbers = self.aliases.get(alias)?.iter().rev().filter_map(|change| change.number);
        let mut earlier = numbers.filter(|number| Some(*number) != current);
        earlier.find(|number| {
            self.versions.get(number).is_some_and(|version| version.revoked.is_none())
        })
    }

    /// The newest version.
    #[must_use]
    pub fn latest(&self) -> Option<&VersionRecord> {
        self.versions.values().next_back()
    }
}
