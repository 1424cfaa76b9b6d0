//! A service whose models come from a registry: what is approved is served, what is revoked is not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use common::{Answer, Sent, Shown};
use nomogram_registry::{Act, Author, NewVersion, Options, Registry, Role, VersionName, block_on};
use nomogram_serve::decisions::{DecisionLog, new_keys};
use nomogram_serve::log::Log;
use nomogram_serve::registry::{Followed, RegistryConfig};
use nomogram_serve::watch::METRICS;
use nomogram_serve::{
    Catalog, Config, Keys, Models, RequestLimits, Security, Server, Service, TrustPolicy, new_key,
    poll,
};
use nomogram_signing::{SecretKey, sign_bundle};
use nomogram_testkit::{bundle_of_policies, bundle_of_three_members};
use serde_json::{Value, json};

/// A registry in a folder, with Tara who trains, and Ana and Ben who approve.
struct Clinic {
    folder: PathBuf,
    registry: Registry,
}

fn key(person: &str) -> SecretKey {
    let mut seed = [7; 32];
    person.bytes().zip(&mut seed).for_each(|(byte, slot)| *slot = byte);
    SecretKey::from_seed(&seed)
}

fn version(number: u32) -> VersionName {
    VersionName { model: "risk".into(), number }
}

impl Clinic {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("nomogram-{name}-{}", std::process::id()));
        let _removed = fs::remove_dir_all(&folder);
        let olga = key("olga");
        let location = folder.to_str().unwrap();
        let author = Author::new(&olga);
        let founded = Registry::found(location, "clinic", "olga", &author, Options::default());
        let clinic = Self { registry: block_on(founded).unwrap(), folder };
        for (person, role) in
            [("tara", Role::Trainer), ("ana", Role::Approver), ("ben", Role::Approver)]
        {
            clinic.act("olga", Act::Person { person: person.into(), roles: vec![role] });
            let public_key = key(person).public_key().to_pem().unwrap();
            clinic.act("olga", Act::AddKey { person: person.into(), public_key, expires: None });
        }
        clinic
    }

    fn act(&self, person: &str, act: Act) {
        let key = key(person);
        let author = Author::new(&key).because("a reason");
        block_on(self.registry.append(&author, |_| Ok(act.clone()))).unwrap();
    }

    fn register(&self, bundle: Vec<u8>) {
        let version =
            NewVersion { model: "risk".into(), bundle: bundle.into(), ..NewVersion::default() };
        block_on(self.registry.register(&Author::new(&key("tara")), version)).unwrap();
    }

    fn move_to(&self, number: u32, stage: &str) {
        self.act("ana", Act::Move { version: version(number), stage: stage.into() });
    }

    fn approve(&self, number: u32) {
        for person in ["ana", "ben"] {
            self.act(person, Act::Approve { version: version(number), report: None });
        }
        self.move_to(number, "approved");
    }

    fn set_champion(&self, number: u32) {
        let (model, alias) = ("risk".into(), "champion".into());
        self.act("ana", Act::SetAlias { model, alias, number: Some(number) });
    }

    fn revoke(&self, number: u32) {
        self.act("ana", Act::Revoke { version: version(number) });
    }

    /// The file of an entry, counted from the end.
    fn entry(&self, from_end: u64) -> PathBuf {
        let n_entries = self.registry.head().unwrap().n_entries;
        self.folder.join(format!("log/{:016}.json", n_entries - from_end))
    }

    fn blob(&self, number: u32) -> PathBuf {
        let state = self.registry.state().unwrap();
        let digest = state.version("risk", number).unwrap().registration.blob.to_string();
        self.folder.join("blobs/sha256").join(&digest[..2]).join(digest)
    }

    fn config(&self) -> RegistryConfig {
        RegistryConfig { location: self.folder.display().to_string(), ..RegistryConfig::default() }
    }

    fn service(&self) -> Arc<Service> {
        service(&self.config(), Security::open())
    }
}

