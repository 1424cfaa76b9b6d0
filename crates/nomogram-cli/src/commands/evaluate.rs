//! `nomogram evaluate` and `nomogram report`: how good a bundle is on a table.

use std::path::PathBuf;

use clap::Args;
use nomogram::Schema;
use nomogram_report::Report;
use nomogram_train::{Evaluation, Predictions};

use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::training::{self, Inputs, Loaded, ReportFormat, Threads};

/// Judge a bundle on a table that it has not seen.
///
/// The configuration says what the columns of the table are; of a configuration with a test part, all
/// rows are taken unless --test is given.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The sealed model
    bundle: PathBuf,
    #[command(flatten)]
    inputs: Inputs,
    /// Take the rows of the configuration's test part alone
    #[arg(long)]
    test: bool,
    /// A report: .html, .md or .json; may be given several times
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
    #[command(flatten)]
    threads: Threads,
}

/// Write the report of a bundle on a table: a page, a model card, or its numbers.
#[derive(Args, Debug)]
pub(crate) struct ReportArguments {
    /// The sealed model
    bundle: PathBuf,
    #[command(flatten)]
    inputs: Inputs,
    /// Take the rows of the configuration's test part alone
    #[arg(long)]
    test: bool,
    /// Where it goes
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// What it is; without it, as the file is named
    #[arg(long, value_enum)]
    format: Option<ReportFormat>,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    let Arguments { bundle, inputs, test, report, threads } = arguments;
    let judged = Judged::new(bundle, inputs, *test, threads, console)?;
    for path in report {
        training::write_report(&judged.report, path, None)?;
    }
    if console.is_json() {
        console.json_result(&judged.report.assessments)?;
    } else {
        console.result(&judged.evaluation)?;
    }
    Ok(Exit::Done)
}

pub(crate) fn run_report(arguments: &ReportArguments, console: &Console) -> Result<Exit, Error> {
    let ReportArguments { bundle, inputs, test, output, format, threads } = arguments;
    let judged = Judged::new(bundle, inputs, *test, threads, console)?;
    training::write_report(&judged.report, output, *format)?;
    Ok(Exit::Done)
}

/// What was found.
struct Judged {
    evaluation: Evaluation,
    report: Report,
}

impl Judged {
    fn new(
        bundle: &std::path::Path,
        inputs: &Inputs,
        test: bool,
        threads: &Threads,
        console: &Console,
    ) -> Result<Self, Error> {
        let open = OpenBundle::open(bundle)?;
        let loaded = inputs.load_for(Some(&open.model), console)?;
        refuse_other_schema(open.model.schema(), &loaded)?;
        let rows: Vec<usize> = match test {
            true => loaded.config.partitions(&loaded.dataset)?.test,
            false => (0..loaded.dataset.n_rows()).collect(),
        };
        let dataset = loaded.dataset.select(&rows);
        let name = if test { "test part" } else { "all rows" };
        let predictions = Predictions::of(&open.model, &dataset)?;
        let sets = [(name, &dataset, &predictions)];
        let report =
            threads.run(|| training::report(&open.model, &open.parts, &sets, &loaded, None))?;
        Ok(Self { evaluation: Evaluation::new(&predictions, dataset.classes())?, report })
    }
}

/// A table that is read by another schema than the bundle's would be judged on other numbers.
pub(super) fn refuse_other_schema(schema: &Schema, loaded: &Loaded) -> Result<(), Error> {
    let found = loaded.dataset.schema();
    let names = |schema: &Schema| -> Vec<String> {
        let features = schema.features().iter();
        features
            .map(|own| {
                let levels = own.levels().join(" | ");
                format!("{} [{}] {levels}", own.name, own.unit.as_deref().unwrap_or(""))
                    .trim_end()
                    .to_owned()
            })
            .collect()
    };
    if names(found) != names(schema) || found.target().classes() != schema.target().classes() {
        return Err(Error::usage(format!(
            "the configuration has the features {} and the classes {:?}, the bundle {} and {:?}",
            names(found).join(", "),
            found.target().classes(),
            names(schema).join(", "),
            schema.target().classes(),
        )));
    }
    Ok(())
}
