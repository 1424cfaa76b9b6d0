//! A draft of a configuration, from a table alone: for a person to check, not to train with unseen.
//!
//! It follows from names and texts of the table by fixed rules. [`validate`](crate::validate) has no
//! error for the same table. Every guess is a comment of [`Draft::to_yaml`].

// Layers, lowest first: a module uses only the blocks above its own.
mod column;

mod dialect;
mod role;

mod yaml;

use std::collections::BTreeMap;

pub use dialect::{Dialect, DialectOptions};

use nomogram_table::shown_value;

use super::dataset::MAX_CLASSES;
use crate::data::config::{CsvConfig, DataConfig, FeatureConfig, TargetConfig};
use crate::error::Error;
use crate::table::{Table, TableFormat};
use column::{Column, MISSING_TEXTS};
use role::Role;

/// The most classes that a target is guessed to have.
const MAX_GUESSED_CLASSES: usize = 10;
/// Names that targets often have.
const TARGET_NAMES: [&str; 9] =
    ["target", "outcome", "label", "class", "diagnosis", "y", "event", "died", "response"];

/// How a draft is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferOptions {
    /// How the table is written; kept in the draft.
    pub csv: CsvConfig,
    /// The column of the target; without it, guessed.
    pub target: Option<String>,
    /// A column with more distinct texts is not a category.
    pub max_levels: usize,
}

/// A draft of a configuration, with notes for the person who checks it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The draft.
    pub config: DataConfig,
    /// Of each column of the table, in its order, its name and what was seen and guessed.
    pub notes: Vec<(String, String)>,
}

/// The columns that have been found a role so far.
#[derive(Default)]
struct Roles {
    row_id: Option<String>,
    patient: Option<String>,
    time: Option<String>,
    split: Option<String>,
    /// A patient with rows in several partitions that a column names.
    patient_in_partitions: Option<String>,
}

impl Default for InferOptions {
    fn default() -> Self {
        Self { csv: CsvConfig::default(), target: None, max_levels: 20 }
    }
}

/// Drafts a configuration for a table, which [`validate`](crate::validate) accepts for it.
///
/// Columns of dates, of one value, of ids or of more texts than [`InferOptions::max_levels`] are not
/// made features. A column with at least 10 numbers that make up 90 % of its values, and with at most
/// 10 different other texts, is one of numbers: the others are imputed, and reported by `validate`.
///
/// # Errors
///
/// `Table` when there is no such target, when a row has no class, when no target can be guessed, or
/// when no column can be a feature; `Configuration` when a name is not one that a schema takes.
///
/// ```
/// use nomogram_train::{DataConfig, InferOptions, Table, infer_schema};
///
/// let text = "id,age,died\n1,64,no\n2,NA,yes\n3,58,no\n";
/// let table = Table::from_csv("t.csv", text.as_bytes(), &Default::default())?;
/// let draft = infer_schema(&table, &InferOptions::default())?;
/// assert_eq!(draft.config.target.column, "died");
/// assert_eq!(DataConfig::from_yaml(&draft.to_yaml())?, draft.config);
/// # Ok::<(), nomogram_train::Error>(())
/// ```
pub fn infer_schema(table: &Table, options: &InferOptions) -> Result<Draft, Error> {
    let format = format(table);
    let columns = table.columns().iter().map(|name| Column::of(table, name, &format));
    let columns = columns.collect::<Result<Vec<Column>, Error>>()?;
    let target = target(table, &columns, options)?;
    let mut roles = Roles::of(table, &columns, target)?;
    let (mut features, mut ignored, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for column in &columns {
        let name = column.name.clone();
        if name == target.name {
            notes.push((name, target_note(target)));
            continue;
        }
        let (role, note) = role::of(column, &roles, options);
        notes.push((name.clone(), note));
        match role {
            Role::RowId => roles.row_id = Some(name),
            Role::Time => roles.time = Some(name),
            Role::Split => roles.split = Some(name),
            Role::Feature(feature) => features.push(*feature),
            Role::Ignored => ignored.push(name),
            Role::Patient => {}
        }
    }
    if features.is_empty() {
        return Err(table.failed("no column that can be a feature").into());
    }
    let config = roles.config(missing_texts(&columns, &format), target, features, ignored, options);
    config.schema()?;
    Ok(Draft { config, notes })
}

impl Draft {
    /// The draft as YAML under the key `data`, with the notes as comments;
    /// [`DataConfig::from_yaml`] reads it again.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        yaml::write(self)
    }
}

impl Roles {
    /// What has to be known of all columns before the first one has a role.
    fn of(table: &Table, columns: &[Column], target: &Column) -> Result<Self, Error> {
        let patient = role::patient(columns, &target.name);
        let split = columns.iter().find(|own| own.name != target.name && own.names_partitions());
        let patient_in_partitions = match (&patient, split) {
            (Some(patient), Some(split)) => in_several(table, patient, &split.name)?,
            (None, _) | (_, None) => None,
        };
        Ok(Self { patient, patient_in_partitions, ..Self::default() })
    }

