//! Who may call: keys, tokens and rates of those without a key.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, header};

use crate::caller::Caller;
use crate::keys::Keys;
use crate::problem::{Problem, ProblemKind};
use crate::rate::{Peers, Rate};
use crate::token_keys::FetchedKeys;
use crate::tokens::Tokens;

/// The header of a key, where `Authorization` has none.
pub(crate) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Who may call. It is replaced as a whole on a reload.
#[derive(Debug)]
pub struct Security {
    keys: Keys,
    tokens: Option<TokenCheck>,
    /// Rates of those without a key, and of tokens.
    peers: Peers,
}

/// What checks tokens.
#[derive(Debug)]
pub enum TokenCheck {
    /// Keys of a file.
    Fixed(Tokens),
    /// Keys of a provider's address.
    Fetched(Arc<FetchedKeys>),
}

impl TokenCheck {
    fn caller(&self, token: &str) -> Option<Caller> {
        match self {
            Self::Fixed(tokens) => tokens.caller(token),
            Self::Fetched(keys) => keys.caller(token),
        }
    }
}

impl Security {
    /// Callers with a key or a token; without keys and tokens, everybody may do everything.
    #[must_use]
    pub fn new(keys: Keys, tokens: Option<TokenCheck>, rate: Option<Rate>) -> Self {
        Self { keys, tokens, peers: Peers::new(rate) }
    }

    /// Everybody may do everything.
    #[must_use]
    pub fn open() -> Self {
        Self::new(Keys::default(), None, None)
    }

    /// The keys of a provider's address, if tokens are checked by such.
    #[must_use]
    pub fn fetched_keys(&self) -> Option<&Arc<FetchedKeys>> {
        match &self.tokens {
            Some(TokenCheck::Fetched(keys)) => Some(keys),
            Some(TokenCheck::Fixed(_)) | None => None,
        }
    }

    /// Whether nobody needs a key.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.keys.is_empty() && self.tokens.is_none()
    }

    /// Who sends a request. Takes it from the caller's rate. Headers that proxies set are not believed.
    ///
    /// # Errors
    ///
    /// `Unauthorized`, `TooManyRequests`.
    pub fn caller(
        &self,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
        now: Duration,
    ) -> Result<Option<Caller>, Problem> {
        if self.is_open() {
            self.peers.take(peer, now).map_err(wait)?;
            return Ok(Some(Caller::anonymous()));
        }
        let Some(text) = credential(headers) else {
            self.peers.take(peer, now).map_err(wait)?;
            return Ok(None);
        };
        if Keys::is_key(text) {
            if let Some((caller, bucket)) = self.keys.find(text) {
                bucket.take(now).map_err(wait)?;
                return Ok(Some(caller.clone()));
            }
        } else if let Some(tokens) = &self.tokens {
            self.peers.take(peer, now).map_err(wait)?;
            if let Some(caller) = tokens.caller(text) {
                return Ok(Some(caller));
            }
        }
        Err(Problem::new(ProblemKind::Unauthorized, "a key or token that is not valid"))
    }
}

/// The key or token of a request: `Authorization: Bearer …` or `X-API-Key: …`.
fn credential(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, credential) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim());
    }
    headers.get(API_KEY)?.to_str().ok().map(str::trim)
}

fn wait(time: Duration) -> Problem {
    let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem::new(ProblemKind::TooManyRequests, "the rate of this caller is used up")
        .with_retry_after(seconds)
}
