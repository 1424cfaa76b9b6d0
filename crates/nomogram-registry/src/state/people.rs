//! Persons, their roles and their keys.

use std::collections::{BTreeMap, BTreeSet};

use nomogram_signing::PublicKey;

use crate::error::{Refusal, Rule};
use crate::role::Role;
use crate::statement::Sequence;
use crate::timestamp::Timestamp;

/// The persons of a registry, with their roles and keys.
#[derive(Clone, Debug, Default)]
pub struct People {
    roles: BTreeMap<String, BTreeSet<Role>>,
    keys: BTreeMap<String, Key>,
}

/// A key of a person.
#[derive(Clone, Debug)]
pub struct Key {
    /// The person.
    pub person: String,
    /// What verifies its signatures.
    pub public: PublicKey,
    /// From when on it no longer signs.
    pub expires: Option<Timestamp>,
    /// The entry that revoked it, and when.
    pub revoked: Option<(Sequence, Timestamp)>,
}

impl People {
    /// The roles of each person.
    #[must_use]
    pub fn roles(&self) -> &BTreeMap<String, BTreeSet<Role>> {
        &self.roles
    }

    /// Every key by its id.
    #[must_use]
    pub fn keys(&self) -> &BTreeMap<String, Key> {
        &self.keys
    }

    /// Whether a person has a role now.
    #[must_use]
    pub fn has_role(&self, person: &str, role: Role) -> bool {
        self.roles.get(person).is_some_and(|roles| roles.contains(&role))
    }

    /// The person whose key that is, if it may sign at `time`.
    pub(crate) fn person_of(&self, id: &str, time: Timestamp) -> Result<String, Refusal> {
        self.signing_key(id, time).map(|key| key.person.clone())
    }

    /// The key of that id, if it may sign at `time`.
    pub(super) fn signing_key(&self, id: &str, time: Timestamp) -> Result<&Key, Refusal> {
        let key = self.keys.get(id).ok_or_else(|| {
            Refusal::new(Rule::Unknown, format!("key {id}: the registry does not know it"))
        })?;
        let person = &key.person;
        if let Some((entry, revoked)) = key.revoked {
            let detail = format!("key {id} of {person} was revoked by entry {entry} on {revoked}");
            return Err(Refusal::new(Rule::RevokedKey, detail));
        }
        match key.expires {
            Some(expires) if time >= expires => {
                let detail = format!("key {id} of {person} expired on {expires}; it is {time}");
                Err(Refusal::new(Rule::ExpiredKey, detail))
            }
            Some(_) | None => Ok(key),
        }
    }

    /// Refuses a person who has none of the roles.
    pub(super) fn require(&self, person: &str, roles: &[Role], act: &str) -> Result<(), Refusal> {
        if roles.iter().any(|role| self.has_role(person, *role)) {
            return Ok(());
        }
        let needed: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        let detail = format!("{person} may not {act}: needs the role {}", needed.join(" or "));
        Err(Refusal::new(Rule::Role, detail))
    }

    /// Refuses roles of `person` that leave no administrator.
    pub(super) fn check_roles(&self, person: &str, roles: &[Role]) -> Result<(), Refusal> {
        let mut others = self.roles.iter().filter(|(name, _)| *name != person);
        if roles.contains(&Role::Administrator)
            || others.any(|(_, roles)| roles.contains(&Role::Administrator))
        {
            return Ok(());
        }
        let detail = format!("without {person}, nobody is administrator");
        Err(Refusal::new(Rule::LastAdministrator, detail))
    }

    /// Refuses a key that belongs to somebody already.
    pub(super) fn check_new_key(&self, person: &str, id: &str) -> Result<(), Refusal> {
        if !self.roles.contains_key(person) {
            return Err(Refusal::new(Rule::Unknown, format!("person `{person}`: not registered")));
        }
        match self.keys.get(id) {
            None => Ok(()),
            Some(key) => {
                let detail = format!("key {id} was added before, for {}", key.person);
                Err(Refusal::new(Rule::KnownKey, detail))
            }
        }
    }

    pub(super) fn set_roles(&mut self, person: &str, roles: &[Role]) {
        self.roles.insert(person.to_owned(), roles.iter().copied().collect());
    }

    pub(super) fn add_key(&mut self, id: String, key: Key) {
        self.keys.insert(id, key);
    }

    pub(super) fn revoke_key(&mut self, id: &str, entry: Sequence, time: Timestamp) {
        if let Some(key) = self.keys.get_mut(id) {
            key.revoked = Some((entry, time));
        }
    }
}