    fn config(
        self,
        missing: Vec<String>,
        target: &Column,
        features: Vec<FeatureConfig>,
        ignored: Vec<String>,
        options: &InferOptions,
    ) -> DataConfig {
        let Self { row_id, patient, time, split, patient_in_partitions: _ } = self;
        let classes = target.counts.keys().cloned().collect();
        let target = TargetConfig { column: target.name.clone(), classes };
        let csv = options.csv;
        let config = DataConfig::new(target, features);
        DataConfig { csv, missing, row_id, patient, time, split, ignored, ..config }
    }
}

/// The first name of one column that occurs with several names of another.
fn in_several(table: &Table, column: &str, other: &str) -> Result<Option<String>, Error> {
    let mut first_of = BTreeMap::new();
    for (name, other) in table.column(column)?.zip(table.column(other)?) {
        let (name, other) = (name.text().into_owned(), other.text().into_owned());
        if *first_of.entry(name.clone()).or_insert_with(|| other.clone()) != other {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// How cells are read: as the table is written, and with all usual texts for missing values besides
/// the stated ones. Where a cell is `+`, a `-` is its opposite.
fn format(table: &Table) -> TableFormat {
    let n_columns = table.columns().len();
    let has_plus = (0..n_columns).any(|at| table.column_at(at).any(|cell| cell.text() == "+"));
    let is_used = |text: &&str| !(has_plus && *text == "-");
    let usual = MISSING_TEXTS.into_iter().filter(is_used).map(str::to_owned);
    let stated = table.format().clone();
    let is_new = |text: &String| !MISSING_TEXTS.contains(&text.as_str());
    let others = stated.missing.iter().filter(|text| is_new(text)).cloned();
    TableFormat { missing: usual.chain(others).collect(), ..stated }
}

/// The texts that were seen and mean that there is no value.
fn missing_texts(columns: &[Column], format: &TableFormat) -> Vec<String> {
    let is_seen = |text: &&String| columns.iter().any(|own| own.missing.contains_key(*text));
    let seen: Vec<String> = format.missing.iter().filter(is_seen).cloned().collect();
    if seen.is_empty() { vec![String::new()] } else { seen }
}

/// The column that was asked for; otherwise one of the usual names, otherwise the last, of those with
/// few different values and none missing.
fn target<'c>(
    table: &Table,
    columns: &'c [Column],
    options: &InferOptions,
) -> Result<&'c Column, Error> {
    if let Some(name) = &options.target {
        let named = columns.iter().find(|column| column.name == *name);
        let named = named.ok_or_else(|| table.no_column(name))?;
        return check_target(named).map(|()| named).map_err(|detail| table.failed(detail).into());
    }
    let may_be = |column: &&Column| {
        column.n_distinct() <= MAX_GUESSED_CLASSES
            && column.n_known > column.n_distinct()
            && !column.names_partitions()
            && check_target(column).is_ok()
    };
    let has_name = |own: &&Column| TARGET_NAMES.contains(&own.name.to_lowercase().as_str());
    let candidates = || columns.iter().filter(may_be);
    let likely = candidates().find(has_name);
    let likely = likely.or_else(|| candidates().rfind(|own| own.n_distinct() == 2));
    likely.ok_or_else(|| table.failed("no column is likely to be the target; name it").into())
}

/// Refuses a column that cannot be the target of training.
fn check_target(column: &Column) -> Result<(), String> {
    let (name, n_classes) = (&column.name, column.n_distinct());
    if n_classes < 2 {
        return Err(format!("column `{name}` has fewer than 2 classes"));
    }
    if n_classes > MAX_CLASSES {
        return Err(format!(
            "column `{name}` has {n_classes} classes, expected at most {MAX_CLASSES}"
        ));
    }
    if let Some(first) = column.first_missing {
        let n_missing = column.n_missing();
        return Err(format!(
            "{first}: column `{name}` has no class, the first of {n_missing} such rows; remove them"
        ));
    }
    let is_unusable = |text: &&String| !role::can_be_name(text);
    match column.counts.keys().find(is_unusable) {
        Some(class) => {
            Err(format!("column `{name}`: class `{}` has a control character", shown_value(class)))
        }
        None => Ok(()),
    }
}

/// Classes are in the order of their texts, by which `0`, `false` and `no` come before `1`, `true` and
/// `yes`.
fn target_note(target: &Column) -> String {
    let classes: Vec<&str> = target.counts.keys().map(String::as_str).collect();
    let classes = classes.join("`, `");
    let spelling = role::spelling(target);
    format!("classes `{classes}`; check which one is the positive one{spelling}")
}

#[cfg(test)]
mod tests;
