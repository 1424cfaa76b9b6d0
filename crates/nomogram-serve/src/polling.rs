//! Looks at the registry again and again.

use std::sync::Arc;
use std::time::Duration;

use crate::registry::{Failed, Update};
use crate::service::Service;

/// Looks for new entries of the registry every few seconds. It runs until it is dropped.
pub async fn keep_reading(service: Arc<Service>) {
    let Some(seconds) = service.registry.as_ref().map(|registry| registry.poll_seconds()) else {
        return;
    };
    loop {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let polled = Arc::clone(&service);
        // A panic was reported; the next look may succeed.
        let _polled = tokio::task::spawn_blocking(move || poll(&polled)).await;
    }
}

/// Looks for new entries of the registry once, and serves what they let be served. Blocks, so it is called on
/// a thread of its own.
///
/// # Errors
///
/// A sentence. The models stay as they are, apart from those that were revoked.
pub fn poll(service: &Service) -> Result<(), String> {
    let Some(registry) = &service.registry else { return Ok(()) };
    match registry.update(&service.models) {
        Ok(Update::Unchanged) => Ok(()),
        Ok(Update::Read) => {
            service.metrics.reloads.inc();
            service.log.event("info", "registry_read", &[]);
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
