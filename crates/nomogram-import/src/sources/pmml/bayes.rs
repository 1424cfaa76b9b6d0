//! `NaiveBayesModel`: logarithms of likelihoods, added up.
//!
//! A likelihood below the threshold counts as the threshold. So each input adds one bounded column to the sum
//! of each class, and the softmax of the sums are the probabilities. A missing value adds nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nomogram::{Linear, Link, Member, numeric};

use super::columns::of_levels;
use super::fields::Fields;
use super::outcome::{Outcome, Part};
use crate::columns::{Column, MAX_COLUMNS, Map, steps};
use crate::document::xml::Element;
use crate::error::Error;

/// Reads a `NaiveBayesModel`.
///
/// # Errors
///
/// `Unsupported` for other distributions than the normal one, `Malformed`.
pub(super) fn read(model: &Element, fields: &Fields) -> Result<Outcome, Error> {
    let threshold = model.number("threshold")?;
    if !(0.0..1.0).contains(&threshold) {
        return Err(model.malformed(format!("threshold {threshold}, expected 0 to 1")));
    }
    let output = model.needed("BayesOutput")?;
    let counts = output.needed("TargetValueCounts")?;
    let (mut classes, mut n_records) = (Vec::new(), Vec::new());
    for count in counts.all("TargetValueCount") {
        classes.push(class_of(count)?.to_owned());
        n_records.push(positive(count, count.number("count")?)?);
    }
    let total: f64 = n_records.iter().sum();
    let priors: Vec<f64> = n_records.iter().map(|n| numeric::ln(n / total)).collect();
    let floor = if threshold > 0.0 { numeric::ln(threshold) } else { -745.0 };
    // One column for each input and class.
    let mut columns: Vec<Column> = Vec::new();
    for input in model.needed("BayesInputs")?.all("BayesInput") {
        let bins = match input.child("DerivedField") {
            Some(derived) => Some(Bins::read(derived.needed("Discretize")?, fields)?),
            None => None,
        };
        match (&bins, input.child("TargetValueStats")) {
            (None, Some(statistics)) => {
                let column = fields.column(input.attribute("fieldName")?, input)?;
                let maps = column.maps.iter().skip(fields.n_treatments(column.feature));
                if column.keeps_missing() && maps.clone().any(|map| matches!(map, Map::Clip { .. }))
                {
                    return Err(input.unsupported("`min` or `max` of a value that may be missing"));
                }
                normal(statistics, column, &classes, floor, &mut columns)?;
            }
            (Some(_), Some(statistics)) => {
                return Err(statistics.unsupported("statistics of an input that is discretized"));
            }
            (bins, None) => {
                discrete(input, fields, bins.as_ref(), &classes, threshold, &mut columns)?;
            }
        }
        if columns.len() > MAX_COLUMNS {
            return Err(input.too_large(format!("more than {MAX_COLUMNS} columns")));
        }
    }
    let n_classes = classes.len();
    let mut weights = vec![0.0; columns.len() * n_classes];
    for (class, row) in weights.chunks_mut(columns.len().max(1)).enumerate() {
        row.iter_mut().skip(class).step_by(n_classes.max(1)).for_each(|weight| *weight = 1.0);
    }
    let member = Linear::new(Link::Softmax, priors, weights).map_err(|error| model.core(error))?;
    let steps = steps(&columns, fields.len()).map_err(|error| model.locate(error))?;
    let member = Member::Linear(member);
    let part = Part { steps, member, weight: 1.0, leaf_numbers: None };
    Ok(Outcome::of_part(part, Some(classes)))
}

/// The class that an element is about. Some writers put spaces before numbers.
fn class_of(here: &Element) -> Result<&str, Error> {
    here.attribute("value").map(str::trim)
}

fn positive(here: &Element, number: f64) -> Result<f64, Error> {
    if number > 0.0 {
        return Ok(number);
    }
    Err(here.malformed(format!("{number}, expected more than 0")))
}

/// `max(ln density, floor)` of a normal distribution, by class.
fn normal(
    statistics: &Element,
    column: &Column,
    classes: &[String],
    floor: f64,
    columns: &mut Vec<Column>,
) -> Result<(), Error> {
    for class in classes {
        let is_of_class = |s: &&Element| class_of(s).is_ok_and(|found| found == class);
        let found = statistics.all("TargetValueStat").find(is_of_class);
        let found = found
            .ok_or_else(|| statistics.malformed(format!("no statistics of class `{class}`")))?;
        let distribution = found
            .child("GaussianDistribution")
            .ok_or_else(|| found.unsupported("a distribution other than `GaussianDistribution`"))?;
        let mean = distribution.number("mean")?;
        let variance = positive(distribution, distribution.number("variance")?)?;
        let peak = -0.5 * numeric::ln(2.0 * std::f64::consts::PI * variance);
        columns.push(
            column
                .then(Map::Standardize { subtract: mean, divide: variance.sqrt() })
                .then(Map::Clip { low: -1e140, high: 1e140 })
                .then(Map::Square)
                .then(Map::Affine { factor: -0.5, addend: peak })
                .then(Map::Clip { low: floor, high: peak.max(floor) })
                .then(Map::Impute(0.0)),
        );
    }
    Ok(())
}

