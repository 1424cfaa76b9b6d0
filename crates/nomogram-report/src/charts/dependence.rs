//! How the Shapley value of a feature depends on the feature.

use plotters::prelude::*;

use super::{INK, around, axes, color, draw, finite, text};
use crate::error::Error;

/// A group of rows with similar values of a feature.
#[derive(Clone, Copy, Debug)]
pub struct DependenceGroup {
    /// The mean value of the feature.
    pub value: f64,
    /// The mean of its Shapley values.
    pub mean: f64,
    /// The standard deviation of its Shapley values.
    pub std_dev: f64,
}

/// Smaller than other charts, since there are several.
const SIZE: (u32, u32) = (420, 320);

/// The mean Shapley value of each group of rows by the mean value of the feature, with the standard
/// deviation as a bar.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn dependence(feature: &str, groups: &[DependenceGroup]) -> Result<String, Error> {
    let x = around(groups.iter().map(|group| group.value));
    let ends = |group: &DependenceGroup| [group.mean - group.std_dev, group.mean + group.std_dev];
    let y = around(groups.iter().flat_map(ends).chain([0.0]));
    draw(SIZE, |area| {
        let mut chart = axes(area, (feature, x), ("Shapley value", y))?;
        let zero = vec![(x[0], 0.0), (x[1], 0.0)];
        chart.draw_series([PathElement::new(zero, INK.mix(0.4))]).map_err(text)?;
        let bars = groups.iter().filter(|group| group.std_dev.is_finite()).map(|group| {
            let [low, high] = ends(group).map(|end| (group.value, end));
            PathElement::new(vec![low, high], color(0).stroke_width(2))
        });
        chart.draw_series(bars).map_err(text)?;
        let means: Vec<(f64, f64)> = groups.iter().map(|group| (group.value, group.mean)).collect();
        let line = finite(&means).collect::<Vec<_>>();
        chart.draw_series([PathElement::new(line, color(0).mix(0.5))]).map_err(text)?;
        let dots = finite(&means).map(|at| Circle::new(at, 4, color(0).filled()));
        chart.draw_series(dots).map_err(text)?;
        Ok(())
    })
}
