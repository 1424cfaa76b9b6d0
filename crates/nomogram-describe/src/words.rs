//! Names and counts as text.

use nomogram::FeatureKind;
use serde::Serialize;
use serde_json::Value;

/// `number`, `integer`, `boolean` or `category`.
#[must_use]
pub fn kind_name(kind: &FeatureKind) -> &'static str {
    match kind {
        FeatureKind::Number => "number",
        FeatureKind::Integer => "integer",
        FeatureKind::Boolean => "boolean",
        FeatureKind::Category { .. } => "category",
    }
}

/// `1 tree`, `2 trees`, `2 classes`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    let ending = match (number, noun.ends_with("class")) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{number} {noun}{ending}")
}

/// The name of an enum's variant, as words, and the variant's content.
pub(crate) fn variant_and_content(value: &impl Serialize) -> (String, Value) {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => match fields.into_iter().next() {
            Some((variant, content)) => (words_of_camel_case(&variant), content),
            None => (String::new(), Value::Null),
        },
        Ok(Value::String(variant)) => (words_of_camel_case(&variant), Value::Null),
        _ => (String::new(), Value::Null),
    }
}

/// `StandardScale` to `standard scale`.
fn words_of_camel_case(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

/// How many numbers a value contains.
pub(crate) fn n_numbers(value: &Value) -> usize {
    match value {
        Value::Number(_) => 1,
        Value::Array(items) => items.iter().map(n_numbers).sum(),
        Value::Object(fields) => fields.values().map(n_numbers).sum(),
        Value::Null | Value::Bool(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_the_plural() {
        assert_eq!([count(1, "tree"), count(2, "tree")], ["1 tree", "2 trees"]);
        assert_eq!([count(1, "class"), count(0, "class")], ["1 class", "0 classes"]);
    }

    #[test]
    fn variants_become_words() {
        assert_eq!(words_of_camel_case("StandardScale"), "standard scale");
        assert_eq!(words_of_camel_case("Log1p"), "log1p");
    }
}
