//! The rules: who may do what, and when.

use nomogram::Digest;
use nomogram_signing::PublicKey;

use super::model::VersionRecord;
use super::{State, promotion};
use crate::act::{Act, Registration, VersionName, check_name};
use crate::error::{Error, Refusal, Rule};
use crate::role::{Role, list};
use crate::statement::Statement;

impl State {
    /// Checks the act of a statement and returns its author.
    pub(super) fn check_act(&self, statement: &Statement) -> Result<String, Refusal> {
        if let Act::Found { origin, person, public_key } = &statement.act {
            return self.check_founding(statement, origin, person, public_key);
        }
        let key = self.people.signing_key(&statement.key, statement.time)?;
        let person = key.person.clone();
        let act = &statement.act;
        let roles: &[Role] = match act {
            Act::Person { .. }
            | Act::AddKey { .. }
            | Act::RevokeKey { .. }
            | Act::SetPolicy { .. }
            | Act::Erase { .. } => &[Role::Administrator],
            Act::Register(_) | Act::Evaluate { .. } => &[Role::Trainer],
            Act::Approve { .. } | Act::Reject { .. } => &[Role::Reviewer, Role::Approver],
            Act::SetAlias { .. } | Act::RollBack { .. } => &[Role::Approver],
            Act::Deprecate { .. } => &[Role::Trainer, Role::Approver],
            Act::Revoke { .. } => &[Role::Approver, Role::Administrator],
            Act::Comment { .. } => &Role::ALL,
            // The policy lists who may.
            Act::Found { .. } | Act::Move { .. } => &[],
        };
        if !roles.is_empty() {
            self.people.require(&person, roles, act.name())?;
        }
        self.check_details(statement, &person)?;
        Ok(person)
    }

    fn check_founding(
        &self,
        statement: &Statement,
        origin: &str,
        person: &str,
        public_key: &str,
    ) -> Result<String, Refusal> {
        if statement.seq != 0 {
            return Err(Refusal::new(Rule::Founded, format!("the registry is {}", self.origin)));
        }
        let is_usual = |c: char| c.is_ascii_graphic() && c != '+';
        if origin.is_empty() || origin.len() > 200 || !origin.chars().all(is_usual) {
            let expected = "expected a host and a path, such as `registry.example.org/risk`";
            return Err(Refusal::new(Rule::Name, format!("origin {origin:?}: {expected}")));
        }
        check_name("person", person)?;
        let id = parse_key(public_key)?.id().to_string();
        if id != statement.key {
            let detail =
                format!("the first entry is signed by key {}, expected {id}", statement.key);
            return Err(Refusal::new(Rule::KnownKey, detail));
        }
        Ok(person.to_owned())
    }

    fn check_details(&self, statement: &Statement, person: &str) -> Result<(), Refusal> {
        match &statement.act {
            // Checked before.
            Act::Found { .. } => Ok(()),
            Act::Person { person, roles } => {
                check_name("person", person)?;
                self.people.check_roles(person, roles)
            }
            Act::AddKey { person, public_key, .. } => {
                let id = parse_key(public_key)?.id().to_string();
                self.people.check_new_key(person, &id)
            }
            Act::RevokeKey { key } => {
                reason(statement)?;
                match self.people.keys().get(key) {
                    Some(known) if known.revoked.is_none() => Ok(()),
                    Some(_) => {
                        Err(Refusal::new(Rule::RevokedKey, format!("key {key} is revoked already")))
                    }
                    None => Err(Refusal::new(
                        Rule::Unknown,
                        format!("key {key}: the registry does not know it"),
                    )),
                }
            }
            Act::SetPolicy { model, policy } => {
                if let Some(model) = model {
                    check_name("model", model)?;
                }
                policy.stages.iter().try_for_each(|stage| check_name("stage", &stage.name))?;
                policy.check()
            }
            Act::Register(registration) => self.check_registration(registration),
            Act::Evaluate { version, .. } => self.usable(version).map(|_| ()),
            Act::Move { version, stage } => self.check_move(version, stage, person),
            Act::Approve { version, report } => {
                self.check_review(version, *report, person, true, &statement.key)
            }
            Act::Reject { version, report } => {
                reason(statement)?;
                self.check_review(version, *report, person, false, &statement.key)
            }
            Act::SetAlias { model, alias, number } => self.check_alias(model, alias, *number),
            Act::RollBack { model, alias, number } => {
                reason(statement)?;
                self.check_roll_back(model, alias, *number)
            }
            Act::Deprecate { version } => {
                reason(statement)?;
                self.usable(version).map(|_| ())
            }
            Act::Revoke { version } => {
                reason(statement)?;
                self.usable(version).map(|_| ())
            }
            Act::Comment { model, number } => {
                reason(statement)?;
                known(self.model(model))?;
                number.map_or(Ok(()), |number| known(self.version(model, number)).map(|_| ()))
            }
            Act::Erase { blob } => {
                reason(statement)?;
                self.check_erasure(*blob)
            }
        }
    }

