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

use crate::mapping::Mapping;
use crate::registry::RegistryConfig;
use crate::service::RequestLimits;
use crate::setup::{DecisionsConfig, WatchConfig};
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
    /// Threads that answer requests; by default, one per processor.
    pub threads: Option<u16>,
    /// Seconds that requests have to end after SIGTERM.
    pub shutdown_seconds: u64,
    /// Where models come from.
    pub models: ModelsConfig,
    /// The registry that models come from, instead of a folder.
    pub registry: Option<RegistryConfig>,
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
    /// How models are watched.
    pub watch: WatchConfig,
    /// By model, which versions answer and which only count.
    pub trials: BTreeMap<String, TrialSettings>,
    /// Where decisions are logged; without it, they are not.
    pub decisions: Option<DecisionsConfig>,
    /// By model, where FHIR resources hold the values of its features.
    pub fhir: BTreeMap<String, Mapping>,
}

/// Where models come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelsConfig {
    /// A folder whose files `*.nomo` are served.
    pub folder: Option<PathBuf>,
    /// The model of requests that name none.
    pub default: Option<String>,
    /// By model, the version of requests that name none.
    pub latest: BTreeMap<String, String>,
    /// By model, aliases and the versions that they name.
    pub aliases: BTreeMap<String, BTreeMap<String, String>>,
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
    /// The file with the provider's JWKS.
    pub jwks_file: PathBuf,
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
            access: AccessConfig::default(),
            tls: None,
            origins: Vec::new(),
            limits: LimitsConfig::default(),
            log: "stderr".into(),
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
}

/// A file with the parts of a whole project, of which the service reads one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Project {
    deployment: Config,
    #[serde(rename = "model")]
    _model: Option<IgnoredAny>,
    #[serde(rename = "data")]
    _data: Option<IgnoredAny>,
    #[serde(rename = "training")]
    _training: Option<IgnoredAny>,
}

/// Where a YAML is wrong, and why.
pub(crate) fn yaml_fault(error: &serde_saphyr::Error) -> String {
    let message = error.without_snippet().to_string();
    match error.location() {
        Some(place) => format!("line {}, column {}: {message}", place.line(), place.column()),
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
        self.access.keys_file.iter_mut().for_each(resolve);
        self.access.tokens.iter_mut().for_each(|tokens| resolve(&mut tokens.jwks_file));
        self.watch.store.iter_mut().for_each(resolve);
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
mod tests {
    use super::*;

    #[test]
    fn a_project_and_its_part_are_the_same_configuration() {
        let part = "listen: 0.0.0.0:9000\nlimits:\n  max_rows: 7\n";
        let config = Config::of_yaml(part).unwrap();
        assert_eq!((config.listen.as_str(), config.limits.max_rows), ("0.0.0.0:9000", 7));
        assert_eq!(config.limits.max_batches, LimitsConfig::default().max_batches);
        let project = "model:\n  name: a\ntraining: {}\ndeployment:\n  listen: 0.0.0.0:9000\n  limits:\n    max_rows: 7\n";
        assert_eq!(Config::of_yaml(project).unwrap(), config);
        assert_eq!(Config::of_yaml("# nothing\n\n").unwrap(), Config::default());
    }

    #[test]
    fn mistakes_have_line_and_column() {
        for (text, place) in [
            ("listen: x\nlimit: {}\n", "line 2"),
            ("limits:\n  max_rows: many\n", "line 2"),
            ("deployment:\n  listen: x\n  port: 1\n", "line 3"),
        ] {
            let fault = Config::of_yaml(text).unwrap_err();
            assert!(fault.contains(place) && fault.contains("column"), "{text}: {fault}");
        }
    }

    #[test]
    fn the_environment_is_above_the_file() {
        let set = |name: &str, text: &str| vec![(name.to_owned(), text.to_owned())];
        let read = |variables| Config::default().with_variables(variables);
        let config = read(set("NOMOGRAM_SERVE_LIMITS__MAX_ROWS", "12")).unwrap();
        assert_eq!(config.limits.max_rows, 12);
        let config = read(set("NOMOGRAM_SERVE_MODELS__FOLDER", "/m")).unwrap();
        assert_eq!(config.models.folder, Some("/m".into()));
        let config = read(set("NOMOGRAM_SERVE_REGISTRY__LOCATION", "s3://models/risk")).unwrap();
        assert_eq!(config.registry.unwrap().location, "s3://models/risk");
        assert_eq!(read(set("NOMOGRAM_THREADS", "12")), Ok(Config::default()));
        for name in
            ["NOMOGRAM_SERVE_PORT", "NOMOGRAM_SERVE_LISTEN__PORT", "NOMOGRAM_SERVE_LIMITS__X"]
        {
            assert!(read(set(name, "1")).unwrap_err().starts_with(name), "{name}");
        }
    }

    /// The keys of a value, with dots between the levels.
    fn keys(value: &Value, before: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (name, value) in members {
                    let place =
                        if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
                    keys(value, &place, found);
                }
            }
            _ => found.push(before.to_owned()),
        }
    }

    #[test]
    fn every_key_is_documented_and_no_other() {
        let tokens = "{jwks_file: a, issuer: b, audience: c, algorithms: []}";
        let text = format!(
            "access: {{tokens: {tokens}}}\ntls: {{certificate_file: a, key_file: b}}\n\
                     decisions: {{folder: a, public_key_file: b}}\nregistry: {{location: a}}\n"
        );
        let config = Config::of_yaml(&text).unwrap();
        let mut found = Vec::new();
        keys(&serde_json::to_value(&config).unwrap(), "", &mut found);
        let document = include_str!("../../../docs/serving.md");
        let section = document.split_once("## Configuration").unwrap().1;
        let section = section.split_once("\n## ").unwrap().0;
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let mut documented: Vec<String> = rows.map(|(key, _)| key.to_owned()).collect();
        found.sort();
        documented.sort();
        assert_eq!(found, documented);
    }
}
