//! Looks at the registry again and again.

use std::sync::Arc;
use std::time::Duration;

use crate::registry::{Failed, Update};
use crate::service::Service;

/// Seconds between two looks at signatures, which can expire, when there is no registry.
const TRUST_SECONDS: u64 = 60;

/// Looks for new entries of the registry every few seconds. It runs until it is dropped.
pub async fn keep_reading(service: Arc<Service>) {
    let registry = service.registry.as_ref();
    let seconds = registry.map_or(TRUST_SECONDS, |registry| registry.poll_seconds());
    loop {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let polled = Arc::clone(&service);
        // A panic was reported; the next look may succeed.
        let _polled = tokio::task::spawn_blocking(move || poll(&polled)).await;
    }
}

/// Looks for new entries of the registry once, and serves what they and the policy of trust let be served.
/// Blocks, so it is called on a thread of its own.
///
/// # Errors
///
/// A sentence. The models stay as they are, apart from those that were revoked.
pub fn poll(service: &Service) -> Result<(), String> {
    service.withdraw_untrusted();
    let Some(registry) = &service.registry else { return Ok(()) };
    match registry.update(&service.models, &service.trust.load()) {
        Ok(Update::Unchanged) => Ok(()),
        Ok(Update::Read) => {
            service.metrics.reloads.inc();
            service.log.event("info", "registry_read", &[]);
            service.report_refused(registry.refused());
            Ok(())
        }
        Err(Failed { fault, is_new }) => {
            if is_new {
                service.metrics.failed_reloads.inc();
                let details = [("kind", fault.kind.name()), ("reason", &fault.detail)];
                service.log.event("error", "registry_failed", &details);
            }
            Err(format!("registry: {fault}"))
        }
    }
}

/// Fetches the keys of the provider of tokens every few minutes, if they have an address. It runs until it
/// is dropped.
pub async fn keep_fetching(service: Arc<Service>) {
    let mut known: Option<Arc<String>> = None;
    loop {
        let keys = service.security.load().fetched_keys().cloned();
        let fault = keys.as_ref().and_then(|keys| keys.fault());
        if fault != known {
            match &fault {
                Some(reason) => {
                    service.log.event("error", "token_keys_failed", &[("reason", reason.as_str())]);
                }
                None => service.log.event("info", "token_keys_read", &[]),
            }
            known = fault;
        }
        // A reload may bring them.
        let wait = keys.as_ref().map_or(Duration::from_secs(30), |keys| keys.wait());
        tokio::time::sleep(wait).await;
        if let Some(keys) = keys {
            // Its fault is logged above.
            let _fetched = keys.refresh().await;
        }
    }
}
