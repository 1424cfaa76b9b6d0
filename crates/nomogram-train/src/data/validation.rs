//! Validation: all errors and warnings of a table, before training.
//!
//! [`Dataset`](crate::Dataset) stops at the first cell that it refuses; a [`ValidationReport`] lists
//! every such cell as an error, and what a careful reader of the data would ask about as a warning.
//! Checks read the table and its configuration alone, in a fixed order; nothing is drawn by chance.
//! How a check is added: `docs/adding-a-check.md`.

// Layers, lowest first: a module uses only the blocks above its own.
mod cells;
mod display;

mod columns;
mod rows;
mod spelling;
mod target;

use nomogram_table::Place;
use serde::{Deserialize, Serialize};

use crate::data::config::DataConfig;
use crate::error::Error;
use crate::table::Table;
use cells::CheckedTable;

/// How many lines of a finding are listed.
const MAX_LINES: usize = 10;

/// The errors and warnings of a table. Displayed as a table, errors first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValidationReport {
    /// The name of the table.
    pub table: String,
    /// The number of its rows.
    pub n_rows: usize,
    /// What the numbers of [`Finding::lines`] count.
    pub places: Places,
    /// The findings, in the order of the checks.
    pub findings: Vec<Finding>,
}

/// What numbers of places count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Places {
    /// The lines of a text, of which the header is one.
    Lines,
    /// The rows of a file without lines.
    Rows,
}

/// An error or a warning.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Whether the table can be used nevertheless.
    pub severity: Severity,
    /// The check.
    pub check: Check,
    /// The column or the rule; two columns are joined by ` and `.
    pub column: Option<String>,
    /// The first ten of its lines or rows, counted from 1; empty when it is about the whole column.
    pub lines: Vec<u64>,
    /// The number of its lines or rows.
    pub n_lines: usize,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

/// Whether a table can be used in spite of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// An error: it cannot, or its results would be wrong.
    Error,
    /// A warning: it can, but a person should know.
    Warning,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Every column is named in the configuration, and is there.
    Columns,
    /// Cells are of their column's kind.
    Type,
    /// Values are where they must be, and few are missing elsewhere.
    Missing,
    /// Values are plausible.
    Range,
    /// Values are stated in their feature's unit.
    Unit,
    /// Levels are known, and each has enough rows.
    Levels,
    /// Every class is known, and has rows.
    Classes,
    /// Row ids are unique.
    DuplicateId,
    /// Rows differ.
    DuplicateRow,
    /// Rules between features are kept.
    Rule,
    /// A patient's rows are in one partition.
    PatientInPartitions,
    /// Equal rows are in one partition.
    RowInPartitions,
    /// Columns vary.
    Constant,
    /// Features do not name rows.
    IdAsFeature,
    /// No two features hold the same information.
    Correlation,
    /// The rarest class has enough rows.
    ClassBalance,
    /// No feature is the target in disguise.
    Leakage,
    /// Names differ in more than spelling.
    Spelling,
    /// Rows can be split and fitted as the configuration asks.
    Training,
}

/// Limits beyond which a warning is given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The share of a feature's values that may be missing.
    pub max_missing_share: f64,
    /// The share of a feature's values that may be the same.
    pub max_same_share: f64,
    /// The number of rows of the rarest class for each feature.
    pub min_events_per_feature: f64,
    /// The share of the rows that are of the rarest class.
    pub min_class_share: f64,
    /// The area under the ROC curve that a single feature may reach, in either direction.
    pub max_feature_auc: f64,
    /// The correlation that two features may have, in either direction.
    pub max_correlation: f64,
    /// The number of rows of each level of a category.
    pub min_rows_per_level: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_missing_share: 0.2,
            max_same_share: 0.99,
            min_events_per_feature: 10.0,
            min_class_share: 0.05,
            max_feature_auc: 0.99,
            max_correlation: 0.999,
            min_rows_per_level: 5,
        }
    }
}

/// Finds all errors and warnings of a table, within the default [`Limits`]. For splits and folds
/// too, see [`validate_training`](crate::validate_training).
///
/// # Errors
///
/// `Configuration` when the configuration is invalid.
///
/// ```
/// use nomogram_train::{DataConfig, Table, validate};
///
/// let config = DataConfig::from_yaml(
///     "data: { target: { column: y, negative: a, positive: b }, features: [{ name: x }] }",
/// )?;
/// let table = Table::from_csv("t.csv", "x,y\n1,a\nlots,b\n".as_bytes(), &config.table_format())?;
/// let report = validate(&table, &config)?;
/// assert!(report.has_errors());
/// assert_eq!(report.findings[0].found, "`lots`");
/// # Ok::<(), nomogram_train::Error>(())
/// ```
pub fn validate(table: &Table, config: &DataConfig) -> Result<ValidationReport, Error> {
    validate_within(table, config, &Limits::default())
}

/// [`validate`] within other limits.
///
/// # Errors
///
/// As [`validate`].
pub fn validate_within(
    table: &Table,
    config: &DataConfig,
    limits: &Limits,
) -> Result<ValidationReport, Error> {
    let (checked, mut findings) = CheckedTable::read(table, config)?;
    rows::check(&checked, &mut findings)?;
    columns::check(&checked, limits, &mut findings);
    target::check(&checked, limits, &mut findings);
    spelling::check(&checked, &mut findings);
    let places = match table.places().next() {
        Some(Place::Row(_)) => Places::Rows,
        Some(Place::Line(_)) | None => Places::Lines,
    };
    Ok(ValidationReport { table: table.name().into(), n_rows: table.n_rows(), places, findings })
}

impl ValidationReport {
    /// Whether the table cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.of(Severity::Error).next().is_some()
    }

    /// The findings of one severity.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity == severity)
    }
}

impl Finding {
    fn new(severity: Severity, check: Check, found: String, expected: impl Into<String>) -> Self {
        let (column, lines, n_lines) = (None, Vec::new(), 0);
        Self { severity, check, column, lines, n_lines, found, expected: expected.into() }
    }

    /// Why training refuses the rows.
    pub(crate) fn of_training(refusal: &Error) -> Self {
        let expected = "rows that can be split and fitted as configured";
        Self::new(Severity::Error, Check::Training, refusal.to_string(), expected)
    }

    fn of_column(self, column: impl Into<String>) -> Self {
        Self { column: Some(column.into()), ..self }
    }

    fn on_lines(mut self, lines: impl IntoIterator<Item = u64>) -> Self {
        for line in lines {
            self.add_line(line);
        }
        self
    }

    fn add_line(&mut self, line: u64) {
        if self.lines.len() < MAX_LINES {
            self.lines.push(line);
        }
        self.n_lines += 1;
    }
}

#[cfg(test)]
mod tests;
