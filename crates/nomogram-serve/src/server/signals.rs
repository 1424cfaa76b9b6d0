//! What signals do: reload and stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;

use super::Origin;
use super::opening::{folder, security, trust};
use crate::config::{Config, environment};
use crate::folder::Folder;
use crate::models::Catalog;
use crate::polling::poll;
use crate::service::Service;
use crate::trust::RefusedBundle;

/// What signals act on.
pub(super) struct Watched {
    pub(super) origin: Origin,
    pub(super) is_demo: bool,
    pub(super) service: Arc<Service>,
    pub(super) tls: Option<RustlsConfig>,
    pub(super) handle: Handle<SocketAddr>,
    pub(super) config: Config,
}

impl Watched {
    /// Reads models, keys and certificates again. What cannot be read stays as it was.
    async fn reload(&mut self) {
        let service = &self.service;
        match self.try_reload().await {
            Ok(()) => {
                service.metrics.reloads.inc();
                service.log.event("info", "reloaded", &[]);
            }
            Err(fault) => {
                service.metrics.failed_reloads.inc();
                service.log.event("error", "reload failed", &[("reason", &fault)]);
            }
        }
    }

    async fn try_reload(&self) -> Result<(), String> {
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
        let models = self.load(config.clone()).await?;
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
        Ok(())
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
