//! The key `data` of a configuration: the columns of a table.
//!
//! The oldest keys are always written as JSON, later ones only if they differ from their defaults, so
//! that the digest of a configuration without them does not change.

mod feature;

mod rule;

use std::collections::BTreeMap;
use std::path::Path;

use nomogram::{Place, Schema, Target};
use serde::{Deserialize, Serialize};

pub use feature::{ActionConfig, FeatureConfig, Kind, PolicyConfig, UnitConfig};
pub use rule::{QuantityConfig, RuleActionConfig, RuleConfig};

use super::spelling::variants;
use crate::error::Error;
use crate::invalid::Invalid;
pub use crate::table::Encoding;
use crate::table::{BooleanTexts, DecimalMark, TableFormat};
use crate::yaml;

/// The columns of the table. A column that is not named here is an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// How a CSV file is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub csv: CsvConfig,
    /// The texts that mean that there is no value, besides the empty one.
    #[serde(default = "only_empty", skip_serializing_if = "is_only_empty")]
    pub missing: Vec<String>,
    /// The texts of booleans, besides `false` and `true` in any case and the numbers 0 and 1.
    #[serde(default, skip_serializing_if = "is_default")]
    pub booleans: BooleanTexts,
    /// The column that names rows, unique; without it rows are named by their lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_id: Option<String>,
    /// The column that names patients, whose rows stay together in splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// The column with the weight of each row, a positive number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// The column with the time of each row, for splits by time: ISO 8601 dates, or numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The column with the partition of each row: `train`, `calibration` or `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// The column that is to be predicted.
    pub target: TargetConfig,
    /// The features, in the order of the schema.
    pub features: Vec<FeatureConfig>,
    /// Bounds between features that every plausible row keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleConfig>,
    /// Columns of the table that are not used.
    #[serde(default)]
    pub ignored: Vec<String>,
}

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CsvConfig {
    /// Separates cells, an ASCII character. Without one, a tab in files called `.tsv` or `.tab`, and
    /// a comma in all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Encloses cells that hold the delimiter, a line end or itself, which is then doubled; an ASCII
    /// character.
    pub quote: char,
    /// Its encoding.
    pub encoding: Encoding,
    /// Separates the whole part of a number from its fraction.
    #[serde(skip_serializing_if = "is_default")]
    pub decimal_mark: DecimalMark,
}

/// The target column and its classes. Two are written as `negative` and `positive`, more as
/// `classes`; both forms may be read for two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "TargetForm", into = "TargetForm")]
pub struct TargetConfig {
    /// The name of the column.
    pub column: String,
    /// The texts of the classes, in the order of the probabilities. Of two, the second is the
    /// positive one, whose probability is reported.
    pub classes: Vec<String>,
}

/// [`TargetConfig`] as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetForm {
    column: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    negative: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    positive: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<String>>,
}

/// A configuration of data alone, under its key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    data: DataConfig,
}

impl DataConfig {
    /// A table of these columns, with defaults for the rest.
    #[must_use]
    pub fn new(target: TargetConfig, features: Vec<FeatureConfig>) -> Self {
        Self {
            csv: CsvConfig::default(),
            missing: only_empty(),
            booleans: BooleanTexts::default(),
            row_id: None,
            patient: None,
            weight: None,
            time: None,
            split: None,
            target,
            features,
            rules: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// Reads a YAML document whose only key is `data`.
    ///
    /// # Errors
    ///
    /// As [`TrainingConfig::from_yaml`](crate::TrainingConfig::from_yaml).
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        let check = |draft: &Draft| draft.data.check().map_err(|invalid| invalid.at("data"));
        Ok(yaml::read(text, yaml::UNNAMED, check)?.data)
    }

    /// [`Self::from_yaml`] of a file.
    ///
    /// # Errors
    ///
    /// As [`Self::from_yaml`], and `File`.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| Error::File { path: path.into(), cause })?;
        Self::from_yaml(&text)
    }

    /// The schema of the model that learns from such a table.
    ///
    /// # Errors
    ///
    /// `Configuration` when something contradicts itself.
    pub fn schema(&self) -> Result<Schema, Error> {
        Ok(self.checked_schema().map_err(|invalid| invalid.at("data"))?)
    }

    fn checked_schema(&self) -> Result<Schema, Invalid> {
        let feature = |(index, config): (usize, &FeatureConfig)| {
            let feature = config.feature().map_err(Invalid::from);
            feature.map_err(|e| e.in_item(index, Some(&config.name)).at("features"))
        };
        let features = self.features.iter().enumerate().map(feature).collect::<Result<_, _>>()?;
        let names = self.features.iter().map(|feature| feature.name.as_str());
        check_look(names).map_err(|invalid| invalid.at("features"))?;
        let classes = self.target.classes.iter().map(String::as_str);
        check_look(classes).map_err(|invalid| invalid.at("target"))?;
        let rules: Result<Vec<_>, String> =
            self.rules.iter().map(|rule| rule.rule(&self.features)).collect();
        let rules = rules.map_err(|detail| Invalid::from(detail).at("rules"))?;
        let target = Target::of_classes(&self.target.column, &self.target.classes);
        let schema = Schema::new(features, target).and_then(|schema| {
            schema.check_looks()?;
            Ok(schema)
        });
        let schema = schema.map_err(|e| {
            let invalid = Invalid::because(e.to_string());
            match e.path().next() {
                Some(Place::Feature(index)) => invalid.in_item(index, None).at("features"),
                _ => invalid,
            }
        })?;
        schema.with_rules(rules).map_err(|e| Invalid::because(e.to_string()).at("rules"))
    }

