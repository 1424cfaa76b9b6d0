//! `NaiveBayesModel`: logarithms of likelihoods, added up.
//!
//! A likelihood below the threshold counts as the threshold. So each input adds one bounded column to the sum
//! of each class, and the softmax of the sums are the probabilities. A missing value adds nothing.

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
        classes.push(count.attribute("value")?.to_owned());
        n_records.push(positive(count, count.number("count")?)?);
    }
    let total: f64 = n_records.iter().sum();
    let priors: Vec<f64> = n_records.iter().map(|n| numeric::ln(n / total)).collect();
    let floor = if threshold > 0.0 { numeric::ln(threshold) } else { -745.0 };
    // One column for each input and class.
    let mut columns: Vec<Column> = Vec::new();
    for input in model.needed("BayesInputs")?.all("BayesInput") {
        if input.child("DerivedField").is_some() {
            return Err(input.unsupported("an input that is discretized"));
        }
        let column = fields.column(input.attribute("fieldName")?, input)?.clone();
        match input.child("TargetValueStats") {
            Some(statistics) => normal(statistics, &column, &classes, floor, &mut columns)?,
            None => discrete(input, fields, &column, &classes, threshold, &mut columns)?,
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
        let found = statistics.all("TargetValueStat").find(|s| s.find("value") == Some(class));
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
    column: &Column,
    classes: &[String],
    threshold: f64,
    columns: &mut Vec<Column>,
) -> Result<(), Error> {
    // The records of each level, by class.
    let mut pairs: std::collections::BTreeMap<&str, Vec<f64>> = std::collections::BTreeMap::new();
    for pair in input.all("PairCounts") {
        let counts = pair.needed("TargetValueCounts")?;
        let mut of_classes = vec![0.0; classes.len()];
        for count in counts.all("TargetValueCount") {
            let value = count.attribute("value")?;
            let class = classes.iter().position(|class| class == value);
            let class = class.ok_or_else(|| count.malformed(format!("no class `{value}`")))?;
            let n = count.number("count")?;
            of_classes.iter_mut().skip(class).take(1).for_each(|count| *count = n);
        }
        pairs.insert(pair.attribute("value")?, of_classes);
    }
    for class in 0..classes.len() {
        let of_class = |counts: &Vec<f64>| counts.get(class).copied().unwrap_or(0.0);
        let total: f64 = pairs.values().map(of_class).sum();
        let logarithm = |level: &str| {
            let n = pairs.get(level).map_or(0.0, of_class);
            let share = if n > 0.0 { n / total } else { threshold };
            if share > 0.0 { numeric::ln(share) } else { -745.0 }
        };
        let encoded = of_levels(input, fields, column, 0.0, logarithm)?;
        columns.push(encoded.then(Map::Impute(0.0)));
    }
    Ok(())
}
