//! `nomogram sign`: adds a signature to a bundle, or writes a detached one.

use std::path::{Path, PathBuf};

use clap::Args;
use nomogram_signing::openssf::{self, Certificates, EcSecretKey};
use nomogram_signing::{SecretKey, sign_bundle};

use crate::bundle::{self, OpenBundle};
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};
use crate::training::write;

/// Sign a bundle in a role; its digest and its predictions stay.
///
/// The bundle is opened first, so that nobody signs what does not predict as sealed. With --openssf, a detached
/// signature of OpenSSF Model Signing v1.0 over any file or folder is written instead.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundle; with --openssf a file or folder
    model: InputPath,
    /// The secret key, a file that only its owner can read
    #[arg(long, value_name = "PEM")]
    key: InputPath,
    /// What the signer signs as, for example trainer or reviewer
    #[arg(long, required_unless_present = "openssf", conflicts_with = "openssf")]
    role: Option<String>,
    /// Days until the signature ceases to count
    #[arg(long, value_name = "DAYS", conflicts_with = "openssf")]
    expires_in: Option<u32>,
    /// Write a detached signature of OpenSSF Model Signing v1.0
    #[arg(long)]
    openssf: bool,
    /// The certificate of the key, then those that lead to a root (PEM)
    #[arg(long, value_name = "PEM", requires = "openssf")]
    certificate: Vec<InputPath>,
    /// A file or folder that is not signed; may be given several times
    #[arg(long, value_name = "PATH", requires = "openssf")]
    ignore: Vec<InputPath>,
    /// Write the signed bundle, or the detached signature, to this file
    #[arg(long, short, value_name = "FILE")]
    output: OutputPath,
}

pub(crate) fn run(
    arguments: &Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    if arguments.openssf {
        return sign_openssf(arguments, console, outputs);
    }
    let path = arguments.model.as_path();
    let key = SecretKey::read(&arguments.key)?;
    let role = arguments.role.as_deref().unwrap_or_default();
    let OpenBundle { bytes, model, .. } = OpenBundle::open(path)?;
    let now = bundle::now();
    let expires_at = arguments.expires_in.map(|days| now + u64::from(days) * 24 * 60 * 60);
    let signed = sign_bundle(&bytes, &key, role, now, expires_at);
    let signed = signed.map_err(|cause| bundle::refused(path, cause))?;
    write(outputs, &arguments.output, &signed)?;
    let (id, digest) = (key.id().to_string(), model.digest().to_string());
    if console.is_json() {
        console.json_result(&serde_json::json!({
            "bundle": arguments.output.display().to_string(),
            "digest": digest,
            "key_id": id,
            "role": role,
            "signed_at": now,
            "expires_at": expires_at,
        }))?;
    } else {
        console.result(format_args!("signed {digest} as {role} with key {id}"))?;
    }
    Ok(Exit::Done)
}

fn sign_openssf(
    arguments: &Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let key = EcSecretKey::read(&arguments.key)?;
    let mut ignored: Vec<PathBuf> =
        arguments.ignore.iter().map(|path| path.to_path_buf()).collect();
    ignored.push(arguments.output.to_path_buf());
    let json = if arguments.certificate.is_empty() {
        openssf::sign(&arguments.model, &ignored, &key)?
    } else {
        let paths: Vec<&Path> = arguments.certificate.iter().map(|path| path.as_path()).collect();
        let chain = Certificates::read(&paths)?;
        openssf::sign_with_certificate(&arguments.model, &ignored, &key, &chain)?
    };
    write(outputs, &arguments.output, json.as_bytes())?;
    let id = key.public_key().hint()?;
    if console.is_json() {
        let signature = arguments.output.display().to_string();
        console.json_result(&serde_json::json!({ "signature": signature, "key_id": id }))?;
    } else {
        console.result(format_args!("signed {} with key {id}", arguments.model.display()))?;
    }
    Ok(Exit::Done)
}
