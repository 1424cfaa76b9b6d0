//! A field of the dictionary, and how the mining schema treats its values.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use nomogram::{Action, Feature, FeatureKind, Policy, Range};

use super::singles::is_single;
use super::words::words;
use crate::columns::{Map, UNBOUNDED};
use crate::document::xml::Element;
use crate::error::Error;
use crate::features;

/// A feature, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) kind: FeatureKind,
    /// A number of single precision.
    pub(super) is_float: bool,
    /// A whole number, or a category of them.
    pub(super) is_whole: bool,
    /// A category of numbers.
    pub(super) is_numbered: bool,
    pub(super) range: Option<Range>,
    pub(super) invalid: Action,
    /// The value of a missing one, and bounds of outliers.
    pub(super) treatment: Vec<Map>,
    /// A model cannot take a missing value.
    pub(super) is_required: Rc<Cell<bool>>,
    /// A model cannot take a value that is no level.
    pub(super) refuses_unseen: Rc<Cell<bool>>,
}

impl Draft {
    pub(super) fn read(field: &Element, mining: &Element, model: &Element) -> Result<Self, Error> {
        let name = field.attribute("name")?.to_owned();
        let data_type = field.or("dataType", "double");
        let mut values = levels(field)?;
        let is_categorical = mining.or("optype", field.or("optype", "continuous")) != "continuous";
        // Without values in the dictionary, every value is valid: those that the model names are levels.
        let is_open = is_categorical && values.is_empty() && data_type != "boolean";
        if is_open {
            values = named_values(model, &name);
            if data_type != "string" {
                values = values.iter().map(|value| canonical(value).into_owned()).collect();
                values.sort_unstable();
                values.dedup();
            }
        }
        let kind = match (data_type, is_categorical) {
            ("boolean", _) => FeatureKind::Boolean,
            ("double" | "float" | "integer" | "string", true) if !values.is_empty() => {
                FeatureKind::Category { levels: values }
            }
            ("double" | "float", false) => FeatureKind::Number,
            ("integer", false) => FeatureKind::Integer,
            (other, true) => {
                let what = format!(
                    "a categorical field of type `{other}` without values, here or in the model"
                );
                return Err(field.unsupported(what));
            }
            (other, false) => {
                return Err(field.unsupported(format!("a continuous field of type `{other}`")));
            }
        };
        let invalid = match mining.or("invalidValueTreatment", "returnInvalid") {
            _ if is_open => Action::Take,
            "returnInvalid" => Action::Refuse,
            "asIs" => Action::Take,
            "asMissing" => Action::Impute,
            other => {
                return Err(mining.unsupported(format!("invalidValueTreatment `{other}`")));
            }
        };
        // A missing value is refused, even where there is a replacement.
        let is_refused = mining.or("missingValueTreatment", "asIs").ends_with("returnInvalid");
        let is_category = matches!(kind, FeatureKind::Category { .. });
        let mut draft = Self {
            name,
            is_float: data_type == "float" && kind == FeatureKind::Number,
            is_whole: data_type == "integer",
            is_numbered: data_type != "string" && is_category,
            kind,
            range: None,
            invalid,
            treatment: Vec::new(),
            is_required: Rc::new(Cell::new(is_refused)),
            refuses_unseen: Rc::default(),
        };
        draft.read_range(field, data_type)?;
        draft.read_markers(field)?;
        draft.read_treatment(mining)?;
        if is_refused {
            draft.treatment.retain(|map| !matches!(map, Map::Impute(_)));
        }
        Ok(draft)
    }

    fn read_range(&mut self, field: &Element, data_type: &str) -> Result<(), Error> {
        let is_number = matches!(self.kind, FeatureKind::Number | FeatureKind::Integer);
        let mut intervals = field.all("Interval");
        let largest = if data_type == "float" { f64::from(f32::MAX) } else { 1e100 };
        let largest =
            if self.kind == FeatureKind::Integer { 9_007_199_254_740_992.0 } else { largest };
        match (intervals.next(), intervals.next()) {
            (None, _) if self.is_float && self.invalid != Action::Impute => {
                self.range = Some(Range { low: -largest, high: largest });
            }
            (None, _) => {}
            (Some(interval), None) if is_number => {
                let low = interval.find_number("leftMargin")?.unwrap_or(-largest);
                let high = interval.find_number("rightMargin")?.unwrap_or(largest);
                let (open_low, open_high) = match interval.or("closure", "closedClosed") {
                    "closedClosed" => (false, false),
                    "closedOpen" => (false, true),
                    "openClosed" => (true, false),
                    "openOpen" => (true, true),
                    other => return Err(interval.malformed(format!("closure `{other}`"))),
                };
                let is_exact = !open_low
                    && !open_high
                    && is_single(low)
                    && is_single(high)
                    && self.invalid == Action::Refuse;
                if self.is_float && self.invalid != Action::Take && !is_exact {
                    let what = "an Interval of type `float`, expected closed ends that are singles, and invalid values refused";
                    return Err(interval.unsupported(what));
                }
                let step = |value: f64, is_open: bool, up: bool| match (is_open, up) {
                    (false, _) => value,
                    (true, _) if self.kind == FeatureKind::Integer => {
                        if up {
                            value + 1.0
                        } else {
                            value - 1.0
                        }
                    }
                    (true, true) => value.next_up(),
                    (true, false) => value.next_down(),
                };
                let low = step(low, open_low && low > -largest, true);
                let high = step(high, open_high && high < largest, false);
                let (low, high) = if self.kind == FeatureKind::Integer {
                    (low.ceil(), high.floor())
                } else {
                    (low, high)
                };
                self.range = Some(Range { low, high });
            }
            (Some(interval), _) => {
                return Err(interval.unsupported("several intervals, or those of a category"));
            }
        }
        Ok(())
    }