/// `ln` of the share of each level's records, by class.
fn discrete(
    input: &Element,
    fields: &Fields,
    bins: Option<&Bins>,
    classes: &[String],
    threshold: f64,
    columns: &mut Vec<Column>,
) -> Result<(), Error> {
    // The records of each level, by class.
    let mut pairs: BTreeMap<Cow<'_, str>, Vec<f64>> = BTreeMap::new();
    let feature = match bins {
        Some(_) => None,
        None => Some(fields.column(input.attribute("fieldName")?, input)?.feature),
    };
    for pair in input.all("PairCounts") {
        let counts = pair.needed("TargetValueCounts")?;
        let mut of_classes = vec![0.0; classes.len()];
        for count in counts.all("TargetValueCount") {
            let value = class_of(count)?;
            let class = classes.iter().position(|class| class == value);
            let class = class.ok_or_else(|| count.malformed(format!("no class `{value}`")))?;
            let n = count.number("count")?;
            of_classes.iter_mut().skip(class).take(1).for_each(|count| *count = n);
        }
        let value = pair.attribute("value")?;
        let value = match feature {
            Some(feature) => fields.canonical(feature, value),
            None => Cow::Borrowed(value),
        };
        if pairs.insert(value, of_classes).is_some() {
            return Err(pair.unsupported("a second pair of the same value"));
        }
    }
    for class in 0..classes.len() {
        let of_class = |counts: &Vec<f64>| counts.get(class).copied().unwrap_or(0.0);
        let total: f64 = pairs.values().map(of_class).sum();
        let logarithm = |level: &str| {
            let n = pairs.get(level).map_or(0.0, of_class);
            let share = if n > 0.0 { n / total } else { threshold };
            if share > 0.0 { numeric::ln(share) } else { -745.0 }
        };
        let encoded = match bins {
            Some(bins) => bins.column(logarithm),
            None => {
                let column = fields.column(input.attribute("fieldName")?, input)?;
                of_levels(input, fields, column, 0.0, logarithm)?
            }
        };
        columns.push(encoded.then(Map::Impute(0.0)));
    }
    Ok(())
}

/// A number, cut into bins with names.
struct Bins {
    column: Column,
    edges: Vec<f64>,
    /// The name of each bin: one more than edges.
    names: Vec<Option<String>>,
}

impl Bins {
    fn read(discretize: &Element, fields: &Fields) -> Result<Self, Error> {
        let column = fields.column(discretize.attribute("field")?, discretize)?.clone();
        let mut bins = Vec::new();
        for bin in discretize.all("DiscretizeBin") {
            let interval = bin.needed("Interval")?;
            let closure = interval.attribute("closure")?;
            // From the first number that is inside to the first that is not.
            let low = interval.find_number("leftMargin")?.map_or(f64::NEG_INFINITY, |low| {
                if closure.starts_with("closed") { low } else { low.next_up() }
            });
            let high = interval.find_number("rightMargin")?.map_or(f64::INFINITY, |high| {
                if closure.ends_with("Closed") { high.next_up() } else { high }
            });
            bins.push((low, high, bin.attribute("binValue")?.to_owned()));
            if bins.len() > 1 << 12 {
                return Err(discretize.too_large("more than 4096 bins"));
            }
        }
        let ends = bins.iter().flat_map(|(low, high, _)| [*low, *high]);
        let mut edges: Vec<f64> = ends.filter(|end| end.is_finite()).collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        if edges.is_empty() {
            return Err(discretize.malformed("no bins with bounds"));
        }
        let default = discretize.find("defaultValue").map(str::to_owned);
        let starts = std::iter::once(f64::NEG_INFINITY).chain(edges.iter().copied());
        let name = |start: f64| {
            let bin = bins.iter().find(|(low, high, _)| *low <= start && start < *high);
            bin.map(|(_, _, name)| name.clone()).or_else(|| default.clone())
        };
        let names = starts.map(name).collect();
        Ok(Self { column, edges, names })
    }

    /// A number for each bin; 0 for those without a name.
    fn column(&self, number: impl Fn(&str) -> f64) -> Column {
        let numbers = self.names.iter().map(|name| name.as_deref().map_or(0.0, &number)).collect();
        let binned = self.column.then(Map::Bin(self.edges.clone()));
        binned.then(Map::Levels { numbers, unseen: 0.0 })
    }
}
