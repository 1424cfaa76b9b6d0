//! What is registered, approved and in use, now or at another time.

use std::collections::BTreeSet;

use clap::Args;
use nomogram::{Model, unseal};
use nomogram_describe::differences;
use nomogram_registry::{
    Act, ModelRecord, Notice, Reference, Registry, Review, State, Statement, Timestamp,
    VersionRecord, block_on,
};
use serde_json::{Value, json};

use super::access::{Access, name_of};
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;

/// List the models with the version of each alias.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    access: Access,
}

/// Show a model, or a version with its approvals.
#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    /// The model or the version: risk, risk@3 or risk@champion
    subject: String,
    /// As it was at this time, such as 2026-03-01T00:00Z
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// Print the policy of the model as JSON
    #[arg(long)]
    policy: bool,
    #[command(flatten)]
    access: Access,
}

/// List all acts, or those about a model.
#[derive(Args, Debug)]
pub(crate) struct HistoryArguments {
    /// The model
    model: Option<String>,
    #[command(flatten)]
    access: Access,
}

/// Compare two versions: what was registered, and what their bundles hold.
#[derive(Args, Debug)]
pub(crate) struct DiffArguments {
    /// The first version, such as risk@champion
    a: Reference,
    /// The second version, such as risk@latest
    b: Reference,
    #[command(flatten)]
    access: Access,
}

