//! `RegressionModel` and `GeneralRegressionModel`: sums of coefficients times products of columns.

mod general;

use std::borrow::Cow;
use std::collections::BTreeMap;

use nomogram::{Linear, Link, Member, Polynomial, Step};

use super::columns::of_levels;
use super::fields::Fields;
use super::outcome::{Outcome, Part};
use crate::columns::{Column, MAX_COLUMNS, Map, steps};
use crate::document::xml::Element;
use crate::error::Error;
use crate::forests::number;

pub(super) use general::general;

/// The terms of one or several sums: each a product of columns.
#[derive(Default)]
struct Terms {
    products: Vec<Vec<Column>>,
    /// By sum: the intercept, and (term, coefficient).
    sums: Vec<(f64, Vec<(usize, f64)>)>,
}

impl Terms {
    fn add(&mut self, sum: usize, product: Vec<Column>, coefficient: f64) {
        let same = self.products.iter().position(|known| *known == product);
        let term = same.unwrap_or(self.products.len());
        if same.is_none() {
            self.products.push(product);
        }
        if let Some((_, terms)) = self.sums.get_mut(sum) {
            terms.push((term, coefficient));
        }
    }

    fn part(self, link: Link, fields: &Fields, here: &Element) -> Result<Part, Error> {
        let mut columns: Vec<Column> = Vec::new();
        let mut products: Vec<Vec<u32>> = Vec::new();
        for product in &self.products {
            let first = columns.len();
            columns.extend_from_slice(product);
            if columns.len() > MAX_COLUMNS {
                return Err(here.too_large(format!("more than {MAX_COLUMNS} columns")));
            }
            products.push((first..columns.len()).map(number).collect::<Result<_, _>>()?);
        }
        if columns.is_empty() {
            // An intercept alone: a term of weight 0.
            columns.extend(fields.treated().into_iter().take(1).map(|column| {
                column.then(Map::Affine { factor: 0.0, addend: 0.0 }).then(Map::Impute(0.0))
            }));
            products.push(vec![0]);
        }
        fields.require_all(&columns);
        let mut steps = steps(&columns, fields.len()).map_err(|error| here.locate(error))?;
        if products.iter().any(|product| product.len() != 1) {
            let polynomial = Polynomial::new(products.clone()).map_err(|e| here.core(e))?;
            steps.push(Step::Polynomial(polynomial));
        }
        let n_terms = products.len();
        let mut weights = vec![0.0; self.sums.len() * n_terms];
        for ((_, terms), row) in self.sums.iter().zip(weights.chunks_mut(n_terms.max(1))) {
            for (term, coefficient) in terms {
                row.iter_mut().skip(*term).take(1).for_each(|weight| *weight += coefficient);
            }
        }
        let intercepts = self.sums.iter().map(|(intercept, _)| *intercept).collect();
        let linear = Linear::new(link, intercepts, weights).map_err(|e| here.core(e))?;
        Ok(Part { steps, member: Member::Linear(linear), weight: 1.0, leaf_numbers: None })
    }
}

/// The classes and the link of a regression's tables: which sums remain.
pub(super) struct Normalization {
    pub(super) link: Link,
    pub(super) classes: Option<Vec<String>>,
    /// The tables whose sums are margins, in the order of the margins.
    pub(super) tables: Vec<usize>,
}

/// How the tables of a `RegressionModel` become a prediction.
///
/// # Errors
///
/// `Unsupported` for normalizations without a counterpart.
pub(super) fn normalization(model: &Element, fields: &Fields) -> Result<Normalization, Error> {
    let tables: Vec<&Element> = model.all("RegressionTable").collect();
    let method = model.or("normalizationMethod", "none");
    if model.or("functionName", "regression") == "regression" {
        let link = match (method, tables.len()) {
            ("none", 1) => Link::Identity,
            ("exp", 1) => Link::Log,
            ("softmax" | "logit", 1) => Link::Logit,
            ("cloglog", 1) => Link::ComplementaryLogLog,
            (other, n) => {
                let what = format!("normalization `{other}` of {n} tables for a regression");
                return Err(model.unsupported(what));
            }
        };
        // A value between 0 and 1 is held as the probability of the class 1.
        let is_probability = matches!(link, Link::Logit | Link::ComplementaryLogLog);
        let classes = is_probability.then(|| vec!["0".to_owned(), "1".to_owned()]);
        return Ok(Normalization { link, classes, tables: vec![0] });
    }
    let names: Result<Vec<String>, Error> =
        tables.iter().map(|table| Ok(table.attribute("targetCategory")?.to_owned())).collect();
    let names = names?;
    let classes = match &fields.classes {
        Some(classes)
            if classes.len() == names.len() && names.iter().all(|n| classes.contains(n)) =>
        {
            classes.clone()
        }
        _ => names.clone(),
    };
    let table_of = |class: &String| names.iter().position(|name| name == class).unwrap_or(0);
    let order: Vec<usize> = classes.iter().map(table_of).collect();
    let is_empty = |table: &Element| {
        table.children.iter().all(|child| child.name == "Extension")
            && table.find("intercept").is_none_or(|text| text.parse() == Ok(0.0))
    };
    // The first table has the formula; the second class gets the rest.
    let binary = |link: Link| -> Result<Normalization, Error> {
        let (first, rest) = (tables.first(), tables.get(1));
        let is_rest_empty = rest.is_some_and(|table| is_empty(table));
        if first.is_none() || !is_rest_empty {
            return Err(model.unsupported(format!("normalization `{method}` of two formulas")));
        }
        let mut classes = names.clone();
        classes.reverse();
        Ok(Normalization { link, classes: Some(classes), tables: vec![0] })
    };
    match (method, names.len()) {
        ("softmax", 2) if tables.get(1).is_some_and(|table| is_empty(table)) => binary(Link::Logit),
        ("softmax", 2..) => {
            Ok(Normalization { link: Link::Softmax, classes: Some(classes), tables: order })
        }
        ("logit", 2) => binary(Link::Logit),
        ("cloglog", 2) => binary(Link::ComplementaryLogLog),
        (other, n) => Err(model.unsupported(format!("normalization `{other}` of {n} classes"))),
    }
}

