//! `nomogram serve`: answers over HTTP until it is stopped.

use std::path::PathBuf;

use clap::Args;
use nomogram_serve::{Config, KeyFile, RefusedBundle, Role, Server, environment, new_key};

use crate::bundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;

/// Answer over HTTP: predictions, explanations and what is known of the models.
///
/// Without a configuration, the service listens on 127.0.0.1:8000 and serves the bundles of --models, what
/// the registry of --registry approved, or the bundle of --demo. With --trust, bundles that the policy refuses
/// are reported in the log and do not answer. It refuses an address that other machines can reach unless
/// callers need a key or a token. SIGTERM lets requests end. SIGHUP reads the configuration again: models, keys,
/// certificates, the policy, origins, trials and mappings to FHIR; the log names other keys that changed.
///
/// Environment variables are above the file: NOMOGRAM_SERVE_LIMITS__MAX_ROWS sets `limits: max_rows`.
/// docs/serving.md documents every key.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The configuration, YAML
    config: Option<InputPath>,
    /// Serve every `*.nomo` of this folder
    #[arg(long, value_name = "FOLDER")]
    models: Option<InputPath>,
    /// Serve what this registry approved: a folder, or `s3://bucket/path`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["models", "demo"])]
    registry: Option<String>,
    /// Listen on this address
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Serve a model of the Wisconsin breast cancer data, for trying the service out; not for patients
    #[arg(long)]
    demo: bool,
    /// Check the configuration and all that it names, and exit
    #[arg(long)]
    check: bool,
    /// Make an API key with these roles (predict, read, monitor, admin), print it and its entry for the file
    /// of keys, and exit
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    #[arg(conflicts_with_all = ["config", "models", "registry", "listen", "demo", "check"])]
    new_key: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    if !arguments.new_key.is_empty() {
        return print_new_key(&arguments.new_key, console);
    }
    let path: Option<PathBuf> = arguments.config.as_deref().cloned();
    let mut config = Config::read(path.as_deref(), environment()).map_err(Error::usage)?;
    if let Some(folder) = &arguments.models {
        config.models.folder = Some(folder.to_path_buf());
    }
    if let Some(location) = &arguments.registry {
        config.registry.get_or_insert_default().location.clone_from(location);
    }
    if let Some(listen) = &arguments.listen {
        config.listen.clone_from(listen);
    }
    if let Some(path) = bundle::trust_file() {
        config.trust_file = Some(path.to_path_buf());
    }
    if arguments.check {
        // Any free port will do.
        let (host, _) = config.listen.rsplit_once(':').unwrap_or((&config.listen, ""));
        config.listen = format!("{host}:0");
    }
    // Options are above the file, also when it is read again.
    let options = [
        (
            "NOMOGRAM_SERVE_MODELS__FOLDER",
            arguments.models.as_ref().map(|p| p.display().to_string()),
        ),
        ("NOMOGRAM_SERVE_REGISTRY__LOCATION", arguments.registry.clone()),
        ("NOMOGRAM_SERVE_LISTEN", arguments.listen.clone()),
        ("NOMOGRAM_SERVE_TRUST_FILE", bundle::trust_file().map(|p| p.display().to_string())),
    ];
    let options = options.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
    if arguments.check {
        let service = Server::check(&config, arguments.demo).map_err(Error::usage)?;
        if let Some(RefusedBundle { name, reason }) = service.refused().first() {
            return Err(Error::usage(format!("the policy of trust refuses {name}: {reason}")));
        }
        let security = service.security.load();
        if let Some(fault) = security.fetched_keys().and_then(|keys| keys.fault()) {
            return Err(Error::usage(format!("access: tokens: {fault}")));
        }
        let n_models = service.models.catalog().served().count();
        console.result(format!("the configuration is right; models: {n_models}"))?;
        return Ok(Exit::Done);
    }
    let server = Server::new(config, (path, options.collect()), arguments.demo);
    let server = server.map_err(Error::usage)?;
    let address = server.address().map_err(|cause| Error::file("listen", cause))?;
    console.note(format!("listening on {address}; a page with all requests is at /docs"));
    server.run().map_err(Error::usage)?;
    Ok(Exit::Done)
}

fn print_new_key(roles: &[String], console: &Console) -> Result<Exit, Error> {
    let roles = roles.iter().map(|name| {
        Role::of_name(name).ok_or_else(|| {
            Error::usage("--new-key: expected `predict`, `read`, `monitor` or `admin`")
        })
    });
    let (key, entry) =
        new_key(&roles.collect::<Result<Vec<Role>, Error>>()?).map_err(Error::usage)?;
    let file = KeyFile { keys: vec![entry] };
    if console.is_json() {
        console.json_result(&serde_json::json!({ "key": key, "entry": file.keys }))?;
        return Ok(Exit::Done);
    }
    let mut lines =
        vec![format!("# Give this to the caller; it is not stored: {key}"), "keys:".into()];
    for entry in &file.keys {
        lines.push(format!("  - id: \"{}\"", entry.id));
        lines.push(format!("    hash: {}", entry.hash));
        lines.push(format!("    roles: [{}]", entry.roles.join(", ")));
    }
    console.result(lines.join("\n"))?;
    Ok(Exit::Done)
}
