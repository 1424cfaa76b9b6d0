//! Reviews, stages, aliases and notices of versions.

use clap::Args;
use nomogram_registry::{
    Act, Digest, Error as RegistryError, Reference, State, VersionName, impact_text,
};

use super::access::{Signing, name_of, read};
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;

// `approve` and `reject` have the same arguments; their descriptions are at the commands.
#[derive(Args, Debug)]
pub(crate) struct ReviewArguments {
    /// The version, such as risk@3
    #[arg(id = "model_version", value_name = "VERSION")]
    version: Reference,
    /// The report that you were shown
    #[arg(long, value_name = "FILE")]
    report: Option<InputPath>,
    #[command(flatten)]
    signing: Signing,
}

/// Move a version to a stage, if the policy allows it.
#[derive(Args, Debug)]
pub(crate) struct MoveArguments {
    /// The version, such as risk@3
    #[arg(id = "model_version", value_name = "VERSION")]
    version: Reference,
    /// The stage, by default one of candidate, shadow, approved and retired
    stage: String,
    #[command(flatten)]
    signing: Signing,
}

/// Set an alias of a model to a version.
#[derive(Args, Debug)]
pub(crate) struct AliasArguments {
    /// The version, such as risk@3
    #[arg(id = "model_version", value_name = "VERSION")]
    version: Reference,
    /// The alias, such as champion
    alias: String,
    #[command(flatten)]
    signing: Signing,
}

/// Remove an alias of a model.
#[derive(Args, Debug)]
pub(crate) struct UnaliasArguments {
    /// The model
    model: String,
    /// The alias
    alias: String,
    #[command(flatten)]
    signing: Signing,
}

/// Set an alias to the version that it had before, and that was not revoked since.
#[derive(Args, Debug)]
pub(crate) struct RollbackArguments {
    /// The model
    model: String,
    /// The alias, such as champion
    alias: String,
    #[command(flatten)]
    signing: Signing,
}

// `deprecate` and `revoke` have the same arguments; their descriptions are at the commands.
#[derive(Args, Debug)]
pub(crate) struct NoticeArguments {
    /// The version, such as risk@3
    #[arg(id = "model_version", value_name = "VERSION")]
    version: Reference,
    #[command(flatten)]
    signing: Signing,
}

/// Comment on a model or a version; the comment is the reason.
#[derive(Args, Debug)]
pub(crate) struct CommentArguments {
    /// The model or the version: risk or risk@3
    subject: String,
    #[command(flatten)]
    signing: Signing,
}

pub(crate) fn review(
    arguments: &ReviewArguments,
    is_approval: bool,
    console: &Console,
) -> Result<Exit, Error> {
    let ReviewArguments { version, report, signing } = arguments;
    let report = report.as_ref().map(|path| read(path).map(|bytes| Digest::of(&bytes)));
    let report = report.transpose()?;
    let exit = signing.act(console, |state| {
        let version = name_of(state, version)?;
        Ok(if is_approval {
            Act::Approve { version, report }
        } else {
            Act::Reject { version, report }
        })
    })?;
    if !console.is_json() {
        let state = signing.access.open()?.state()?;
        let VersionName { model, number } = name_of(&state, version)?;
        let impact = state.impact(&model, number)?;
        if !impact.is_empty() {
            console.result(impact_text(&impact))?;
        }
    }
    Ok(exit)
}

pub(crate) fn move_to(arguments: &MoveArguments, console: &Console) -> Result<Exit, Error> {
    let MoveArguments { version, stage, signing } = arguments;
    signing.act(console, |state| {
        Ok(Act::Move { version: name_of(state, version)?, stage: stage.clone() })
    })
}

pub(crate) fn alias(arguments: &AliasArguments, console: &Console) -> Result<Exit, Error> {
    let AliasArguments { version, alias, signing } = arguments;
    signing.act(console, |state| {
        let VersionName { model, number } = name_of(state, version)?;
        Ok(Act::SetAlias { model, alias: alias.clone(), number: Some(number) })
    })
}

pub(crate) fn unalias(arguments: &UnaliasArguments, console: &Console) -> Result<Exit, Error> {
    let UnaliasArguments { model, alias, signing } = arguments;
    let act = Act::SetAlias { model: model.clone(), alias: alias.clone(), number: None };
    signing.act(console, |_| Ok(act.clone()))
}

pub(crate) fn roll_back(arguments: &RollbackArguments, console: &Console) -> Result<Exit, Error> {
    let RollbackArguments { model, alias, signing } = arguments;
    signing.act(console, |state| {
        let number = state.model(model)?.before(alias).ok_or_else(|| RegistryError::NotFound {
            place: format!("{model}@{alias}"),
            detail: "had no other version that can be used".into(),
        })?;
        Ok(Act::RollBack { model: model.clone(), alias: alias.clone(), number })
    })
}

pub(crate) fn deprecate(arguments: &NoticeArguments, console: &Console) -> Result<Exit, Error> {
    let NoticeArguments { version, signing } = arguments;
    signing.act(console, |state| Ok(Act::Deprecate { version: name_of(state, version)? }))
}

pub(crate) fn revoke(arguments: &NoticeArguments, console: &Console) -> Result<Exit, Error> {
    let NoticeArguments { version, signing } = arguments;
    signing.act(console, |state| Ok(Act::Revoke { version: name_of(state, version)? }))
}

pub(crate) fn comment(arguments: &CommentArguments, console: &Console) -> Result<Exit, Error> {
    let CommentArguments { subject, signing } = arguments;
    signing.act(console, |state| subject_of(state, subject))
}

fn subject_of(state: &State, subject: &str) -> Result<Act, RegistryError> {
    match subject.parse::<Reference>() {
        Ok(version) => {
            let VersionName { model, number } = name_of(state, &version)?;
            Ok(Act::Comment { model, number: Some(number) })
        }
        Err(_) => Ok(Act::Comment { model: subject.to_owned(), number: None }),
    }
}
