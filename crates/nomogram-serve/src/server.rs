//! Runs the service: opens what the configuration names, listens, reloads and stops.

use std::fs::OpenOptions;
use std::future::{Ready, ready};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::accept::{Accept, NoDelayAcceptor};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use futures_util::future::Either;
use http::HeaderValue;

use crate::app;
use crate::config::{AccessConfig, Config, ModelsConfig, TlsConfig, environment, yaml_fault};
use crate::folder;
use crate::keys::{KeyFile, Keys};
use crate::log::Log;
use crate::models::{Catalog, Models};
use crate::polling::{keep_reading, poll};
use crate::rate::Rate;
use crate::registry::Followed;
use crate::security::Security;
use crate::service::Service;
use crate::setup::set_up;
use crate::tokens::Tokens;
use crate::watching::{keep_watch, look};

/// A model of the Wisconsin breast cancer data, for trying the service out: the reference bundle of the
/// library's tests, not a model for patients.
const DEMO: &[u8] = include_bytes!("../demo/wdbc.nomo");

/// Where the configuration came from, for reloads: its file, and variables above file and environment.
pub type Origin = (Option<PathBuf>, Vec<(String, String)>);

/// A service that is ready to listen.
#[derive(Debug)]
pub struct Server {
    config: Config,
    origin: Origin,
    is_demo: bool,
    service: Arc<Service>,
    listener: TcpListener,
}

impl Server {
    /// Opens everything that the configuration names, and the port.
    ///
    /// # Errors
    ///
    /// A sentence: what cannot be opened or contradicts itself.
    pub fn new(config: Config, origin: Origin, is_demo: bool) -> Result<Self, String> {
        let service = Arc::new(prepare(&config, is_demo)?);
        let address = address(&config.listen)?;
        if !address.ip().is_loopback() && service.security.load().is_open() {
            return Err(format!(
                "listen: {address} can be reached from other machines; set `access: keys_file` or \
                 `access: tokens`, or listen on 127.0.0.1"
            ));
        }
        let listener =
            TcpListener::bind(address).map_err(|cause| format!("listen: {address}: {cause}"))?;
        Ok(Self { config, origin, is_demo, service, listener })
    }

    /// The address on which it listens.
    ///
    /// # Errors
    ///
    /// When the system does not tell it.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Answers until SIGTERM or SIGINT.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub fn run(self) -> Result<(), String> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        if let Some(threads) = self.config.threads {
            builder.worker_threads(usize::from(threads.max(1)));
        }
        let runtime = builder.enable_all().build().map_err(|cause| cause.to_string())?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<(), String> {
        let Self { config, origin, is_demo, service, listener } = self;
        let handle = Handle::new();
        let tls = match &config.tls {
            Some(tls) => Some(certificate(tls).await?),
            None => None,
        };
        let signals = Signals::new().map_err(|cause| format!("signals: {cause}"))?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = listener.local_addr().map_err(|cause| cause.to_string())?;
        service.log.event("info", "listening", &[("address", &format!("{scheme}://{address}"))]);
        tokio::spawn(signals.watch(Watched {
            origin,
            is_demo,
            service: Arc::clone(&service),
            tls: tls.clone(),
            handle: handle.clone(),
            config: config.clone(),
        }));
        let watching = tokio::spawn(keep_watch(Arc::clone(&service), config.watch.webhook()?));
        let reading = tokio::spawn(keep_reading(Arc::clone(&service)));
        let origins = config.origins.iter().map(|origin| HeaderValue::from_str(origin));
        let origins = origins.collect::<Result<Vec<HeaderValue>, _>>();
        let origins = origins.map_err(|_| "origins: a text that is no origin")?;
        let router = app::with_origins(app::router(Arc::clone(&service)), origins);
        let make = router.into_make_service_with_connect_info::<SocketAddr>();
        let max_connections = config.limits.max_connections;
        let head = Duration::from_secs(config.limits.max_head_seconds);
        let mut server = axum_server::from_tcp(listener).map_err(|cause| cause.to_string())?;
        server.http_builder().http1().header_read_timeout(head).max_buf_size(64 << 10);
        server.http_builder().http2().max_concurrent_streams(128).max_header_list_size(16 << 10);
        let server = server.handle(handle.clone()).first_request_timeout(head);
        let served = match tls {
            None => {
                let acceptor = Limited { inner: NoDelayAcceptor::new(), handle, max_connections };
                server.acceptor(acceptor).serve(make).await
            }
            Some(tls) => {
                let inner = RustlsAcceptor::new(tls).handshake_timeout(head);
                let inner = inner.acceptor(NoDelayAcceptor::new());
                let acceptor = Limited { inner, handle, max_connections };
                server.acceptor(acceptor).serve(make).await
            }
        };
        watching.abort();
        reading.abort();
        let last = Arc::clone(&service);
        let _looked = tokio::task::spawn_blocking(move || look(&last)).await;
        service.log.event("info", "stopped", &[]);
        served.map_err(|cause| cause.to_string())
    }
}

/// Opens what a configuration names.
fn prepare(config: &Config, is_demo: bool) -> Result<Service, String> {
    let (models, registry) = match &config.registry {
        Some(_) => registered(config, is_demo)?,
        None => {
            let catalog = catalog(config, is_demo, &Catalog::default())?;
            if catalog.served().next().is_none() {
                return Err("no models: set `models: folder` or `registry`, or try --demo".into());
            }
            (Models::new(catalog), None)
        }
    };
    let security = security(&config.access)?;
    let log = log(&config.log)?;
    let service = Service::new(models, config.limits.into());
    let mut service = service.with_security(security).with_log(log);
    service.registry = registry;
    let Config { watch, trials, decisions, fhir, .. } = config;
    set_up(service, watch, trials, decisions.as_ref(), fhir)
}

