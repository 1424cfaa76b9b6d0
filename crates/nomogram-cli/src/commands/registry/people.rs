//! Founding a registry; persons, keys and policies.

use clap::Args;
use nomogram_registry::{Act, Policy, Registry, Role, Timestamp, block_on};
use nomogram_signing::PublicKey;

use super::access::{Access, Signing, read};
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;

/// Found a registry. You become its first administrator.
#[derive(Args, Debug)]
pub(crate) struct InitArguments {
    /// The name of the registry in checkpoints: a host and a path, such as registry.clinic.example/risk
    origin: String,
    /// Your name in the registry
    #[arg(long, value_name = "NAME")]
    person: String,
    #[command(flatten)]
    signing: Signing,
}

/// Set all roles of a person, who may be new.
#[derive(Args, Debug)]
pub(crate) struct PersonArguments {
    /// The person
    person: String,
    /// A role: reader, trainer, reviewer, approver or administrator; without any, the person may do
    /// nothing
    #[arg(long, value_name = "ROLE")]
    role: Vec<Role>,
    #[command(flatten)]
    signing: Signing,
}

/// Add a key to a person.
#[derive(Args, Debug)]
pub(crate) struct AddKeyArguments {
    /// The person
    person: String,
    /// The file of the public key
    public_key: InputPath,
    /// From when on the key no longer signs, such as 2027-01-01
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,
    #[command(flatten)]
    signing: Signing,
}

/// Revoke a key. Its approvals no longer count; what was done stays.
#[derive(Args, Debug)]
pub(crate) struct RevokeKeyArguments {
    /// The id of the key
    id: String,
    #[command(flatten)]
    signing: Signing,
}

/// Set the stages and limits of the registry or of a model, from a file of JSON.
#[derive(Args, Debug)]
pub(crate) struct PolicyArguments {
    /// The policy; `show --policy` prints the one in force
    policy: InputPath,
    /// The model; by default, all models that have no policy of their own
    #[arg(long)]
    model: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

pub(crate) fn init(arguments: &InitArguments, console: &Console) -> Result<Exit, Error> {
    let InitArguments { origin, person, signing } = arguments;
    let key = signing.key()?;
    let Access { registry, .. } = &signing.access;
    if !registry.contains("://") {
        std::fs::create_dir_all(registry).map_err(|cause| Error::file(registry, cause))?;
    }
    let author = signing.author(&key);
    let options = signing.access.options()?;
    let founded = block_on(Registry::found(registry, origin, person, &author, options))?;
    let identity = founded.head()?.digest.map_or_else(String::new, |digest| digest.to_string());
    if console.is_json() {
        console.json_result(&serde_json::json!({ "origin": origin, "identity": identity }))?;
    } else {
        console.result(format_args!("founded {origin}\nidentity {identity}"))?;
    }
    Ok(Exit::Done)
}

pub(crate) fn person(arguments: &PersonArguments, console: &Console) -> Result<Exit, Error> {
    let PersonArguments { person, role, signing } = arguments;
    signing.act(console, |_| Ok(Act::Person { person: person.clone(), roles: role.clone() }))
}

pub(crate) fn add_key(arguments: &AddKeyArguments, console: &Console) -> Result<Exit, Error> {
    let AddKeyArguments { person, public_key, expires, signing } = arguments;
    let key = PublicKey::read(public_key)?;
    let public_key = key.to_pem()?;
    signing.act(console, |_| {
        let (person, public_key) = (person.clone(), public_key.clone());
        Ok(Act::AddKey { person, public_key, expires: *expires })
    })
}

pub(crate) fn revoke_key(arguments: &RevokeKeyArguments, console: &Console) -> Result<Exit, Error> {
    let RevokeKeyArguments { id, signing } = arguments;
    signing.act(console, |_| Ok(Act::RevokeKey { key: id.clone() }))
}

pub(crate) fn policy(arguments: &PolicyArguments, console: &Console) -> Result<Exit, Error> {
    let PolicyArguments { policy: path, model, signing } = arguments;
    let policy: Policy = serde_json::from_slice(&read(path)?)
        .map_err(|cause| Error::usage(format!("{}: {cause}", path.display())))?;
    signing.act(console, |_| Ok(Act::SetPolicy { model: model.clone(), policy: policy.clone() }))
}
