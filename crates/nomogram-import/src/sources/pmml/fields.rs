//! Fields: the data dictionary and the mining schema, to features and what happens to their values.

use std::cell::Cell;
use std::collections::BTreeMap;

use nomogram::{Action, Feature, FeatureKind, Policy, Range};

use crate::columns::{Column, Map, UNBOUNDED};
use crate::document::xml::Element;
use crate::error::Error;
use crate::features;
use crate::limits::Limits;

/// A feature, as far as it is known.
#[derive(Clone, Debug)]
struct Draft {
    name: String,
    kind: FeatureKind,
    range: Option<Range>,
    invalid: Action,
    /// The value of a missing one, and bounds of outliers.
    treatment: Vec<Map>,
    /// A model cannot take a missing value.
    is_required: Cell<bool>,
    /// A model cannot take a value that is no level.
    refuses_unseen: Cell<bool>,
}

/// The fields of a document.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    drafts: Vec<Draft>,
    /// Each field by its name: features after their treatment, and derived fields.
    pub(super) columns: BTreeMap<String, Column>,
    target: String,
    /// The classes, if the dictionary has them.
    pub(super) classes: Option<Vec<String>>,
    /// Values are single precision.
    pub(super) is_single: bool,
    /// How many more nodes trees may be compiled to.
    n_nodes_left: Cell<usize>,
    /// How many more numbers of levels columns may have.
    n_numbers_left: Cell<usize>,
}

impl Fields {
    /// Reads the dictionary, and the mining schema of the model.
    ///
    /// # Errors
    ///
    /// `Unsupported` for types and treatments without a counterpart, `Malformed`, `TooLarge`.
    pub(super) fn read(root: &Element, model: &Element, limits: &Limits) -> Result<Self, Error> {
        let dictionary = root.needed("DataDictionary")?;
        let schema = model.needed("MiningSchema")?;
        let mut of_name: BTreeMap<&str, &Element> = BTreeMap::new();
        for field in dictionary.all("DataField") {
            of_name.insert(field.attribute("name")?, field);
        }
        let mut fields = Self {
            drafts: Vec::new(),
            columns: BTreeMap::new(),
            target: "target".into(),
            classes: None,
            is_single: false,
            n_nodes_left: Cell::new(limits.max_nodes / 8),
            n_numbers_left: Cell::new(limits.max_values),
        };
        let mut n_active = 0;
        for mining in schema.all("MiningField") {
            let name = mining.attribute("name")?;
            match mining.or("usageType", "active") {
                "active" => {
                    let field = of_name.get(name).copied().ok_or_else(|| {
                        mining.malformed(format!("no field `{name}` in the dictionary"))
                    })?;
                    fields.is_single |= field.or("dataType", "") == "float";
                    fields.drafts.push(Draft::read(field, mining, model)?);
                    n_active += 1;
                    limits.check_features(n_active)?;
                }
                "predicted" | "target" => {
                    fields.target = name.to_owned();
                    let field = of_name.get(name).copied();
                    let values = field.map(|field| levels(field)).transpose()?.unwrap_or_default();
                    fields.classes = Some(values).filter(|values| values.len() > 1);
                }
                _ => {}
            }
        }
        limits.check_features(n_active)?;
        Ok(fields)
    }

    pub(super) fn len(&self) -> usize {
        self.drafts.len()
    }

    pub(super) fn target_name(&self) -> &str {
        &self.target
    }

