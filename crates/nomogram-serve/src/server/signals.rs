//! What signals do: reload and stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use serde_json::{Map, Value};

use super::Origin;
use super::opening::{folder, origins, security, trust};
use crate::config::{Config, environment};
use crate::folder::Folder;
use crate::models::Catalog;
use crate::polling::poll;
use crate::service::Service;
use crate::setup::{check, put_into_force};
use crate::trust::RefusedBundle;

/// The keys of the configuration that a reload puts into force. Others need a restart.
const RELOADED: [&str; 7] = ["access", "fhir", "models", "origins", "tls", "trials", "trust_file"];

/// What signals act on.
pub(super) struct Watched {
    pub(super) origin: Origin,
    pub(super) is_demo: bool,
    pub(super) service: Arc<Service>,
    pub(super) tls: Option<RustlsConfig>,
    pub(super) handle: Handle<SocketAddr>,
    /// The configuration with which the service started.
    pub(super) config: Config,
}

impl Watched {
    /// Reads the configuration again. What cannot be read stays as it was.
    async fn reload(&mut self) {
        let service = &self.service;
        match self.try_reload().await {
            Ok(keys) => {
                service.metrics.reloads.inc();
                service.log.event("info", "reloaded", &[]);
                if !keys.is_empty() {
                    let keys = keys.join(", ");
                    service.log.event("warn", "restart_needed", &[("keys", &keys)]);
                }
            }
            Err(fault) => {
                service.metrics.failed_reloads.inc();
                service.log.event("error", "reload failed", &[("reason", &fault)]);
            }
        }
    }

    /// Returns the keys that changed since the start and need a restart.
    async fn try_reload(&self) -> Result<Vec<String>, String> {
        let (path, above) = &self.origin;
        let config = Config::read(path.as_deref(), environment())?;
        let config = config.with_variables(above.clone())?;
        let trust = trust(&config)?;
        if self.service.trust.load().is_set() && !trust.is_set() {
            return Err("trust_file: a reload cannot take away the policy of trust".into());
        }
        // In force at once: what it refuses must not answer, even if the rest cannot be read.
        self.service.trust.store(Arc::new(trust));
        self.service.withdraw_untrusted();
        let current = self.service.security.load_full();
        let security = security(&config.access, Some(current.as_ref()))?;
        if security.is_open() && !current.is_open() {
            return Err("access: a reload cannot take away all keys".into());
        }
        if let Some(keys) = security.fetched_keys().filter(|keys| keys.is_empty()) {
            keys.refresh().await.map_err(|fault| format!("access: tokens: {fault}"))?;
        }
        let origins = origins(&config)?;
        let models = self.load(config.clone()).await?;
        let catalog = match &models {
            Some((_, catalog, _)) => Arc::new(catalog.clone()),
            None => self.service.models.catalog(),
        };
        check(&catalog, &config.trials, &config.fhir)?;
        if let (Some(running), Some(tls)) = (&self.tls, &config.tls) {
            let reloaded = running.reload_from_pem_file(&tls.certificate_file, &tls.key_file).await;
            reloaded.map_err(|cause| format!("tls: {cause}"))?;
        }
        if let Some((folder, catalog, refused)) = models {
            self.service.folder.store(Some(Arc::new(folder)));
            self.service.models.replace(catalog);
            self.service.report_refused(refused);
        }
        self.service.security.store(Arc::new(security));
        self.service.origins.store(Arc::new(origins));
        put_into_force(&self.service, &config.trials, &config.fhir)?;
        Ok(need_restart(&self.config, &config))
    }

