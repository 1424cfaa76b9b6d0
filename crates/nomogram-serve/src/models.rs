//! All models that are served, by name, version and alias.
//!
//! Requests read the catalogue without a lock; a reload replaces it in one step. A model whose bundle did
//! not change is kept, with its sessions and counters.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::problem::{Problem, ProblemKind};
use crate::served::Served;

/// The models that are served.
#[derive(Debug)]
pub struct Models {
    catalog: ArcSwap<Catalog>,
    /// The models that an administrator unloaded, whatever a catalogue has. Held while a catalogue is
    /// changed, so that no change is lost.
    unloaded: Mutex<BTreeSet<String>>,
}

/// The models at one time.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    models: BTreeMap<String, Versions>,
    /// The model of requests that name none.
    default: Option<String>,
}

/// The versions of one model.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    versions: BTreeMap<String, Arc<Served>>,
    aliases: BTreeMap<String, String>,
    /// Versions that do not answer any more. Aliases keep naming them, so that no request gets another
    /// version.
    withdrawn: BTreeMap<String, Withdrawal>,
    /// The version of requests that name none.
    latest: String,
}

/// Why a version does not answer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// The registry revoked it.
    Revoked,
    /// The policy of trust refuses it.
    Untrusted,
    /// An administrator unloaded it.
    Unloaded,
}

impl Models {
    /// The models of a catalogue.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        Self { catalog: ArcSwap::from_pointee(catalog), unloaded: Mutex::default() }
    }

    /// The models at this time.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// The model with a name, in a version or under an alias; without a name, the default model.
    ///
    /// # Errors
    ///
    /// `UnknownModel`; `Revoked`; `Untrusted`; `NotReady` when there are no models.
    pub fn find(&self, name: Option<&str>, version: Option<&str>) -> Result<Arc<Served>, Problem> {
        self.catalog.load().find(name, version).cloned()
    }

    /// Serves another catalogue from now on. Requests that hold a model of the old one end on it; the
    /// old models are freed on a thread of their own.
    pub fn replace(&self, catalog: Catalog) {
        let Ok(()) = self.change(|current| {
            *current = catalog;
            Ok::<(), Infallible>(())
        });
    }

    fn store(&self, catalog: Catalog) {
        let old = self.catalog.swap(Arc::new(catalog));
        std::thread::spawn(move || drop(old));
    }

    /// Changes a copy of the catalogue and serves it.
    ///
    /// # Errors
    ///
    /// The first error of `change`; the catalogue is then as it was.
    pub fn change<E>(&self, change: impl FnOnce(&mut Catalog) -> Result<(), E>) -> Result<(), E> {
        let unloaded = self.unloaded();
        let mut catalog = Catalog::clone(&self.catalog.load());
        change(&mut catalog)?;
        unloaded.iter().for_each(|name| catalog.unload(name));
        self.store(catalog);
        Ok(())
    }

    fn unloaded(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.unloaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves a model no longer, in all its versions, also when the catalogue is replaced.
    ///
    /// # Errors
    ///
    /// `UnknownModel`.
    pub fn unload(&self, name: &str) -> Result<(), Problem> {
        self.catalog().models.get(name).ok_or_else(|| unknown("name"))?;
        self.unloaded().insert(name.to_owned());
        self.change(|_| Ok(()))
    }

    /// Lets a model be served again from the next catalogue on. Returns whether it was unloaded.
    pub(crate) fn allow(&self, name: &str) -> bool {
        self.unloaded().remove(name)
    }

    /// Serves the versions that a model has in another catalogue, and leaves other models alone.
    ///
    /// # Errors
    ///
    /// `UnknownModel` when the other catalogue does not have it.
    pub(crate) fn load(&self, name: &str, catalog: &Catalog) -> Result<(), Problem> {
        let versions = catalog.models.get(name).ok_or_else(|| unknown("name"))?;
        self.allow(name);
        self.change(|current| {
            current.models.insert(name.to_owned(), versions.clone());
            Ok(())
        })
    }
}