    fn check_registration(&self, registration: &Registration) -> Result<(), Refusal> {
        let VersionName { model, number } = &registration.version;
        check_name("model", model)?;
        let versions = self.models.get(model).map(|model| &model.versions);
        let last = versions.and_then(|versions| versions.keys().next_back()).copied().unwrap_or(0);
        if last.checked_add(1) != Some(*number) {
            let detail = format!("model `{model}`: version {number} follows version {last}");
            return Err(Refusal::new(Rule::VersionNumber, detail));
        }
        if let Some(parent) = registration.parent {
            known(self.version(model, parent))?;
        }
        if let Some(blob) =
            registration.blobs().into_iter().find(|blob| self.erased.contains_key(blob))
        {
            return Err(Refusal::new(Rule::Erased, format!("blob {blob} was erased by order")));
        }
        registration.limits.iter().try_for_each(crate::limits::Limit::check)
    }

    fn check_move(&self, name: &VersionName, stage: &str, person: &str) -> Result<(), Refusal> {
        let version = self.usable(name)?;
        let stage = self.policy(&name.model).stage(stage)?;
        if !stage.from.contains(&version.stage) {
            let expected = match stage.from.as_slice() {
                [] => "no version can move there".into(),
                from => format!("expected one of {}", list(from)),
            };
            let detail = format!("from stage `{}` to `{}`: {expected}", version.stage, stage.name);
            return Err(Refusal::new(Rule::Transition, detail));
        }
        let model = known(self.model(&name.model))?;
        if let Some(alias) = model.aliases_of(name.number).next().filter(|_| !stage.alias) {
            let detail = format!("version {} has the alias `{alias}`", name.number);
            let expected = format!("expected none in stage `{}`", stage.name);
            return Err(Refusal::new(Rule::AliasStage, format!("{detail}, {expected}")));
        }
        self.people.require(person, &stage.movers, &format!("move to stage `{}`", stage.name))?;
        promotion::check(self, &name.model, version, stage)
    }

