//! Metrics of members and ensemble as a table of text.

use std::collections::BTreeSet;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use crate::data::Dataset;
use nomogram_stats::assessment::{MemberMetrics, NamedMetrics};
use nomogram_stats::metrics::Metrics;

/// The rows that metrics are of, in one line: how many, of how many patients, and the sum of their
/// weights.
#[must_use]
pub fn rows_line(dataset: &Dataset) -> String {
    let mut line = format!("{} rows", dataset.n_rows());
    if let Some(patients) = dataset.patients() {
        let n_patients = patients.iter().collect::<BTreeSet<_>>().len();
        line.push_str(&format!(" of {n_patients} patients"));
    }
    if let Some(weights) = dataset.weights() {
        let sum = count_or_weight(weights.iter().fold(0.0, |sum, weight| sum + weight));
        line.push_str(&format!("; metrics are weighted, the weights sum to {sum}"));
    }
    line
}

/// A sum of weights: a whole number without decimals, as a count, others with one.
fn count_or_weight(sum: f64) -> String {
    if sum.fract() == 0.0 { format!("{sum:.0}") } else { format!("{sum:.1}") }
}

/// A table with one line per member and one for the ensemble. Columns of positive and negative rows
/// appear with two classes only; an undefined number is a dash.
#[must_use]
pub fn metrics_table(member_metrics: &MemberMetrics) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    let of_two = ["sens.", "spec.", "PPV", "NPV", "F1"];
    let has_two = member_metrics.iter().any(|named| named.metrics.confusion.is_some());
    let mut header = vec!["", "accuracy"];
    header.extend(of_two.iter().filter(|_| has_two));
    header.extend(["AUC", "Brier", "log loss"]);
    header.extend(has_two.then_some("TP/FP/TN/FN"));
    table.set_header(header);
    for NamedMetrics { name, metrics } in member_metrics.iter() {
        let digits = |value: f64| format!("{value:.4}");
        let or_dash = |value: Option<f64>| value.map_or("–".into(), digits);
        let Metrics { sensitivity, specificity, ppv, npv, f1, .. } = *metrics;
        let of_two = [sensitivity, specificity, ppv, npv, f1].map(or_dash);
        let mut cells = vec![name.clone(), digits(metrics.accuracy)];
        cells.extend(of_two.into_iter().filter(|_| has_two));
        cells.extend([or_dash(metrics.auc), digits(metrics.brier), digits(metrics.log_loss)]);
        cells.extend(metrics.confusion.map(|c| {
            let counts = [c.true_positive, c.false_positive, c.true_negative, c.false_negative];
            counts.map(count_or_weight).join("/")
        }));
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
