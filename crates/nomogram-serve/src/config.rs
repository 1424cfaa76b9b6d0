//! The configuration: one YAML, or its part `deployment`, and environment variables above it.
//!
//! It contains no secret: keys, certificates and hashes are in files of their own. `docs/serving.md`
//! documents every key, and a test compares the two.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::folder::ModelsConfig;
use crate::mapping::Mapping;
use crate::registry::RegistryConfig;
use crate::service::RequestLimits;
use crate::setup::{DecisionsConfig, WatchConfig};
use crate::spans::TracesConfig;
use crate::token_keys::KeySource;
use crate::tokens::TokenRules;
use crate::trials::TrialSettings;

/// The begin of environment variables: `NOMOGRAM_SERVE_LIMITS__MAX_ROWS` is `limits: max_rows`.
const VARIABLES: &str = "NOMOGRAM_SERVE_";

/// How the service runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port.
    pub listen: String,
    /// Threads that answer requests; by default, half as many as processors, and at least one. Batches and
    /// explanations are computed by other threads.
    pub threads: Option<u16>,
    /// Seconds that requests have to end after SIGTERM.
    pub shutdown_seconds: u64,
    /// Where models come from.
    pub models: ModelsConfig,
    /// The registry that models come from, instead of a folder.
    pub registry: Option<RegistryConfig>,
    /// The policy of trust that bundles must satisfy to be served.
    pub trust_file: Option<PathBuf>,
    /// Who may call.
    pub access: AccessConfig,
    /// The certificate; without it, the service speaks plain HTTP.
    pub tls: Option<TlsConfig>,
    /// The origins of web pages that may call.
    pub origins: Vec<String>,
    /// What a request may take.
    pub limits: LimitsConfig,
    /// Where the log goes: `stderr`, `stdout`, `none` or a file.
    pub log: String,
    /// Where traces are sent; without it, there are none.
    pub traces: Option<TracesConfig>,
    /// How models are watched.
    pub watch: WatchConfig,
    /// By model, which versions answer and which only count.
    pub trials: BTreeMap<String, TrialSettings>,
    /// Where decisions are logged; without it, they are not.
    pub decisions: Option<DecisionsConfig>,
    /// By model, where FHIR resources hold the values of its features.
    pub fhir: BTreeMap<String, Mapping>,
}

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessConfig {
    /// The file of keys.
    pub keys_file: Option<PathBuf>,
    /// Requests per second of each key, and of each address without one.
    pub requests_per_second: Option<u32>,
    /// Whose bearer tokens are accepted.
    pub tokens: Option<TokensConfig>,
}

/// Whose bearer tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// The file with the provider's JWKS; without it, the keys are fetched.
    pub jwks_file: Option<PathBuf>,
    /// The address of the provider's JWKS; without it, the issuer's discovery document names it.
    pub jwks_url: Option<String>,
    /// The certificates that the provider's leads to, where these are not the system's.
    pub certificates_file: Option<PathBuf>,
    /// Seconds after which the keys are fetched again.
    #[serde(default = "refresh_seconds")]
    pub refresh_seconds: u64,
    /// Seconds after which keys that could not be fetched again accept no token.
    #[serde(default = "max_age_seconds")]
    pub max_age_seconds: u64,
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The `aud` that a token must have.
    pub audience: String,
    /// The algorithms that are accepted.
    pub algorithms: Vec<String>,
    /// The claim with the roles.
    #[serde(default = "roles_claim")]
    pub roles_claim: String,
}

/// The certificate of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificates, PEM, the service's first.
    pub certificate_file: PathBuf,
    /// The private key, PEM.
    pub key_file: PathBuf,
}

