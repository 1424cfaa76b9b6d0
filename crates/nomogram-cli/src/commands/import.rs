//! `nomogram import`: seals a model of another library, or refuses it by name.

use std::path::Path;

use clap::Args;
use nomogram::Model;
use nomogram_import::{
    ExpectedRow, Format, Imported, Limits, Options, Rounds, SchemaFile, Sealed, import,
    read_expected, write_rows,
};

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};
use crate::training::write;

/// Seal a model of another library as a bundle that predicts the same numbers
///
/// What has no exact counterpart in a bundle is refused by name and place: docs/import.md lists it.
/// With `--check` or `--golden`, the predictions of the source are compared, and the bundle is written
/// only if they agree.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The model, as its library saves it
    model: InputPath,
    /// Write the bundle to this file
    #[arg(long, short, value_name = "BUNDLE", required_unless_present = "probes")]
    output: Option<OutputPath>,
    /// The format of the file; by default, it is recognized
    #[arg(long, value_name = "FORMAT", value_parser = format_of_name)]
    format: Option<Format>,
    /// Names, levels, units, ranges and policies of features, as YAML: docs/import.md
    #[arg(long, value_name = "FILE")]
    schema: Option<InputPath>,
    /// Rows with what the source predicts for them, as CSV: docs/import.md. They are compared only
    #[arg(long, value_name = "FILE")]
    check: Vec<InputPath>,
    /// As --check, but the rows become golden cases, which the bundle keeps: not for rows of patients
    #[arg(long, value_name = "FILE")]
    golden: Vec<InputPath>,
    /// The name of the model
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The rounds of boosting to take: `all`, `best`, or how many; by default, as the source predicts
    #[arg(long, value_name = "ROUNDS", value_parser = rounds_of_text)]
    rounds: Option<Rounds>,
    /// Compute the link in double precision where the source computes it in single precision
    #[arg(long)]
    double_link: bool,
    /// Keep the shares of the training rows at each split, for explanations by path: docs/import.md
    #[arg(long)]
    tree_shares: bool,
    /// Keep the rows of the training data that the model stores, such as support vectors. They may be data of
    /// patients
    #[arg(long)]
    training_rows: bool,
    /// Import this class of LightGBM's `multiclassova` or CatBoost's `MultiClassOneVsAll`, by name, or by number
    /// from 0 on where the file has no names
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// Write rows around every threshold to this file as CSV, for the source to predict
    #[arg(long, value_name = "FILE")]
    probes: Option<OutputPath>,
    /// How many such rows at most
    #[arg(long, value_name = "N", default_value_t = 20_000, requires = "probes")]
    max_probes: usize,
}

fn format_of_name(name: &str) -> Result<Format, String> {
    Format::of_name(name).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.into_iter().map(Format::name).collect();
        format!("expected one of {}", known.join(", "))
    })
}

fn rounds_of_text(text: &str) -> Result<Rounds, String> {
    match text {
        "all" => Ok(Rounds::All),
        "best" => Ok(Rounds::Best),
        _ => match text.parse() {
            Ok(n_rounds) if n_rounds > 0 => Ok(Rounds::First(n_rounds)),
            Ok(_) | Err(_) => Err("expected `all`, `best` or a positive number".into()),
        },
    }
}

pub(crate) fn run(
    arguments: &Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let imported = read(arguments)?;
    if let Some(probes) = &arguments.probes {
        let rows = imported.probes(arguments.max_probes).map_err(at(&arguments.model))?;
        write(outputs, probes, write_rows(&imported, &rows).as_bytes())?;
    }
    let Some(output) = &arguments.output else {
        if console.is_json() {
            console.json_result(&shape(&imported))?;
        }
        return Ok(Exit::Done);
    };
    let mut known: Vec<ExpectedRow> = Vec::new();
    for (tables, is_golden) in [(&arguments.check, false), (&arguments.golden, true)] {
        for table in tables {
            let bytes = bytes_of(table)?;
            let rows = read_expected(&bytes, &imported.parts.schema, &Limits::default());
            let rows = rows.map_err(at(table))?;
            known.extend(rows.into_iter().map(|row| ExpectedRow { is_golden, ..row }));
        }
    }
    let Sealed { bundle, comparison, checked } =
        imported.seal(&known).map_err(at(&arguments.model))?;
    write(outputs, output, &bundle)?;
    for table in &arguments.golden {
        console.note(format!(
            "{}: the bundle keeps rows of this table; anyone who has it can read them",
            table.display()
        ));
    }
    let digest = Model::open(&bundle)?.digest().to_string();
    if console.is_json() {
        console.json_result(&serde_json::json!({
            "bundle": output.display().to_string(),
            "digest": digest,
            "features": imported.parts.schema.n_features(),
            "notes": imported.notes,
            "comparison": comparison,
            "checked": checked,
        }))?;
        return Ok(Exit::Done);
    }
    for note in &imported.notes {
        console.note(note);
    }
    console.result(&comparison)?;
    console.result(format_args!("bundle {digest} ({} bytes)", bundle.len()))?;
    Ok(Exit::Done)
}

/// What the rows of a table for the model look like.
fn shape(imported: &Imported) -> serde_json::Value {
    let schema = &imported.parts.schema;
    let feature = |feature: &nomogram::Feature| serde_json::json!({ "name": feature.name, "levels": feature.levels() });
    let features: Vec<_> = schema.features().iter().map(feature).collect();
    serde_json::json!({ "features": features, "classes": schema.target().classes() })
}

fn read(arguments: &Arguments) -> Result<Imported, Error> {
    let options = Options {
        name: arguments.name.clone(),
        rounds: arguments.rounds.unwrap_or_default(),
        double_link: arguments.double_link,
        tree_shares: arguments.tree_shares,
        training_rows: arguments.training_rows,
        class: arguments.class.clone(),
    };
    let bytes = bytes_of(&arguments.model)?;
    let imported = import(&bytes, arguments.format, &options, &Limits::default());
    let mut imported = imported.map_err(at(&arguments.model))?;
    if let Some(path) = &arguments.schema {
        let text = std::fs::read_to_string(&**path)
            .map_err(|cause| Error::file(path.display().to_string(), cause))?;
        let applied = SchemaFile::read(&text).and_then(|schema| schema.apply(&mut imported));
        applied.map_err(at(path))?;
        // A name on the command line is the last word.
        if let Some(name) = &arguments.name {
            imported.parts.manifest.name.clone_from(name);
        }
    }
    Ok(imported)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|cause| Error::file(path.display().to_string(), cause))
}

/// The error of a file.
fn at(path: &Path) -> impl Fn(nomogram_import::Error) -> Error + '_ {
    |cause| Error::Import { place: path.display().to_string(), cause }
}
