//! A clinic with a registry in a folder, persons with keys, and a clock that tests set.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use nomogram_registry::{
    Act, Author, Error, NewVersion, Options, Reference, Registry, Resolved, Role, Sequence,
    Timestamp, VersionName, block_on,
};
use nomogram_signing::SecretKey;

thread_local! {
    /// Seconds since 1970; each test has its own thread.
    static CLOCK: Cell<i64> = const { Cell::new(1_767_225_600) };
}

fn clock() -> Timestamp {
    Timestamp::from_unix(CLOCK.get()).unwrap()
}

/// Sets the clock, for example to `2026-03-01`.
pub(crate) fn set_clock(time: &str) {
    CLOCK.set(time.parse::<Timestamp>().unwrap().unix());
}

pub(crate) struct Clinic {
    pub(crate) folder: PathBuf,
    pub(crate) registry: Registry,
}

/// The key of a person; `ana-2` is the second one of Ana.
pub(crate) fn key(name: &str) -> SecretKey {
    let mut seed = [7; 32];
    name.bytes().zip(&mut seed).for_each(|(byte, slot)| *slot = byte);
    SecretKey::from_seed(&seed)
}

pub(crate) fn public_key(name: &str) -> String {
    key(name).public_key().to_pem().unwrap()
}

pub(crate) fn version(number: u32) -> VersionName {
    VersionName { model: "risk".into(), number }
}

/// A report of `nomogram evaluate` with these measures, as far as a registry reads it.
pub(crate) fn evaluation(auc: f64, slope: f64, sensitivity_of_women: f64) -> String {
    format!(
        r#"{{"assessments": [{{"rows": "test rows",
            "discrimination": {{"auc": {{"auc": {auc}}}}},
            "calibration": {{"line": {{"slope": {{"value": {slope}}}, "intercept": {{"value": 0.1}}}}}},
            "cutoffs": [{{"name": "refer", "sensitivity": {{"value": 0.9}}}}],
            "subgroups": [{{"feature": "sex", "groups": [
                {{"level": "F", "statistics": {{"classification": {{"sensitivity": {{"value": {sensitivity_of_women}}}}}}}}},
                {{"level": "M", "statistics": {{"classification": {{"sensitivity": {{"value": 0.93}}}}}}}}]}}]}}]}}"#
    )
}

pub(crate) fn new_folder() -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("registry-{}-{number}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

impl Clinic {
    /// Founded by Olga, with Tara who trains, Rex who reviews, and Ana, Ben and Cleo who approve.
    pub(crate) fn new() -> Self {
        let folder = new_folder();
        let key_of_olga = key("olga");
        let author = Author::new(&key_of_olga);
        let location = folder.join("registry");
        let founded = Registry::found(
            location.to_str().unwrap(),
            "registry.clinic.example/risk",
            "olga",
            &author,
            options(&folder),
        );
        let clinic = Self { registry: block_on(founded).unwrap(), folder };
        for (person, role) in [
            ("tara", Role::Trainer),
            ("rex", Role::Reviewer),
            ("ana", Role::Approver),
            ("ben", Role::Approver),
            ("cleo", Role::Approver),
        ] {
            clinic.set_roles(person, &[role]);
            clinic.add_key(person, person);
        }
        clinic
    }

    /// The program of another client, with an index of its own.
    pub(crate) fn open_anew(&self) -> Result<Registry, Error> {
        block_on(Registry::open(self.location(), Options { clock, ..Options::default() }))
    }

    /// The same client, at its next start.
    pub(crate) fn reopen(&self) -> Result<Registry, Error> {
        block_on(Registry::open(self.location(), options(&self.folder)))
    }

    pub(crate) fn location(&self) -> &str {
        self.registry.location()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::new(self.location()).join(name)
    }

    pub(crate) fn act_because(
        &self,
        name: &str,
        reason: &str,
        act: Act,
    ) -> Result<Sequence, Error> {
        let key = key(name);
        let author = Author::new(&key).because(reason);
        block_on(self.registry.append(&author, |_| Ok(act.clone())))
    }

    pub(crate) fn act(&self, name: &str, act: Act) -> Result<Sequence, Error> {
        self.act_because(name, "", act)
    }

    /// The rule that refuses an act, and the whole message.
    #[track_caller]
    pub(crate) fn refused(&self, name: &str, act: Act) -> (String, String) {
        match self.act_because(name, "a reason", act) {
            Err(Error::Refused(refusal)) => (refusal.rule.to_string(), refusal.to_string()),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn set_roles(&self, person: &str, roles: &[Role]) {
        let act = Act::Person { person: person.into(), roles: roles.to_vec() };
        self.act("olga", act).unwrap();
    }

    /// Adds the key `name` to a person.
    pub(crate) fn add_key(&self, person: &str, name: &str) {
        let act =
            Act::AddKey { person: person.into(), public_key: public_key(name), expires: None };
        self.act("olga", act).unwrap();
    }

    /// Tara registers a version, with an evaluation if there is one.
    pub(crate) fn register(
        &self,
        bundle: Vec<u8>,
        evaluation: Option<String>,
    ) -> Result<u32, Error> {
        let key = key("tara");
        let version = NewVersion {
            model: "risk".into(),
            bundle: bundle.into(),
            evaluation: evaluation.map(Into::into),
            ..NewVersion::default()
        };
        block_on(self.registry.register(&Author::new(&key), version))
    }

    pub(crate) fn approve(&self, name: &str, number: u32) -> Result<Sequence, Error> {
        let report = self.registry.state().unwrap().version("risk", number)?.shown_report();
        self.act(name, Act::Approve { version: version(number), report })
    }

    pub(crate) fn promote(&self, name: &str, number: u32) -> Result<Sequence, Error> {
        self.act(name, promotion(number))
    }

    pub(crate) fn set_champion(&self, name: &str, number: u32) -> Result<Sequence, Error> {
        self.act(name, champion(number))
    }

    pub(crate) fn resolve(&self, reference: &str) -> Result<Resolved, Error> {
        let reference: Reference = reference.parse().unwrap();
        self.registry.resolve(&reference)
    }
}

pub(crate) fn promotion(number: u32) -> Act {
    Act::Move { version: version(number), stage: "approved".into() }
}

pub(crate) fn champion(number: u32) -> Act {
    Act::SetAlias { model: "risk".into(), alias: "champion".into(), number: Some(number) }
}

pub(crate) fn options(folder: &Path) -> Options {
    fs::create_dir_all(folder).unwrap();
    Options { index: Some(folder.join("index.sqlite")), clock, ..Options::default() }
}

impl Drop for Clinic {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
