//! `nomogram compare`: compares the predictions of two bundles on a table.

use clap::Args;
use nomogram_stats::bootstrap::BootstrapSpec;
use nomogram_stats::comparison::{DelongTest, McnemarTest, Paired};
use nomogram_stats::{Confidence, Rows, numbered_patients};
use nomogram_train::Predictions;
use serde::Serialize;

use crate::bundle::OpenBundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::InputPath;
use crate::training::{Inputs, Threads};

/// Compare how well two bundles predict the same rows: DeLong's test of the AUC, McNemar's test of
/// the classes, and a bootstrap interval of the difference of the Brier scores.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The first bundle
    first: InputPath,
    /// The second bundle
    second: InputPath,
    #[command(flatten)]
    inputs: Inputs,
    /// Use only the test rows of the configuration
    #[arg(long)]
    test: bool,
    /// Number of bootstrap samples
    #[arg(long, value_name = "N", default_value_t = 2000)]
    replicates: usize,
    #[command(flatten)]
    threads: Threads,
}

/// How two models differ; differences are the first minus the second.
#[derive(Serialize)]
struct Comparison {
    n_rows: usize,
    n_events: usize,
    delong: DelongTest,
    /// Unweighted, where rows have weights.
    mcnemar: McnemarTest,
    brier_difference: f64,
    brier_interval: [f64; 2],
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    let bundles = [OpenBundle::open(&arguments.first)?, OpenBundle::open(&arguments.second)?];
    let [first, _] = &bundles;
    let loaded = arguments.inputs.load_for(Some(&first.model), console)?;
    let rows: Vec<usize> = match arguments.test {
        true => loaded.config.partitions(&loaded.dataset)?.test,
        false => (0..loaded.dataset.n_rows()).collect(),
    };
    let dataset = loaded.dataset.select(&rows);
    let mut probabilities = Vec::new();
    for open in &bundles {
        if dataset.n_classes() != 2 {
            let n_classes = dataset.n_classes();
            let detail = format!("a table of {n_classes} classes; compare needs two");
            return Err(Error::usage(detail));
        }
        probabilities.push(Predictions::of(&open.model, &dataset)?.positive());
    }
    let [first, second] = probabilities.as_slice() else {
        return Err(Error::Defect("two bundles were opened"));
    };
    let outcomes: Vec<bool> = dataset.classes().iter().map(|class| *class == 1).collect();
    let patients = dataset.patients().map(numbered_patients);
    let paired = Paired::new(&outcomes, first, second)?
        .weighted(dataset.weights())?
        .of_patients(patients.as_deref())?;
    let spec = BootstrapSpec::new(arguments.replicates, loaded.config.seed);
    let distribution = arguments.threads.run(|| Ok(paired.bootstrap(&spec, brier)?))?;
    let interval = distribution.percentile(Confidence::PERCENT_95);
    let rows = |probabilities| Rows::new(&outcomes, probabilities)?.weighted(dataset.weights());
    let briers = (brier(rows(first)?), brier(rows(second)?));
    let comparison = Comparison {
        n_rows: outcomes.len(),
        n_events: outcomes.iter().filter(|outcome| **outcome).count(),
        delong: paired.delong(Confidence::PERCENT_95)?,
        mcnemar: paired.mcnemar(0.5, 0.5)?,
        brier_difference: briers.0.unwrap_or(f64::NAN) - briers.1.unwrap_or(f64::NAN),
        brier_interval: [interval.lower, interval.upper],
    };
    if console.is_json() {
        console.json_result(&comparison)?;
        return Ok(Exit::Done);
    }
    let Comparison { delong, mcnemar, brier_difference, brier_interval, .. } = &comparison;
    let p = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.4}"));
    console.result(format_args!(
        "{} rows, {} of them positive; differences are the first minus the second\n\
         AUC    {:.4} and {:.4}, difference {:+.4} ({:+.4} to {:+.4}), p = {} (DeLong)\n\
         Brier  difference {brier_difference:+.4} ({:+.4} to {:+.4}, bootstrap)\n\
         class  correct only in the first {}, only in the second {}, p = {:.4} (McNemar, exact{})",
        comparison.n_rows,
        comparison.n_events,
        delong.first,
        delong.second,
        delong.difference,
        delong.interval.lower,
        delong.interval.upper,
        p(delong.p_value),
        brier_interval[0],
        brier_interval[1],
        mcnemar.n_only_first,
        mcnemar.n_only_second,
        mcnemar.exact_p_value,
        if dataset.weights().is_some() { ", unweighted" } else { "" },
    ))?;
    Ok(Exit::Done)
}

fn brier(rows: Rows<'_>) -> Option<f64> {
    Some(nomogram_stats::calibration::BrierScore::new(rows).score)
}
