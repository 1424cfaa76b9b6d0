//! What the cells of a table mean, by a configuration.
//!
//! Features go through the core's intake, so that a policy does to a training row what it does to a
//! row at prediction. Every column is an iterator of results: who wants a dataset stops at the first
//! error, who validates collects them all.

use nomogram::{ErrorKind, FeatureKind, Flags, Intake, Schema, Value};

use super::config::{DataConfig, FeatureConfig, Kind};
use super::dataset::Part;
use crate::error::Error;
use crate::table::{Cell, Datum, Table, Time};

/// A table, and what its columns are.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) table: &'a Table,
    pub(crate) config: &'a DataConfig,
    pub(crate) schema: Schema,
    intake: Intake,
}

/// A column that need not be there: of each row what it says, or why it is refused.
pub(crate) type Column<T> = Option<Vec<Result<T, Error>>>;

/// A feature's cell that its policy refuses.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) kind: ErrorKind,
    pub(crate) error: Error,
}

impl<'a> Reader<'a> {
    /// # Errors
    ///
    /// `Configuration` when the configuration contradicts itself.
    pub(crate) fn new(table: &'a Table, config: &'a DataConfig) -> Result<Self, Error> {
        config.check()?;
        let schema = config.schema()?;
        let intake = Intake::of_schema(&schema)?;
        Ok(Self { table, config, schema, intake })
    }

    /// Refuses columns that the configuration does not name.
    pub(crate) fn refuse_others(&self) -> Result<(), Error> {
        self.table.refuse_others(&self.config.columns().map(|(column, _)| column).collect())
    }

    /// The names of the rows: a column, or the lines.
    pub(crate) fn row_ids(&self) -> Result<Vec<String>, Error> {
        match &self.config.row_id {
            None => Ok(self.table.lines().map(|line| line.to_string()).collect()),
            Some(column) => {
                Ok(self.table.column(column)?.map(|cell| cell.text().into_owned()).collect())
            }
        }
    }

    /// The patients of the rows.
    pub(crate) fn patients(&self) -> Result<Column<String>, Error> {
        let missing = &self.config.missing;
        self.optional(self.config.patient.as_deref(), |cell| {
            cell.name(missing, "the name of a patient")
        })
    }

    /// How much each row counts.
    pub(crate) fn weights(&self) -> Result<Column<f64>, Error> {
        self.optional(self.config.weight.as_deref(), |cell| {
            let weight = cell.finite().filter(|weight| *weight > 0.0);
            weight.ok_or_else(|| cell.refuse("a positive number"))
        })
    }

    /// Which part each row belongs to.
    pub(crate) fn parts(&self) -> Result<Column<Part>, Error> {
        self.optional(self.config.split.as_deref(), |cell| match cell.text().as_ref() {
            "train" => Ok(Part::Train),
            "calibration" => Ok(Part::Calibration),
            "test" => Ok(Part::Test),
            _ => Err(cell.refuse("`train`, `calibration` or `test`")),
        })
    }

    /// When each row was recorded: all in the way of the first, so that a year among dates does not
    /// pass for a second of 1970.
    pub(crate) fn times(&self) -> Result<Column<f64>, Error> {
        let mut first = None;
        self.optional(self.config.time.as_deref(), |cell| {
            let time = cell.time();
            let is_number = *first.get_or_insert(matches!(time, Some(Time::Number(_))));
            match time {
                Some(Time::Number(number)) if is_number => Ok(number),
                Some(Time::Seconds(seconds)) if !is_number => Ok(seconds),
                _ if is_number => Err(cell.refuse("a finite number, as in the first row")),
                _ => Err(cell.refuse("a date as in `2024-02-29` or `2024-02-29T13:05:00Z`")),
            }
        })
    }

    /// The class of each row.
    pub(crate) fn classes(&self) -> Result<impl Iterator<Item = Result<usize, Error>>, Error> {
        let classes = self.schema.target().classes();
        Ok(self.table.column(&self.config.target.column)?.map(move |cell| {
            let text = cell.text();
            classes.iter().position(|class| *class == text).ok_or_else(|| {
                cell.refuse(format!("one of the classes `{}`", classes.join("`, `")))
            })
        }))
    }

