//! Features: names, types, and the names of categories where the file has them.

use nomogram::{Action, Feature, Range};

use super::trees::Trees;
use crate::document::{Cursor, Value};
use crate::error::{Error, Place};
use crate::features;

/// The features of a model, in the order of its inputs.
///
/// # Errors
///
/// `Malformed`.
pub(super) fn features(
    learner: &Cursor<'_>,
    n_features: usize,
    trees: &Trees,
) -> Result<Vec<Feature>, Error> {
    let texts = |key| learner.find(key).map_or(Ok(Vec::new()), |list| list.texts());
    let (names, types) = (texts("feature_names")?, texts("feature_types")?);
    for (key, found) in [("feature_names", names.len()), ("feature_types", types.len())] {
        if found != 0 && found != n_features {
            let detail = format!("{found} items, expected {n_features}");
            return Err(learner.key(key)?.malformed(detail));
        }
    }
    let categories = category_names(learner, n_features)?;
    let names = features::names(&names, n_features, "f");
    let feature = |(index, name): (usize, String)| {
        let highest = trees.highest_codes.get(&index).copied();
        let is_category = types.get(index) == Some(&"c") || highest.is_some();
        match categories.get(index).cloned().flatten() {
            Some(levels) if highest.is_none_or(|highest| highest < levels.len()) => {
                features::category(&name, levels)
            }
            _ if is_category => features::coded_category(&name, highest.unwrap_or(0)),
            _ => number(&name),
        }
    };
    Ok(names.into_iter().enumerate().map(feature).collect())
}

/// A number that XGBoost takes: what single precision would make infinite it refuses.
fn number(name: &str) -> Feature {
    let largest = f64::from(f32::MAX);
    let mut feature = features::number(name);
    feature.range = Some(Range { low: -largest, high: largest });
    feature.policy.out_of_range = Action::Refuse;
    feature
}

/// The names of categories that versions from 3.1 store: of each feature, in the order of their codes.
fn category_names(
    learner: &Cursor<'_>,
    n_features: usize,
) -> Result<Vec<Option<Vec<String>>>, Error> {
    let mut names = vec![None; n_features];
    let booster = learner.key("gradient_booster")?;
    let model = booster.find("gbtree").unwrap_or(booster);
    let Some(categories) = model.find("model").and_then(|model| model.find("cats")) else {
        return Ok(names);
    };
    let Some(encodings) = categories.find("enc") else { return Ok(names) };
    for (index, encoding) in encodings.items_at(Place::Item)?.enumerate() {
        let Some(slot) = names.get_mut(index) else { break };
        *slot = names_of(&encoding)?;
    }
    Ok(names)
}

/// The names of one feature: texts that are stored one after the other with offsets, or numbers.
fn names_of(encoding: &Cursor<'_>) -> Result<Option<Vec<String>>, Error> {
    let (Some(values), offsets) = (encoding.find("values"), encoding.find("offsets")) else {
        return Ok(None);
    };
    let Some(offsets) = offsets else {
        let values = values.doubles()?;
        let names: Vec<String> = values.iter().map(f64::to_string).collect();
        return Ok(Some(names).filter(|names| !names.is_empty()));
    };
    let bytes = match values.value() {
        Value::Text(text) => text.as_bytes().to_vec(),
        _ => {
            let code = |code: i64| u8::try_from(code & 0xff).unwrap_or_default();
            values.integers()?.into_iter().map(code).collect()
        }
    };
    // XGBoost 3.2 counts their characters instead of their bytes, and cuts off as many bytes.
    if !bytes.is_ascii() {
        return Err(encoding.unsupported("names of categories that are not ASCII"));
    }
    let offsets = offsets.wholes()?;
    let name = |ends: &[usize]| {
        let (start, end) = (ends.first().copied()?, ends.last().copied()?);
        String::from_utf8(bytes.get(start..end)?.to_vec()).ok()
    };
    let names: Option<Vec<String>> = offsets.windows(2).map(name).collect();
    let names = names.ok_or_else(|| encoding.malformed("offsets beyond the names"))?;
    Ok(Some(names).filter(|names| !names.is_empty()))
}
