//! Runs the service: opens what the configuration names, listens, reloads and stops.

mod limited;
mod opening;

mod signals;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};

use crate::app;
use crate::config::{Config, TlsConfig};
use crate::polling::{keep_fetching, keep_reading};
use crate::service::Service;
use crate::setup::Purpose;
use crate::watching::{keep_watch, look};
use limited::Limited;
use opening::{address, prepare};
use signals::{Signals, Watched};

/// How long computations have to end after their callers were disconnected.
const LAST_WAIT: Duration = Duration::from_secs(2);

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
        let (service, listener) = Self::open(&config, is_demo, Purpose::Run)?;
        Ok(Self { config, origin, is_demo, service, listener })
    }

    /// Checks everything that the configuration names, also beside a service that runs with it: no decision
    /// log is opened for writing. Returns what would be served.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn check(config: &Config, is_demo: bool) -> Result<Arc<Service>, String> {
        Self::open(config, is_demo, Purpose::Check).map(|(service, _)| service)
    }

    fn open(
        config: &Config,
        is_demo: bool,
        purpose: Purpose,
    ) -> Result<(Arc<Service>, TcpListener), String> {
        let service = Arc::new(prepare(config, is_demo, purpose)?);
        let address = address(&config.listen)?;
        if !address.ip().is_loopback() && service.security.load().is_open() {
            return Err(format!(
                "listen: {address} can be reached from other machines; set `access: keys_file` or \
                 `access: tokens`, or listen on 127.0.0.1"
            ));
        }
        let listener =
            TcpListener::bind(address).map_err(|cause| format!("listen: {address}: {cause}"))?;
        Ok((service, listener))
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
        // Two threads wake each other, for a third more processor time a request (docs/serving.md).
        let half = || thread::available_parallelism().map_or(1, NonZero::get) / 2;
        let n_threads = self.config.threads.map_or_else(half, usize::from).max(1);
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(n_threads).enable_all();
        let runtime = builder.build().map_err(|cause| cause.to_string())?;
        let served = runtime.block_on(self.serve());
        // Callers whose time is over were disconnected, and their computations end at the next row. One that
        // does not is not waited for.
        runtime.shutdown_timeout(LAST_WAIT);
        served
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
        let fetching = tokio::spawn(keep_fetching(Arc::clone(&service)));
        let sending = service
            .traces
            .clone()
            .map(|traces| tokio::spawn(traces.keep_sending(Arc::clone(&service.log))));
        let router = app::router(Arc::clone(&service));
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
        fetching.abort();
        if let Some(sending) = sending {
            sending.abort();
        }
        if let Some(traces) = &service.traces {
            traces.send(&service.log).await;
        }
        let last = Arc::clone(&service);
        let _looked = tokio::task::spawn_blocking(move || look(&last)).await;
        service.log.event("info", "stopped", &[]);
        served.map_err(|cause| cause.to_string())
    }
}

async fn certificate(tls: &TlsConfig) -> Result<RustlsConfig, String> {
    // Another part of the program may have installed it.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let config = RustlsConfig::from_pem_file(&tls.certificate_file, &tls.key_file).await;
    config.map_err(|cause| format!("tls: {}: {cause}", tls.certificate_file.display()))
}
