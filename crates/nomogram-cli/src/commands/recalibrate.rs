//! `nomogram recalibrate`: seals a child of a bundle with a calibrator for other patients.

use clap::Args;
use nomogram_stats::calibration::{calibration_line, clipped};
use nomogram_stats::{Confidence, Rows};
use nomogram_train::ensemble::CalibratorSpec;
use nomogram_train::{Dataset, PredictedRows, Predictions, recalibrate, rows_line};
use serde::Serialize;

use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};
use crate::training::{Inputs, Threads, write};

/// Fit a new calibrator to the rows of a table, and seal the same ensemble with it.
///
/// The child records the digest of its parent and has the version of the configuration. Its cutoffs
/// are chosen on these rows by the rules of the configuration, since the cutoffs of the parent refer
/// to other probabilities. The printed metrics of the child are cross-fitted: the calibrator of each
/// row was fitted to other rows. Weights count in the fit, the cutoffs and the metrics.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The parent bundle
    parent: InputPath,
    #[command(flatten)]
    inputs: Inputs,
    /// Write the child to this file
    #[arg(long, short, value_name = "BUNDLE")]
    output: OutputPath,
    #[command(flatten)]
    threads: Threads,
}

/// How well calibrated the probabilities of the positive class are.
#[derive(Serialize)]
struct CalibrationMetrics {
    log_loss: f64,
    brier: f64,
    /// Slope of the outcome on the logit, for two classes.
    slope: Option<f64>,
    intercept: Option<f64>,
}

pub(crate) fn run(
    arguments: &Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let open = OpenBundle::open(&arguments.parent)?;
    let loaded = arguments.inputs.load_for(Some(&open.model), console)?;
    let mut config = loaded.config;
    config.calibration = config.calibration.or(Some(CalibratorSpec::Chosen));
    let dataset = &loaded.dataset;
    let recalibrated = arguments.threads.run(|| Ok(recalibrate(&open.bytes, &config, dataset)?))?;
    write(outputs, &arguments.output, &recalibrated.bundle)?;

    let held_out = dataset.select(&recalibrated.rows);
    let before = CalibrationMetrics::of(&held_out, &recalibrated.before)?;
    let after = CalibrationMetrics::of(&held_out, &recalibrated.after)?;
    let digest = recalibrated.model.digest().to_string();
    if console.is_json() {
        console.json_result(&serde_json::json!({
            "bundle": arguments.output.display().to_string(),
            "digest": digest,
            "bytes": recalibrated.bundle.len(),
            "parent": open.model.digest().to_string(),
            "rows": dataset.n_rows(),
            "held_out_rows": recalibrated.rows.len(),
            "sum_of_weights": held_out.weights().map(|weights| weights.iter().sum::<f64>()),
            "before": before,
            "after": after,
            "dropped_cutoffs": recalibrated.dropped_cutoffs,
        }))?;
        return Ok(Exit::Done);
    }
    for cutoff in &recalibrated.dropped_cutoffs {
        console.note(format_args!(
            "cutoff `{cutoff}` is dropped: the configuration has no rule for it"
        ));
    }
    console.result(rows_line(&held_out))?;
    console.result(format_args!("{:8}log loss  Brier   slope   intercept", ""))?;
    for (name, metrics) in [("parent", before), ("child", after)] {
        let digits = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.4}"));
        console.result(format_args!(
            "{name:8}{:.4}    {:.4}  {:7} {}",
            metrics.log_loss,
            metrics.brier,
            digits(metrics.slope),
            digits(metrics.intercept),
        ))?;
    }
    console.result(format_args!("bundle {digest} ({} bytes)", recalibrated.bundle.len()))?;
    Ok(Exit::Done)
}

impl CalibrationMetrics {
    fn of(dataset: &Dataset, predictions: &Predictions) -> Result<Self, Error> {
        let rows = PredictedRows { name: "all rows", dataset, predictions };
        let metrics = rows.member_metrics()?;
        let ensemble = metrics.ensemble();
        let line = || {
            let outcomes: Vec<bool> = dataset.classes().iter().map(|class| *class == 1).collect();
            let inside = clipped(&predictions.positive());
            let rows = Rows::new(&outcomes, &inside).ok()?.weighted(dataset.weights()).ok()?;
            calibration_line(rows, Confidence::PERCENT_95).ok()
        };
        let line = if dataset.n_classes() == 2 { line() } else { None };
        Ok(Self {
            log_loss: ensemble.log_loss,
            brier: ensemble.brier,
            slope: line.as_ref().map(|line| line.slope.value),
            intercept: line.as_ref().map(|line| line.intercept.value),
        })
    }
}
