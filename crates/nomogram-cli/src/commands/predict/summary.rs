//! The summary of all rows, in one line or as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use nomogram::Model;
use serde::Serialize;

use super::answer::FLAGS;
use super::worker::Counts;
use crate::console::Console;
use crate::error::Error;

/// The summary of a run. It holds no time of day and no duration, unless they are asked for: the same
/// run gives the same text.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    model: ModelName,
    rows: u64,
    pub(super) refused: u64,
    /// How many rows have each flag.
    flags: BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stages: Option<Stages>,
}

/// The model that predicted.
#[derive(Debug, Serialize)]
pub(super) struct ModelName {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) digest: String,
}

/// Seconds by stage, added up over all threads.
#[derive(Debug, Default, Serialize)]
struct Stages {
    read: f64,
    parse: f64,
    predict: f64,
    encode: f64,
    write: f64,
}

impl Summary {
    pub(super) fn new(model: &Model, is_timed: bool) -> Self {
        let manifest = model.manifest();
        let model = ModelName {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: model.digest().to_string(),
        };
        Self::of_model(model, is_timed)
    }

    pub(super) fn of_model(model: ModelName, is_timed: bool) -> Self {
        Self {
            model,
            rows: 0,
            refused: 0,
            flags: FLAGS.into_iter().map(|(_, name)| (name, 0)).collect(),
            stages: is_timed.then(Stages::default),
        }
    }

    /// Adds a chunk, and how long it took to write it.
    pub(super) fn add(&mut self, counts: &Counts, write: Duration) {
        self.rows += counts.rows;
        self.refused += counts.refused;
        for ((_, name), count) in FLAGS.into_iter().zip(counts.flags) {
            *self.flags.entry(name).or_default() += count;
        }
        if let Some(stages) = &mut self.stages {
            stages.parse += counts.parse.as_secs_f64();
            stages.predict += counts.predict.as_secs_f64();
            stages.encode += counts.encode.as_secs_f64();
            stages.write += write.as_secs_f64();
        }
    }

    /// Adds what is measured once.
    pub(super) fn add_stages(&mut self, read_nanos: u64, write: Duration) {
        if let Some(stages) = &mut self.stages {
            stages.read = Duration::from_nanos(read_nanos).as_secs_f64();
            stages.write += write.as_secs_f64();
        }
    }

    /// Prints the summary.
    pub(super) fn print(&self, console: &Console) -> Result<(), Error> {
        if console.is_json() {
            return console.json_result(self);
        }
        let ModelName { name, version, digest } = &self.model;
        let short = digest.get(..12).unwrap_or(digest);
        let n_predicted = self.rows - self.refused;
        let rows = if n_predicted == 1 { "row" } else { "rows" };
        let mut line = format!(
            "predicted {n_predicted} {rows} with {name} {version} ({short}): {} refused",
            self.refused
        );
        for (flag, count) in &self.flags {
            if *count > 0 {
                line.push_str(&format!(", {count} {}", flag.replace('_', " ")));
            }
        }
        console.note(line);
        Ok(())
    }
}
