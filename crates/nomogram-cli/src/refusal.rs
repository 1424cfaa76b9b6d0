//! Why a row was refused: status, feature, what was found and what was expected.

use std::sync::Arc;

use nomogram::FeatureKind;
use nomogram::{Error as CoreError, ErrorKind, Place as CorePlace, Schema};
use nomogram_table::{
    Cell, Columns, DecimalMark, FeatureCells, Place, Row, TableFormat, row_length,
};

/// Why a row was refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) place: Place,
    /// As in the output: [`status`].
    pub(crate) status: String,
    /// The name of the feature; nothing for a rule, or a row of the wrong length.
    pub(crate) feature: String,
    /// What was found and what was expected, for people.
    pub(crate) reason: String,
    /// The option that the cell may need, for people.
    hint: &'static str,
}

/// The status of a row that was predicted.
pub(crate) const OK: &str = "ok";

/// The name of a kind in tables: that of the C interface without `NOMO_E`, in lower case, for
/// example `value_missing`.
pub(crate) fn status(kind: ErrorKind) -> String {
    let name = kind.c_name().to_string_lossy().to_ascii_lowercase();
    name.trim_start_matches("nomo_e").to_owned()
}

impl Refusal {
    /// Of a row that has too few or too many cells.
    pub(crate) fn of_length(row: Row<'_>, columns: &Columns) -> Option<Self> {
        let n_cells = row.n_cells().filter(|n_cells| *n_cells != columns.names.len())?;
        Some(Self {
            place: row.place(),
            status: status(ErrorKind::Columns),
            feature: String::new(),
            reason: row_length(n_cells, columns.names.len()),
            hint: "",
        })
    }

    /// Of a row that the core refused.
    pub(crate) fn new(error: &CoreError, row: Row<'_>, columns: &Columns, schema: &Schema) -> Self {
        let is_rule = error.kind() == ErrorKind::RuleViolated;
        let features = error.path().filter_map(|place| match place {
            CorePlace::Feature(index) => Some(index),
            _ => None,
        });
        let features: Vec<usize> = features.collect();
        let found = |index: usize| match columns.column_of(index) {
            None => "no such column".to_owned(),
            Some(column) => column.cells.found(row.cell(column.column)),
        };
        let name = |index: usize| {
            schema.features().get(index).map_or("", |feature| feature.name.as_str()).to_owned()
        };
        let place = row.place();
        let status = status(error.kind());
        let feature = match features.first().filter(|_| !is_rule) {
            Some(index) => {
                let expected = match columns.column_of(*index) {
                    Some(column) => column.cells.expected(error.kind(), row.cell(column.column)),
                    None => expected(error.kind(), schema, *index),
                };
                let reason = format!("found {}, expected {expected}", found(*index));
                let column = columns.column_of(*index);
                let hint = match column.filter(|_| error.kind() == ErrorKind::WrongType) {
                    Some(column) => hint(&column.cells, row.cell(column.column)),
                    None => "",
                };
                return Self { place, status, feature: name(*index), reason, hint };
            }
            None => String::new(),
        };
        let values: Vec<String> =
            features.iter().map(|index| format!("{} {}", name(*index), found(*index))).collect();
        let rule = error.path().find_map(|place| match place {
            CorePlace::Rule(index) => schema.rules().get(index),
            _ => None,
        });
        let rule = rule.map_or("", |rule| rule.name.as_str());
        let reason = if is_rule {
            format!("rule `{rule}`: the values contradict each other: {}", values.join(", "))
        } else {
            error.to_string()
        };
        Self { place, status, feature, reason, hint: "" }
    }

    /// Of a row that a service refused, or that cannot be sent to one.
    #[cfg(feature = "serve")]
    pub(crate) fn of_service(
        place: Place,
        status: String,
        feature: String,
        reason: String,
    ) -> Self {
        Self { place, status, feature, reason, hint: "" }
    }

    /// The whole of it in one line.
    pub(crate) fn line(&self) -> String {
        let Self { place, feature, reason, hint, .. } = self;
        if feature.is_empty() {
            return format!("{place}: {reason}");
        }
        // For a person, not for the file of refused rows.
        format!("{place}: feature `{feature}`: {reason}{hint}")
    }
}

/// The option that may be needed to read a text of the wrong type.
fn hint(cells: &FeatureCells, cell: Cell<'_>) -> &'static str {
    let is_number = match cells.feature().kind {
        FeatureKind::Number | FeatureKind::Integer => true,
        // Booleans and categories; and kinds that a later core may have.
        _ => false,
    };
    match (cell, cells.other_mark(cell).filter(|_| is_number)) {
        (Cell::Written(_), Some(DecimalMark::Comma)) => {
            "; use --decimal-mark , if the comma is a decimal mark"
        }
        (Cell::Written(_), Some(DecimalMark::Point)) => {
            "; use --decimal-mark . if the point is a decimal mark"
        }
        (Cell::Written(_), None) if cell.finite(cells.format()).is_none() => {
            "; use --missing if this text means a missing value"
        }
        _ => "",
    }
}

/// What a feature that has no column takes, in words.
fn expected(kind: ErrorKind, schema: &Schema, index: usize) -> String {
    let Some(feature) = schema.features().get(index) else { return String::new() };
    let cells = FeatureCells::new(feature.clone(), None, Arc::new(TableFormat::default()));
    cells.expected(kind, Cell::Missing)
}
