//! What an act changes; it was checked before.

use nomogram::Digest;

use super::State;
use super::model::{AliasChange, Notice, Review, VersionRecord};
use super::people::Key;
use super::rules::parse_key;
use crate::act::{Act, Registration, VersionName};
use crate::role::Role;
use crate::statement::Statement;
use crate::timestamp::Timestamp;

impl State {
    /// Performs the act of a statement by `person`, which [`Self::check`] accepted.
    pub(super) fn perform(&mut self, statement: &Statement, person: &str) {
        let Statement { seq, time, .. } = statement;
        match &statement.act {
            Act::Found { origin, person, public_key } => {
                self.origin.clone_from(origin);
                self.people.set_roles(person, &[Role::Administrator]);
                self.add_key(person, public_key, None);
            }
            Act::Person { person, roles } => self.people.set_roles(person, roles),
            Act::AddKey { person, public_key, expires } => {
                self.add_key(person, public_key, *expires)
            }
            Act::RevokeKey { key } => self.people.revoke_key(key, *seq, *time),
            Act::SetPolicy { model: None, policy } => self.policy = policy.clone(),
            Act::SetPolicy { model: Some(model), policy } => {
                self.model_policies.insert(model.clone(), policy.clone());
            }
            Act::Register(registration) => self.register(statement, registration, person),
            Act::Evaluate { version, evaluation } => {
                if let Some(version) = self.version_mut(version) {
                    version.registration.evaluation = Some(evaluation.clone());
                    // Those who approved were shown another evaluation.
                    version.reviews.retain(|review| !review.is_approval);
                }
            }
            Act::Move { version, stage } => {
                if let Some(version) = self.version_mut(version) {
                    version.stage.clone_from(stage);
                    version.stage_since = *time;
                }
            }
            Act::Approve { version, report } => {
                self.review(statement, version, *report, person, true)
            }
            Act::Reject { version, report } => {
                self.review(statement, version, *report, person, false)
            }
            Act::SetAlias { model, alias, number } => {
                self.set_alias(statement, model, alias, *number)
            }
            Act::RollBack { model, alias, number } => {
                self.set_alias(statement, model, alias, Some(*number));
            }
            Act::Deprecate { version } => {
                if let Some(version) = self.version_mut(version) {
                    version.deprecated = Some(notice(statement, person));
                }
            }
            Act::Revoke { version } => {
                if let Some(version) = self.version_mut(version) {
                    version.revoked = Some(notice(statement, person));
                }
            }
            Act::Comment { model, number } => {
                let comment = notice(statement, person);
                let model = self.models.entry(model.clone()).or_default();
                match number.and_then(|number| model.versions.get_mut(&number)) {
                    Some(version) => version.comments.push(comment),
                    None => model.comments.push(comment),
                }
            }
            Act::Erase { blob } => {
                self.erased.insert(*blob, notice(statement, person));
            }
        }
    }

    fn add_key(&mut self, person: &str, public_key: &str, expires: Option<Timestamp>) {
        // The check has read it.
        if let Ok(public) = parse_key(public_key) {
            let id = public.id().to_string();
            self.people
                .add_key(id, Key { person: person.to_owned(), public, expires, revoked: None });
        }
    }

    fn register(&mut self, statement: &Statement, registration: &Registration, person: &str) {
        let VersionName { model, number } = &registration.version;
        let version = VersionRecord {
            registration: registration.clone(),
            author: person.to_owned(),
            entry: statement.seq,
            time: statement.time,
            stage: self.policy(model).first_stage(),
            stage_since: statement.time,
            reviews: Vec::new(),
            deprecated: None,
            revoked: None,
            comments: Vec::new(),
        };
        self.models.entry(model.clone()).or_default().versions.insert(*number, version);
    }

    fn review(
        &mut self,
        statement: &Statement,
        version: &VersionName,
        report: Option<Digest>,
        person: &str,
        is_approval: bool,
    ) {
        let roles = self.people.roles().get(person);
        let roles = roles.into_iter().flatten().copied().collect();
        if let Some(version) = self.version_mut(version) {
            version.reviews.retain(|review| review.notice.person != person);
            let notice = notice(statement, person);
            version.reviews.push(Review { is_approval, report, roles, notice });
        }
    }

    fn set_alias(&mut self, statement: &Statement, model: &str, alias: &str, number: Option<u32>) {
        let change = AliasChange { entry: statement.seq, time: statement.time, number };
        let model = self.models.entry(model.to_owned()).or_default();
        model.aliases.entry(alias.to_owned()).or_default().push(change);
    }

    fn version_mut(&mut self, name: &VersionName) -> Option<&mut VersionRecord> {
        self.models.get_mut(&name.model)?.versions.get_mut(&name.number)
    }
}

fn notice(statement: &Statement, person: &str) -> Notice {
    Notice {
        entry: statement.seq,
        time: statement.time,
        person: person.to_owned(),
        key: statement.key.clone(),
        reason: statement.reason.clone(),
    }
}
