//! The watch, trials, the decision log and the mappings to FHIR, as the configuration has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::decisions::{DecisionLog, MAX_SEGMENT_BYTES, PublicKey};
use crate::instant::Instant;
use crate::log::Log;
use crate::mapping::Mapping;
use crate::models::Catalog;
use crate::service::Service;
use crate::trials::TrialSettings;
use crate::watch::{PeriodLength, Watch, WatchSettings};
use crate::watching::{Webhook, stop_arms};

/// What happens to rows besides their answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchConfig {
    /// The folder of the periods; without it, they are lost with the process.
    pub store: Option<PathBuf>,
    /// How long a period is.
    pub period: PeriodLength,
    /// For how many periods a model is watched.
    pub horizon: Option<usize>,
    /// How many predicted rows are remembered for their outcomes.
    pub n_remembered: Option<usize>,
    /// Where alarms are sent.
    pub webhook: Option<String>,
    /// The certificates that the webhook's leads to, where these are not the system's.
    pub certificates_file: Option<PathBuf>,
}

/// What a service is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To check what the configuration names. Nothing is written, also beside a service that runs.
    Check,
    /// To answer.
    Run,
}

/// Where decisions are logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionsConfig {
    /// The folder of the log.
    pub folder: PathBuf,
    /// The file with the public key that records are encrypted to.
    pub public_key_file: PathBuf,
    /// The length from which a segment of the log is followed by another one.
    #[serde(default)]
    pub max_segment_bytes: Option<u64>,
}

/// The least length of a segment: what a few requests write.
const MIN_SEGMENT_BYTES: u64 = 64 << 10;

impl WatchConfig {
    fn settings(&self) -> WatchSettings {
        let usual = WatchSettings::default();
        WatchSettings {
            store: self.store.clone(),
            period: self.period,
            horizon: self.horizon.unwrap_or(usual.horizon),
            n_remembered: self.n_remembered.unwrap_or(usual.n_remembered),
        }
    }

    /// Where alarms are sent, if anywhere.
    ///
    /// # Errors
    ///
    /// A sentence, for an address that is none, or certificates that cannot be read.
    pub fn webhook(&self) -> Result<Option<Webhook>, String> {
        let new = |address| Webhook::new(address, self.certificates_file.as_deref());
        let webhook = self.webhook.as_deref().map(new).transpose();
        webhook.map_err(|fault| format!("watch: webhook: {fault}"))
    }
}

/// Sets a service up.
///
/// # Errors
///
/// A sentence with the key: what cannot be opened, or does not fit the models.
pub(crate) fn set_up(
    service: Service,
    watch: &WatchConfig,
    trials: &BTreeMap<String, TrialSettings>,
    decisions: Option<&DecisionsConfig>,
    fhir: &BTreeMap<String, Mapping>,
    purpose: Purpose,
) -> Result<Service, String> {
    if watch.horizon == Some(0) {
        return Err("watch: horizon: 0 periods, expected at least 1".into());
    }
    watch.webhook()?;
    let mut service = service;
    service.watch = Watch::new(watch.settings());
    if purpose == Purpose::Run {
        service.watch.claim_store().map_err(|fault| format!("watch: store: {fault}"))?;
    }
    check(&service.models.catalog(), trials, fhir)?;
    service.decisions = match decisions {
        Some(config) => open(config, purpose, &service.log)?,
        None => None,
    };
    put_into_force(&service, trials, fhir)?;
    Ok(service)
}

/// Tries and maps this from now on. It was [checked](check).
///
/// # Errors
///
/// A sentence with the key.
pub(crate) fn put_into_force(
    service: &Service,
    trials: &BTreeMap<String, TrialSettings>,
    fhir: &BTreeMap<String, Mapping>,
) -> Result<(), String> {
    service.trials.replace(trials.clone()).map_err(|fault| format!("trials: {fault}"))?;
    service.mappings.store(Arc::new(fhir.clone()));
    stop_arms_of_before(service, trials);
    Ok(())
}

/// Stops the arms that were stopped before the service began, so that they answer no request.
fn stop_arms_of_before(service: &Service, trials: &BTreeMap<String, TrialSettings>) {
    for (name, trial) in trials {
        for arm in &trial.arms {
            if let Ok(served) = service.models.find(Some(name), Some(&arm.version))
                && served.model().profile().is_some()
            {
                // The first look reports what cannot be read.
                let _opened = service.watch.open(&served, Instant::now());
            }
        }
    }
    stop_arms(service, &service.watch.states());
}

/// Checks that trials and mappings fit the models.
///
/// # Errors
///
/// A sentence with the key.
pub(crate) fn check(
    catalog: &Catalog,
    trials: &BTreeMap<String, TrialSettings>,
    fhir: &BTreeMap<String, Mapping>,
) -> Result<(), String> {
    for (name, trial) in trials {
        trial.check().map_err(|fault| format!("trials: `{name}`: {fault}"))?;
        let arms = trial.arms.iter().map(|arm| &arm.version);
        for version in arms.chain(&trial.shadows) {
            let found = catalog.find(Some(name), Some(version));
            found.map_err(|e| format!("trials: `{name}`: version `{version}`: {e}"))?;
        }
    }
    for (name, mapping) in fhir {
        let place = |fault: String| format!("fhir: `{name}`: {fault}");
        let served = catalog.find(Some(name), None).map_err(|e| place(e.to_string()))?;
        mapping.check(served.model()).map_err(place)?;
    }
    Ok(())
}