/// The models of a registry. There may be none yet: approval can come later.
fn registered(config: &Config, is_demo: bool) -> Result<(Models, Option<Followed>), String> {
    let Config { registry, models: ModelsConfig { folder, default, latest, aliases }, .. } = config;
    let Some(registry) = registry else { return Ok((Models::new(Catalog::default()), None)) };
    if folder.is_some() || is_demo {
        let other = if is_demo { "--demo" } else { "`models: folder`" };
        return Err(format!(
            "registry: models come from a registry or from {other}, not from both"
        ));
    }
    if !latest.is_empty() || !aliases.is_empty() {
        let key = if latest.is_empty() { "aliases" } else { "latest" };
        return Err(format!("models: {key}: set aliases in the registry instead"));
    }
    let followed = Followed::open(registry, default.clone())?;
    let models = Models::new(Catalog::default());
    followed.update(&models).map_err(|failed| format!("registry: {}", failed.fault))?;
    Ok((models, Some(followed)))
}

fn catalog(config: &Config, is_demo: bool, previous: &Catalog) -> Result<Catalog, String> {
    let mut catalog = folder::catalog(&config.models, previous)?;
    if is_demo {
        let added = folder::add(&mut catalog, DEMO, previous);
        added.map_err(|error| format!("the model of --demo: {error}"))?;
    }
    Ok(catalog)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|cause| format!("{}: {cause}", path.display()))
}

fn security(access: &AccessConfig) -> Result<Security, String> {
    let rate = access.requests_per_second.map(Rate::per_second);
    let keys = match &access.keys_file {
        Some(path) => {
            let shown = path.display();
            let text = String::from_utf8(read(path)?)
                .map_err(|_| format!("{shown}: bytes that are not UTF-8"))?;
            let file: KeyFile = serde_saphyr::from_str(&text)
                .map_err(|error| format!("{shown}: {}", yaml_fault(&error)))?;
            if file.keys.is_empty() {
                return Err(format!("{shown}: no keys"));
            }
            Keys::new(&file, rate).map_err(|fault| format!("{shown}: {fault}"))?
        }
        None => Keys::default(),
    };
    let tokens = match &access.tokens {
        Some(tokens) => {
            let jwks = read(&tokens.jwks_file)?;
            let checked = Tokens::new(&tokens.rules(), &jwks);
            Some(checked.map_err(|fault| format!("access: tokens: {fault}"))?)
        }
        None => None,
    };
    Ok(Security::new(keys, tokens, rate))
}

fn log(output: &str) -> Result<Log, String> {
    let log = match output {
        "none" => return Ok(Log::none()),
        "stderr" => Log::new(io::stderr()),
        "stdout" => Log::new(io::stdout()),
        path => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            Log::new(file.map_err(|cause| format!("log: {path}: {cause}"))?)
        }
    };
    log.map_err(|cause| format!("log: {cause}"))
}

fn address(listen: &str) -> Result<SocketAddr, String> {
    let mut addresses =
        listen.to_socket_addrs().map_err(|cause| format!("listen: `{listen}`: {cause}"))?;
    addresses.next().ok_or_else(|| format!("listen: `{listen}` is no address"))
}

async fn certificate(tls: &TlsConfig) -> Result<RustlsConfig, String> {
    // Another part of the program may have installed it.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let config = RustlsConfig::from_pem_file(&tls.certificate_file, &tls.key_file).await;
    config.map_err(|cause| format!("tls: {}: {cause}", tls.certificate_file.display()))
}

/// What signals act on.
struct Watched {
    origin: Origin,
    is_demo: bool,
    service: Arc<Service>,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    config: Config,
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
        let security = security(&config.access)?;
        if security.is_open() && !self.service.security.load().is_open() {
            return Err("access: a reload cannot take away all keys".into());
        }
        let catalog = self.load(config.clone()).await?;
        if let (Some(running), Some(tls)) = (&self.tls, &config.tls) {
            let reloaded = running.reload_from_pem_file(&tls.certificate_file, &tls.key_file).await;
            reloaded.map_err(|cause| format!("tls: {cause}"))?;
        }
        if let Some(catalog) = catalog {
            self.service.models.replace(catalog);
        }
        self.service.security.store(Arc::new(security));
        Ok(())
    }

    /// The models of the folder; those of a registry are served at once.
    async fn load(&self, config: Config) -> Result<Option<Catalog>, String> {
        let (is_demo, service) = (self.is_demo, Arc::clone(&self.service));
        let loaded = tokio::task::spawn_blocking(move || match service.registry {
            Some(_) => {
                // A fault of the registry is reported by itself; keys are read again all the same.
                let _polled = poll(&service);
                Ok(None)
            }
            None => catalog(&config, is_demo, &service.models.catalog()).map(Some),
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
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn watch(mut self, mut watched: Watched) {
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
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn watch(self, mut watched: Watched) {
        match tokio::signal::ctrl_c().await {
            Ok(()) => watched.stop("Ctrl-C"),
            Err(_) => watched.reload().await,
        }
    }
}

/// Closes connections beyond a number.
#[derive(Clone, Debug)]
struct Limited<A> {
    inner: A,
    handle: Handle<SocketAddr>,
    max_connections: usize,
}

impl<A, I, S> Accept<I, S> for Limited<A>
where
    A: Accept<I, S>,
{
    type Stream = A::Stream;
    type Service = A::Service;
    type Future = Either<A::Future, Ready<io::Result<(A::Stream, A::Service)>>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        if self.handle.connection_count() > self.max_connections {
            return Either::Right(ready(Err(io::Error::other("too many connections"))));
        }
        Either::Left(self.inner.accept(stream, service))
    }
}
