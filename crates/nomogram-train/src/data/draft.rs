//! A draft of a configuration, from a table alone: for a person to check, not to train with unseen.
//!
//! What it says follows from names and texts of the table by fixed rules. Whatever is a guess stands
//! in a comment of [`Draft::to_yaml`].

mod column;
mod yaml;

use crate::data::config::{
    ActionConfig, CsvConfig, DataConfig, FeatureConfig, Kind, PolicyConfig, TargetConfig,
};
use crate::error::Error;
use crate::table::Table;
use column::{Column, Content, MISSING_TEXTS};

/// The most classes that a target is guessed to have.
const MAX_CLASSES: usize = 10;
/// Names that targets often have.
const TARGET_NAMES: [&str; 9] =
    ["target", "outcome", "label", "class", "diagnosis", "y", "event", "died", "response"];
/// Words that names of patients' columns often hold.
const PATIENT_WORDS: [&str; 5] = ["patient", "subject", "person", "participant", "mrn"];
/// Words that names of rows' columns often are or end in.
const ID_WORDS: [&str; 7] = ["id", "row", "index", "key", "uuid", "number", "nr"];

/// What a draft is made by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferOptions {
    /// How the table was written; stands in the draft.
    pub csv: CsvConfig,
    /// The column of the target; guessed where nothing is said.
    pub target: Option<String>,
    /// The most different texts that a column of levels has.
    pub max_levels: usize,
}

/// A draft of a configuration, and what a person should know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The draft.
    pub config: DataConfig,
    /// Of each column of the table, in its order, its name and what was seen and guessed.
    pub notes: Vec<(String, String)>,
}

/// What a column is guessed to be.
enum Role {
    RowId,
    Patient,
    Time,
    Split,
    Target,
    Feature(Box<FeatureConfig>),
    Ignored,
}

impl Default for InferOptions {
    fn default() -> Self {
        Self { csv: CsvConfig::default(), target: None, max_levels: 20 }
    }
}

/// Drafts a configuration for a table.
///
/// Columns that hold nothing but dates, different texts, or one value are not made features.
///
/// # Errors
///
/// `Table` when there is no such target, when none can be guessed, or when no column can be a
/// feature.
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
    let columns: Result<Vec<Column>, Error> =
        table.columns().iter().map(|name| Column::of(table, name)).collect();
    let columns = columns?;
    let target = target(table, &columns, options)?;
    let mut config = DataConfig {
        csv: options.csv,
        missing: missing_texts(&columns),
        ..DataConfig::new(
            TargetConfig { column: target.name.clone(), classes: classes(target) },
            vec![],
        )
    };
    let mut notes = Vec::new();
    for column in &columns {
        let (role, note) = if column.name == target.name {
            let classes = config.target.classes.join("`, `");
            (Role::Target, format!("classes `{classes}`; check which one is the positive one"))
        } else {
            role(column, &config, options)
        };
        notes.push((column.name.clone(), note));
        let name = column.name.clone();
        match role {
            Role::RowId => config.row_id = Some(name),
            Role::Patient => config.patient = Some(name),
            Role::Time => config.time = Some(name),
            Role::Split => config.split = Some(name),
            Role::Feature(feature) => config.features.push(*feature),
            Role::Ignored => config.ignored.push(name),
            Role::Target => {}
        }
    }
    if config.features.is_empty() {
        return Err(table.failed("no column that can be a feature").into());
    }
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

/// The texts that were seen and usually mean that there is no value.
fn missing_texts(columns: &[Column]) -> Vec<String> {
    let is_seen = |text: &&&str| columns.iter().any(|column| column.missing.contains_key(**text));
    let seen: Vec<String> = MISSING_TEXTS.iter().filter(is_seen).map(|t| (*t).to_owned()).collect();
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
        let found = columns.iter().find(|column| column.name == *name);
        let found = found.ok_or_else(|| table.failed(format!("no column `{name}`")))?;
        if found.distinct.len() < 2 {
            return Err(table.failed(format!("column `{name}` has fewer than 2 classes")).into());
        }
        return Ok(found);
    }
    let may_be = |column: &&Column| {
        (2..=MAX_CLASSES).contains(&column.distinct.len())
            && column.missing.is_empty()
            && column.n_known > column.distinct.len()
            && !column.names_parts()
    };
    let named = |column: &&Column| TARGET_NAMES.contains(&column.name.to_lowercase().as_str());
    let candidates = || columns.iter().filter(may_be);
    let found = candidates().find(named).or_else(|| candidates().rfind(|c| c.distinct.len() == 2));
    found.ok_or_else(|| table.failed("no column that is likely the target; name it").into())
}