/// What a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Bytes of a body that is read whole, and of a line of a stream.
    pub max_body_bytes: usize,
    /// Bytes of a streamed body.
    pub max_stream_bytes: u64,
    /// Rows of a body that is read whole.
    pub max_rows: usize,
    /// Seconds until a request is answered; of a stream, between two pieces of its body.
    pub max_seconds: u64,
    /// Requests at a time.
    pub max_requests: usize,
    /// Batches that are computed at a time.
    pub max_batches: usize,
    /// Connections at a time.
    pub max_connections: usize,
    /// Seconds until the head of a request must be complete.
    pub max_head_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8000".into(),
            threads: None,
            shutdown_seconds: 20,
            models: ModelsConfig::default(),
            registry: None,
            trust_file: None,
            access: AccessConfig::default(),
            tls: None,
            origins: Vec::new(),
            limits: LimitsConfig::default(),
            log: "stderr".into(),
            traces: None,
            watch: WatchConfig::default(),
            trials: BTreeMap::new(),
            decisions: None,
            fhir: BTreeMap::new(),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let limits = RequestLimits::default();
        Self {
            max_body_bytes: limits.max_body_bytes,
            max_stream_bytes: limits.max_stream_bytes,
            max_rows: limits.max_rows,
            max_seconds: limits.max_time.as_secs(),
            max_requests: limits.max_requests,
            max_batches: limits.max_batches,
            max_connections: 4096,
            max_head_seconds: 10,
        }
    }
}

fn roles_claim() -> String {
    "roles".into()
}

fn refresh_seconds() -> u64 {
    300
}

fn max_age_seconds() -> u64 {
    86_400
}

impl From<LimitsConfig> for RequestLimits {
    fn from(limits: LimitsConfig) -> Self {
        Self {
            max_body_bytes: limits.max_body_bytes,
            max_stream_bytes: limits.max_stream_bytes,
            max_rows: limits.max_rows,
            max_time: Duration::from_secs(limits.max_seconds),
            max_requests: limits.max_requests,
            max_batches: limits.max_batches,
        }
    }
}

impl TokensConfig {
    /// What a token must be.
    #[must_use]
    pub fn rules(&self) -> TokenRules {
        let Self { issuer, audience, algorithms, roles_claim, .. } = self.clone();
        TokenRules { issuer, audience, algorithms, roles_claim }
    }

    /// Where the keys are fetched, if they are not in a file.
    #[must_use]
    pub fn source(&self) -> KeySource {
        KeySource {
            rules: self.rules(),
            jwks_url: self.jwks_url.clone(),
            certificates_file: self.certificates_file.clone(),
            refresh: Duration::from_secs(self.refresh_seconds),
            max_age: Duration::from_secs(self.max_age_seconds),
        }
    }
}

/// A file of a whole project, of which the service reads one part. The others are those of `nomogram train`,
/// which checks them.
#[derive(Deserialize)]
struct Project {
    deployment: Config,
}

/// Refuses keys of the service beside its part, which nobody would read.
fn refuse_misplaced(keys: &BTreeMap<String, IgnoredAny>, text: &str) -> Result<(), String> {
    let own = serde_json::to_value(Config::default()).map_err(|error| error.to_string())?;
    let Some(key) = keys.keys().find(|key| own.get(key).is_some()) else { return Ok(()) };
    let is_line =
        |line: &str| line.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with(':'));
    let line = text.lines().position(is_line).map_or(1, |position| position + 1);
    Err(format!("line {line}, column 1: `{key}` is beside `deployment`, expected in it"))
}

/// Where a YAML is wrong, and why.
pub(crate) fn yaml_fault(error: &serde_saphyr::Error) -> String {
    let message = error.without_snippet().to_string();
    match error.location() {
        Some(place) => {
            let (line, column) = (place.line(), place.column());
            // Some messages end with their place.
            let end = format!(" at line {line}, column {column}");
            let message = message.strip_suffix(&end).unwrap_or(&message);
            format!("line {line}, column {column}: {message}")
        }
        None => message,
    }
}

/// The variables of the environment that are texts.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    let texts = std::env::vars_os();
    texts.filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
}