    fn read_treatment(&mut self, mining: &Element) -> Result<(), Error> {
        match mining.or("outliers", "asIs") {
            "asIs" => {}
            "asExtremeValues" => {
                let low = mining.find_number("lowValue")?.unwrap_or(-UNBOUNDED);
                let high = mining.find_number("highValue")?.unwrap_or(UNBOUNDED);
                self.treatment.push(Map::Clip { low, high });
            }
            "asMissingValues" if self.is_float => {
                return Err(mining.unsupported("outliers `asMissingValues` of type `float`"));
            }
            "asMissingValues" => {
                let low = mining.find_number("lowValue")?.unwrap_or(-UNBOUNDED);
                let high = mining.find_number("highValue")?.unwrap_or(UNBOUNDED);
                let below = Map::MarkMissing { low: -UNBOUNDED, high: low.next_down() };
                let above = Map::MarkMissing { low: high.next_up(), high: UNBOUNDED };
                self.treatment.extend([below, above]);
            }
            other => return Err(mining.unsupported(format!("outliers `{other}`"))),
        }
        let Some(value) = mining.find("missingValueReplacement") else { return Ok(()) };
        let replacement = match &self.kind {
            FeatureKind::Category { levels } => {
                let level = levels.iter().position(|level| level == value);
                #[allow(clippy::cast_precision_loss, reason = "levels are few")]
                level.map(|level| level as f64)
            }
            FeatureKind::Boolean if value == "true" => Some(1.0),
            FeatureKind::Boolean if value == "false" => Some(0.0),
            _ => value.parse().ok().filter(|value: &f64| value.is_finite()),
        };
        let replacement = replacement.ok_or_else(|| {
            mining.malformed(format!("missingValueReplacement `{value}`, expected a valid value"))
        })?;
        self.treatment.push(Map::Impute(replacement));
        Ok(())
    }

    pub(super) fn feature(&self) -> Feature {
        let missing = if self.is_required.get()
            && !self.treatment.iter().any(|map| matches!(map, Map::Impute(_)))
        {
            Action::Refuse
        } else {
            Action::Impute
        };
        let is_category = matches!(self.kind, FeatureKind::Category { .. });
        // What counts as missing is refused where missing values are.
        let invalid = match self.invalid {
            Action::Impute => missing,
            Action::Take if self.refuses_unseen.get() => Action::Refuse,
            other => other,
        };
        let out_of_range = if self.range.is_some() { invalid } else { Action::Refuse };
        let policy = Policy {
            missing,
            not_a_number: missing,
            out_of_range,
            unseen_level: if is_category { invalid } else { Action::Refuse },
            ..features::lenient_number()
        };
        let mut feature = Feature::of_kind(&self.name, self.kind.clone());
        feature.range = self.range;
        feature.policy = policy;
        feature
    }
}

/// A number as equal numbers are written; other texts as they are.
pub(super) fn canonical(value: &str) -> Cow<'_, str> {
    match value.trim().parse::<f64>() {
        // The sum makes −0 0.
        Ok(number) if number.is_finite() => Cow::Owned((number + 0.0).to_string()),
        Ok(_) | Err(_) => Cow::Borrowed(value),
    }
}

/// The valid values of a field.
pub(super) fn levels(field: &Element) -> Result<Vec<String>, Error> {
    let mut values = Vec::new();
    for value in field.all("Value") {
        match value.or("property", "valid") {
            "valid" => values.push(value.attribute("value")?.to_owned()),
            // Replacements of missing and invalid values are made by the bundle, not passed to it.
            "missing" | "invalid" => {}
            other => return Err(value.malformed(format!("property `{other}`"))),
        }
    }
    Ok(values)
}

/// The values of a field that a model compares it with.
fn named_values(model: &Element, name: &str) -> Vec<String> {
    let mut values = std::collections::BTreeSet::new();
    let mut pending = vec![model];
    while let Some(element) = pending.pop() {
        let is_field = |attribute: &str| element.find(attribute) == Some(name);
        match element.name.as_str() {
            "SimplePredicate" | "NormDiscrete" if is_field("field") => {
                values.extend(element.find("value").map(str::to_owned));
            }
            "SimpleSetPredicate" if is_field("field") => {
                let array = element.child("Array").map(|array| words(&array.text));
                values.extend(array.unwrap_or_default());
            }
            "CategoricalPredictor" if is_field("name") => {
                values.extend(element.find("value").map(str::to_owned));
            }
            "PPCell" if is_field("predictorName") => {
                values.extend(element.find("value").map(str::to_owned));
            }
            "BayesInput" if is_field("fieldName") => {
                let pairs = element.all("PairCounts").filter_map(|pair| pair.find("value"));
                values.extend(pairs.map(str::to_owned));
            }
            _ => {}
        }
        pending.extend(&element.children);
    }
    values.into_iter().collect()
}