    fn check_review(
        &self,
        name: &VersionName,
        report: Option<Digest>,
        person: &str,
        is_approval: bool,
        key: &str,
    ) -> Result<(), Refusal> {
        let version = self.usable(name)?;
        if version.author == person {
            let detail = format!("{person} registered version {} of `{}`", name.number, name.model);
            return Err(Refusal::new(Rule::Author, format!("{detail} and may not review it")));
        }
        if report != version.shown_report() {
            let text = |digest: Option<Digest>| digest.map_or("none".into(), |d| d.to_string());
            let (found, expected) = (text(report), text(version.shown_report()));
            return Err(Refusal::new(Rule::Report, format!("report {found}, expected {expected}")));
        }
        let earlier = version.reviews.iter().find(|review| review.notice.person == person);
        match earlier {
            // A key that was lost is replaced: the review is repeated with the new one.
            Some(earlier)
                if earlier.is_approval == is_approval && self.is_key_valid(&earlier.notice.key) =>
            {
                let notice = &earlier.notice;
                let by = if notice.key == key { "the same key" } else { "another of their keys" };
                let detail = format!(
                    "{person} reviewed the version so in entry {}, with {by}",
                    notice.entry
                );
                Err(Refusal::new(Rule::SamePerson, detail))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn is_key_valid(&self, id: &str) -> bool {
        self.people.keys().get(id).is_some_and(|key| key.revoked.is_none())
    }

    fn check_alias(&self, model: &str, alias: &str, number: Option<u32>) -> Result<(), Refusal> {
        check_name("alias", alias)?;
        // `@1` and `@latest` would be ambiguous.
        if alias.parse::<u32>().is_ok() || alias == "latest" {
            return Err(Refusal::new(
                Rule::Name,
                format!("alias {alias:?}: expected no number and not `latest`"),
            ));
        }
        let Some(number) = number else {
            return match known(self.model(model))?.alias(alias) {
                Some(_) => Ok(()),
                None => Err(Refusal::new(
                    Rule::Unknown,
                    format!("model `{model}` has no alias `{alias}`"),
                )),
            };
        };
        let version = self.usable(&VersionName { model: model.to_owned(), number })?;
        let policy = self.policy(model);
        if policy.stages.iter().any(|stage| stage.name == version.stage && stage.alias) {
            return Ok(());
        }
        let stages =
            list(policy.stages.iter().filter(|stage| stage.alias).map(|stage| &stage.name));
        let detail = format!("version {number} of `{model}` is in stage `{}`", version.stage);
        Err(Refusal::new(Rule::AliasStage, format!("{detail}, expected one of: {stages}")))
    }

    fn check_roll_back(&self, model: &str, alias: &str, number: u32) -> Result<(), Refusal> {
        let changes = known(self.model(model))?.aliases.get(alias).map_or(&[][..], Vec::as_slice);
        let is_current = changes.last().is_some_and(|change| change.number == Some(number));
        if is_current || !changes.iter().any(|change| change.number == Some(number)) {
            let detail =
                format!("alias `{alias}` of `{model}`: version {number} is not an earlier one");
            return Err(Refusal::new(Rule::RollBack, detail));
        }
        self.check_alias(model, alias, Some(number))
    }

    fn check_erasure(&self, blob: Digest) -> Result<(), Refusal> {
        if self.erased.contains_key(&blob) {
            return Err(Refusal::new(Rule::Erased, format!("blob {blob} was erased before")));
        }
        Ok(())
    }

    /// The version, unless it was revoked.
    fn usable(&self, name: &VersionName) -> Result<&VersionRecord, Refusal> {
        let VersionName { model, number } = name;
        let version = known(self.version(model, *number))?;
        match &version.revoked {
            None => Ok(version),
            Some(notice) => Err(revoked(model, *number, notice)),
        }
    }
}

/// The refusal of a revoked version.
pub(crate) fn revoked(model: &str, number: u32, notice: &super::Notice) -> Refusal {
    let super::Notice { person, time, reason, .. } = notice;
    let detail =
        format!("version {number} of `{model}` was revoked by {person} on {time}: {reason}");
    Refusal::new(Rule::RevokedVersion, detail)
}

/// Reads a public key.
pub(super) fn parse_key(text: &str) -> Result<PublicKey, Refusal> {
    PublicKey::from_pem(text).map_err(|cause| Refusal::new(Rule::KnownKey, cause.to_string()))
}

/// A missing model or version as a refusal.
fn known<T>(found: Result<T, Error>) -> Result<T, Refusal> {
    found.map_err(|error| Refusal::new(Rule::Unknown, error.to_string()))
}

/// Refuses a statement without a reason.
fn reason(statement: &Statement) -> Result<(), Refusal> {
    if statement.reason.trim().is_empty() {
        return Err(Refusal::new(
            Rule::Reason,
            format!("{}: expected a reason", statement.act.name()),
        ));
    }
    Ok(())
}
