//! Curves: of discrimination, calibration, use, and learning.

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::ShapeStyle;

use super::{Chart, INK, SIZE, around, axes, color, draw, finite, legend, text};
use crate::error::Error;

const UNIT: [f64; 2] = [0.0, 1.0];

/// A line and its name.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// The text in the legend.
    pub name: &'a str,
    /// The points, in the order in which they are joined.
    pub points: &'a [(f64, f64)],
}

/// The predicted and the observed risk of a group of rows.
#[derive(Clone, Copy, Debug)]
pub struct CalibrationGroup {
    /// The mean of the probabilities.
    pub predicted: f64,
    /// The share of positive rows.
    pub observed: f64,
    /// The confidence interval of that share.
    pub interval: [f64; 2],
}

/// The receiver operating characteristic: false positive rate and sensitivity.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn roc(curves: &[Curve<'_>]) -> Result<String, Error> {
    draw(SIZE, |area| {
        let mut chart = axes(area, ("1 − specificity", UNIT), ("sensitivity", UNIT))?;
        guide(&mut chart, &[(0.0, 0.0), (1.0, 1.0)])?;
        lines(&mut chart, curves)?;
        legend(&mut chart, SeriesLabelPosition::LowerRight)
    })
}

/// Precision (the positive predictive value) by recall (sensitivity); `prevalence` is what chance
/// would give.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn precision_recall(curves: &[Curve<'_>], prevalence: f64) -> Result<String, Error> {
    draw(SIZE, |area| {
        let mut chart =
            axes(area, ("recall (sensitivity)", UNIT), ("precision (PPV)", [0.0, 1.02]))?;
        guide(&mut chart, &[(0.0, prevalence), (1.0, prevalence)])?;
        lines(&mut chart, curves)?;
        legend(&mut chart, SeriesLabelPosition::LowerLeft)
    })
}

/// The observed by the predicted risk: groups with their intervals, and a smoothed curve, which is cut to
/// the range from 0 to 1: a local regression may leave it.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn calibration(groups: &[CalibrationGroup], smoothed: &[(f64, f64)]) -> Result<String, Error> {
    draw(SIZE, |area| {
        let mut chart =
            axes(area, ("predicted probability", UNIT), ("observed share", [-0.02, 1.02]))?;
        guide(&mut chart, &[(0.0, 0.0), (1.0, 1.0)])?;
        let inside: Vec<(f64, f64)> =
            smoothed.iter().map(|(x, y)| (*x, y.clamp(0.0, 1.0))).collect();
        lines(&mut chart, &[Curve { name: "smoothed", points: &inside }])?;
        let style = color(1).stroke_width(2);
        for group in groups.iter().filter(|group| group.interval.iter().all(|end| end.is_finite()))
        {
            let [low, high] = group.interval.map(|end| (group.predicted, end));
            chart.draw_series([PathElement::new(vec![low, high], style)]).map_err(text)?;
        }
        let centers = groups.iter().map(|group| (group.predicted, group.observed));
        let centers: Vec<(f64, f64)> = centers.collect();
        let dots = finite(&centers).map(|at| Circle::new(at, 4, color(1).filled()));
        chart
            .draw_series(dots)
            .map_err(text)?
            .label("groups, 95 % interval")
            .legend(|(x, y)| Circle::new((x + 10, y), 4, color(1).filled()));
        legend(&mut chart, SeriesLabelPosition::UpperLeft)
    })
}

/// Net benefit by the threshold probability of treatment (Vickers and Elkin 2006).
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn decision(curves: &[Curve<'_>]) -> Result<String, Error> {
    let benefits = || curves.iter().flat_map(|curve| finite(curve.points).map(|(_, y)| y));
    let high = benefits().fold(0.0, f64::max);
    // The net benefit of treating all soon falls far below the other curves: cut it off.
    let low = benefits().fold(0.0, f64::min).max(-0.25 * high);
    let [low, high] = below_legend(around([low, high].into_iter()));
    draw(SIZE, |area| {
        let mut chart = axes(area, ("threshold probability", UNIT), ("net benefit", [low, high]))?;
        let inside: Vec<Vec<(f64, f64)>> = curves
            .iter()
            .map(|curve| finite(curve.points).filter(|(_, y)| *y >= low).collect())
            .collect();
        let curves = curves.iter().zip(&inside);
        let curves: Vec<Curve<'_>> =
            curves.map(|(curve, points)| Curve { name: curve.name, points }).collect();
        lines(&mut chart, &curves)?;
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    })
}

/// A loss by the number of training rows.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn learning(curves: &[Curve<'_>], loss: &str) -> Result<String, Error> {
    let numbers = |pick: fn((f64, f64)) -> f64| {
        around(curves.iter().flat_map(|curve| finite(curve.points)).map(pick))
    };
    let (x, y) = (numbers(|(x, _)| x), below_legend(numbers(|(_, y)| y)));
    draw(SIZE, |area| {
        let mut chart = axes(area, ("training rows", x), (loss, y))?;
        lines(&mut chart, curves)?;
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    })
}

/// A number per period, with a reference line at `level`; periods are counted from 1.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn periods(curves: &[Curve<'_>], name: &str, level: f64) -> Result<String, Error> {
    let points = || curves.iter().flat_map(|curve| finite(curve.points));
    let x = around(points().map(|(x, _)| x));
    let y = below_legend(around(points().map(|(_, y)| y).chain([level])));
    draw(SIZE, |area| {
        let mut chart = axes(area, ("period", x), (name, y))?;
        guide(&mut chart, &[(x[0], level), (x[1], level)])?;
        lines(&mut chart, curves)?;
        legend(&mut chart, SeriesLabelPosition::UpperLeft)
    })
}

/// The range of an axis with room for a legend of three lines above what it shows.
fn below_legend([low, high]: [f64; 2]) -> [f64; 2] {
    [low, high + 0.25 * (high - low)]
}

/// A reference line: chance, or the ideal.
fn guide(chart: &mut Chart<'_>, points: &[(f64, f64)]) -> Result<(), String> {
    let line = DashedLineSeries::new(finite(points), 3, 4, INK.mix(0.5).stroke_width(1));
    chart.draw_series(line).map_err(text).map(drop)
}

/// Lines with their names in the legend, each with a colour and dashes of its own.
fn lines(chart: &mut Chart<'_>, curves: &[Curve<'_>]) -> Result<(), String> {
    for (nth, curve) in curves.iter().enumerate() {
        let style: ShapeStyle = color(nth).stroke_width(2);
        let points = finite(curve.points);
        let (dash, gap) = match nth % 5 {
            0 => (24, 1),
            1 => (8, 4),
            2 => (3, 3),
            3 => (12, 3),
            _ => (2, 6),
        };
        let series = match nth {
            0 => chart.draw_series(LineSeries::new(points, style)),
            _ => chart.draw_series(DashedLineSeries::new(points, dash, gap, style)),
        };
        series
            .map_err(text)?
            .label(curve.name)
            .legend(move |(x, y)| DashedPathElement::new([(x, y), (x + 24, y)], dash, gap, style));
    }
    Ok(())
}
