//! The nomogram: a linear model as scales on paper.
//!
//! Each value gives points on its own scale, the points are added, and their sum is read off as a
//! probability (Lubsen et al., A practical device for the application of a diagnostic or prognostic
//! function, 1978; drawn as by Harrell's `rms::nomogram`).

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Area, INK, draw, font, text};
use crate::error::Error;

/// A scale: labels and their points.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Axis {
    /// The name of the feature, with its unit.
    pub name: String,
    /// Labels and their points.
    pub ticks: Vec<(String, f64)>,
}

/// All scales of a nomogram.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct NomogramChart {
    /// Of each feature its values, on a scale of 0 to 100 points.
    pub features: Vec<Axis>,
    /// The largest sum of points.
    pub most_points: f64,
    /// Probabilities, at the sums of points that give them.
    pub probabilities: Axis,
}

const WIDTH: u32 = 900;
const LEFT: i32 = 210;
const RIGHT: i32 = 875;
const STEP: i32 = 40;

/// Draws the scales one below the other: points, features, the sum of points, the probability.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn nomogram(chart: &NomogramChart) -> Result<String, Error> {
    let n_axes = u32::try_from(chart.features.len() + 3).unwrap_or(u32::MAX / 100);
    let height = n_axes * STEP.unsigned_abs() + 20;
    let points = |most: f64, step: f64, name: &str| {
        let labels = std::iter::successors(Some(0.0), |at| Some(at + step));
        let ticks = labels.take_while(|at| *at <= most * 1.0001).map(|at| (format!("{at:.0}"), at));
        Axis { name: name.into(), ticks: ticks.collect() }
    };
    let total = points(chart.most_points, round_step(chart.most_points), "total points");
    draw((WIDTH, height), |area| {
        let mut y = STEP;
        draw_axis(area, &points(100.0, 10.0, "points"), 100.0, y)?;
        for feature in &chart.features {
            y += STEP;
            draw_axis(area, feature, 100.0, y)?;
        }
        draw_axis(area, &total, chart.most_points, y + STEP)?;
        draw_axis(area, &chart.probabilities, chart.most_points, y + 2 * STEP)
    })
}

/// A step of 1, 2 or 5 times a power of ten, about a tenth of the whole.
fn round_step(whole: f64) -> f64 {
    let powers = std::iter::successors(Some(1.0), |power| Some(power * 10.0)).take(9);
    let mut steps = powers.flat_map(|power| [power, 2.0 * power, 5.0 * power]);
    steps.find(|step| whole / step <= 12.0).unwrap_or(whole)
}

#[allow(clippy::cast_possible_truncation, reason = "pixels of a page")]
fn place(points: f64, most: f64) -> i32 {
    LEFT + (f64::from(RIGHT - LEFT) * (points / most).clamp(0.0, 1.0)).round() as i32
}

fn draw_axis(area: &Area<'_>, axis: &Axis, most: f64, y: i32) -> Result<(), String> {
    let name = font(14).pos(Pos::new(HPos::Right, VPos::Center));
    area.draw_text(&axis.name, &name, (LEFT - 14, y)).map_err(text)?;
    let places = axis.ticks.iter().map(|(_, points)| place(*points, most));
    let ends = places.clone().min().zip(places.max());
    let Some((first, last)) = ends else { return Ok(()) };
    let ink = INK.stroke_width(1);
    area.draw(&PathElement::new(vec![(first, y), (last, y)], ink)).map_err(text)?;
    let label = font(12).pos(Pos::new(HPos::Center, VPos::Bottom));
    let mut free = Vec::new();
    for (tick, points) in &axis.ticks {
        let x = place(*points, most);
        area.draw(&PathElement::new(vec![(x, y), (x, y - 5)], ink)).map_err(text)?;
        // A label that would touch another is left out, its tick stays.
        let half = 4 + 4 * i32::try_from(tick.chars().count()).unwrap_or(0);
        if free.iter().all(|(from, to)| x + half <= *from || x - half >= *to) {
            free.push((x - half, x + half));
            area.draw_text(tick, &label, (x, y - 6)).map_err(text)?;
        }
    }
    Ok(())
}