    /// How the table is written; a bundle keeps it, so that later tables are read in the same way.
    #[must_use]
    pub fn table_format(&self) -> TableFormat {
        // Cells are read without the spaces around them.
        let trimmed = |texts: &[String]| -> Vec<String> {
            texts.iter().map(|text| text.trim().to_owned()).collect()
        };
        let of_feature = |feature: &FeatureConfig| {
            let texts = feature.texts.as_ref()?.each_ref().map(|text| text.trim().to_owned());
            Some((feature.name.clone(), texts))
        };
        let BooleanTexts { true_texts, false_texts } = &self.booleans;
        TableFormat {
            missing: trimmed(&self.missing).into_iter().filter(|text| !text.is_empty()).collect(),
            booleans: BooleanTexts {
                true_texts: trimmed(true_texts),
                false_texts: trimmed(false_texts),
            },
            feature_booleans: self.features.iter().filter_map(of_feature).collect(),
            ..TableFormat::from(self.csv)
        }
    }

    /// Reads the table as this format states.
    pub fn set_table_format(&mut self, format: TableFormat) {
        self.csv = CsvConfig::of(&format);
        let keeps_empty = self.missing.iter().any(String::is_empty);
        self.missing = keeps_empty.then(String::new).into_iter().chain(format.missing).collect();
        self.booleans = format.booleans;
        for feature in &mut self.features {
            feature.texts = format.feature_booleans.get(&feature.name).cloned();
        }
    }

    /// Every column that is named, with what it is.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let single = [
            (self.row_id.as_deref(), "the row id"),
            (self.patient.as_deref(), "the patient"),
            (self.weight.as_deref(), "the weight"),
            (self.time.as_deref(), "the time"),
            (self.split.as_deref(), "the split"),
            (Some(self.target.column.as_str()), "the target"),
        ];
        let single = single.into_iter().filter_map(|(column, role)| Some((column?, role)));
        let features = self.features.iter().map(|feature| (feature.name.as_str(), "a feature"));
        single.chain(features).chain(self.ignored.iter().map(|name| (name.as_str(), "ignored")))
    }

    /// Refuses invalid values.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let refused = |detail: String| Err(Invalid::because(detail));
        if let [negative, positive] = self.target.classes.as_slice()
            && negative == positive
        {
            return refused(format!("both classes are `{positive}`")).map_err(|e| e.at("target"));
        }
        if let Err(error) = self.table_format().check() {
            return refused(error.to_string());
        }
        self.check_roles()?;
        self.checked_schema().map(drop)
    }

    /// Refuses a column that is two things.
    pub(crate) fn check_roles(&self) -> Result<(), Invalid> {
        let mut roles = BTreeMap::new();
        for (column, role) in self.columns() {
            if let Some(earlier) = roles.insert(column, role) {
                return Err(Invalid::because(if earlier == role {
                    format!("duplicate column `{column}`: {role} twice")
                } else {
                    format!("column `{column}` is both {earlier} and {role}")
                }));
            }
        }
        Ok(())
    }
}

impl TargetConfig {
    /// A target of two classes.
    pub fn binary(
        column: impl Into<String>,
        negative: impl Into<String>,
        positive: impl Into<String>,
    ) -> Self {
        Self { column: column.into(), classes: vec![negative.into(), positive.into()] }
    }
}

impl TryFrom<TargetForm> for TargetConfig {
    type Error = String;

    fn try_from(form: TargetForm) -> Result<Self, String> {
        let TargetForm { column, negative, positive, classes } = form;
        match (negative, positive, classes) {
            (Some(negative), Some(positive), None) => Ok(Self::binary(column, negative, positive)),
            (None, None, Some(classes)) => Ok(Self { column, classes }),
            _ => Err(format!(
                "target `{column}`: expected `negative` and `positive`, or `classes` alone"
            )),
        }
    }
}

impl From<TargetConfig> for TargetForm {
    fn from(target: TargetConfig) -> Self {
        let TargetConfig { column, classes } = target;
        match <[String; 2]>::try_from(classes) {
            Ok([negative, positive]) => {
                Self { column, negative: Some(negative), positive: Some(positive), classes: None }
            }
            Err(classes) => Self { column, negative: None, positive: None, classes: Some(classes) },
        }
    }
}

impl Default for CsvConfig {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: '"',
            encoding: Encoding::Utf8,
            decimal_mark: DecimalMark::Point,
        }
    }
}

impl CsvConfig {
    /// The keys of `csv` of a format.
    #[must_use]
    pub fn of(format: &TableFormat) -> Self {
        let TableFormat { delimiter, quote, encoding, decimal_mark, .. } = *format;
        Self { delimiter, quote, encoding, decimal_mark }
    }
}

impl From<CsvConfig> for TableFormat {
    fn from(csv: CsvConfig) -> Self {
        let CsvConfig { delimiter, quote, encoding, decimal_mark } = csv;
        Self { delimiter, quote, encoding, decimal_mark, ..Self::default() }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn only_empty() -> Vec<String> {
    vec![String::new()]
}

fn is_only_empty(missing: &[String]) -> bool {
    matches!(missing, [text] if text.is_empty())
}

/// Refuses names that look the same.
fn check_look<'n>(names: impl Iterator<Item = &'n str>) -> Result<(), Invalid> {
    match variants(names).iter().find(|variants| variants.look_alike()) {
        None => Ok(()),
        Some(variants) => Err(Invalid::because(format!(
            "{}, expected names that look different",
            variants.sentence()
        ))),
    }
}

#[cfg(test)]
mod tests;
