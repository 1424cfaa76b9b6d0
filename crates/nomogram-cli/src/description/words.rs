//! Names and counts in words.

use serde::Serialize;
use serde_json::Value;

/// The kind of an enum's value, in words, and what it holds.
pub(super) fn kind_and_parameters(value: &impl Serialize) -> (String, Value) {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => match fields.into_iter().next() {
            Some((kind, parameters)) => (of_camel_case(&kind), parameters),
            None => (String::new(), Value::Null),
        },
        Ok(Value::String(kind)) => (of_camel_case(&kind), Value::Null),
        _ => (String::new(), Value::Null),
    }
}

/// `StandardScale` to `standard scale`.
pub(crate) fn of_camel_case(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

/// How many numbers stand in a value.
pub(super) fn n_numbers(value: &Value) -> usize {
    match value {
        Value::Number(_) => 1,
        Value::Array(items) => items.iter().map(n_numbers).sum(),
        Value::Object(fields) => fields.values().map(n_numbers).sum(),
        Value::Null | Value::Bool(_) | Value::String(_) => 0,
    }
}

/// `1 tree`, `2 trees`.
pub(crate) fn count(number: usize, of: &str) -> String {
    let end = match (number, of.strip_suffix("class")) {
        (1, _) => "",
        (_, Some(_)) => "es",
        (_, None) => "s",
    };
    format!("{number} {of}{end}")
}