impl Catalog {
    /// Adds a model. The last one that is added under a name is served where no version is named.
    pub fn add(&mut self, served: Arc<Served>) {
        let versions = self.models.entry(served.name().to_owned()).or_default();
        served.version().clone_into(&mut versions.latest);
        versions.versions.insert(served.version().to_owned(), served);
    }

    /// Removes a version, and the model with its last one. Returns whether it was there.
    pub fn remove(&mut self, name: &str, version: &str) -> bool {
        let Some(versions) = self.models.get_mut(name) else { return false };
        let was_there = versions.versions.remove(version).is_some();
        versions.aliases.retain(|_, named| named != version);
        if versions.latest == version {
            versions.latest = versions.versions.keys().next_back().cloned().unwrap_or_default();
        }
        if versions.versions.is_empty() && versions.withdrawn.is_empty() {
            self.models.remove(name);
        }
        was_there
    }

    /// Refuses a version from now on, also under its aliases.
    pub fn withdraw(&mut self, name: &str, version: &str, why: Withdrawal) {
        let versions = self.models.entry(name.to_owned()).or_default();
        versions.versions.remove(version);
        versions.withdrawn.insert(version.to_owned(), why);
    }

    /// Keeps refusing what the policy of trust refused in another catalogue, unless a bundle has come in its
    /// place. No other version answers for the latest one, unless `is_chosen` for the model.
    pub(crate) fn keep_untrusted(&mut self, previous: &Self, is_chosen: impl Fn(&str) -> bool) {
        for (name, known) in &previous.models {
            let untrusted =
                known.withdrawn.iter().filter(|(_, why)| **why == Withdrawal::Untrusted);
            for (version, why) in untrusted {
                let versions = self.models.get(name);
                if versions.is_some_and(|versions| versions.versions.contains_key(version)) {
                    continue;
                }
                self.withdraw(name, version, *why);
                let versions = self.models.get_mut(name);
                if let Some(versions) =
                    versions.filter(|_| known.latest == *version && !is_chosen(name))
                {
                    versions.latest.clone_from(version);
                }
            }
        }
    }

    /// Refuses every version of a model from now on.
    fn unload(&mut self, name: &str) {
        let Some(versions) = self.models.get_mut(name) else { return };
        for version in std::mem::take(&mut versions.versions).into_keys() {
            versions.withdrawn.insert(version, Withdrawal::Unloaded);
        }
    }

    /// Names a version.
    ///
    /// # Errors
    ///
    /// `UnknownModel`; `Malformed` for an alias that is also a version.
    pub fn set_alias(&mut self, name: &str, alias: &str, version: &str) -> Result<(), Problem> {
        let versions = self.models.get_mut(name).ok_or_else(|| unknown("name"))?;
        if !versions.has(version) {
            return Err(unknown("version"));
        }
        if versions.has(alias) {
            return Err(Problem::new(ProblemKind::Malformed, "an alias that is also a version"));
        }
        versions.aliases.insert(alias.to_owned(), version.to_owned());
        Ok(())
    }

    /// Chooses the version of requests that name none.
    ///
    /// # Errors
    ///
    /// `UnknownModel`.
    pub fn set_latest(&mut self, name: &str, version: &str) -> Result<(), Problem> {
        let versions = self.models.get_mut(name).ok_or_else(|| unknown("name"))?;
        if !versions.has(version) {
            return Err(unknown("version"));
        }
        version.clone_into(&mut versions.latest);
        Ok(())
    }

    /// Answers no request for this model that names no version.
    pub fn clear_latest(&mut self, name: &str) {
        if let Some(versions) = self.models.get_mut(name) {
            versions.latest.clear();
        }
    }

    /// Chooses the model of requests that name none.
    ///
    /// # Errors
    ///
    /// `UnknownModel`.
    pub fn set_default(&mut self, name: &str) -> Result<(), Problem> {
        if !self.models.contains_key(name) {
            return Err(unknown("name"));
        }
        self.default = Some(name.to_owned());
        Ok(())
    }

