//! Registering versions and pulling them.

use std::io::Write as _;

use clap::Args;
use nomogram_registry::{Digest, Limit, NewVersion, Reference, block_on};

use super::access::{Access, Signing, name_of, read};
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};

/// Register a bundle as the next version of a model.
#[derive(Args, Debug)]
pub(crate) struct RegisterArguments {
    /// The model
    model: String,
    /// The bundle
    bundle: InputPath,
    /// The report that reviewers are shown
    #[arg(long, value_name = "FILE")]
    report: Option<InputPath>,
    /// The evaluation that limits refer to: the JSON of `nomogram evaluate --report FILE.json`
    #[arg(long, value_name = "FILE")]
    evaluation: Option<InputPath>,
    /// The configuration of training
    #[arg(long, value_name = "FILE")]
    configuration: Option<InputPath>,
    /// The training table, of which only the SHA-256 is kept
    #[arg(long, value_name = "TABLE")]
    data: Option<InputPath>,
    /// The number of the version that this one was made from
    #[arg(long, value_name = "N")]
    parent: Option<u32>,
    /// Limits of this version beside those of the policy: a list in JSON
    #[arg(long, value_name = "FILE")]
    limits: Option<InputPath>,
    /// A text by name, for searching
    #[arg(long, value_name = "NAME=TEXT", value_parser = tag)]
    tag: Vec<(String, String)>,
    #[command(flatten)]
    signing: Signing,
}

/// Attach an evaluation to a version. Approvals before it no longer count.
#[derive(Args, Debug)]
pub(crate) struct EvaluateArguments {
    /// The version, such as risk@3
    #[arg(id = "model_version", value_name = "VERSION")]
    version: Reference,
    /// The JSON of `nomogram evaluate --report FILE.json`
    evaluation: InputPath,
    #[command(flatten)]
    signing: Signing,
}

/// Write the bundle of a version to a file. A revoked one is refused.
#[derive(Args, Debug)]
pub(crate) struct PullArguments {
    /// The version, such as risk@champion
    #[arg(id = "model_version", value_name = "VERSION")]
    version: Reference,
    /// The bundle's file
    #[arg(long, short, value_name = "FILE")]
    output: OutputPath,
    #[command(flatten)]
    access: Access,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected a name, `=` and a text")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn register(arguments: RegisterArguments, console: &Console) -> Result<Exit, Error> {
    let optional = |path: &Option<InputPath>| -> Result<Option<_>, Error> {
        path.as_ref().map(|path| read(path).map(Into::into)).transpose()
    };
    let limits: Vec<Limit> = match &arguments.limits {
        None => Vec::new(),
        Some(path) => serde_json::from_slice(&read(path)?)
            .map_err(|cause| Error::usage(format!("{}: {cause}", path.display())))?,
    };
    let data = arguments.data.as_ref().map(|path| read(path).map(|bytes| Digest::of(&bytes)));
    let version = NewVersion {
        model: arguments.model.clone(),
        bundle: read(&arguments.bundle)?.into(),
        report: optional(&arguments.report)?,
        configuration: optional(&arguments.configuration)?,
        data: data.transpose()?,
        parent: arguments.parent,
        evaluation: optional(&arguments.evaluation)?,
        limits,
        tags: arguments.tag.into_iter().collect(),
    };
    let key = arguments.signing.key()?;
    let registry = arguments.signing.access.open()?;
    let number = block_on(registry.register(&arguments.signing.author(&key), version))?;
    let model = arguments.model;
    if console.is_json() {
        console.json_result(&serde_json::json!({ "model": model, "version": number }))?;
    } else {
        console.result(format_args!("{model}@{number}"))?;
    }
    Ok(Exit::Done)
}

pub(crate) fn evaluate(arguments: &EvaluateArguments, console: &Console) -> Result<Exit, Error> {
    let EvaluateArguments { version, evaluation, signing } = arguments;
    let key = signing.key()?;
    let registry = signing.access.open()?;
    let name = name_of(&*registry.state()?, version)?;
    let report = read(evaluation)?.into();
    block_on(registry.evaluate(&signing.author(&key), name.clone(), report))?;
    let impact = registry.state()?.impact(&name.model, name.number)?;
    if console.is_json() {
        console.json_result(&impact)?;
    } else if !impact.is_empty() {
        console.result(nomogram_registry::impact_text(&impact))?;
    }
    Ok(Exit::Done)
}

pub(crate) fn pull(
    arguments: &PullArguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let registry = arguments.access.open()?;
    let (resolved, bytes) = block_on(registry.pull(&arguments.version))?;
    let mut output = outputs.create(&arguments.output)?;
    output.write_all(&bytes).map_err(|cause| output.failed(cause))?;
    output.finish()?;
    if let Some(notice) = &resolved.record.deprecated {
        console.note(format_args!("version {} is deprecated: {}", resolved.number, notice.reason));
    }
    let stage = &resolved.record.stage;
    if console.is_json() {
        console.json_result(&serde_json::json!({
            "model": resolved.model,
            "version": resolved.number,
            "bundle": resolved.bundle(),
            "sha256": resolved.blob(),
            "stage": stage,
        }))?;
    } else {
        let (model, number) = (&resolved.model, resolved.number);
        console.result(format_args!("{model}@{number} ({stage}) {}", resolved.bundle()))?;
    }
    Ok(Exit::Done)
}
