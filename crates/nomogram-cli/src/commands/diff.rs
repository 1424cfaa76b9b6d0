//! `nomogram diff`: what differs between two bundles, and between their predictions.

mod movement;

use clap::Args;
use nomogram_describe::{Difference, differences, golden_difference};
use serde::Serialize;

use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;
use crate::table::ReadOptions;
use movement::Movement;

/// Compare the contents of two bundles and, with --data, their predictions.
///
/// Features, rules, branches, members and cutoffs are matched by name. Of the fitted parameters of each
/// branch, member, combiner and calibrator, the number that differ and the first five are listed, with
/// positions counted from 0 as in `inspect --json --parameters`. With --data, every row is
/// predicted by both; a change is the largest absolute change among the probabilities of a row, or
/// that of its value.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The first bundle
    a: InputPath,
    /// The second bundle, for example a newer version
    b: InputPath,
    /// Predict the rows of this table with both
    #[arg(long, value_name = "TABLE")]
    data: Option<InputPath>,
    #[command(flatten)]
    read: ReadOptions,
    /// A column that names the rows
    #[arg(long, value_name = "COLUMN", requires = "data")]
    id: Option<String>,
    /// Number of rows to list, those with the largest changes
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Number of threads; by default, one per processor
    #[arg(long, value_name = "N", env = "NOMOGRAM_THREADS", hide_env = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Exit with code 4 if the bundles differ
    #[arg(long)]
    exit_code: bool,
}

/// The result of `diff`.
#[derive(Debug, Serialize)]
struct Comparison {
    a: Side,
    b: Side,
    identical: bool,
    changes: Vec<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    predictions: Option<Movement>,
}

#[derive(Debug, Serialize)]
struct Side {
    bundle: String,
    name: String,
    version: String,
    digest: String,
}

pub(crate) fn run(arguments: Arguments, console: &Console) -> Result<Exit, Error> {
    let bundles = [OpenBundle::open(&arguments.a)?, OpenBundle::open(&arguments.b)?];
    let [a, b] = &bundles;
    let mut changes = differences((&a.model, &a.parts), (&b.model, &b.parts));
    changes.extend(golden_difference(a.golden_rows.view(), b.golden_rows.view()));
    let predictions = match &arguments.data {
        Some(data) => Some(movement::measure(&arguments, data, [a, b])?),
        None => None,
    };
    let comparison = Comparison {
        a: Side::new(&arguments.a, a),
        b: Side::new(&arguments.b, b),
        identical: a.model.digest() == b.model.digest(),
        changes,
        predictions,
    };
    if console.is_json() {
        console.json_result(&comparison)?;
    } else {
        console.result(comparison.text(console))?;
    }
    let differs = arguments.exit_code && !comparison.identical;
    Ok(if differs { Exit::BundlesDiffer } else { Exit::Done })
}

impl Side {
    fn new(path: &std::path::Path, bundle: &OpenBundle) -> Self {
        let manifest = bundle.model.manifest();
        Self {
            bundle: path.display().to_string(),
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: bundle.model.digest().to_string(),
        }
    }
}

impl Comparison {
    fn text(&self, console: &Console) -> String {
        let side = |sign: &str, side: &Side| {
            let Side { bundle, name, version, digest } = side;
            format!("{sign} {bundle}: {name} {version} ({})", digest.get(..12).unwrap_or(digest))
        };
        let mut lines = vec![side("a", &self.a), side("b", &self.b)];
        if self.identical {
            lines.push("The bundles are identical.".into());
        }
        if !self.changes.is_empty() {
            lines.push(console.heading("contents"));
            lines.extend(self.changes.iter().map(|change| format!("  {}", change.text())));
        }
        if let Some(predictions) = &self.predictions {
            lines.push(console.heading("predictions"));
            lines.extend(predictions.lines().into_iter().map(|line| format!("  {line}")));
        }
        lines.join("\n")
    }
}