    /// Chooses the model of requests that name none, also while it has no version that is served.
    pub fn prefer(&mut self, name: &str) {
        self.default = Some(name.to_owned());
    }

    /// The model with a name, in a version or under an alias. Without a name it is the default model, or
    /// the only one.
    ///
    /// # Errors
    ///
    /// `UnknownModel`; `Revoked`; `Untrusted`; `NotReady` when there are no models.
    pub fn find(&self, name: Option<&str>, version: Option<&str>) -> Result<&Arc<Served>, Problem> {
        if self.models.is_empty() {
            return Err(Problem::new(ProblemKind::NotReady, "no model is loaded"));
        }
        let versions = match name.or(self.default.as_deref()) {
            Some(name) => self.models.get(name).ok_or_else(|| unknown("name"))?,
            None if self.models.len() == 1 => {
                self.models.values().next().ok_or_else(|| unknown("name"))?
            }
            None => {
                let n_models = self.models.len();
                let detail = format!("the path names none of the {n_models} models");
                return Err(Problem::new(ProblemKind::UnknownModel, detail));
            }
        };
        versions.find(version).ok_or_else(|| versions.refusal(version))
    }

    /// All models by name.
    pub fn models(&self) -> impl Iterator<Item = (&str, &Versions)> {
        self.models.iter().map(|(name, versions)| (name.as_str(), versions))
    }

    /// Every version of every model.
    pub fn served(&self) -> impl Iterator<Item = &Arc<Served>> {
        self.models.values().flat_map(Versions::served)
    }

    /// The model with this digest, whatever its name is.
    #[must_use]
    pub fn of_digest(&self, digest: &str) -> Option<&Arc<Served>> {
        self.served().find(|served| served.digest() == digest)
    }
}

impl Versions {
    /// A version by its name, an alias, or the latest one.
    #[must_use]
    pub fn find(&self, version: Option<&str>) -> Option<&Arc<Served>> {
        let version = version.unwrap_or(&self.latest);
        self.versions.get(version).or_else(|| self.versions.get(self.aliases.get(version)?))
    }

    /// Whether a version has this name, served or revoked.
    fn has(&self, version: &str) -> bool {
        self.versions.contains_key(version) || self.withdrawn.contains_key(version)
    }

    /// Why a version is not served.
    fn refusal(&self, version: Option<&str>) -> Problem {
        let version = version.unwrap_or(&self.latest);
        let version = self.aliases.get(version).map_or(version, String::as_str);
        match self.withdrawn.get(version) {
            Some(Withdrawal::Revoked) => {
                Problem::new(ProblemKind::Revoked, "the registry revoked this version")
            }
            Some(Withdrawal::Untrusted) => {
                let detail = "the signatures of this version do not satisfy the policy of trust";
                Problem::new(ProblemKind::Untrusted, detail)
            }
            Some(Withdrawal::Unloaded) => {
                Problem::new(ProblemKind::UnknownModel, "this version was unloaded")
            }
            None => unknown("version or alias"),
        }
    }

    /// All versions, in the order of their names.
    pub fn served(&self) -> impl Iterator<Item = &Arc<Served>> {
        self.versions.values()
    }

    /// Versions that do not answer any more.
    pub fn withdrawn(&self) -> impl Iterator<Item = (&str, Withdrawal)> {
        self.withdrawn.iter().map(|(version, why)| (version.as_str(), *why))
    }

    /// Aliases with the versions that they name.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.aliases.iter().map(|(alias, version)| (alias.as_str(), version.as_str()))
    }

    /// The version of requests that name none.
    #[must_use]
    pub fn latest(&self) -> &str {
        &self.latest
    }
}

fn unknown(what: &str) -> Problem {
    Problem::new(ProblemKind::UnknownModel, format!("no model with this {what}"))
}

#[cfg(test)]
mod tests;
