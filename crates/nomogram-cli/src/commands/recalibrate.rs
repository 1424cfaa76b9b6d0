//! `nomogram recalibrate`: a child of a bundle, for other patients.

use std::path::PathBuf;

use clap::Args;
use nomogram_stats::Confidence;
use nomogram_stats::calibration::{calibration_line, clipped};
use nomogram_train::ensemble::CalibratorSpec;
use nomogram_train::{Dataset, Evaluation, Predictions, recalibrate};
use serde::Serialize;

use super::evaluate::refuse_other_schema;
use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::training::{Inputs, Threads, write};

/// Fit a new calibrator to the rows of a table, and seal the same ensemble with it.
///
/// The child names the digest of its parent. Its version is that of the configuration; its cutoffs
/// are chosen on these rows by the rules of the configuration, as those of the parent speak of other
/// probabilities. What is told of the child is cross-fitted: each row by a calibrator that was fitted
/// to other rows.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The sealed model
    parent: PathBuf,
    #[command(flatten)]
    inputs: Inputs,
    /// Where the child goes
    #[arg(long, short, value_name = "BUNDLE")]
    output: PathBuf,
    #[command(flatten)]
    threads: Threads,
}

/// How well calibrated the probabilities of the positive class are.
#[derive(Serialize)]
struct Judged {
    log_loss: f64,
    brier: f64,
    /// Of two classes: of the outcome on the logit.
    slope: Option<f64>,
    intercept: Option<f64>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    let open = OpenBundle::open(&arguments.parent)?;
    let loaded = arguments.inputs.load_for(Some(&open.model), console)?;
    refuse_other_schema(open.model.schema(), &loaded)?;
    let mut config = loaded.config;
    config.calibration = config.calibration.or(Some(CalibratorSpec::Chosen));
    let dataset = &loaded.dataset;
    let found = arguments.threads.run(|| Ok(recalibrate(&open.bytes, &config, dataset)?))?;
    write(&arguments.output, &found.bundle)?;

    let judged = dataset.select(&found.rows);
    let (before, after) = (Judged::of(&judged, &found.before)?, Judged::of(&judged, &found.after)?);
    let digest = found.model.digest().to_string();
    if console.is_json() {
        console.json_result(&serde_json::json!({
            "bundle": arguments.output.display().to_string(),
            "digest": digest,
            "parent": open.model.digest().to_string(),
            "rows": dataset.n_rows(),
            "judged_rows": found.rows.len(),
            "before": before,
            "after": after,
            "dropped_cutoffs": found.dropped_cutoffs,
        }))?;
        return Ok(Exit::Done);
    }
    for cutoff in &found.dropped_cutoffs {
        console.note(format_args!(
            "cutoff `{cutoff}` is left out: the configuration has no rule for it"
        ));
    }
    console.result(format_args!("{:8}log loss  Brier   slope   intercept", ""))?;
    for (name, judged) in [("parent", before), ("child", after)] {
        let digits = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.4}"));
        console.result(format_args!(
            "{name:8}{:.4}    {:.4}  {:7} {}",
            judged.log_loss,
            judged.brier,
            digits(judged.slope),
            digits(judged.intercept),
        ))?;
    }
    console.result(format_args!("bundle {digest} ({} bytes)", found.bundle.len()))?;
    Ok(Exit::Done)
}

impl Judged {
    fn of(dataset: &Dataset, predictions: &Predictions) -> Result<Self, Error> {
        let evaluation = Evaluation::new(predictions, dataset.classes())?;
        let vote = evaluation.vote().ok_or(Error::Defect("an evaluation without a vote"))?;
        let line = (dataset.n_classes() == 2).then(|| {
            let outcomes: Vec<bool> = dataset.classes().iter().map(|class| *class == 1).collect();
            let inside = clipped(&predictions.positive());
            calibration_line(&outcomes, &inside, Confidence::PERCENT_95).ok()
        });
        let line = line.flatten();
        Ok(Self {
            log_loss: vote.log_loss,
            brier: vote.brier,
            slope: line.as_ref().map(|line| line.slope.value),
            intercept: line.as_ref().map(|line| line.intercept.value),
        })
    }
}