impl Config {
    /// Reads a file, if there is one, and then the environment. Paths in a file are relative to it.
    ///
    /// # Errors
    ///
    /// A sentence with the file, line and column, or with the name of the variable.
    pub fn read(
        path: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, String> {
        let mut config = Self::default();
        if let Some(path) = path {
            let shown = path.display();
            let text =
                std::fs::read_to_string(path).map_err(|cause| format!("{shown}: {cause}"))?;
            config = Self::of_yaml(&text).map_err(|fault| format!("{shown}: {fault}"))?;
            config.resolve(path.parent().unwrap_or(Path::new("")));
        }
        config.with_variables(variables)
    }

    /// Reads a YAML: the configuration itself, or a project with a part `deployment`.
    ///
    /// # Errors
    ///
    /// A sentence with line and column.
    pub fn of_yaml(text: &str) -> Result<Self, String> {
        let shown = |error: serde_saphyr::Error| yaml_fault(&error);
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        let keys: BTreeMap<String, IgnoredAny> = serde_saphyr::from_str(text).map_err(shown)?;
        let config = match keys.contains_key("deployment") {
            true => {
                refuse_misplaced(&keys, text)?;
                let project: Project = serde_saphyr::from_str(text).map_err(shown)?;
                project.deployment
            }
            false => serde_saphyr::from_str(text).map_err(shown)?,
        };
        Ok(config)
    }

    /// Sets what environment variables state: `__` is between the levels.
    ///
    /// # Errors
    ///
    /// A sentence with the name of the variable.
    pub fn with_variables(
        self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, String> {
        let mut config = self;
        for (name, text) in variables {
            let Some(path) = name.strip_prefix(VARIABLES) else { continue };
            let keys: Vec<String> = path.split("__").map(str::to_lowercase).collect();
            let value = serde_saphyr::from_str(&text).unwrap_or(Value::String(text));
            let mut whole =
                serde_json::to_value(&config).map_err(|error| format!("{name}: {error}"))?;
            let mut place = &mut whole;
            for key in &keys {
                if place.is_null() {
                    *place = Value::Object(serde_json::Map::new());
                }
                let Value::Object(members) = place else {
                    return Err(format!("{name}: there is no such key"));
                };
                place = members.entry(key).or_insert(Value::Null);
            }
            *place = value;
            config = serde_json::from_value(whole).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(config)
    }

    /// Makes paths relative to the folder of the configuration.
    fn resolve(&mut self, folder: &Path) {
        let resolve = |path: &mut PathBuf| *path = folder.join(&*path);
        self.models.folder.iter_mut().for_each(resolve);
        self.trust_file.iter_mut().for_each(resolve);
        self.access.keys_file.iter_mut().for_each(resolve);
        if let Some(tokens) = &mut self.access.tokens {
            tokens.jwks_file.iter_mut().for_each(resolve);
            tokens.certificates_file.iter_mut().for_each(resolve);
        }
        self.watch.store.iter_mut().for_each(resolve);
        self.watch.certificates_file.iter_mut().for_each(resolve);
        if let Some(registry) = &mut self.registry {
            registry.index.iter_mut().for_each(resolve);
            if !registry.location.is_empty() && !registry.location.contains("://") {
                registry.location = folder.join(&registry.location).display().to_string();
            }
        }
        if let Some(decisions) = &mut self.decisions {
            resolve(&mut decisions.folder);
            resolve(&mut decisions.public_key_file);
        }
        if let Some(traces) = &mut self.traces {
            traces.certificates_file.iter_mut().for_each(resolve);
        }
        if let Some(tls) = &mut self.tls {
            resolve(&mut tls.certificate_file);
            resolve(&mut tls.key_file);
        }
        if !matches!(self.log.as_str(), "stderr" | "stdout" | "none") {
            self.log = folder.join(&self.log).display().to_string();
        }
    }
}

#[cfg(test)]
mod tests;
