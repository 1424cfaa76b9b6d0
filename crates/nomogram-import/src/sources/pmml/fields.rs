//! Fields: the data dictionary and the mining schema, to features and what happens to their values.

mod singles;
mod words;

mod draft;

mod markers;
mod nested;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use nomogram::{Action, Feature, FeatureKind, Range};

use crate::columns::{Column, Map};
use crate::document::xml::Element;
use crate::error::Error;
use crate::limits::Limits;
use draft::{Draft, levels};
pub(super) use words::words;

/// The fields of a document. A copy, with more columns, shares what models cannot take.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    drafts: Vec<Draft>,
    /// Each field by its name: features after their treatment, and derived fields.
    pub(super) columns: BTreeMap<String, Column>,
    target: String,
    /// The type of the target, if the dictionary has it.
    pub(super) target_type: Option<String>,
    /// The classes, if the dictionary has them.
    pub(super) classes: Option<Vec<String>>,
    /// Trees are added up in single precision.
    is_float_math: Rc<Cell<bool>>,
    /// The mining fields of the whole model, by their names.
    outer: Rc<BTreeMap<String, Element>>,
    /// How many more nodes trees may be compiled to.
    n_nodes_left: Rc<Cell<usize>>,
    /// How many more numbers of levels columns may have.
    n_numbers_left: Rc<Cell<usize>>,
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
            target_type: None,
            classes: None,
            is_float_math: Rc::default(),
            outer: Rc::default(),
            n_nodes_left: Rc::new(Cell::new(limits.max_nodes / 8)),
            n_numbers_left: Rc::new(Cell::new(limits.max_values)),
        };
        let mut n_active = 0;
        let mut outer = BTreeMap::new();
        for mining in schema.all("MiningField") {
            let name = mining.attribute("name")?;
            match mining.or("usageType", "active") {
                "active" => {
                    let field = of_name.get(name).copied().ok_or_else(|| {
                        mining.malformed(format!("no field `{name}` in the dictionary"))
                    })?;
                    fields.drafts.push(Draft::read(field, mining, model)?);
                    outer.insert(name.to_owned(), mining.clone());
                    n_active += 1;
                    limits.check_features(n_active)?;
                }
                "predicted" | "target" => {
                    fields.target = name.to_owned();
                    let field = of_name.get(name).copied();
                    let data_type = field.and_then(|field| field.find("dataType"));
                    fields.target_type = data_type.map(str::to_owned);
                    let values = field.map(levels).transpose()?.unwrap_or_default();
                    fields.classes = Some(values).filter(|values| values.len() > 1);
                }
                _ => {}
            }
        }
        limits.check_features(n_active)?;
        fields.outer = Rc::new(outer);
        Ok(fields)
    }

    /// Whether trees are added up in single precision.
    pub(super) fn is_float_math(&self) -> bool {
        self.is_float_math.get()
    }

    pub(super) fn set_float_math(&self, is_float: bool) {
        self.is_float_math.set(is_float);
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

    /// Refuses values that are taken as missing where no model has an answer for a missing one.
    ///
    /// # Errors
    ///
    /// `Unsupported` with the name of the field.
    pub(super) fn check_marked(&self, schema: &Element) -> Result<(), Error> {
        let is_marked = |draft: &&Draft| {
            let marks = draft.treatment.iter().any(|map| matches!(map, Map::MarkMissing { .. }));
            let is_imputed = draft.treatment.iter().any(|map| matches!(map, Map::Impute(_)));
            marks && !is_imputed && draft.is_required.get()
        };
        let Some(draft) = self.drafts.iter().find(is_marked) else { return Ok(()) };
        Err(schema.unsupported(format!(
            "values of `{}` that are taken as missing, expected a missingValueReplacement",
            draft.name
        )))
    }

    /// Whether the values of a feature are single precision.
    pub(super) fn is_float(&self, feature: usize) -> bool {
        self.drafts.get(feature).is_some_and(|draft| draft.is_float)
    }

    /// Whether the values of a feature are whole numbers.
    pub(super) fn is_whole(&self, feature: usize) -> bool {
        self.drafts.get(feature).is_some_and(|draft| draft.is_whole)
    }

    /// The least and the greatest value of a feature that reach its treatment.
    pub(super) fn range(&self, feature: usize) -> Option<Range> {
        let draft = self.drafts.get(feature)?;
        draft.range.filter(|_| draft.invalid != Action::Take)
    }

    /// Whether a name is that of a feature.
    pub(super) fn is_feature(&self, name: &str) -> bool {
        self.outer.contains_key(name)
    }

    /// A value of a category, as equal values are written: `1` for `01` and `1.0` of a category of numbers.
    pub(super) fn canonical<'v>(&self, feature: usize, value: &'v str) -> Cow<'v, str> {
        let is_numbered = self.drafts.get(feature).is_some_and(|draft| draft.is_numbered);
        if is_numbered { draft::canonical(value) } else { Cow::Borrowed(value) }
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