impl Drop for Clinic {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

fn service(config: &RegistryConfig, security: Security) -> Arc<Service> {
    let followed = Followed::open(config, None).unwrap();
    let service = Service::new(Models::new(Catalog::default()), RequestLimits::default());
    let service = Arc::new(service.with_security(security).with_registry(followed));
    poll(&service).unwrap();
    service
}

fn get(service: &Arc<Service>, path: &str) -> Answer {
    Sent::get(path).to(service)
}

/// Status and digest of a version's description; an empty path is the version that none is named for.
fn digest(service: &Arc<Service>, version: &str) -> (u16, String) {
    let path = match version {
        "" => "/models/risk".into(),
        version => format!("/models/risk/versions/{version}"),
    };
    let answer = get(service, &path);
    (answer.status.as_u16(), answer.header("x-model-digest").to_owned())
}

fn digest_of(bundle: &[u8]) -> String {
    nomogram::Model::open(bundle).unwrap().digest().to_string()
}

#[test]
fn approved_versions_are_served_and_an_alias_switches_at_the_next_look() {
    let clinic = Clinic::new("switch");
    let (first, second) = (bundle_of_three_members(), bundle_of_policies());
    let (first_digest, second_digest) = (digest_of(&first), digest_of(&second));
    let service = clinic.service();
    assert_eq!(get(&service, "/health/ready").status.as_u16(), 503);

    clinic.register(first);
    poll(&service).unwrap();
    assert_eq!(digest(&service, "1").0, 503, "a candidate is not served");

    clinic.approve(1);
    clinic.set_champion(1);
    poll(&service).unwrap();
    for named in ["", "1", "champion"] {
        assert_eq!(digest(&service, named), (200, first_digest.clone()), "{named}");
    }
    let described = get(&service, "/models/risk").json();
    assert_eq!(described["approval"], json!({ "state": "approved", "by": ["ana", "ben"] }));
    assert_eq!(get(&service, "/health/ready").json()["registry"], "current");

    clinic.register(second);
    clinic.approve(2);
    poll(&service).unwrap();
    assert_eq!(digest(&service, ""), (200, first_digest.clone()), "the champion answers");
    let held = service.models.find(Some("risk"), Some("1")).unwrap();
    clinic.set_champion(2);
    poll(&service).unwrap();
    assert_eq!(digest(&service, "champion"), (200, second_digest.clone()));
    assert_eq!(digest(&service, ""), (200, second_digest));
    let kept = service.models.find(Some("risk"), Some("1")).unwrap();
    assert!(Arc::ptr_eq(&held, &kept), "a bundle that did not change is kept");

    clinic.move_to(1, "retired");
    poll(&service).unwrap();
    assert_eq!(digest(&service, "1").0, 404);
    assert!(held.session().unwrap().predict_row(&[17.99, 10.38, 122.8]).is_ok());
}

#[test]
fn a_revoked_version_is_refused_at_once_and_no_other_one_answers_for_it() {
    let clinic = Clinic::new("revoke");
    clinic.register(bundle_of_three_members());
    clinic.register(bundle_of_policies());
    clinic.approve(1);
    clinic.approve(2);
    clinic.set_champion(2);
    let service = clinic.service();
    let held = service.models.find(Some("risk"), Some("champion")).unwrap();
    clinic.revoke(2);
    poll(&service).unwrap();
    for named in ["", "2", "champion"] {
        assert_eq!(digest(&service, named).0, 410, "{named}");
    }
    let answer = get(&service, "/models/risk/versions/champion");
    assert_eq!(answer.json()["code"], "revoked");
    assert_eq!(digest(&service, "1").0, 200);
    assert_eq!(held.version(), "2", "a request that began on it ends on it");

    clinic.set_champion(1);
    poll(&service).unwrap();
    assert_eq!(digest(&service, "champion").0, 200);
    assert_eq!(digest(&service, "2").0, 410);
}

#[test]
fn a_registry_that_was_rolled_back_or_damaged_changes_no_model_and_is_reported() {
    let clinic = Clinic::new("rollback");
    clinic.register(bundle_of_three_members());
    clinic.register(bundle_of_policies());
    clinic.approve(1);
    clinic.set_champion(1);
    clinic.approve(2);
    clinic.set_champion(2);
    let shown = Shown::default();
    let followed = Followed::open(&clinic.config(), None).unwrap();
    let service = Service::new(Models::new(Catalog::default()), RequestLimits::default());
    let log = Log::new(shown.clone()).unwrap();
    let service = Arc::new(service.with_log(log).with_registry(followed));
    poll(&service).unwrap();
    let served = digest(&service, "champion");
    assert_eq!(served.0, 200);

    let is_reported = |status: &str, current: u8| {
        assert_eq!(digest(&service, "champion"), served, "{status}");
        let ready = get(&service, "/health/ready");
        assert_eq!((ready.status.as_u16(), &ready.json()["registry"]), (200, &json!(status)));
        let line = format!("nomogram_registry_current {current}\n");
        assert!(get(&service, "/metrics").text().contains(&line), "{status}");
    };
    // The entry that made version 2 the champion is taken away.
    let last = clinic.entry(1);
    let entry = fs::read(&last).unwrap();
    fs::remove_file(&last).unwrap();
    assert!(poll(&service).unwrap_err().contains("rolled back"));
    assert!(poll(&service).is_err());
    is_reported("rolled_back", 0);
    let mlflow = "/api/2.0/mlflow/registered-models/alias?name=risk&alias=champion";
    assert_eq!(get(&service, mlflow).status.as_u16(), 503);

    fs::write(&last, entry).unwrap();
    poll(&service).unwrap();
    is_reported("current", 1);

    fs::write(clinic.entry(0), "{}").unwrap();
    assert!(poll(&service).is_err());
    is_reported("damaged", 0);
    fs::remove_file(clinic.entry(0)).unwrap();
    poll(&service).unwrap();
    is_reported("current", 1);

    drop(service);
    let log = shown.text();
    let n_lines = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!(n_lines("\"kind\":\"rolled_back\""), 2, "once by the watch, once by MLflow:\n{log}");
    assert_eq!(n_lines("\"kind\":\"damaged\""), 1, "{log}");
    assert_eq!(n_lines("registry_read"), 3, "{log}");
}

#[test]
fn a_damaged_bundle_keeps_the_models_but_not_a_revoked_one() {
    let clinic = Clinic::new("blob");
    clinic.register(bundle_of_three_members());
    clinic.approve(1);
    clinic.set_champion(1);
    let service = clinic.service();
    let served = digest(&service, "champion");
    clinic.register(bundle_of_policies());
    clinic.approve(2);
    clinic.set_champion(2);
    let blob = clinic.blob(2);
    let bytes = fs::read(&blob).unwrap();
    fs::write(&blob, b"other bytes").unwrap();
    assert!(poll(&service).is_err());
    assert_eq!(digest(&service, "champion"), served, "the champion that could be read");
    assert_eq!(digest(&service, "2").0, 404);
    assert_eq!(get(&service, "/health/ready").json()["registry"], "damaged");

    clinic.revoke(1);
    assert!(poll(&service).is_err());
    assert_eq!(digest(&service, "1").0, 410);

    fs::write(&blob, bytes).unwrap();
    poll(&service).unwrap();
    assert_eq!(digest(&service, "champion"), (200, digest_of(&bundle_of_policies())));
}

#[test]
fn stages_and_aliases_of_the_configuration_choose_what_is_served() {
    let clinic = Clinic::new("stages");
    clinic.register(bundle_of_three_members());
    clinic.register(bundle_of_policies());
    clinic.approve(1);
    clinic.move_to(2, "shadow");
    assert_eq!(digest(&clinic.service(), "2").0, 404);
    let stages = vec!["shadow".into()];
    let of_shadows = service(&RegistryConfig { stages, ..clinic.config() }, Security::open());
    assert_eq!((digest(&of_shadows, "2").0, digest(&of_shadows, "").0), (200, 404));
    let stages = vec!["approved".into(), "shadow".into()];
    let service_of_both = service(&RegistryConfig { stages, ..clinic.config() }, Security::open());
    let described = get(&service_of_both, "/models/risk/versions/2").json();
    assert_eq!(described["approval"]["state"], "pending");
    assert_eq!(
        digest(&service_of_both, "").1,
        digest_of(&bundle_of_three_members()),
        "a version that was not approved answers only where it is named"
    );
    clinic.approve(2);
    poll(&service_of_both).unwrap();
    let described = get(&service_of_both, "/models/risk/versions/2").json();
    assert_eq!(described["approval"]["state"], "approved");

    clinic.set_champion(2);
    let aliases = vec!["champion".into()];
    let service_of_champions =
        service(&RegistryConfig { aliases, ..clinic.config() }, Security::open());
    assert_eq!(digest(&service_of_champions, "1").0, 404);
    assert_eq!(digest(&service_of_champions, "champion").0, 200);
}

#[test]
fn clients_of_mlflow_find_and_download_what_is_approved() {
    let clinic = Clinic::new("mlflow");
    clinic.register(bundle_of_three_members());
    clinic.approve(1);
    clinic.set_champion(1);
    let service = clinic.service();
    let mlflow = "/api/2.0/mlflow/registered-models/alias?name=risk&alias=champion";
    let found = get(&service, mlflow).json();
    assert_eq!(found["model_version"]["version"], "1");
    let artifact = "/api/2.0/mlflow-artifacts/artifacts/risk/1/model.nomo";
    assert_eq!(get(&service, artifact).body, bundle_of_three_members());
    let artifact = "/api/2.0/mlflow-artifacts/artifacts/ri%73k/1/model.nomo";
    assert_eq!(get(&service, artifact).status.as_u16(), 200, "paths are decoded");
    let create = "/api/2.0/mlflow/registered-models/create";
    let refused = Sent::post(create, &json!({ "name": "other" })).to(&service);
    assert_eq!(refused.status.as_u16(), 403);
    assert_eq!(refused.json()["error_code"], "PERMISSION_DENIED");

    clinic.revoke(1);
    poll(&service).unwrap();
    assert_eq!(get(&service, artifact).status.as_u16(), 403);
    assert_eq!(get(&common::service(), mlflow).status.as_u16(), 404, "a service of a folder");
}

#[test]
fn clients_of_mlflow_need_the_role_read() {
    let clinic = Clinic::new("roles");
    let [(reader, of_reader), (other, of_other)] =
        [nomogram_serve::Role::Read, nomogram_serve::Role::Predict]
            .map(|role| new_key(&[role]).unwrap());
    let file = nomogram_serve::KeyFile { keys: vec![of_reader, of_other] };
    let keys = Keys::new(&file, None).unwrap();
    let service = service(&clinic.config(), Security::new(keys, None, None));
    let status = |key: &str| {
        let search = Sent::get("/api/2.0/mlflow/registered-models/search");
        search.with("authorization", &format!("Bearer {key}")).to(&service).status.as_u16()
    };
    assert_eq!((status(&reader), status(&other)), (200, 403));
}

#[test]
fn a_configuration_that_contradicts_itself_or_the_registry_is_refused() {
    let clinic = Clinic::new("config");
    clinic.register(bundle_of_three_members());
    let identity = "0".repeat(64);
    let fault = |more: Value, models: Value| {
        let mut registry = json!({ "location": clinic.folder });
        registry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let config = json!({ "listen": "127.0.0.1:0", "registry": registry, "models": models });
        let config: Config = serde_json::from_value(config).unwrap();
        Server::new(config, (None, Vec::new()), false).err().unwrap_or_default()
    };
    assert_eq!(fault(json!({}), json!({})), "", "there may be no approved version yet");
    for (registry, models, expected) in [
        (json!({ "location": "" }), json!({}), "registry: location: missing"),
        (json!({ "location": "/nowhere" }), json!({}), "registry: /nowhere: "),
        (json!({ "poll_seconds": 0 }), json!({}), "registry: poll_seconds: 0 seconds"),
        (json!({ "stages": ["aproved"] }), json!({}), "registry: stages: `aproved`: no policy"),
        (json!({ "identity": identity }), json!({}), "registry: "),
        (json!({}), json!({ "folder": "a" }), "registry: models come from a registry or from"),
        (json!({}), json!({ "latest": { "risk": "1" } }), "models: latest: set aliases in"),
        (json!({}), json!({ "aliases": { "risk": {} } }), "models: aliases: set aliases in"),
    ] {
        let found = fault(registry, models);
        assert!(found.starts_with(expected), "{expected}: {found}");
    }
}

/// A policy of trust that requires a signature by one key as reviewer.
fn policy(clinic: &Clinic, key: &SecretKey) -> TrustPolicy {
    let file = clinic.folder.join("trust.txt");
    let hex: String = key.public_key().to_bytes().iter().map(|b| format!("{b:02x}")).collect();
    fs::write(&file, format!("key {hex} reviewer\nrequire reviewer\n")).unwrap();
    TrustPolicy::read(&file).unwrap()
}

#[test]
fn a_version_that_the_policy_of_trust_refuses_never_answers() {
    let clinic = Clinic::new("trust");
    let service = clinic.service();
    let signed = sign_bundle(&bundle_of_three_members(), &key("ben"), "reviewer", 1000, None);
    clinic.register(signed.unwrap());
    clinic.register(bundle_of_policies());
    clinic.approve(1);
    clinic.approve(2);
    clinic.set_champion(2);
    poll(&service).unwrap();
    assert_eq!(digest(&service, "").0, 200);

    // The policy comes while the versions are served, and takes the unsigned one away.
    service.trust.store(Arc::new(policy(&clinic, &key("ben"))));
    poll(&service).unwrap();
    for version in ["", "2", "champion"] {
        assert_eq!(digest(&service, version).0, 503, "no other version answers: {version}");
    }
    assert_eq!(get(&service, "/models/risk/versions/2").json()["code"], "untrusted");
    assert_eq!(digest(&service, "1").0, 200);
    let refused = service.refused();
    assert_eq!(refused[0].name, "risk@2");
    assert!(refused[0].reason.contains("role `reviewer`: signed by 0"), "{refused:?}");

    // New entries change nothing about that.
    clinic.register(bundle_of_policies());
    clinic.approve(3);
    poll(&service).unwrap();
    assert_eq!((digest(&service, "3").0, digest(&service, "2").0), (503, 503));
    let load = Sent::post("/v2/repository/models/risk/load", &json!({})).to(&service);
    assert_eq!(load.status.as_u16(), 200);
    assert_eq!((digest(&service, "2").0, digest(&service, "1").0), (503, 200));

    service.trust.store(Arc::new(policy(&clinic, &key("ana"))));
    poll(&service).unwrap();
    assert_eq!(digest(&service, "1").0, 503);
    assert_eq!(get(&service, "/health/ready").status.as_u16(), 503);
}

#[test]
fn a_version_is_unloaded_and_loaded_by_request() {
    let clinic = Clinic::new("load");
    let service = clinic.service();
    clinic.register(bundle_of_three_members());
    clinic.approve(1);
    poll(&service).unwrap();
    let post = |act: &str| {
        let path = format!("/v2/repository/models/{act}");
        Sent::post(&path, &json!({})).to(&service).status.as_u16()
    };
    let index = || Sent::post("/v2/repository/index", &json!({})).to(&service).json();
    assert_eq!(post("risk/unload"), 200);
    assert_eq!(digest(&service, "1").0, 404);
    assert_eq!(index()[0]["reason"], "unloaded");
    let ready = Sent::post("/v2/repository/index", &json!({ "ready": true })).to(&service);
    assert_eq!(ready.json(), json!([]));

    // What is new in the registry does not bring it back.
    clinic.register(bundle_of_policies());
    clinic.approve(2);
    poll(&service).unwrap();
    assert_eq!((digest(&service, "1").0, digest(&service, "2").0), (404, 404));
    assert_eq!(post("stroke/load"), 404);
    assert_eq!(digest(&service, "1").0, 404);
    assert_eq!(post("risk/load"), 200);
    assert_eq!((digest(&service, "1").0, digest(&service, "2").0), (200, 200));
    assert_eq!(index()[1]["state"], "READY");
}

#[test]
fn the_list_of_metrics_is_what_is_exposed() {
    let clinic = Clinic::new("serve-metrics");
    clinic.register(bundle_of_three_members());
    clinic.approve(1);
    let mut service = clinic.service();
    let decisions = clinic.folder.join("decisions");
    let decisions = DecisionLog::open(&decisions, &new_keys().1).unwrap();
    Arc::get_mut(&mut service).unwrap().decisions = Some(decisions);
    // Families of requests begin with their first member.
    Sent::post("/predict", &json!({})).to(&service);
    let text = Sent::get("/metrics").to(&service).text();
    let mut exposed: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let mut listed: Vec<_> =
        METRICS.iter().map(|metric| (metric.family(), metric.kind.name())).collect();
    exposed.sort_unstable();
    listed.sort_unstable();
    assert_eq!(exposed, listed);
}
