//! `nomogram key`: makes keys and shows their names.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use nomogram_signing::openssf::EcSecretKey;
use nomogram_signing::{PublicKey, SecretKey};

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;

/// Make keys that sign bundles, and show public keys.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key: NAME.key, which only you can read, and NAME.pub, to give away
    New {
        /// The beginning of both file names; no file is replaced
        name: String,
        /// Make a key for OpenSSF Model Signing (ECDSA, P-384) instead of one for bundles (Ed25519)
        #[arg(long)]
        openssf: bool,
    },
    /// Show a public key for bundles: its id, and its line of a policy of trust
    Show {
        /// The public key
        key: InputPath,
        /// The roles that the policy gives it, with commas between them
        #[arg(long, default_value = "reviewer")]
        role: String,
    },
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    match &arguments.command {
        KeyCommand::New { name, openssf } => make(name, *openssf, console),
        KeyCommand::Show { key, role } => show(&PublicKey::read(key)?, role, console),
    }
}

fn make(name: &str, is_openssf: bool, console: &Console) -> Result<Exit, Error> {
    let secret_path = PathBuf::from(format!("{name}.key"));
    let public_path = PathBuf::from(format!("{name}.pub"));
    // Before the secret key is written, so that none is left without its public key.
    if public_path.exists() {
        return Err(Error::output(public_path.display().to_string(), "exists already"));
    }
    let id = if is_openssf {
        let key = EcSecretKey::generate()?;
        key.write_new(&secret_path)?;
        key.public_key().write_new(&public_path)?;
        key.public_key().hint()?
    } else {
        let key = SecretKey::generate()?;
        key.write_new(&secret_path)?;
        key.public_key().write_new(&public_path)?;
        key.id().to_string()
    };
    if console.is_json() {
        console.json_result(&serde_json::json!({
            "key_id": id,
            "secret_key": secret_path.display().to_string(),
            "public_key": public_path.display().to_string(),
        }))?;
    } else {
        console.result(format_args!("key {id}"))?;
        console.note(format_args!(
            "keep {} secret; give {} to those who verify",
            secret_path.display(),
            public_path.display()
        ));
    }
    Ok(Exit::Done)
}

fn show(key: &PublicKey, role: &str, console: &Console) -> Result<Exit, Error> {
    let digits: String = key.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let line = format!("key {digits} {role}");
    if console.is_json() {
        let id = key.id().to_string();
        console.json_result(
            &serde_json::json!({ "key_id": id, "public_key": digits, "policy": line }),
        )?;
    } else {
        console.result(format_args!("# id {}\n{line}", key.id()))?;
    }
    Ok(Exit::Done)
}
