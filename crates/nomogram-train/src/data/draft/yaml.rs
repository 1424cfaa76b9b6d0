//! A draft as YAML with comments, in the order in which a person would write it.

use std::fmt::Write as _;

use nomogram_table::split_unit;

use super::Draft;
use crate::data::config::{ActionConfig, CsvConfig, FeatureConfig, Kind, PolicyConfig};
use crate::table::DecimalMark;

pub(super) fn write(draft: &Draft) -> String {
    let config = &draft.config;
    let mut yaml = String::from(
        "# Drafted from a table. Check every line: kinds, units, plausible ranges, and whether each\n\
         # feature is known before the target.\ndata:\n",
    );
    let note = |column: &str| {
        let has_name = |name: &str| split_unit(name).is_some_and(|(name, _)| name == column);
        let named = |(name, _): &&(String, String)| name == column;
        let note = draft.notes.iter().find(named);
        // The feature of a column `name [unit]`.
        let note = note.or_else(|| draft.notes.iter().find(|(name, _)| has_name(name)));
        note.map_or(String::new(), |(_, note)| format!("  # {}", one_line(note)))
    };
    let mut line = |text: String| {
        yaml.push_str(&text);
        yaml.push('\n');
    };
    if config.csv != CsvConfig::default() {
        line(format!("  csv: {}", csv(config.csv)));
    }
    line(format!("  missing: {}", list(&config.missing)));
    let single = [
        ("row_id", &config.row_id),
        ("patient", &config.patient),
        ("weight", &config.weight),
        ("time", &config.time),
        ("split", &config.split),
    ];
    for (key, column) in single {
        if let Some(column) = column {
            line(format!("  {key}: {}{}", scalar(column), note(column)));
        }
    }
    let target = &config.target;
    let classes = match target.classes.as_slice() {
        [negative, positive] => {
            format!("negative: {}, positive: {}", scalar(negative), scalar(positive))
        }
        classes => format!("classes: {}", list(classes)),
    };
    let column = scalar(&target.column);
    line(format!("  target: {{ column: {column}, {classes} }}{}", note(&target.column)));
    line("  features:".into());
    for feature in &config.features {
        line(format!("    - {}{}", of_feature(feature), note(&feature.name)));
    }
    if !config.ignored.is_empty() {
        line("  ignored:".into());
        for column in &config.ignored {
            line(format!("    - {}{}", scalar(column), note(column)));
        }
    }
    yaml
}

fn csv(csv: CsvConfig) -> String {
    let CsvConfig { delimiter, quote, encoding, decimal_mark } = csv;
    let character = |character: char| scalar(&character.to_string());
    let mut keys = Vec::new();
    if let Some(delimiter) = delimiter {
        keys.push(format!("delimiter: {}", character(delimiter)));
    }
    keys.push(format!("quote: {}, encoding: {encoding}", character(quote)));
    if decimal_mark == DecimalMark::Comma {
        keys.push("decimal_mark: \",\"".into());
    }
    format!("{{ {} }}", keys.join(", "))
}

fn of_feature(feature: &FeatureConfig) -> String {
    let kind = match feature.kind {
        Kind::Number => "number",
        Kind::Integer => "integer",
        Kind::Boolean => "boolean",
        Kind::Category => "category",
    };
    let mut text = format!("{{ name: {}, kind: {kind}", scalar(&feature.name));
    if let Some(unit) = &feature.unit {
        let _ = write!(text, ", unit: {}", scalar(unit));
    }
    if !feature.levels.is_empty() {
        let _ = write!(text, ", levels: {}", list(&feature.levels));
    }
    if let Some(texts) = &feature.texts {
        let _ = write!(text, ", texts: {}", list(texts));
    }
    if let Some(imputed) = imputed(feature.policy) {
        let _ = write!(text, ", policy: {{ {imputed} }}");
    }
    text.push_str(" }");
    text
}

/// The keys of a policy that imputes; a draft has no other action.
fn imputed(policy: PolicyConfig) -> Option<String> {
    let keys = [
        ("missing", policy.missing),
        ("not_a_number", policy.not_a_number),
        ("infinite", policy.infinite),
        ("out_of_range", policy.out_of_range),
        ("wrong_type", policy.wrong_type),
    ];
    let imputed = keys.iter().filter(|(_, action)| *action == ActionConfig::Impute);
    let imputed: Vec<String> = imputed.map(|(key, _)| format!("{key}: impute")).collect();
    (!imputed.is_empty()).then(|| imputed.join(", "))
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| scalar(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// Plain where no reader of YAML could take it for anything but this text; otherwise quoted as JSON
/// does, which is YAML too.
fn scalar(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_word)
        && !WORDS.contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Words that are not texts in some version of YAML.
const WORDS: [&str; 11] =
    ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];

/// A comment ends with its line.
fn one_line(note: &str) -> String {
    note.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