    /// The models of the folder; those of a registry are served at once.
    async fn load(
        &self,
        config: Config,
    ) -> Result<Option<(Folder, Catalog, Vec<RefusedBundle>)>, String> {
        let (is_demo, service) = (self.is_demo, Arc::clone(&self.service));
        let loaded = tokio::task::spawn_blocking(move || match service.registry {
            Some(_) => {
                // A fault of the registry is reported by itself; keys are read again all the same.
                let _polled = poll(&service);
                Ok(None)
            }
            None => {
                let folder = folder(&config, is_demo);
                let previous = service.models.catalog();
                let (catalog, refused) = folder.read(&service.trust.load(), &previous)?;
                Ok(Some((folder, catalog, refused)))
            }
        });
        loaded.await.map_err(|_| "the models cannot be opened")?
    }

    fn stop(&self, signal: &str) {
        self.service.stop();
        self.service.log.event("info", "stopping", &[("signal", signal)]);
        let time = Duration::from_secs(self.config.shutdown_seconds);
        self.handle.graceful_shutdown(Some(time));
    }
}

/// The keys that differ from those of the start and that no reload puts into force.
fn need_restart(start: &Config, config: &Config) -> Vec<String> {
    let [start_keys, keys] = [start, config].map(|config| match serde_json::to_value(config) {
        Ok(Value::Object(keys)) => keys,
        Ok(_) | Err(_) => Map::new(),
    });
    let is_reloaded = |key: &str| match key {
        // Without a certificate or an origin, the service started without what reads them.
        "tls" => start.tls.is_some() && config.tls.is_some(),
        "origins" => !start.origins.is_empty(),
        "models" => start.registry.is_none(),
        key => RELOADED.contains(&key),
    };
    let changed = keys.into_iter().filter(|(key, value)| start_keys.get(key) != Some(value));
    changed.map(|(key, _)| key).filter(|key| !is_reloaded(key)).collect()
}

/// What the system sends. Watched from before the service is known to others, since a signal that nobody
/// watches ends the process.
#[cfg(unix)]
pub(super) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    pub(super) async fn watch(mut self, mut watched: Watched) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return watched.stop("SIGTERM"),
                _ = self.interrupt.recv() => return watched.stop("SIGINT"),
                _ = self.hangup.recv() => watched.reload().await,
            }
        }
    }
}

/// Ctrl-C: a reload needs a restart there.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn watch(self, mut watched: Watched) {
        match tokio::signal::ctrl_c().await {
            Ok(()) => watched.stop("Ctrl-C"),
            Err(_) => watched.reload().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_put_into_force_or_needs_a_restart() {
        let read = |text: &str| Config::of_yaml(text).unwrap();
        let start = read("origins: [https://a.example]\ntls: {certificate_file: a, key_file: b}");
        let changed = read(
            "listen: 127.0.0.1:1\nthreads: 3\nshutdown_seconds: 1\nmodels: {default: a}\n\
             registry: {location: a}\ntrust_file: a\naccess: {requests_per_second: 1}\n\
             tls: {certificate_file: c, key_file: d}\norigins: [https://b.example]\n\
             limits: {max_rows: 1}\nlog: none\ntraces: {endpoint: a}\nwatch: {horizon: 1}\n\
             trials: {a: {salt: s, arms: []}}\ndecisions: {folder: a, public_key_file: b}\n\
             fhir: {a: {}}\n",
        );
        let needed = [
            "decisions",
            "limits",
            "listen",
            "log",
            "registry",
            "shutdown_seconds",
            "threads",
            "traces",
            "watch",
        ];
        assert_eq!(need_restart(&start, &changed), needed);
        assert_eq!(need_restart(&changed, &changed), [""; 0]);
        let all = serde_json::to_value(&changed).unwrap();
        let n_keys = all.as_object().unwrap().len();
        assert_eq!(
            needed.len() + RELOADED.len(),
            n_keys,
            "a key is in neither list, or did not change"
        );
        // What was not there at the start.
        let none = need_restart(&Config::default(), &changed);
        assert!(["tls", "origins"].iter().all(|key| none.iter().any(|found| found == key)));
        let of_registry = need_restart(&read("registry: {location: a}"), &changed);
        assert!(of_registry.contains(&"models".to_owned()));
    }
}