    /// What the model gets of a feature in each row, NaN where it is missing, and what was done.
    pub(crate) fn feature(
        &self,
        index: usize,
        feature: &'a FeatureConfig,
    ) -> Result<impl Iterator<Item = Result<(f64, Flags), Refused>>, Error> {
        let cells = self.table.column(&feature.name)?;
        Ok(cells.map(move |cell| {
            self.take(index, feature, &cell).map_err(|error| {
                let kind = error.kind();
                let expected = match cell.datum {
                    Datum::Integer(number) if number.unsigned_abs() > 1 << 53 => {
                        "a whole number of at most 2^53".into()
                    }
                    _ => self.expected(index, feature, kind),
                };
                Refused { kind, error: cell.refuse(expected) }
            })
        }))
    }

    /// The positions of the rules that a row breaks.
    pub(crate) fn broken_rules(&self, row: &[f64]) -> Result<impl Iterator<Item = usize>, Error> {
        Ok(self.intake.broken_rules(row)?)
    }

    fn optional<T>(
        &self,
        column: Option<&str>,
        read: impl FnMut(Cell<'a>) -> Result<T, Error>,
    ) -> Result<Column<T>, Error> {
        column.map(|column| Ok(self.table.column(column)?.map(read).collect())).transpose()
    }

    fn take(
        &self,
        index: usize,
        feature: &FeatureConfig,
        cell: &Cell<'_>,
    ) -> Result<(f64, Flags), nomogram::Error> {
        let take = |value| self.intake.take(index, value);
        if cell.is_missing(&self.config.missing) {
            return take(Value::Missing(None));
        }
        let is_category = feature.kind == Kind::Category;
        match cell.datum {
            Datum::Text(text) => take(of_text(text, feature)),
            // Levels are named by texts: the number of a level is not a level.
            Datum::Integer(_) | Datum::Boolean(_) if is_category => take(Value::Text(&cell.text())),
            Datum::Number(_) if is_category => take(UNFIT),
            Datum::Number(number) => take(Value::Number(number)),
            Datum::Integer(number) => take(Value::Integer(number)),
            Datum::Boolean(value) => take(Value::Boolean(value)),
            Datum::Missing => take(Value::Missing(None)),
            Datum::Time(_) | Datum::Other(_) if is_category => take(UNFIT),
            Datum::Time(_) | Datum::Other(_) => take(Value::Text("")),
        }
    }

    /// What a refused cell should have been.
    fn expected(&self, index: usize, feature: &FeatureConfig, kind: ErrorKind) -> String {
        let what = match feature.kind {
            Kind::Integer => "a whole number",
            _ => "a number",
        };
        let of_core = self.schema.features().get(index);
        match (of_core.map(|feature| &feature.kind), feature.range, &feature.texts) {
            (_, Some([low, high]), _) if kind == ErrorKind::OutOfRange => {
                format!("{what} from {low} to {high}")
            }
            (Some(FeatureKind::Integer), ..) => "a whole number of at most 2^53".into(),
            (Some(FeatureKind::Boolean), _, Some([no, yes])) => format!("`{no}` or `{yes}`"),
            (Some(FeatureKind::Boolean), ..) => "`false` or `0`, `true` or `1`".into(),
            (Some(FeatureKind::Category { levels }), ..) => {
                format!("one of the levels `{}`", levels.join("`, `"))
            }
            _ => "a finite number of at most 1e100".into(),
        }
    }
}

/// Of no kind that a category can be.
const UNFIT: Value<'static> = Value::Boolean(false);

/// What a text says of a feature; a text that says nothing of its kind stays one, and is refused or
/// imputed.
fn of_text<'t>(text: &'t str, feature: &FeatureConfig) -> Value<'t> {
    let unfit = Value::Text(text);
    let number = || text.parse().map_or(unfit, Value::Number);
    match feature.kind {
        Kind::Number => number(),
        // Digits first: as a double, 2^53 + 1 would become its neighbour unseen.
        Kind::Integer => text.parse().map_or_else(|_| number(), Value::Integer),
        Kind::Boolean => feature.boolean(text).map_or(unfit, Value::Boolean),
        Kind::Category => unfit,
    }
}
