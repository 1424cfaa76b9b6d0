//! Opens what a configuration names.

use std::fs::OpenOptions;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use http::HeaderValue;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{AccessConfig, Config, TlsConfig, TokensConfig, yaml_fault};
use crate::folder::{Folder, ModelsConfig};
use crate::keys::{KeyFile, Keys};
use crate::log::Log;
use crate::models::{Catalog, Models};
use crate::rate::Rate;
use crate::registry::Followed;
use crate::security::{Security, TokenCheck};
use crate::service::Service;
use crate::setup::{Purpose, set_up};
use crate::token_keys::FetchedKeys;
use crate::tokens::Tokens;
use crate::traces::Traces;
use crate::trust::{RefusedBundle, TrustPolicy};

/// A model of the Wisconsin breast cancer data, for trying the service out: the reference bundle of the
/// library's tests, not a model for patients.
const DEMO: &[u8] = include_bytes!("../../demo/wdbc.nomo");

/// Opens what a configuration names.
pub(super) fn prepare(config: &Config, is_demo: bool, purpose: Purpose) -> Result<Service, String> {
    let trust = trust(config)?;
    let folder = folder(config, is_demo);
    let (models, registry, refused) = match &config.registry {
        Some(_) => registered(config, is_demo, &trust)?,
        None => {
            let (catalog, refused) = folder.read(&trust, &Catalog::default())?;
            if catalog.served().next().is_none() {
                return Err(match refused.first() {
                    Some(RefusedBundle { name, reason }) => {
                        format!("the policy of trust refuses every bundle: {name}: {reason}")
                    }
                    None => "no models: set `models: folder` or `registry`, or try --demo".into(),
                });
            }
            (Models::new(catalog), None, refused)
        }
    };
    if let Some(tls) = &config.tls {
        check_certificate(tls)?;
    }
    let security = security(&config.access, None)?;
    // Those who have an API key are answered also while the provider cannot be reached.
    if let Some(keys) = security.fetched_keys() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|cause| cause.to_string())?;
        // Its fault is logged once there is a log, and later looks may succeed.
        let _fetched = runtime.block_on(keys.refresh());
    }
    let log = log(&config.log)?;
    let service = Service::new(models, config.limits.into());
    service.origins.store(Arc::new(origins(config)?));
    let mut service = service.with_security(security).with_log(log);
    if registry.is_none() {
        service.folder.store(Some(Arc::new(folder)));
    }
    let traces = config.traces.as_ref().map(Traces::new).transpose();
    service.traces = traces.map_err(|fault| format!("traces: {fault}"))?.map(Arc::new);
    service.registry = registry;
    service.trust.store(Arc::new(trust));
    service.report_refused(refused);
    let Config { watch, trials, decisions, fhir, .. } = config;
    set_up(service, watch, trials, decisions.as_ref(), fhir, purpose)
}

/// The origins of web pages that may call: a scheme, a host and perhaps a port each.
pub(super) fn origins(config: &Config) -> Result<Vec<HeaderValue>, String> {
    let read = |origin: &String| {
        let host = origin.split_once("://").map(|(_, host)| host);
        let is_origin = host.is_some_and(|host| !host.is_empty() && !host.contains('/'));
        let header = HeaderValue::from_str(origin).ok().filter(|_| is_origin);
        header.ok_or_else(|| {
            format!("origins: `{origin}` is no origin, expected for example `https://ward.example`")
        })
    };
    config.origins.iter().map(read).collect()
}

/// The policy that bundles must satisfy.
pub(super) fn trust(config: &Config) -> Result<TrustPolicy, String> {
    let read = config.trust_file.as_deref().map(TrustPolicy::read).transpose();
    Ok(read.map_err(|fault| format!("trust_file: {fault}"))?.unwrap_or_default())
}

pub(super) fn folder(config: &Config, is_demo: bool) -> Folder {
    Folder { config: config.models.clone(), demo: is_demo.then_some(DEMO) }
}

/// The models of a registry, and the versions that the policy of trust refuses. There may be none yet:
/// approval can come later.
fn registered(
    config: &Config,
    is_demo: bool,
    trust: &TrustPolicy,
) -> Result<(Models, Option<Followed>, Vec<RefusedBundle>), String> {
    let Config { registry, models: ModelsConfig { folder, default, latest, aliases }, .. } = config;
    let models = Models::new(Catalog::default());
    let Some(registry) = registry else { return Ok((models, None, Vec::new())) };
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
    followed.update(&models, trust).map_err(|failed| format!("registry: {}", failed.fault))?;
    let refused = followed.refused();
    Ok((models, Some(followed), refused))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|cause| format!("{}: {cause}", path.display()))
}