/// The log; none when it is only checked.
fn open(
    config: &DecisionsConfig,
    purpose: Purpose,
    log: &Log,
) -> Result<Option<DecisionLog>, String> {
    let failed = |path: &Path, fault: String| format!("decisions: {}: {fault}", path.display());
    let max_segment_bytes = config.max_segment_bytes.unwrap_or(MAX_SEGMENT_BYTES);
    if max_segment_bytes < MIN_SEGMENT_BYTES {
        return Err(format!(
            "decisions: max_segment_bytes: {max_segment_bytes}, expected at least {MIN_SEGMENT_BYTES}"
        ));
    }
    let file = &config.public_key_file;
    let text = std::fs::read_to_string(file).map_err(|e| failed(file, e.to_string()))?;
    let key = PublicKey::of_text(&text).map_err(|e| failed(file, e))?;
    let folder = &config.folder;
    let failed = |e: std::io::Error| failed(folder, e.to_string());
    let opened = match purpose {
        Purpose::Check => return DecisionLog::check(folder).map(|()| None).map_err(failed),
        Purpose::Run => DecisionLog::open(folder, &key).map_err(failed)?,
    };
    let decisions = opened.with_max_segment_bytes(max_segment_bytes);
    if let Some(removed) = decisions.removed() {
        let file = removed.display().to_string();
        log.event("warn", "decision_log_recovered", &[("removed", &file)]);
    }
    Ok(Some(decisions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Models;
    use crate::served::{Approval, Served};
    use crate::service::RequestLimits;

    fn fault(json: &str) -> String {
        #[derive(Deserialize)]
        #[serde(default)]
        #[derive(Default)]
        struct Parts {
            watch: WatchConfig,
            trials: BTreeMap<String, TrialSettings>,
            decisions: Option<DecisionsConfig>,
            fhir: BTreeMap<String, Mapping>,
        }
        let parts: Parts = serde_json::from_str(json).unwrap();
        let bytes = nomogram_testkit::bundle_with_profile();
        let mut catalog = Catalog::default();
        catalog.add(Served::open(&bytes, Approval::NotRecorded).unwrap().into());
        let service = Service::new(Models::new(catalog), RequestLimits::default());
        let Parts { watch, trials, decisions, fhir } = parts;
        set_up(service, &watch, &trials, decisions.as_ref(), &fhir, Purpose::Run)
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn what_does_not_fit_the_models_is_refused_with_its_key() {
        let cases = [
            ("{}", ""),
            (r#"{"watch": {"horizon": 0}}"#, "watch: horizon: 0 periods"),
            (r#"{"watch": {"webhook": "ftp://a"}}"#, "watch: webhook: expected an address"),
            (
                r#"{"trials": {"three members": {"salt": "s", "arms": [{"version": "9", "weight": 1}]}}}"#,
                "trials: `three members`: version `9`: ",
            ),
            (r#"{"fhir": {"nobody": {}}}"#, "fhir: `nobody`: "),
            (
                r#"{"fhir": {"three members": {"features": {"age": {"loinc": "1-1"}}}}}"#,
                "fhir: `three members`: features: `age`: the model has no such feature",
            ),
            (
                r#"{"decisions": {"folder": "/nowhere", "public_key_file": "/nowhere/key"}}"#,
                "decisions: /nowhere/key: ",
            ),
            (
                r#"{"decisions": {"folder": "/nowhere", "public_key_file": "/nowhere/key",
                    "max_segment_bytes": 1000}}"#,
                "decisions: max_segment_bytes: 1000, expected at least 65536",
            ),
        ];
        for (json, expected) in cases {
            let found = fault(json);
            assert!(found.starts_with(expected), "{json}: {found}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{json}: {found}");
        }
    }
    #[test]
    fn an_arm_that_was_stopped_answers_nobody_when_the_service_begins_again() {
        let folder = std::env::temp_dir().join(format!("nomogram-arms-{}", std::process::id()));
        let _none = std::fs::remove_dir_all(&folder);
        let parts = nomogram_testkit::three_members();
        let profile = Some(nomogram_testkit::profile_of(&parts.schema));
        let parts = nomogram::Parts { profile, ..parts };
        let other = nomogram::seal(&parts, nomogram_testkit::golden_rows().view()).unwrap();
        let begin = || {
            let mut catalog = Catalog::default();
            let bundles = [("1", &nomogram_testkit::bundle_with_profile()), ("2", &other)];
            for (version, bundle) in bundles {
                let model = nomogram::Model::open(bundle).unwrap();
                let approval = Approval::NotRecorded;
                let served = Served::new(model.into(), "ward".into(), version.into(), approval);
                catalog.add(served.unwrap().into());
            }
            let service = Service::new(Models::new(catalog), RequestLimits::default());
            let watch = WatchConfig { store: Some(folder.clone()), ..WatchConfig::default() };
            let arms = r#"{"ward": {"salt": "s", "arms": [
                {"version": "1", "weight": 1}, {"version": "2", "weight": 1}]}}"#;
            let trials = serde_json::from_str(arms).unwrap();
            set_up(service, &watch, &trials, None, &BTreeMap::new(), Purpose::Run).unwrap()
        };
        let is_stopped = |service: &Service| {
            let report = service.trials.report();
            report.models.values().flatten().map(|arm| arm.is_stopped).collect::<Vec<_>>()
        };
        let service = begin();
        assert_eq!(is_stopped(&service), [false, false]);
        let digest = service.models.find(Some("ward"), Some("2")).unwrap().digest().to_owned();
        crate::watching::look(&service);
        for row in 0..200 {
            let came_true = crate::watch::CameTrue::Second(row % 2 == 0);
            service.watch.count(&digest, 0.1, came_true).unwrap();
        }
        crate::watching::look(&service);
        assert_eq!(is_stopped(&service), [false, true]);
        drop(service);
        assert_eq!(is_stopped(&begin()), [false, true], "before the first look");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
