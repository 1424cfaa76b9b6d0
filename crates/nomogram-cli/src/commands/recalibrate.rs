//! `nomogram recalibrate`: seals a child of a bundle with a calibrator or uncertainty for other patients.

use clap::Args;
use nomogram::{Model, unseal};
use nomogram_describe::Description;
use nomogram_stats::calibration::{calibration_line, clipped};
use nomogram_stats::{Confidence, Rows};
use nomogram_train::ensemble::CalibratorSpec;
use nomogram_train::{
    Dataset, PredictedRows, Predictions, RecalibratedUncertainty, UncertaintyConfig, recalibrate,
    recalibrate_uncertainty, rows_line,
};
use serde::Serialize;

use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};
use crate::training::{Inputs, Threads, write};

/// Fit a new calibrator, or uncertainty, to the rows of a table, and seal the same ensemble with it.
///
/// The child records the digest of its parent and has the version of the configuration.
///
/// With the configuration of a training, a calibrator is fitted. Its cutoffs are chosen on these rows by
/// the rules of the configuration, since the cutoffs of the parent refer to other probabilities. The
/// printed metrics of the child are cross-fitted: the calibrator of each row was fitted to other rows.
/// Weights count in the fit, the cutoffs and the metrics.
///
/// With a configuration without `members`, uncertainty alone is fitted, for any bundle: intervals of a
/// number, or p-values, prediction sets and intervals of classes. Predictions stay the same. The model
/// must not have seen these rows: docs/uncertainty.md.
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
    if let Some(config) = arguments.inputs.uncertainty_config()? {
        return run_uncertainty(arguments, &open, &config, console, outputs);
    }
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
    let has_uncertainty = |model: &Model| model.uncertainty().is_some();
    let dropped_uncertainty = has_uncertainty(&open.model) && !has_uncertainty(&recalibrated.model);
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
            "dropped_uncertainty": dropped_uncertainty,
        }))?;
        return Ok(Exit::Done);
    }
    for cutoff in &recalibrated.dropped_cutoffs {
        console.note(format_args!(
            "cutoff `{cutoff}` is dropped: the configuration has no rule for it"
        ));
    }
    if dropped_uncertainty {
        console.note("the uncertainty is dropped: the configuration has no `uncertainty`");
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

/// Fits uncertainty alone.
fn run_uncertainty(
    arguments: &Arguments,
    open: &OpenBundle,
    config: &UncertaintyConfig,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let table = arguments.inputs.table_of(&open.model)?;
    let RecalibratedUncertainty { bundle, model, n_rows, n_independent } =
        recalibrate_uncertainty(&open.bytes, config, &table)?;
    write(outputs, &arguments.output, &bundle)?;
    let digest = model.digest().to_string();
    let (parts, _) = unseal(&bundle)?;
    let description = Description::new(&model, &parts);
    if console.is_json() {
        console.json_result(&serde_json::json!({
            "bundle": arguments.output.display().to_string(),
            "digest": digest,
            "bytes": bundle.len(),
            "parent": open.model.digest().to_string(),
            "rows": n_rows,
            "independent_rows": n_independent,
            "uncertainty": description.uncertainty,
        }))?;
        return Ok(Exit::Done);
    }
    console.result(format_args!("{n_rows} rows, of which {n_independent} are independent"))?;
    for (name, line) in description.uncertainty.iter().flat_map(|fitted| &fitted.lines) {
        console.result(format_args!("{name}: {line}"))?;
    }
    console.result(format_args!("bundle {digest} ({} bytes)", bundle.len()))?;
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
