//! The role of a column, guessed from its name and its cells.

use nomogram_table::are_values_hidden;

use super::column::{Column, Content, rounded_down};
use super::{InferOptions, Roles};
use crate::data::config::{ActionConfig, FeatureConfig, Kind, PolicyConfig};
use crate::data::spelling::variants;

/// Words that names of patients' columns often hold.
const PATIENT_WORDS: [&str; 5] = ["patient", "subject", "person", "participant", "mrn"];
/// Words that names of rows' columns often are or end in.
const ID_WORDS: [&str; 7] = ["id", "row", "index", "key", "uuid", "number", "nr"];
/// Those of them that name whatever rows are of, when a value occurs in several rows.
const OWNER_WORDS: [&str; 3] = ["id", "key", "uuid"];
/// A column with more rows for each value, on average, names wards or sites rather than patients.
const MAX_ROWS_PER_PATIENT: usize = 10;
/// In fewer rows, consecutive whole numbers may be a measurement.
const MIN_SEQUENCE: usize = 20;

/// The role that a column is guessed to have.
pub(super) enum Role {
    RowId,
    Patient,
    Time,
    Split,
    Feature(Box<FeatureConfig>),
    Ignored,
}

/// The column that names patients: one whose values occur in several rows and whose name is about
/// patients, otherwise one whose name is that of an id.
pub(super) fn patient(columns: &[Column], target: &str) -> Option<String> {
    let repeated = || columns.iter().filter(|own| own.name != target && is_repeated_name(own));
    let by_patient = repeated().find(|column| is_about_patients(&column.name));
    let by_id = || {
        repeated().find(|column| {
            has_word(&column.name, &OWNER_WORDS)
                && column.n_known <= MAX_ROWS_PER_PATIENT * column.n_distinct()
        })
    };
    by_patient.or_else(by_id).map(|column| column.name.clone())
}

fn is_repeated_name(column: &Column) -> bool {
    is_name(column)
        && column.missing.is_empty()
        && !column.is_unique()
        && column.n_distinct() > 1
        && !column.names_partitions()
}

/// Whether its cells may name something.
fn is_name(column: &Column) -> bool {
    match column.content {
        Content::Integer { .. } => column.odd.is_empty(),
        Content::LargeIntegers | Content::Texts | Content::Boolean(_) | Content::Dates => true,
        Content::Number { .. } | Content::Nothing => false,
    }
}

fn is_about_patients(name: &str) -> bool {
    let name = name.to_lowercase();
    PATIENT_WORDS.iter().any(|word| name.contains(word))
}

fn has_word(name: &str, words: &[&str]) -> bool {
    let name = name.to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
}

/// The role of a column, and a note for the person who checks the draft.
pub(super) fn of(column: &Column, roles: &Roles, options: &InferOptions) -> (Role, String) {
    let n_distinct = column.n_distinct();
    let can_be_row_id = column.is_unique() && roles.row_id.is_none();
    if roles.patient.as_deref() == Some(&column.name) {
        let patients = if is_about_patients(&column.name) {
            format!("{n_distinct} patients, guessed from its name")
        } else {
            format!("{n_distinct} distinct values in {} rows: is it the patient?", column.n_known)
        };
        return (Role::Patient, patients + &spelling(column));
    }
    if is_name(column) && can_be_row_id {
        if is_about_patients(&column.name) {
            return (Role::RowId, "one row per patient, guessed from its name".into());
        }
        if has_word(&column.name, &ID_WORDS) {
            return (Role::RowId, "unique, guessed from its name".into());
        }
    }
    if column.names_partitions() && roles.split.is_none() {
        return match &roles.patient_in_partitions {
            None => (Role::Split, "guessed from its texts".into()),
            Some(patient) => {
                let note = format!(
                    "names partitions, but patient `{patient}` has rows in several of them"
                );
                (Role::Ignored, note)
            }
        };
    }
    let note = seen(column);
    if !can_be_name(&column.name) {
        let role = if can_be_row_id && is_name(column) { Role::RowId } else { Role::Ignored };
        return (role, format!("{note}; not a valid name of a feature"));
    }
    if n_distinct == 1 {
        return (Role::Ignored, format!("{note}; constant"));
    }
    by_content(column, roles, options, note)
}

