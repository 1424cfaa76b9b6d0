//! Piecewise lines and numbers of intervals, as curves.

use std::rc::Rc;

use nomogram::Curve;

use super::replaced;
use crate::columns::{Column, Map};
use crate::document::xml::Element;
use crate::error::Error;

/// Straight lines between points, continued, or held at their ends.
///
/// # Errors
///
/// `Unsupported` or `Malformed`, with the element.
pub(super) fn norm_continuous(expression: &Element, column: Column) -> Result<Column, Error> {
    let points: Result<Vec<(f64, f64)>, Error> = expression
        .all("LinearNorm")
        .map(|point| Ok((point.number("orig")?, point.number("norm")?)))
        .collect();
    let points = points?;
    if points.len() < 2 {
        let what = format!("{} points of a piecewise line, expected at least 2", points.len());
        return Err(expression.malformed(what));
    }
    if !points.is_sorted_by(|(before, _), (after, _)| before < after) {
        return Err(expression.malformed("points that do not ascend"));
    }
    let is_held = match expression.or("outliers", "asIs") {
        "asIs" => false,
        "asExtremeValues" => true,
        other => return Err(expression.unsupported(format!("outliers `{other}`"))),
    };
    let column = match points.as_slice() {
        [(from, low), (to, high)] => {
            // Scalings, unlike a curve: thresholds behind them can be moved before them, unless it is held.
            let clip = is_held.then_some(Map::Clip { low: *from, high: *to });
            clip.into_iter()
                .fold(column, |column, clip| column.then(clip))
                .then(Map::Standardize { subtract: *from, divide: to - from })
                .then(Map::Affine { factor: high - low, addend: *low })
        }
        _ => column.then(Map::Curve(Rc::new(lines(&points, is_held)))),
    };
    replaced(expression, column)
}

fn lines(points: &[(f64, f64)], is_held: bool) -> Curve {
    let pairs = points.iter().zip(points.iter().skip(1));
    let lines = pairs.map(|((from, low), (to, high))| vec![*low, (high - low) / (to - from)]);
    let mut pieces: Vec<Vec<f64>> = lines.collect();
    let mut breaks: Vec<f64> = points.iter().map(|(from, _)| *from).collect();
    let held = |point: Option<&(f64, f64)>| point.map_or_else(Vec::new, |(_, norm)| vec![*norm]);
    if is_held {
        pieces.insert(0, held(points.first()));
        pieces.push(held(points.last()));
    } else {
        // The outer lines are continued: the first one also below its point, the last one beyond its own.
        pieces.insert(0, pieces.first().cloned().unwrap_or_default());
        breaks.pop();
    }
    Curve { breaks, pieces }
}

/// The number of the interval that holds a value, or `defaultValue`. A missing value stays missing, unless
/// there is a `mapMissingTo`.
///
/// # Errors
///
/// `Unsupported` for texts, overlapping intervals, and values without a number; `Malformed`.
pub(super) fn discretize(expression: &Element, column: Column) -> Result<Column, Error> {
    let rounds = |map: &Map| matches!(map, Map::Ln | Map::Power(_) | Map::Square | Map::Curve(_));
    if column.maps.iter().any(rounds) {
        let why = "a value could fall into another interval";
        return Err(expression.unsupported(format!("intervals of a computed value: {why}")));
    }
    let mut bins = Vec::new();
    for bin in expression.all("DiscretizeBin") {
        let value = bin.attribute("binValue")?;
        let number = value.trim().parse().ok().filter(|number: &f64| number.is_finite());
        let number = number.ok_or_else(|| {
            bin.unsupported(format!("`binValue` `{value}`, expected a finite number"))
        })?;
        let (start, end) = interval(bin.needed("Interval")?)?;
        bins.push((start, end, number));
    }
    bins.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
    let default = expression.find_number("defaultValue")?;
    let gap = |from: f64, to: f64| {
        default.ok_or_else(|| {
            let gap = format!("from {from:e} to {to:e} in no interval, and no `defaultValue`");
            expression.unsupported(gap)
        })
    };
    let (mut breaks, mut pieces) = (Vec::new(), Vec::new());
    let mut next = f64::NEG_INFINITY;
    for (start, end, number) in bins {
        if start < next || end <= start {
            let interval = format!("an interval from {start:e} to {end:e} after one to {next:e}");
            return Err(expression.unsupported(format!("{interval}, expected others that ascend")));
        }
        if start > next {
            pieces.push(vec![gap(next, start)?]);
            breaks.push(start);
        }
        pieces.push(vec![number]);
        breaks.push(end);
        next = end;
    }
    if next < f64::INFINITY {
        pieces.push(vec![gap(next, f64::INFINITY)?]);
    } else {
        breaks.pop();
    }
    replaced(expression, column.then(Map::Curve(Rc::new(Curve { breaks, pieces }))))
}

/// The first number of an interval, and the first one above it.
fn interval(interval: &Element) -> Result<(f64, f64), Error> {
    let (left, right) = (interval.find_number("leftMargin")?, interval.find_number("rightMargin")?);
    let (is_left_open, is_right_open) = match interval.attribute("closure")? {
        "openOpen" => (true, true),
        "openClosed" => (true, false),
        "closedOpen" => (false, true),
        "closedClosed" => (false, false),
        other => return Err(interval.unsupported(format!("closure `{other}`"))),
    };
    let after = |margin: f64, is_after: bool| if is_after { margin.next_up() } else { margin };
    Ok((
        left.map_or(f64::NEG_INFINITY, |margin| after(margin, is_left_open)),
        right.map_or(f64::INFINITY, |margin| after(margin, !is_right_open)),
    ))
}

/// The magnitude.
pub(super) fn absolute() -> Map {
    let pieces = vec![vec![0.0, -1.0], vec![0.0, 1.0]];
    Map::Curve(Rc::new(Curve { breaks: vec![0.0], pieces }))
}

/// Whether every value of a column is missing or a whole number, that of a level or of an interval.
pub(super) fn has_whole_numbers(column: &Column) -> bool {
    let is_whole = |number: &f64| number.fract() == 0.0;
    let mut maps = column.maps.iter().rev();
    let mut last = maps.next();
    if let Some(Map::Impute(number)) = last
        && is_whole(number)
    {
        last = maps.next();
    }
    match last {
        Some(Map::Levels { numbers, unseen }) => numbers.iter().chain([unseen]).all(is_whole),
        Some(Map::Curve(curve)) => curve
            .pieces
            .iter()
            .all(|piece| matches!(piece.as_slice(), [number] if is_whole(number))),
        _ => false,
    }
}
