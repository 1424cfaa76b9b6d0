//! What training would refuse, found out by training as little as the learners can.
//!
//! A rehearsal runs [`train`](super::train) itself, so that both refuse the same configurations and
//! rows: splits, folds, steps, inputs that may be missing, names. It does not show whether the real
//! fits converge or members learn anything. Of a large table, rows are dealt to folds and steps are
//! fitted as in training; only members are fitted to fewer rows.

mod reduced;

use nomogram::{Cutoff, Parts, seal, unseal};
use rayon::prelude::*;

use super::config::{MemberSpec, TrainingConfig};
use super::inputs::Inputs;
use super::train::train_on_folds;
use crate::data::{Dataset, Finding, ValidationReport, validate};
use crate::ensemble::{CalibratorSpec, CutoffSpec};
use crate::error::Error;
use crate::parallel::try_map;
use crate::split::Split;
use crate::table::Table;
use reduced::Reduced;

/// [`validate`], and everything for which [`train`](crate::train) would refuse the table or its training partition.
/// Without an error in the report, training starts.
///
/// # Errors
///
/// `Configuration` when the configuration is invalid, whatever the rows.
///
/// ```
/// use nomogram_train::{Table, TrainingConfig, validate_training};
///
/// let config = TrainingConfig::from_yaml(
///     r#"
/// model: { name: fever, version: "1.0" }
/// data:
///   target: { column: flu, negative: "no", positive: "yes" }
///   features: [{ name: temperature }]
/// seed: 1
/// validation: { n_folds: 5, min_auc: 0.6 }
/// members:
///   - name: linear
///     input: scaled
///     weight: 1.0
///     learner: { logistic_regression: { c: 1.0, class_weight: equal } }
/// combiner: soft_vote
/// "#,
/// )?;
/// let rows = (0..40).map(|row| format!("{},{}\n", 36 + row % 5, ["no", "yes"][row / 38]));
/// let text = format!("temperature,flu\n{}", rows.collect::<String>());
/// let table = Table::from_csv("t.csv", text.as_bytes(), &config.data.table_format())?;
/// let report = validate_training(&config, &table)?;
/// assert!(report.has_errors());
/// assert!(report.to_string().contains("2 rows, fewer than the 5 folds"));
/// # Ok::<(), nomogram_train::Error>(())
/// ```
pub fn validate_training(
    config: &TrainingConfig,
    table: &Table,
) -> Result<ValidationReport, Error> {
    config.check()?;
    rehearse(config, table, validate(table, &config.data)?)
}

/// A report of [`validate`] on the same table, with what [`train`](crate::train) would refuse. A report with errors
/// stays as it is: there are no rows to train on.
///
/// # Errors
///
/// As [`validate_training`].
pub fn rehearse(
    config: &TrainingConfig,
    table: &Table,
    mut report: ValidationReport,
) -> Result<ValidationReport, Error> {
    if report.has_errors() {
        return Ok(report);
    }
    match rehearse_table(config, table) {
        Ok(()) => {}
        Err(error @ (Error::Configuration(_) | Error::File { .. })) => return Err(error),
        Err(error) => report.findings.push(Finding::of_training(&error)),
    }
    Ok(report)
}

fn rehearse_table(config: &TrainingConfig, table: &Table) -> Result<(), Error> {
    let dataset = Dataset::from_table(table, &config.data)?;
    let partitions = config.partitions(&dataset)?;
    rehearse_rows(config, &dataset.select(&partitions.train))
}

/// Refuses training rows that [`train`] would refuse, whatever its members learn.
fn rehearse_rows(config: &TrainingConfig, dataset: &Dataset) -> Result<(), Error> {
    let names = dataset.schema().target().classes();
    let cutoff = |spec: &CutoffSpec| {
        Ok(Cutoff { name: spec.name.clone(), class: spec.class(names)?, probability: 0.5 })
    };
    let cutoffs = config.cutoffs.iter().map(cutoff).collect::<Result<_, Error>>()?;
    let bundle = match train_smallest(&smallest(config), dataset) {
        Ok(bundle) => bundle,
        Err(Error::NotConverged(_) | Error::Separated { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    let (parts, golden_rows) = unseal(&bundle)?;
    seal(&Parts { cutoffs, ..parts }, golden_rows.view())?;
    Ok(())
}

/// The bundle of these rows, or of as few of them as show what training would refuse.
fn train_smallest(smallest: &TrainingConfig, dataset: &Dataset) -> Result<Vec<u8>, Error> {
    smallest.check()?;
    let folds = smallest.folds(dataset, smallest.seed)?;
    let train = |rows: &Dataset, folds: Vec<Split>| {
        let nobody = &mut |_: usize, _: usize, _: &str| {};
        let trained = train_on_folds(smallest, rows, folds, nobody);
        let named = |error: Error| error.with_class_names(rows.schema().target().classes());
        trained.map(|trained| trained.bundle).map_err(named)
    };
    let Some(reduced) = Reduced::of(dataset, &folds) else { return train(dataset, folds) };
    // What a step fits depends on how values are distributed in all rows.
    let distance = smallest.distance_input();
    Inputs::fit(smallest, distance.as_ref(), dataset)
        .map_err(|error| dataset.located(error, dataset.schema()))?;
    try_map(folds.par_iter(), |split| {
        let rows = dataset.select(&split.train);
        let fitted = Inputs::fit(smallest, distance.as_ref(), &rows);
        fitted.map(drop).map_err(|error| rows.located(error, dataset.schema()))
    })?;
    match train(&dataset.select(&reduced.rows), reduced.folds(&folds)) {
        Ok(bundle) => Ok(bundle),
        Err(
            error @ (Error::Configuration(_) | Error::NotConverged(_) | Error::Separated { .. }),
        ) => Err(error),
        // With all rows there may be enough of what was too rare among these.
        Err(_) => train(dataset, folds),
    }
}

/// The same configuration with the smallest learners. What depends on the quality of predictions is
/// left out: cutoffs, uninformative members, calibrators other than the chosen one, which needs rows.
fn smallest(config: &TrainingConfig) -> TrainingConfig {
    let member =
        |member: &MemberSpec| MemberSpec { learner: member.learner.smallest(), ..member.clone() };
    TrainingConfig {
        members: config.members.iter().map(member).collect(),
        calibration: config.calibration.filter(|own| *own == CalibratorSpec::Chosen),
        cutoffs: Vec::new(),
        allow_uninformative_members: true,
        ..config.clone()
    }
}

#[cfg(test)]
mod tests;