fn by_content(
    column: &Column,
    roles: &Roles,
    options: &InferOptions,
    note: String,
) -> (Role, String) {
    let n_distinct = column.n_distinct();
    let can_be_row_id = column.is_unique() && roles.row_id.is_none();
    if let Some([in_name, in_header]) = &column.two_units {
        let note = format!("unit `{in_name}` in its name, but `{in_header}` in its metadata");
        return (Role::Ignored, note);
    }
    let mut feature = FeatureConfig::number(&column.feature_name);
    feature.unit.clone_from(&column.unit);
    let mut doubt = String::new();
    match &column.content {
        Content::Nothing => return (Role::Ignored, note),
        Content::Dates if roles.time.is_none() && column.missing.is_empty() => {
            return (Role::Time, note);
        }
        Content::Dates => return (Role::Ignored, note),
        Content::LargeIntegers if can_be_row_id => return (Role::RowId, note),
        Content::LargeIntegers => return (Role::Ignored, note),
        Content::Boolean(texts) => {
            feature.kind = Kind::Boolean;
            feature.texts.clone_from(texts);
        }
        Content::Integer { .. } if column.is_sequence() && column.n_known >= MIN_SEQUENCE => {
            let note = "consecutive whole numbers, one per row: is it the row number?".into();
            return (if can_be_row_id { Role::RowId } else { Role::Ignored }, note);
        }
        Content::Integer { .. } => {
            feature.kind = Kind::Integer;
            if column.is_unique() {
                doubt = "; unique in every row: is it an id?".into();
            }
        }
        Content::Number { .. } => {}
        Content::Texts
            if n_distinct > options.max_levels && can_be_row_id && !is_like_numbers(column) =>
        {
            return (Role::RowId, "unique in every row".into());
        }
        Content::Texts if n_distinct > options.max_levels => {
            let example = column.example().map_or(String::new(), |own| format!(", such as {own}"));
            return (Role::Ignored, format!("{note}{example}; too many for a category"));
        }
        Content::Texts if !column.counts.keys().all(|text| can_be_name(text)) => {
            return (Role::Ignored, format!("{note}; some with a control character"));
        }
        Content::Texts => {
            feature.kind = Kind::Category;
            feature.levels = column.counts.keys().cloned().collect();
            doubt = spelling(column);
        }
    }
    feature.policy = policy(column);
    (Role::Feature(Box::new(feature)), note + &doubt)
}

/// Whether texts are numbers for the most part, or look like them, so that they name nothing.
fn is_like_numbers(column: &Column) -> bool {
    column.n_like_numbers * 2 > column.n_known || column.n_numbers * 2 > column.n_known
}

fn policy(column: &Column) -> PolicyConfig {
    let mut policy = column.odd.policy();
    if !column.missing.is_empty() {
        policy.missing = ActionConfig::Impute;
    }
    if column.has_nan {
        policy.not_a_number = ActionConfig::Impute;
    }
    policy
}

/// Whether a schema takes a text as a name.
pub(super) fn can_be_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// Texts that differ in spelling alone, as the end of a note.
pub(super) fn spelling(column: &Column) -> String {
    let variants = variants(column.counts.keys().map(String::as_str));
    variants.iter().map(|own| format!("; {}: are they the same?", own.sentence())).collect()
}

/// What was seen in a column.
fn seen(column: &Column) -> String {
    let n_distinct = column.n_distinct();
    let mut note = match &column.content {
        Content::Nothing => "no values".into(),
        Content::Dates => "dates".into(),
        Content::Boolean(_) => "two values".into(),
        Content::Texts if n_distinct == 1 => "1 text".into(),
        Content::Texts if column.n_numbers == 0 => format!("{n_distinct} distinct texts"),
        Content::Texts => {
            let (n_numbers, n_known) = (column.n_numbers, column.n_known);
            format!("{n_distinct} distinct texts; {n_numbers} of {n_known} are numbers")
        }
        Content::LargeIntegers => {
            "whole numbers beyond 2^53, which a double cannot represent exactly: an id, not a feature"
                .into()
        }
        Content::Integer { .. } | Content::Number { .. } if are_values_hidden() => "numbers".into(),
        Content::Integer { low, high } | Content::Number { low, high } => {
            let (from, to) = (rounded_down(*low), -rounded_down(-*high));
            format!("from {low} to {high}; set range: [{from}, {to}] if all other values are implausible")
        }
    };
    if column.has_decimal_commas {
        note += "; numbers with commas: if these are decimal commas, use `--decimal-mark ,`";
    }
    if column.feature_name != column.name {
        note += "; unit from the column's name";
    }
    if !column.odd.is_empty() {
        note += &format!("; {}", column.odd.note(column.n_known));
    }
    let n_missing = column.n_missing();
    if n_missing > 0 {
        note += &format!("; {n_missing} of {} missing", n_missing + column.n_known);
    }
    note
}