/// Who may call. Keys of a provider that `previous` fetched from the same source are kept.
pub(super) fn security(
    access: &AccessConfig,
    previous: Option<&Security>,
) -> Result<Security, String> {
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
        Some(tokens) => Some(token_check(tokens, previous)?),
        None => None,
    };
    Ok(Security::new(keys, tokens, rate))
}

fn token_check(tokens: &TokensConfig, previous: Option<&Security>) -> Result<TokenCheck, String> {
    let failed = |fault: String| format!("access: tokens: {fault}");
    if let Some(path) = &tokens.jwks_file {
        if tokens.jwks_url.is_some() {
            return Err(failed("set `jwks_file` or `jwks_url`, not both".into()));
        }
        let jwks = read(path)?;
        return Ok(TokenCheck::Fixed(Tokens::new(&tokens.rules(), &jwks).map_err(failed)?));
    }
    let source = tokens.source();
    let kept = previous.and_then(Security::fetched_keys).filter(|keys| *keys.source() == source);
    let keys = match kept {
        Some(keys) => Arc::clone(keys),
        None => Arc::new(FetchedKeys::new(source).map_err(failed)?),
    };
    Ok(TokenCheck::Fetched(keys))
}

/// Checks that the files of the certificate can be read and belong together.
fn check_certificate(TlsConfig { certificate_file, key_file }: &TlsConfig) -> Result<(), String> {
    let failed = |key: &str, path: &Path, cause: &dyn std::fmt::Display| {
        format!("tls: {key}: {}: {cause}", path.display())
    };
    let of_certificate =
        |cause: &dyn std::fmt::Display| failed("certificate_file", certificate_file, cause);
    let certificates = CertificateDer::pem_file_iter(certificate_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| of_certificate(&cause))?;
    if certificates.is_empty() {
        return Err(of_certificate(&"no certificates"));
    }
    let key = PrivateKeyDer::from_pem_file(key_file);
    let key = key.map_err(|cause| failed("key_file", key_file, &cause))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map(drop)
        .map_err(|cause| of_certificate(&cause))
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

pub(super) fn address(listen: &str) -> Result<SocketAddr, String> {
    let mut addresses =
        listen.to_socket_addrs().map_err(|cause| format!("listen: `{listen}`: {cause}"))?;
    addresses.next().ok_or_else(|| format!("listen: `{listen}` is no address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decisions::new_keys;
    use crate::setup::DecisionsConfig;

    #[test]
    fn a_check_or_a_second_start_leaves_the_log_of_a_running_service_as_it_is() {
        let name = format!("nomogram-opening-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let public_key_file = folder.join("ward.pub");
        std::fs::write(&public_key_file, new_keys().1.to_text()).unwrap();
        let decisions = DecisionsConfig {
            folder: folder.join("log"),
            public_key_file,
            max_segment_bytes: None,
        };
        let config = Config { decisions: Some(decisions), log: "none".into(), ..Config::default() };
        let running = prepare(&config, true, Purpose::Run).unwrap();
        prepare(&config, true, Purpose::Check).unwrap();
        let fault = prepare(&config, true, Purpose::Run).err().unwrap();
        assert!(fault.ends_with("log: the decision log is in use by another process"), "{fault}");
        let files = std::fs::read_dir(folder.join("log")).unwrap();
        let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["lock"]);
        drop(running);
        prepare(&config, true, Purpose::Run).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_certificate_without_its_key_is_refused_before_the_service_listens() {
        let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"));
        let fault = |certificate: &str, key: &str| {
            let [certificate_file, key_file] = [certificate, key].map(|name| data.join(name));
            let tls = Some(TlsConfig { certificate_file, key_file });
            let config = Config { tls, log: "none".into(), ..Config::default() };
            prepare(&config, true, Purpose::Run).err()
        };
        assert_eq!(fault("tls_server.pem", "tls_server.key"), None);
        let cases = [
            ("none.pem", "tls_server.key", "tls: certificate_file: "),
            ("tls_server.pem", "none.key", "tls: key_file: "),
            ("tls_server.key", "tls_server.key", "tls: certificate_file: "),
            ("tls_server.pem", "tls_server.pem", "tls: key_file: "),
            ("tls_authority.pem", "tls_server.key", "tls: certificate_file: "),
        ];
        for (certificate, key, expected) in cases {
            let fault = fault(certificate, key).unwrap_or_default();
            assert!(fault.starts_with(expected), "{certificate} {key}: {fault}");
            assert!(fault.contains(data.to_str().unwrap()), "{fault}");
        }
    }
}
