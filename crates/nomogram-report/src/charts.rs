//! Pictures as SVG: one function each, plain numbers in, the text of an `<svg>` element out.
//!
//! Colours are those of Okabe and Ito, which colour-blind people can distinguish; lines
//! differ in their dashes too, for print. Points that are not finite are left out.

mod bars;
mod curves;
mod dependence;
mod nomogram;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

pub use bars::{Bar, agreement, histograms, importance};
pub use curves::{
    CalibrationGroup, Curve, calibration, decision, learning, periods, precision_recall, roc,
};
pub use dependence::{DependenceGroup, dependence};
pub use nomogram::{Axis, NomogramChart, nomogram};

use crate::error::Error;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

const SIZE: (u32, u32) = (560, 460);
const INK: RGBColor = RGBColor(34, 34, 34);
const FAINT: RGBColor = RGBColor(214, 214, 214);
/// Blue, vermilion, green, purple, orange, sky blue.
const COLORS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

fn color(nth: usize) -> RGBColor {
    COLORS.get(nth % COLORS.len()).copied().unwrap_or(INK)
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// Draws on a white page of this size.
fn draw(
    size: (u32, u32),
    paint: impl FnOnce(&Area<'_>) -> Result<(), String>,
) -> Result<String, Error> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let painted = area.fill(&WHITE).map_err(text).and_then(|()| paint(&area));
        painted.and_then(|()| area.present().map_err(text)).map_err(Error::Chart)?;
    }
    Ok(svg)
}

/// Axes with their names, from low to high.
fn axes<'a>(
    area: &Area<'a>,
    (x_name, x): (&str, [f64; 2]),
    (y_name, y): (&str, [f64; 2]),
) -> Result<Chart<'a>, String> {
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(46)
        .y_label_area_size(58)
        .build_cartesian_2d(x[0]..x[1], y[0]..y[1])
        .map_err(text)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FAINT)
        .axis_style(INK)
        .label_style(font(14))
        .axis_desc_style(font(15))
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&short)
        .y_label_formatter(&short)
        .x_desc(x_name)
        .y_desc(y_name)
        .draw()
        .map_err(text)?;
    Ok(chart)
}

/// What the lines are, in a corner.
fn legend(chart: &mut Chart<'_>, position: SeriesLabelPosition) -> Result<(), String> {
    chart
        .configure_series_labels()
        .position(position)
        .background_style(WHITE.mix(0.85))
        .border_style(FAINT)
        .label_font(font(14))
        .margin(8)
        .draw()
        .map_err(text)
}

fn finite(points: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> + Clone + '_ {
    points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// The lowest and the highest number, with a little space; 0 to 1 where there is none.
fn around(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    let numbers = numbers.filter(|number| number.is_finite());
    let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
        (low.min(number), high.max(number))
    });
    match high - low {
        width if width > 0.0 => [low - 0.05 * width, high + 0.05 * width],
        0.0 => [low - 0.5, high + 0.5],
        _ => [0.0, 1.0],
    }
}

/// A number with at most four decimals, without trailing zeros; a smaller one as a power of ten.
pub(crate) fn short(number: &f64) -> String {
    shortest(*number, 4)
}

/// A number with at most so many decimals, without trailing zeros. One that these would round to 0 has
/// two digits and a power of ten.
pub(crate) fn shortest(number: f64, n_decimals: usize) -> String {
    let text = format!("{number:.n_decimals$}");
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'));
    match (is_zero, number.abs() > 0.0) {
        (true, true) => format!("{number:.1e}").replace(".0e", "e"),
        (true, false) => "0".into(),
        (false, _) if text.contains('.') => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        (false, _) => text,
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_not_zero_and_whole_ones_have_no_decimals() {
        let texts =
            [0.0, -0.0, 1e-5, -2.54e-7, 0.1, 3.0, 120.0, 0.12345, -0.00004].map(|n| short(&n));
        let expected = ["0", "0", "1e-5", "-2.5e-7", "0.1", "3", "120", "0.1235", "-4e-5"];
        assert_eq!(texts, expected);
        assert_eq!(shortest(100.0, 0), "100");
    }
}