/// In the order of their texts, by which `0`, `false`, `no` come before `1`, `true`, `yes`.
fn classes(target: &Column) -> Vec<String> {
    target.distinct.iter().cloned().collect()
}

fn role(column: &Column, config: &DataConfig, options: &InferOptions) -> (Role, String) {
    let name = column.name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let is_distinct = column.missing.is_empty() && column.distinct.len() == column.n_known;
    let is_name = !matches!(column.content, Content::Number { .. } | Content::Nothing);
    let n_distinct = column.distinct.len();
    if is_name && PATIENT_WORDS.iter().any(|word| name.contains(word)) && column.missing.is_empty()
    {
        if !is_distinct && config.patient.is_none() {
            return (Role::Patient, format!("{n_distinct} patients, by its name"));
        }
        if is_distinct && config.row_id.is_none() {
            return (Role::RowId, "one row for each patient, by its name".into());
        }
    }
    let is_id = is_name && words.iter().any(|word| ID_WORDS.contains(word)) && is_distinct;
    if is_id && config.row_id.is_none() {
        return (Role::RowId, "different in every row, by its name".into());
    }
    if column.names_parts() && config.split.is_none() {
        return (Role::Split, "by its texts".into());
    }
    let note = seen(column);
    if n_distinct == 1 {
        return (Role::Ignored, format!("{note}; always the same"));
    }
    let mut feature = FeatureConfig::number(&column.name);
    match &column.content {
        Content::Nothing => return (Role::Ignored, note),
        Content::Dates if config.time.is_none() && column.missing.is_empty() => {
            return (Role::Time, note);
        }
        Content::Dates => return (Role::Ignored, note),
        Content::Boolean(texts) => {
            feature.kind = Kind::Boolean;
            feature.texts = texts.clone();
        }
        Content::Integer { .. } => feature.kind = Kind::Integer,
        Content::Number { .. } => {}
        Content::Texts
            if n_distinct > options.max_levels && is_distinct && config.row_id.is_none() =>
        {
            return (Role::RowId, "different in every row".into());
        }
        Content::Texts if n_distinct > options.max_levels => {
            return (Role::Ignored, format!("{note}; too many for levels"));
        }
        Content::Texts => {
            feature.kind = Kind::Category;
            feature.levels = column.distinct.iter().cloned().collect();
        }
    }
    if !column.missing.is_empty() {
        feature.policy = PolicyConfig { missing: ActionConfig::Impute, ..PolicyConfig::default() };
    }
    let doubt = if is_distinct && matches!(column.content, Content::Integer { .. }) {
        "; different in every row, is it an id?"
    } else {
        ""
    };
    (Role::Feature(Box::new(feature)), note + doubt)
}

/// What was seen in a column.
fn seen(column: &Column) -> String {
    let n_distinct = column.distinct.len();
    let mut note = match &column.content {
        Content::Nothing => "no values".into(),
        Content::Dates => "dates".into(),
        Content::Boolean(_) => "two values".into(),
        Content::Texts => format!("{n_distinct} different texts"),
        Content::Integer { low, high } | Content::Number { low, high } => {
            let (from, to) = (column::rounded_down(*low), -column::rounded_down(-*high));
            format!("from {low} to {high}; if that is all that is plausible, range: [{from}, {to}]")
        }
    };
    let n_missing: usize = column.missing.values().sum();
    if n_missing > 0 {
        note += &format!("; {n_missing} of {} missing", n_missing + column.n_known);
    }
    note
}

#[cfg(test)]
mod tests;
