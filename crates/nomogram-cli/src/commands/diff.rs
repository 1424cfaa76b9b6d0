//! `nomogram diff`: what differs between two bundles, and between their predictions.

mod movement;
mod structure;

use clap::Args;
use serde::Serialize;

use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::description::Description;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;
use crate::table::ReadOptions;
use movement::Movement;
use structure::Change;

/// Compare two bundles: what they hold, and with --data, how predictions move.
///
/// Features, rules, branches, members and cutoffs are matched by name. With --data, every row is
/// predicted by both; a change is the largest absolute change among the probabilities of a row, or
/// that of its value.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundle that is compared with
    a: InputPath,
    /// The other bundle, for example a newer version
    b: InputPath,
    /// A table of rows that both predict
    #[arg(long, value_name = "TABLE")]
    data: Option<InputPath>,
    #[command(flatten)]
    read: ReadOptions,
    /// A column that names the rows
    #[arg(long, value_name = "COLUMN", requires = "data")]
    id: Option<String>,
    /// How many of the rows that move the most are told
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// How many threads predict; without it, one per processor
    #[arg(long, value_name = "N", env = "NOMOGRAM_THREADS", hide_env = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// End with code 4 when the bundles differ
    #[arg(long)]
    exit_code: bool,
}

/// All that is told.
#[derive(Debug, Serialize)]
struct Difference {
    a: Side,
    b: Side,
    identical: bool,
    changes: Vec<Change>,
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
    let descriptions = [Description::new(a, false), Description::new(b, false)];
    let changes = structure::changes(&bundles, &descriptions)?;
    let predictions = match &arguments.data {
        Some(data) => Some(movement::measure(&arguments, data, [a, b])?),
        None => None,
    };
    let [of_a, of_b] = &descriptions;
    let difference = Difference {
        a: Side::new(&arguments.a, of_a),
        b: Side::new(&arguments.b, of_b),
        identical: of_a.digest == of_b.digest,
        changes,
        predictions,
    };
    if console.is_json() {
        console.json_result(&difference)?;
    } else {
        console.result(difference.text(console))?;
    }
    let differs = arguments.exit_code && !difference.identical;
    Ok(if differs { Exit::BundlesDiffer } else { Exit::Done })
}

impl Side {
    fn new(path: &std::path::Path, description: &Description) -> Self {
        Self {
            bundle: path.display().to_string(),
            name: description.name.clone(),
            version: description.version.clone(),
            digest: description.digest.clone(),
        }
    }
}

impl Difference {
    fn text(&self, console: &Console) -> String {
        let side = |sign: &str, side: &Side| {
            let Side { bundle, name, version, digest } = side;
            format!("{sign} {bundle}: {name} {version} ({})", digest.get(..12).unwrap_or(digest))
        };
        let mut lines = vec![side("a", &self.a), side("b", &self.b)];
        if self.identical {
            lines.push("The bundles are the same, byte for byte.".into());
        }
        if !self.changes.is_empty() {
            lines.push(console.heading("what they hold"));
            lines.extend(self.changes.iter().map(|change| format!("  {}", change.text())));
        }
        if let Some(predictions) = &self.predictions {
            lines.push(console.heading("predictions"));
            lines.extend(predictions.lines().into_iter().map(|line| format!("  {line}")));
        }
        lines.join("\n")
    }
}
