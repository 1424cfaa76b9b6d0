//! The state of a registry: a fold of its log.
//!
//! An entry that a rule forbids changes nothing, whoever wrote it: it is listed with its refusal. The same
//! check runs before an entry is written, so only a program that skips it leaves such an entry.

// Layers, lowest first: a module uses only the blocks above its own.
mod model;
mod people;

mod promotion;

mod rules;

mod perform;

use std::collections::BTreeMap;

pub use model::{AliasChange, ModelRecord, Notice, Review, VersionRecord};
pub use people::{Key, People};
pub(crate) use rules::revoked;

use nomogram::Digest;

use crate::error::{Error, Refusal, Rule};
use crate::limits::Impact;
use crate::policy::Policy;
use crate::statement::{Sequence, Statement};
use crate::timestamp::Timestamp;

/// What the entries of a log amount to.
#[derive(Clone, Debug, Default)]
pub struct State {
    origin: String,
    n_entries: u64,
    head: Option<Digest>,
    time: Option<Timestamp>,
    people: People,
    policy: Policy,
    model_policies: BTreeMap<String, Policy>,
    models: BTreeMap<String, ModelRecord>,
    erased: BTreeMap<Digest, Notice>,
    refused: Vec<(Sequence, Refusal)>,
}

impl State {
    /// The name of the registry; empty before it is founded.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of entries.
    #[must_use]
    pub const fn n_entries(&self) -> u64 {
        self.n_entries
    }

    /// The digest of the last entry.
    #[must_use]
    pub const fn head(&self) -> Option<Digest> {
        self.head
    }

    /// The time of the last entry.
    #[must_use]
    pub const fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// The persons, with their roles and keys.
    #[must_use]
    pub const fn people(&self) -> &People {
        &self.people
    }

    /// The models by name.
    #[must_use]
    pub const fn models(&self) -> &BTreeMap<String, ModelRecord> {
        &self.models
    }

    /// The blobs that were erased, and why.
    #[must_use]
    pub const fn erased(&self) -> &BTreeMap<Digest, Notice> {
        &self.erased
    }

    /// Entries that changed nothing, since a rule forbids them.
    #[must_use]
    pub fn refused(&self) -> &[(Sequence, Refusal)] {
        &self.refused
    }

    /// The policy of a model.
    #[must_use]
    pub fn policy(&self, model: &str) -> &Policy {
        self.model_policies.get(model).unwrap_or(&self.policy)
    }

    /// The model of that name.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none.
    pub fn model(&self, name: &str) -> Result<&ModelRecord, Error> {
        self.models
            .get(name)
            .ok_or_else(|| Error::not_found(format!("model `{name}`"), "not registered"))
    }

    /// The version of that number.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is none.
    pub fn version(&self, model: &str, number: u32) -> Result<&VersionRecord, Error> {
        let versions = &self.model(model)?.versions;
        versions.get(&number).ok_or_else(|| {
            let place = format!("model `{model}` version {number}");
            Error::not_found(place, format!("the model has {} versions", versions.len()))
        })
    }

    /// The limits of a version, with what it and the version in use reach; the one in use has an alias.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such version.
    pub fn impact(&self, model: &str, number: u32) -> Result<Vec<Impact>, Error> {
        Ok(promotion::impact(self, model, self.version(model, number)?))
    }

    /// Adds an entry, whose file has the digest `digest` and whose place in the log was checked.
    pub fn apply(&mut self, statement: &Statement, digest: Digest) {
        match self.check(statement) {
            Ok(person) => {
                self.time = Some(statement.time);
                self.perform(statement, &person);
            }
            Err(refusal) => self.refused.push((statement.seq, refusal)),
        }
        self.n_entries += 1;
        self.head = Some(digest);
    }

    /// Checks an entry against the rules and returns its author.
    ///
    /// # Errors
    ///
    /// The rule that forbids the entry.
    pub fn check(&self, statement: &Statement) -> Result<String, Refusal> {
        if let Some(time) = self.time.filter(|time| statement.time < *time) {
            let detail = format!(
                "the entry is of {}, but the entry before it is of {time}; check the clock",
                statement.time
            );
            return Err(Refusal::new(Rule::ClockSetBack, detail));
        }
        self.check_act(statement)
    }
}