/// The coefficients of the levels of one field, and the first element that has one.
type OfField<'e> = (Vec<(Cow<'e, str>, f64)>, &'e Element);

/// Reads a `RegressionModel`.
///
/// # Errors
///
/// `Unsupported`, `Malformed`.
pub(super) fn regression(model: &Element, fields: &Fields) -> Result<Outcome, Error> {
    let normalization = normalization(model, fields)?;
    let tables: Vec<&Element> = model.all("RegressionTable").collect();
    let mut terms = Terms::default();
    for (sum, table) in normalization.tables.iter().enumerate() {
        let Some(table) = tables.get(*table) else {
            return Err(model.malformed("no regression table"));
        };
        terms.sums.push((table.find_number("intercept")?.unwrap_or(0.0), Vec::new()));
        for predictor in table.all("NumericPredictor") {
            let column = fields.column(predictor.attribute("name")?, predictor)?;
            check_number(predictor, fields, column)?;
            let exponent = predictor.find_number("exponent")?.unwrap_or(1.0);
            let product = power(predictor, column, exponent)?;
            terms.add(sum, product, predictor.number("coefficient")?);
        }
        // Indicators of one field become one column: the coefficient of each level.
        let mut of_field: BTreeMap<&str, OfField<'_>> = BTreeMap::new();
        for predictor in table.all("CategoricalPredictor") {
            let name = predictor.attribute("name")?;
            let feature = fields.column(name, predictor)?.feature;
            let value = fields.canonical(feature, predictor.attribute("value")?);
            let entry = of_field.entry(name).or_insert_with(|| (Vec::new(), predictor));
            if entry.0.iter().any(|(known, _)| *known == value) {
                let what = format!("a second coefficient of `{name}` with the value `{value}`");
                return Err(predictor.unsupported(what));
            }
            entry.0.push((value, predictor.number("coefficient")?));
        }
        for (name, (levels, predictor)) in of_field {
            let column = fields.column(name, predictor)?;
            let known: BTreeMap<Cow<'_, str>, f64> = levels.into_iter().collect();
            let coefficient = |level: &str| known.get(level).copied().unwrap_or(0.0);
            let column = of_levels(predictor, fields, column, 0.0, coefficient)?;
            // A missing level adds nothing.
            terms.add(sum, vec![column.then(Map::Impute(0.0))], 1.0);
        }
        for term in table.all("PredictorTerm") {
            let references = term
                .all("FieldRef")
                .map(|reference| fields.column(reference.attribute("field")?, reference).cloned());
            let product: Vec<Column> = references.collect::<Result<_, _>>()?;
            if product.is_empty() {
                return Err(term.malformed("no field"));
            }
            product.iter().try_for_each(|column| check_number(term, fields, column))?;
            terms.add(sum, product, term.number("coefficient")?);
        }
    }
    let part = terms.part(normalization.link, fields, model)?;
    Ok(Outcome::of_part(part, normalization.classes))
}

/// Refuses a category, or a value of single precision, where a number is needed.
fn check_number(here: &Element, fields: &Fields, column: &Column) -> Result<(), Error> {
    if column.is_rounded() {
        return Err(here.unsupported("a value of type `float` within a sum, expected `double`"));
    }
    let is_level = !fields.levels(column.feature).is_empty()
        && !column.maps.iter().any(|map| matches!(map, Map::Levels { .. }));
    if is_level { Err(here.unsupported("a category as a number")) } else { Ok(()) }
}

/// A power, as a product.
fn power(here: &Element, column: &Column, exponent: f64) -> Result<Vec<Column>, Error> {
    let whole = (1_usize..=16).zip(1_u8..).find(|(_, n)| f64::from(*n) == exponent);
    let (n, _) = whole.ok_or_else(|| here.unsupported(format!("exponent {exponent}")))?;
    Ok(vec![column.clone(); n])
}