pub(crate) fn list(arguments: &ListArguments, console: &Console) -> Result<Exit, Error> {
    let state = arguments.access.open()?.state()?;
    if console.is_json() {
        let models = state.models().iter();
        let models: Vec<Value> = models.map(|(name, model)| model_json(name, model)).collect();
        console.json_result(&models)?;
    } else {
        let lines = state.models().iter().map(|(name, model)| {
            let n_versions = model.versions.len();
            format!("{name:<24}{n_versions:>4} versions  {}", aliases(model))
        });
        console.result(lines.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Done)
}

pub(crate) fn show(arguments: &ShowArguments, console: &Console) -> Result<Exit, Error> {
    let registry = arguments.access.open()?;
    let state = match arguments.as_of {
        Some(time) => registry.state_as_of(time)?,
        None => State::clone(&*registry.state()?),
    };
    let subject = &arguments.subject;
    let reference = subject.parse::<Reference>().ok();
    let name = reference.as_ref().map_or(subject.as_str(), |reference| &reference.model);
    if arguments.policy {
        console.json_result(state.policy(name))?;
        return Ok(Exit::Done);
    }
    let model = state.model(name)?;
    if let Some(reference) = &reference {
        let number = name_of(&state, reference)?.number;
        let version = state.version(name, number)?;
        if console.is_json() {
            console.json_result(&version_json(model, number, version))?;
        } else {
            console.result(version_text(name, model, number, version))?;
        }
    } else if console.is_json() {
        console.json_result(&model_json(name, model))?;
    } else {
        let mut lines = vec![format!("{name}  {}", aliases(model))];
        for (number, version) in &model.versions {
            let state = if version.revoked.is_some() { "revoked" } else { &version.stage };
            let (time, author) = (version.time, &version.author);
            lines.push(format!("  {number:>4}  {state:<12}registered {time} by {author}"));
        }
        console.result(lines.join("\n"))?;
    }
    Ok(Exit::Done)
}

pub(crate) fn history(arguments: &HistoryArguments, console: &Console) -> Result<Exit, Error> {
    let registry = arguments.access.open()?;
    let state = registry.state()?;
    let mut statements = registry.statements()?;
    if let Some(model) = &arguments.model {
        state.model(model)?;
        statements.retain(|statement| statement.act.model() == Some(model));
    }
    if console.is_json() {
        console.json_result(&statements)?;
    } else {
        let lines = statements.iter().map(|statement| history_line(&state, statement));
        console.result(lines.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Done)
}

pub(crate) fn diff(arguments: &DiffArguments, console: &Console) -> Result<Exit, Error> {
    let registry = arguments.access.open()?;
    let [(a_record, a_bytes), (b_record, b_bytes)] =
        [read(&registry, &arguments.a)?, read(&registry, &arguments.b)?];
    let open = |bytes: &[u8]| -> Result<_, Error> { Ok((Model::open(bytes)?, unseal(bytes)?.0)) };
    let ((a_model, a_parts), (b_model, b_parts)) = (open(&a_bytes)?, open(&b_bytes)?);
    let mut lines = Vec::new();
    let keys: BTreeSet<&String> = a_record.keys().chain(b_record.keys()).collect();
    for key in keys {
        let (a, b) = (a_record.get(key), b_record.get(key));
        if a != b {
            lines.push(json!({ "place": key, "a": a, "b": b }));
        }
    }
    for difference in differences((&a_model, &a_parts), (&b_model, &b_parts)) {
        lines.push(serde_json::to_value(difference).unwrap_or_default());
    }
    if console.is_json() {
        console.json_result(&lines)?;
    } else if lines.is_empty() {
        console.result("no difference")?;
    } else {
        let texts = lines.iter().map(|line| {
            let side = |key: &str| line.get(key).map_or("–".to_owned(), Value::to_string);
            let place = line.get("place").and_then(Value::as_str).unwrap_or_default();
            let detail = line.get("detail").and_then(Value::as_str);
            let detail = detail.map_or(String::new(), |detail| format!("  ({detail})"));
            format!("{place}: {} → {}{detail}", side("a"), side("b"))
        });
        console.result(texts.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Done)
}

/// What was registered, but for its name, and the bundle.
fn read(
    registry: &Registry,
    reference: &Reference,
) -> Result<(serde_json::Map<String, Value>, Vec<u8>), Error> {
    let (resolved, bytes) = block_on(registry.pull(reference))?;
    let record = &resolved.record;
    let registration = &record.registration;
    let value = serde_json::to_value(registration).unwrap_or_default();
    let mut fields = value.as_object().cloned().unwrap_or_default();
    fields.remove("version");
    fields.insert("number".into(), resolved.number.into());
    fields.insert("stage".into(), record.stage.clone().into());
    Ok((fields, bytes.to_vec()))
}

fn aliases(model: &ModelRecord) -> String {
    let aliases = model.aliases.keys();
    let texts = aliases.filter_map(|alias| Some(format!("@{alias} {}", model.alias(alias)?)));
    texts.collect::<Vec<_>>().join(", ")
}

fn model_json(name: &str, model: &ModelRecord) -> Value {
    let versions = model.versions.iter();
    let versions: Vec<Value> =
        versions.map(|(number, version)| version_json(model, *number, version)).collect();
    json!({ "model": name, "versions": versions })
}

fn version_json(model: &ModelRecord, number: u32, version: &VersionRecord) -> Value {
    json!({
        "version": number,
        "aliases": model.aliases_of(number).collect::<Vec<_>>(),
        "record": version,
    })
}

fn version_text(name: &str, model: &ModelRecord, number: u32, version: &VersionRecord) -> String {
    let registration = &version.registration;
    let mut lines = vec![format!("{name}@{number}")];
    let mut add = |name: &str, text: String| lines.push(format!("  {name:<14}{text}"));
    add("stage", format!("{} since {}", version.stage, version.stage_since));
    let aliases: Vec<&str> = model.aliases_of(number).collect();
    if !aliases.is_empty() {
        add("aliases", aliases.join(", "));
    }
    add("bundle", registration.bundle.to_string());
    add("sha256", registration.blob.to_string());
    add("registered", format!("{} by {}, entry {}", version.time, version.author, version.entry));
    if let Some(report) = version.shown_report() {
        add("report", report.to_string());
    }
    for Review { is_approval, report, notice, .. } in &version.reviews {
        let shown = report.map_or(String::new(), |report| format!(", shown {report}"));
        let verdict = if *is_approval { "approved" } else { "rejected" };
        add(verdict, format!("{}{shown}", notice_text(notice)));
    }
    for (kind, notice) in [("deprecated", &version.deprecated), ("revoked", &version.revoked)] {
        if let Some(notice) = notice {
            add(kind, notice_text(notice));
        }
    }
    for comment in &version.comments {
        add("comment", notice_text(comment));
    }
    lines.join("\n")
}

fn notice_text(notice: &Notice) -> String {
    let Notice { time, person, entry, reason, .. } = notice;
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("{time} by {person}, entry {entry}{reason}")
}

fn history_line(state: &State, statement: &Statement) -> String {
    let Statement { seq, time, key, act, reason, .. } = statement;
    let person = state.people().keys().get(key).map_or(key.as_str(), |key| &key.person);
    let subject = match (act.model(), act.number()) {
        (Some(model), Some(number)) => format!(" {model}@{number}"),
        (Some(model), None) => format!(" {model}"),
        (None, _) => String::new(),
    };
    let detail = detail(act);
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let refused = state.refused().iter().find(|(refused, _)| refused == seq);
    let refused = refused.map_or(String::new(), |(_, refusal)| format!(" [no effect: {refusal}]"));
    format!("{seq:>6}  {time}  {person:<16}{}{subject}{detail}{reason}{refused}", act.name())
}

/// What an act does beside its name and its version.
fn detail(act: &Act) -> String {
    match act {
        Act::Found { origin, person, .. } => format!(" {origin}, administrator {person}"),
        Act::Person { person, roles } => {
            let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            let names = if names.is_empty() { "no role".into() } else { names.join(", ") };
            format!(" {person}: {names}")
        }
        Act::AddKey { person, expires: None, .. } => format!(" of {person}"),
        Act::AddKey { person, expires: Some(time), .. } => format!(" of {person} until {time}"),
        Act::RevokeKey { key } => format!(" {key}"),
        Act::Move { stage, .. } => format!(" to {stage}"),
        Act::SetAlias { alias, number: None, .. } => format!(" @{alias} removed"),
        Act::SetAlias { alias, .. } | Act::RollBack { alias, .. } => format!(" @{alias}"),
        Act::Approve { report: Some(report), .. } | Act::Reject { report: Some(report), .. } => {
            format!(", shown {report}")
        }
        Act::Erase { blob } => format!(" {blob}"),
        Act::SetPolicy { .. }
        | Act::Register(_)
        | Act::Evaluate { .. }
        | Act::Approve { report: None, .. }
        | Act::Reject { report: None, .. }
        | Act::Deprecate { .. }
        | Act::Revoke { .. }
        | Act::Comment { .. } => String::new(),
    }
}
