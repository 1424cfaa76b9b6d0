//! The keys of a provider, fetched from its address and again every few minutes.
//!
//! Only the address of the configuration is fetched, over TLS: never one that a token names. Keys that could
//! not be fetched again for too long accept no token any more.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use serde::Deserialize;

use crate::caller::Caller;
use crate::client::{Address, FetchLimits, Tls, fetch};
use crate::tokens::{TokenRules, Tokens};

/// What a document of a provider may take.
const LIMITS: FetchLimits = FetchLimits { max_bytes: 256 << 10, max_time: Duration::from_secs(10) };

/// Where the keys of a provider come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySource {
    /// What a token must be.
    pub rules: TokenRules,
    /// The address of the JWKS; without it, the one that the issuer's discovery document has.
    pub jwks_url: Option<String>,
    /// The certificates that the provider's leads to, where these are not the system's.
    pub certificates_file: Option<PathBuf>,
    /// The time after which keys are fetched again.
    pub refresh: Duration,
    /// The age from which keys accept no token any more.
    pub max_age: Duration,
}

/// The keys of a provider, as they were last fetched.
#[derive(Debug)]
pub struct FetchedKeys {
    source: KeySource,
    tls: Tls,
    current: ArcSwapOption<Current>,
    /// Why the last look failed; empty if it did not.
    fault: ArcSwap<String>,
}

#[derive(Debug)]
struct Current {
    tokens: Tokens,
    fetched: Instant,
}

/// What is read of a discovery document.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl FetchedKeys {
    /// The keys of a source, of which none is fetched yet.
    ///
    /// # Errors
    ///
    /// A sentence with the key of the configuration.
    pub fn new(source: KeySource) -> Result<Self, String> {
        match &source.jwks_url {
            Some(url) => secure(url).map_err(|fault| format!("jwks_url: {fault}"))?,
            None => secure(&source.rules.issuer)
                .map_err(|fault| format!("issuer: {fault}; or set `jwks_file` or `jwks_url`"))?,
        };
        if source.refresh.is_zero() || source.max_age < source.refresh {
            return Err("refresh_seconds: expected at least 1, and at most max_age_seconds".into());
        }
        // Also wrong algorithms are found before anything is fetched.
        source.rules.check()?;
        let tls = Tls::new(source.certificates_file.as_deref())?;
        let (current, fault) = (ArcSwapOption::empty(), ArcSwap::default());
        Ok(Self { source, tls, current, fault })
    }

    /// Where they come from.
    #[must_use]
    pub fn source(&self) -> &KeySource {
        &self.source
    }

    /// Whether no key was fetched yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.current.load().is_none()
    }

    /// Why the last look failed.
    #[must_use]
    pub fn fault(&self) -> Option<Arc<String>> {
        Some(self.fault.load_full()).filter(|fault| !fault.is_empty())
    }

    /// The time until the next look: shorter after a failure.
    #[must_use]
    pub fn wait(&self) -> Duration {
        match self.fault() {
            Some(_) => self.source.refresh.min(Duration::from_secs(30)),
            None => self.source.refresh,
        }
    }

    /// Fetches the keys. When that fails, the keys before stay until they are too old.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub async fn refresh(&self) -> Result<(), String> {
        let fetched = self.fetch().await;
        let fault = fetched.as_ref().err().cloned().unwrap_or_default();
        self.fault.store(Arc::new(fault));
        self.current.store(Some(Arc::new(Current { tokens: fetched?, fetched: Instant::now() })));
        Ok(())
    }

    async fn fetch(&self) -> Result<Tokens, String> {
        let KeySource { rules, jwks_url, .. } = &self.source;
        let url = match jwks_url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let jwks = fetch(&secure(&url)?, Some(&self.tls), LIMITS).await?;
        Tokens::new(rules, &jwks)
    }

    /// The address of the keys in the issuer's own document. It must be at the issuer's host.
    async fn discover(&self) -> Result<String, String> {
        let issuer = &self.source.rules.issuer;
        let mut address = secure(issuer)?;
        address.path.push_str("/.well-known/openid-configuration");
        let json = fetch(&address, Some(&self.tls), LIMITS).await?;
        let shown = address.authority();
        let discovery: Discovery = serde_json::from_slice(&json)
            .map_err(|error| format!("{shown}: line {}: no discovery document", error.line()))?;
        if discovery.issuer != *issuer {
            return Err(format!("{shown}: the discovery document is of another issuer"));
        }
        let keys =
            secure(&discovery.jwks_uri).map_err(|fault| format!("{shown}: jwks_uri: {fault}"))?;
        match (&keys.host, keys.port) == (&address.host, address.port) {
            true => Ok(discovery.jwks_uri),
            false => {
                Err(format!("{shown}: its keys are at another host; set `jwks_url` to accept that"))
            }
        }
    }

    /// The caller of a token; none if it is not valid, or the keys are too old.
    #[must_use]
    pub fn caller(&self, token: &str) -> Option<Caller> {
        let current = self.current.load();
        let current = current.as_ref()?;
        match current.fetched.elapsed() < self.source.max_age {
            true => current.tokens.caller(token),
            false => None,
        }
    }
}

/// An address that is reached over TLS.
fn secure(url: &str) -> Result<Address, String> {
    let address = Address::parse(url)?;
    if address.is_tls { Ok(address) } else { Err("expected an address with `https`".into()) }
}

#[cfg(test)]
mod tests;
