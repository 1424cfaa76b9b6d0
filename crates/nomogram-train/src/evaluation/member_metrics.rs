//! A model's metrics, member by member and for the vote.

use std::fmt;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use ndarray::Array2;
use serde::Serialize;

use crate::error::Error;
use crate::predictions::Predictions;
use nomogram_stats::metrics::Metrics;

/// The name under which the vote of all members stands.
const VOTE: &str = "vote";

/// The metrics of each member and of the vote on the same rows.
///
/// Prints as a table; serialises as a list of rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Evaluation {
    rows: Vec<EvaluationRow>,
}

/// The metrics of one member, or of the vote.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationRow {
    /// The name of the member, or `vote`.
    pub name: String,
    /// How good it is.
    #[serde(flatten)]
    pub metrics: Metrics,
}

impl Evaluation {
    /// Compares predictions with the classes of their rows.
    ///
    /// # Errors
    ///
    /// `Data` when there is not one prediction per class.
    pub fn new(predictions: &Predictions, classes: &[usize]) -> Result<Self, Error> {
        if predictions.ensemble.nrows() != classes.len() || classes.is_empty() {
            let n_predictions = predictions.ensemble.nrows();
            return Err(Error::Data(format!(
                "{n_predictions} predictions for {} rows, expected one each and at least 1",
                classes.len()
            )));
        }
        let names = predictions.names.iter().map(String::as_str).chain([VOTE]);
        let probabilities = predictions.members.iter().chain([&predictions.ensemble]);
        let row = |(name, probabilities): (&str, &Array2<f64>)| EvaluationRow {
            name: name.into(),
            metrics: Metrics::of(classes, probabilities),
        };
        Ok(Self { rows: names.zip(probabilities).map(row).collect() })
    }

    /// The rows: each member, then the vote.
    #[must_use]
    pub fn rows(&self) -> &[EvaluationRow] {
        &self.rows
    }

    /// The metrics of the vote.
    #[must_use]
    pub fn vote(&self) -> Option<&Metrics> {
        self.rows.last().map(|row| &row.metrics)
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(NOTHING);
        let of_two = ["sens.", "spec.", "PPV", "NPV", "F1"];
        let has_two = self.rows.iter().any(|row| row.metrics.confusion.is_some());
        let mut header = vec!["", "accuracy"];
        header.extend(of_two.iter().filter(|_| has_two));
        header.extend(["AUC", "Brier", "log loss"]);
        header.extend(has_two.then_some("TP/FP/TN/FN"));
        table.set_header(header);
        for EvaluationRow { name, metrics } in &self.rows {
            let digits = |value: f64| format!("{value:.4}");
            let or_dash = |value: Option<f64>| value.map_or("–".into(), digits);
            let Metrics { sensitivity, specificity, ppv, npv, f1, .. } = *metrics;
            let of_two = [sensitivity, specificity, ppv, npv, f1].map(or_dash);
            let mut cells = vec![name.clone(), digits(metrics.accuracy)];
            cells.extend(of_two.into_iter().filter(|_| has_two));
            cells.extend([or_dash(metrics.auc), digits(metrics.brier), digits(metrics.log_loss)]);
            cells.extend(metrics.confusion.map(|c| {
                let counts = [c.true_positive, c.false_positive, c.true_negative, c.false_negative];
                counts.map(|count| count.to_string()).join("/")
            }));
            table.add_row(cells);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        write!(f, "{table}")
    }
}
