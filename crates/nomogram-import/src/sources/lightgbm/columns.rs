//! Features: names, ranges of the training data, and the names of categories from pandas.

use nomogram::{Action, Feature, Range};

use super::text::Text;
use super::trees::Trees;
use crate::document::{Value, json};
use crate::error::{Error, Place};
use crate::features::{self, MAX_UNNAMED_LEVELS};
use crate::limits::Limits;

/// What `feature_infos` states of a feature.
enum Info {
    /// It has one value only.
    Constant,
    /// The lowest and the highest value of the training data.
    Range(f64, f64),
    /// The highest code.
    Category(usize),
}

/// The features of a model, in the order of its inputs, and notes about them.
///
/// # Errors
///
/// `Malformed`, with the line.
pub(super) fn features(
    text: &Text<'_>,
    n_features: usize,
    trees: &Trees,
    limits: &Limits,
) -> Result<(Vec<Feature>, Vec<String>), Error> {
    let names: Vec<&str> =
        text.header.find("feature_names").unwrap_or_default().split(' ').collect();
    if names.len() != n_features {
        let detail = format!("{} names, expected {n_features}", names.len());
        return Err(text.header.at("feature_names", Error::malformed(detail)));
    }
    let mut infos = Vec::new();
    for word in text.header.find("feature_infos").unwrap_or_default().split_ascii_whitespace() {
        infos.push(info(word).map_err(|error| text.header.at("feature_infos", error))?);
    }
    let is_category = |index: usize| {
        trees.highest_codes.contains_key(&index)
            || matches!(infos.get(index), Some(Info::Category(_)))
    };
    // The parameters also list categories of one value, which no tree and no range tells from numbers.
    let mut categories = text.categorical_features.clone().unwrap_or_default();
    categories.extend((0..n_features).filter(|index| is_category(*index)));
    categories.sort_unstable();
    categories.dedup();
    let mut notes = Vec::new();
    let named = pandas(text, limits)?;
    let are_named = named.len() == categories.len();
    if !named.is_empty() && !are_named {
        notes.push(format!(
            "`pandas_categorical` names the levels of {} features, but {} are categories in the model: \
             their levels are called `code 0`, `code 1` and so on, until a schema names them",
            named.len(),
            categories.len()
        ));
    }
    let names_of = |index: usize| {
        let nth = categories.iter().position(|category| *category == index)?;
        named.get(nth).filter(|_| are_named).cloned()
    };
    let feature = |(index, name): (usize, String)| {
        let of_info = infos.get(index);
        if !is_category(index) {
            return number(&name, of_info);
        }
        let stated = if let Some(Info::Category(highest)) = of_info { *highest } else { 0 };
        let highest = stated.max(trees.highest_codes.get(&index).copied().unwrap_or(0));
        match names_of(index).filter(|levels| levels.len() > highest) {
            Some(levels) => features::category(&name, levels),
            // A level whose name is not known must not be taken for a code.
            None if !named.is_empty() && highest < MAX_UNNAMED_LEVELS => {
                let levels = (0..=highest).map(|code| format!("code {code}")).collect();
                let mut feature = features::category(&name, levels);
                feature.policy.unseen_level = Action::Refuse;
                feature
            }
            None => features::coded_category(&name, highest),
        }
    };
    let names = features::names(&names, n_features, "Column_");
    Ok((names.into_iter().enumerate().map(feature).collect(), notes))
}

/// A number; values beyond those of the training data are taken and flagged.
fn number(name: &str, info: Option<&Info>) -> Feature {
    let mut feature = features::number(name);
    feature.policy.out_of_range = Action::Take;
    if let Some(Info::Range(low, high)) = info
        && low <= high
        && low.abs().max(high.abs()) <= 1e100
    {
        feature.range = Some(Range { low: *low, high: *high });
    }
    feature
}

fn info(word: &str) -> Result<Info, Error> {
    let wrong = || Error::malformed(format!("`{word}`, expected `[low:high]`, codes or `none`"));
    if word == "none" {
        return Ok(Info::Constant);
    }
    if let Some(bounds) = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
        let (low, high) = bounds.split_once(':').ok_or_else(wrong)?;
        let (low, high) = (low.parse().map_err(|_| wrong())?, high.parse().map_err(|_| wrong())?);
        return Ok(Info::Range(low, high));
    }
    let mut highest = 0;
    for code in word.split(':') {
        let code: i64 = code.parse().map_err(|_| wrong())?;
        // A negative code is a missing value.
        highest = highest.max(usize::try_from(code).unwrap_or(0));
    }
    Ok(Info::Category(highest))
}

/// The names of categories, in the order of the columns that have some.
fn pandas(text: &Text<'_>, limits: &Limits) -> Result<Vec<Vec<String>>, Error> {
    let Some((line, json)) = text.pandas_categorical else { return Ok(Vec::new()) };
    let read = || {
        let document = json::read(json.as_bytes(), limits)?;
        let Value::List(columns) = document else { return Ok(Vec::new()) };
        columns.iter().map(levels).collect()
    };
    read().map_err(|error: Error| {
        error.within(Place::Key("pandas_categorical".into())).within(Place::Line(line))
    })
}

fn levels(column: &Value) -> Result<Vec<String>, Error> {
    let Value::List(levels) = column else {
        return Err(Error::malformed("no list of levels"));
    };
    let name = |level: &Value| match level {
        Value::Text(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.double.to_string()),
        Value::Boolean(value) => Ok(value.to_string()),
        Value::Null | Value::List(_) | Value::Object(_) => {
            Err(Error::malformed("a level that is no text and no number"))
        }
    };
    levels.iter().map(name).collect()
}
