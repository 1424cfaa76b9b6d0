//! Features: numbers and categories, in the order of the data, and what missing values do.

use std::collections::BTreeMap;

use nomogram::{Action, Feature, Range, Side};

use crate::document::{Cursor, Value};
use crate::error::{Error, ErrorKind, Place};
use crate::features;
use crate::limits::Limits;

/// The features of a model.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// By number of the number: its position, and where a missing value goes.
    pub(super) numbers: BTreeMap<usize, (u32, Side)>,
    /// By number of the category: its position.
    pub(super) categories: BTreeMap<usize, u32>,
    /// The level of each hash of a category.
    pub(super) levels: BTreeMap<i64, u32>,
    names: BTreeMap<u32, String>,
    level_names: Vec<String>,
}

impl Columns {
    /// Reads `features_info`.
    ///
    /// # Errors
    ///
    /// `Unsupported` for features made of texts, embeddings or target statistics; `Malformed`.
    pub(super) fn read(info: &Cursor<'_>, limits: &Limits) -> Result<Self, Error> {
        for (key, what) in [
            ("ctrs", "categories encoded by target statistics (CTR)"),
            ("text_features", "text features"),
            ("embedding_features", "embedding features"),
        ] {
            match info.find(key) {
                Some(list) if !is_empty(&list) => return Err(list.unsupported(what)),
                Some(_) | None => {}
            }
        }
        let mut columns = Self::default();
        for feature in list(info, "float_features")?.iter().flat_map(Cursor::items).flatten() {
            let position = columns.add(&feature)?;
            let treatment = feature.find("nan_value_treatment");
            let side = match treatment.as_ref().map(Cursor::text).transpose()? {
                Some("AsTrue") => Side::Right,
                // A comparison with NaN is false.
                Some("AsFalse" | "AsIs") | None => Side::Left,
                Some(other) => {
                    return Err(
                        feature.unsupported(format!("treatment `{other}` of missing values"))
                    );
                }
            };
            columns.numbers.insert(feature.key("feature_index")?.whole()?, (position, side));
        }
        for feature in list(info, "categorical_features")?.iter().flat_map(Cursor::items).flatten()
        {
            let position = columns.add(&feature)?;
            columns.categories.insert(feature.key("feature_index")?.whole()?, position);
        }
        for entry in list(info, "cat_features_hash")?.iter().flat_map(Cursor::items).flatten() {
            let level = crate::forests::number(columns.level_names.len())?;
            let name = match entry.key("value")?.value() {
                Value::Text(name) => name.clone(),
                _ => entry.key("value")?.double()?.to_string(),
            };
            columns.level_names.push(name);
            columns.levels.insert(hash(&entry.key("hash")?)?, level);
        }
        limits.check_features(columns.names.len()).map_err(|error| info.locate(error))?;
        Ok(columns)
    }

    /// Notes the name of a feature. Returns its position.
    fn add(&mut self, feature: &Cursor<'_>) -> Result<u32, Error> {
        let flat = feature.key("flat_feature_index")?;
        let position = crate::forests::number(flat.whole()?)?;
        let name = ["feature_name", "feature_id"].into_iter().filter_map(|key| feature.find(key));
        let name = name.filter_map(|name| name.text().ok()).find(|name| !name.is_empty());
        let name = name.map_or_else(|| position.to_string(), str::to_owned);
        match self.names.insert(position, name) {
            None => Ok(position),
            Some(_) => Err(flat.malformed(format!("position {position} a second time"))),
        }
    }

    pub(super) fn n_features(&self) -> usize {
        self.names.len()
    }

    /// The features, in the order of their positions.
    ///
    /// # Errors
    ///
    /// `Malformed` when a position has no feature; `Schema` when no names of levels are known.
    pub(super) fn features(&self) -> Result<Vec<Feature>, Error> {
        let mut made = Vec::new();
        for (index, (position, name)) in self.names.iter().enumerate() {
            if *position as usize != index {
                let detail = format!("no feature at position {}", index + 1);
                return Err(Error::malformed(detail).within(Place::Key("features_info".into())));
            }
            if !self.categories.values().any(|category| category == position) {
                made.push(number(name));
                continue;
            }
            if self.level_names.is_empty() {
                let detail = "a category without names of its levels; save the model with `pool`";
                let error = Error::new(ErrorKind::Unsupported, detail);
                return Err(error.within(Place::Feature(name.clone())));
            }
            let mut feature = features::category(name, self.level_names.clone());
            // CatBoost takes no missing categories.
            feature.policy.missing = Action::Refuse;
            feature.policy.not_a_number = Action::Refuse;
            made.push(feature);
        }
        Ok(made)
    }
}

/// A number; what single precision would make infinite is refused.
fn number(name: &str) -> Feature {
    let largest = f64::from(f32::MAX);
    let mut feature = features::number(name);
    feature.range = Some(Range { low: -largest, high: largest });
    feature
}

/// A list that may be absent or null.
fn list<'d>(info: &Cursor<'d>, key: &str) -> Result<Option<Cursor<'d>>, Error> {
    let Some(list) = info.find(key).filter(|list| *list.value() != Value::Null) else {
        return Ok(None);
    };
    list.n_items().map(|_| Some(list))
}

fn is_empty(list: &Cursor<'_>) -> bool {
    match list.value() {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Boolean(_) | Value::Number(_) | Value::Text(_) => false,
    }
}

/// A hash of 32 bits, which may be written with a sign.
#[allow(clippy::cast_possible_truncation, reason = "checked to be whole and below 2^53")]
pub(super) fn hash(value: &Cursor<'_>) -> Result<i64, Error> {
    let number = value.double()?;
    if number.fract() != 0.0 || number.abs() > 9e15 {
        return Err(value.malformed(format!("{number}, expected a whole number")));
    }
    let hash = number as i64;
    Ok(if hash < 0 { hash + (1 << 32) } else { hash })
}