    /// Counts numbers of levels. False when there were too many.
    pub(super) fn spend_numbers(&self, n_numbers: usize) -> bool {
        let left = self.n_numbers_left.get().checked_sub(n_numbers);
        self.n_numbers_left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Counts a node of a compiled tree. False when there were too many.
    pub(super) fn spend_node(&self) -> bool {
        let left = self.n_nodes_left.get().checked_sub(1);
        self.n_nodes_left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// The columns of the features, each after its treatment.
    pub(super) fn treated(&self) -> Vec<Column> {
        let column =
            |(feature, draft): (usize, &Draft)| Column { feature, maps: draft.treatment.clone() };
        self.drafts.iter().enumerate().map(column).collect()
    }

    /// The names of the features, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.drafts.iter().map(|draft| draft.name.as_str())
    }

    /// The levels of a feature; none for numbers.
    pub(super) fn levels(&self, feature: usize) -> &[String] {
        match self.drafts.get(feature).map(|draft| &draft.kind) {
            Some(FeatureKind::Category { levels }) => levels,
            _ => &[],
        }
    }

    pub(super) fn is_boolean(&self, feature: usize) -> bool {
        self.drafts.get(feature).is_some_and(|draft| draft.kind == FeatureKind::Boolean)
    }

    /// Whether values that are no level reach the model.
    pub(super) fn takes_unseen(&self, feature: usize) -> bool {
        self.drafts
            .get(feature)
            .is_some_and(|draft| draft.invalid == Action::Take && !self.levels(feature).is_empty())
    }

    /// How many maps the treatment of a feature has.
    pub(super) fn n_treatments(&self, feature: usize) -> usize {
        self.drafts.get(feature).map_or(0, |draft| draft.treatment.len())
    }

    /// Whether a value of the feature may be missing when a model reads it.
    pub(super) fn may_be_missing(&self, feature: usize) -> bool {
        self.drafts.get(feature).is_some_and(|draft| {
            let is_replaced = draft.treatment.iter().any(|map| matches!(map, Map::Impute(_)));
            !is_replaced && !draft.is_required.get()
        })
    }

    /// A model cannot take a missing value of the feature.
    pub(super) fn require(&self, feature: usize) {
        self.drafts.iter().skip(feature).take(1).for_each(|draft| draft.is_required.set(true));
    }

    /// A model cannot take values of the feature that are no level.
    pub(super) fn refuse_unseen(&self, feature: usize) {
        self.drafts.iter().skip(feature).take(1).for_each(|draft| draft.refuses_unseen.set(true));
    }

    /// A model cannot take missing values of the features of these columns.
    pub(super) fn require_all(&self, columns: &[Column]) {
        for column in columns.iter().filter(|column| column.keeps_missing()) {
            self.require(column.feature);
        }
    }

    pub(super) fn n_required(&self) -> usize {
        let of_draft = |draft: &Draft| {
            usize::from(draft.is_required.get()) + usize::from(draft.refuses_unseen.get())
        };
        self.drafts.iter().map(of_draft).sum()
    }

    /// The features.
    pub(super) fn schema(&self) -> Vec<Feature> {
        self.drafts.iter().map(Draft::feature).collect()
    }

    /// The column of a field.
    ///
    /// # Errors
    ///
    /// `Malformed` at the element that names it, when there is none.
    pub(super) fn column(&self, name: &str, here: &Element) -> Result<&Column, Error> {
        self.columns.get(name).ok_or_else(|| here.malformed(format!("no field `{name}`")))
    }

    /// The number of a level of a categorical feature; of a boolean one, 0 or 1.
    pub(super) fn level(&self, feature: usize, value: &str) -> Option<u32> {
        if self.is_boolean(feature) {
            return match value {
                "true" | "1" => Some(1),
                "false" | "0" => Some(0),
                _ => None,
            };
        }
        let levels = self.levels(feature);
        let same = |level: &String| {
            level == value
                || matches!((level.parse::<f64>(), value.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
        };
        levels.iter().position(same).and_then(|level| u32::try_from(level).ok())
    }
}

impl Draft {
    fn read(field: &Element, mining: &Element, model: &Element) -> Result<Self, Error> {
        let name = field.attribute("name")?.to_owned();
        let data_type = field.or("dataType", "double");
        let mut values = levels(field)?;
        let is_categorical = mining.or("optype", field.or("optype", "continuous")) != "continuous";
        // Without values in the dictionary, every value is valid: those that the model names are levels.
        let is_open = is_categorical && values.is_empty() && data_type != "boolean";
        if is_open {
            values = named_values(model, &name);
        }
        let kind = match (data_type, is_categorical) {
            ("boolean", _) => FeatureKind::Boolean,
            ("double" | "float" | "integer" | "string", true) if !values.is_empty() => {
                FeatureKind::Category { levels: values }
            }
            ("double" | "float", false) => FeatureKind::Number,
            ("integer", false) => FeatureKind::Integer,
            (other, true) => {
                let what = format!("a categorical field of type `{other}` without values");
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
        let mut draft = Self {
            name,
            kind,
            range: None,
            invalid,
            treatment: Vec::new(),
            is_required: Cell::new(false),
            refuses_unseen: Cell::new(false),
        };
        draft.read_range(field, data_type)?;
        draft.read_treatment(mining)?;
        Ok(draft)
    }

    fn read_range(&mut self, field: &Element, data_type: &str) -> Result<(), Error> {
        let is_number = matches!(self.kind, FeatureKind::Number | FeatureKind::Integer);
        let mut intervals = field.all("Interval");
        let largest = if data_type == "float" { f64::from(f32::MAX) } else { 1e100 };
        let largest =
            if self.kind == FeatureKind::Integer { 9_007_199_254_740_992.0 } else { largest };
        match (intervals.next(), intervals.next()) {
            (None, _) if data_type == "float" && self.kind == FeatureKind::Number => {
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

    fn feature(&self) -> Feature {
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

/// The valid values of a field.
fn levels(field: &Element) -> Result<Vec<String>, Error> {
    let mut values = Vec::new();
    for value in field.all("Value") {
        match value.or("property", "valid") {
            "valid" => values.push(value.attribute("value")?.to_owned()),
            // A value that stands for a missing or an invalid one is not passed to a bundle.
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

/// The values of an `Array`: words, or texts in double quotes.
pub(super) fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_word) =
        (Vec::new(), String::new(), false, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if is_quoted => word.extend(letters.next()),
            '"' => (is_quoted, is_word) = (!is_quoted, true),
            _ if letter.is_whitespace() && !is_quoted => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => {
                word.push(letter);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_quoted() {
        assert_eq!(words(" a \"b c\" \"d\\\"e\" 1.5 "), ["a", "b c", "d\"e", "1.5"]);
        assert!(words("  ").is_empty());
    }
}
