//! `nomogram inspect`: what a bundle holds.

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use nomogram_describe::{Coverage, Description, count};
use nomogram_train::TrainingConfig;
use nomogram_train::training::config::CONFIGURATION;
use serde::Serialize;

use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;

/// Show what a bundle holds.
///
/// Opens the bundle with its full self-test, then shows its origin, features and policies, rules,
/// preprocessing, members and their sizes, combiner, calibrator and cutoffs, and how much of them the
/// golden cases reach. --json prints all.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundle
    bundle: InputPath,
    /// Show only the features
    #[arg(long)]
    features: bool,
    /// Show only the model card
    #[arg(long)]
    card: bool,
    /// Show only the configuration of its training, as `nomogram train` reads it
    #[arg(long, conflicts_with_all = ["features", "card", "parameters"])]
    config: bool,
    /// Add every fitted parameter to --json
    #[arg(long, requires = "json")]
    parameters: bool,
}

/// The JSON of `inspect`.
#[derive(Serialize)]
struct Inspection<'a> {
    n_bytes: usize,
    #[serde(flatten)]
    description: &'a Description,
    /// What the golden cases reach.
    coverage: &'a Coverage,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    let bundle = OpenBundle::open(&arguments.bundle)?;
    if arguments.config {
        return show_config(&bundle, console);
    }
    let description = match arguments.parameters {
        true => Description::with_parameters(&bundle.model, &bundle.parts),
        false => Description::new(&bundle.model, &bundle.parts),
    };
    let n_bytes = bundle.bytes.len();
    let coverage = || {
        let path = arguments.bundle.to_path_buf();
        let refused = |cause| Error::Bundle { path, cause: Box::new(cause) };
        Coverage::of_bundle(&bundle.bytes).map_err(refused)
    };
    if console.is_json() {
        let (description, coverage) = (&description, &coverage()?);
        console.json_result(&Inspection { n_bytes, description, coverage })?;
        return Ok(Exit::Done);
    }
    let mut sections = Vec::new();
    if !arguments.features && !arguments.card {
        sections.push(heading(&description, n_bytes, console));
    }
    if arguments.features || !arguments.card {
        sections.push(features(&description));
    }
    if !arguments.features && !arguments.card {
        sections.push(model(&description, console));
        sections.push(golden_cases(&coverage()?, console));
    }
    if arguments.card {
        sections.push(description.card.unwrap_or_else(|| "This bundle has no model card.".into()));
    }
    console.result(sections.join("\n\n"))?;
    Ok(Exit::Done)
}

fn show_config(bundle: &OpenBundle, console: &Console) -> Result<Exit, Error> {
    let Some(config) = TrainingConfig::of_bundle(bundle.model.manifest()) else {
        return Err(Error::usage("the bundle does not keep the configuration"));
    };
    let config = config?;
    if console.is_json() {
        console.json_result(&config)?;
    } else {
        let pretty = serde_json::to_string_pretty(&config);
        console.result(
            pretty.map_err(|_| Error::Defect("a configuration cannot be written as JSON"))?,
        )?;
    }
    Ok(Exit::Done)
}

fn heading(description: &Description, n_bytes: usize, console: &Console) -> String {
    let Description { name, version, .. } = description;
    let mut lines = vec![console.heading(&format!("{name} {version}"))];
    let mut line = |name: &str, text: &str| lines.push(format!("  {name:<22}{text}"));
    line("digest", &description.digest);
    line("predicts", &description.target.text());
    line("format", &format!("{} ({} bytes)", description.format, n_bytes));
    line("created by", &description.created_by);
    line("training data", &description.training_data_digest);
    line("configuration", &description.configuration_digest);
    for (key, note) in &description.notes {
        line(key, if key == CONFIGURATION { "--config shows it" } else { note });
    }
    line("golden cases", &format!("{}, all as sealed", description.n_golden_cases));
    if description.n_skipped_sections > 0 {
        line("unknown sections", &description.n_skipped_sections.to_string());
    }
    line("model card", if description.card.is_some() { "--card shows it" } else { "none" });
    lines.join("\n")
}

/// How much of the model the golden cases reach.
fn golden_cases(coverage: &Coverage, console: &Console) -> String {
    let (n_reached, n) = coverage.total();
    let cases = count(coverage.n_cases, "golden case");
    let mut lines = vec![console.heading(&format!("{cases} reach {n_reached} of {n}"))];
    for line in &coverage.lines {
        lines.push(format!("  {:<52}{}", line.name(), line.text()));
    }
    lines.join("\n")
}

fn features(description: &Description) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["feature", "kind", "unit", "also in", "plausible", "values that are not"]);
    for feature in &description.features {
        table.add_row([
            feature.name.clone(),
            feature.kind_text(),
            feature.unit.clone().unwrap_or_default(),
            feature.units_text(),
            feature.range_text(),
            feature.policy.text(),
        ]);
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

fn model(description: &Description, console: &Console) -> String {
    let mut lines = Vec::new();
    let mut section = |name: &str, entries: Vec<(String, String)>| {
        if entries.is_empty() {
            return;
        }
        lines.push(console.heading(name));
        for (name, text) in entries {
            lines.push(format!("  {name:<22}{text}"));
        }
    };
    let named = |name: &str, text: String| (name.to_owned(), text);
    section(
        &count(description.rules.len(), "rule"),
        description.rules.iter().map(|rule| named(&rule.name, rule.text())).collect(),
    );
    section(
        "preprocessing",
        description.branches.iter().map(|branch| named(&branch.name, branch.text())).collect(),
    );
    section(
        &count(description.members.len(), "member"),
        description
            .members
            .iter()
            .map(|member| {
                named(&member.name, format!("{}; reads {}", member.text(), member.branch))
            })
            .collect(),
    );
    let combiner = named("combiner", description.combiner.text.clone());
    let calibrator = description.calibrator.as_ref();
    let calibrator = calibrator.map_or("none".into(), |calibrator| calibrator.text.clone());
    let profile = description.profile.as_ref();
    let profile = profile.map_or("none".into(), |profile| profile.text());
    let of_ensemble = vec![combiner, named("calibrator", calibrator), named("profile", profile)];
    section("ensemble", of_ensemble);
    let cutoffs = description.cutoffs.iter().map(|cutoff| {
        named(&cutoff.name, format!("{} from {} on", cutoff.class, cutoff.probability))
    });
    section(&count(description.cutoffs.len(), "cutoff"), cutoffs.collect());
    let explanation = description.explanation.as_ref();
    section("explanation", explanation.map_or(Vec::new(), |described| described.lines()));
    let uncertainty = description.uncertainty.as_ref();
    section("uncertainty", uncertainty.map_or(Vec::new(), |own| own.lines.clone()));
    lines.join("\n")
}
