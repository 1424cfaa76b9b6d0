//! Bars and tables of colour: scores, importance, agreement.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{FAINT, INK, SIZE, around, axes, color, draw, font, legend, short, text};
use crate::error::Error;

/// A named number with its interval.
#[derive(Clone, Copy, Debug)]
pub struct Bar<'a> {
    /// Its name.
    pub name: &'a str,
    /// The number.
    pub value: f64,
    /// Its interval; without one, the number as both ends.
    pub interval: [f64; 2],
}

/// How many rows of each class, or how much of their weight, got probabilities between `edges`; one
/// count less than edges.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn histograms(edges: &[f64], classes: &[(&str, &[f64])]) -> Result<String, Error> {
    let most = classes.iter().flat_map(|(_, counts)| counts.iter().copied()).fold(0.0, f64::max);
    let most = if most > 0.0 { most } else { 1.0 };
    draw(SIZE, |area| {
        // Room for the legend above the bars.
        let high = 1.3 * most;
        let mut chart = axes(area, ("predicted probability", [0.0, 1.0]), ("rows", [0.0, high]))?;
        for (nth, (name, counts)) in classes.iter().enumerate() {
            let style = color(nth).mix(0.55).filled();
            let bins = edges.iter().zip(edges.iter().skip(1));
            let bars = bins.zip(*counts).map(|((from, to), count)| {
                // Side by side within a bin.
                let width = (to - from) / number(classes.len() as u64);
                let left = from + width * number(nth as u64);
                Rectangle::new([(left, 0.0), (left + width, *count)], style)
            });
            chart
                .draw_series(bars)
                .map_err(text)?
                .label(*name)
                .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], style));
        }
        legend(&mut chart, SeriesLabelPosition::UpperMiddle)
    })
}

/// Horizontal bars, from the first at the top to the last: how much worse a score becomes when the
/// values of a feature are shuffled.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn importance(bars: &[Bar<'_>], score: &str) -> Result<String, Error> {
    let height = 90 + 26 * u32::try_from(bars.len()).unwrap_or(u32::MAX / 100);
    let ends = bars.iter().flat_map(|bar| [bar.value, bar.interval[0], bar.interval[1]]);
    let [low, high] = around(ends.chain([0.0]));
    draw((SIZE.0, height), |area| {
        let n_bars = number(bars.len() as u64);
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(46)
            .y_label_area_size(200)
            .build_cartesian_2d(low..high, n_bars..0.0)
            .map_err(text)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(0)
            .light_line_style(TRANSPARENT)
            .bold_line_style(FAINT)
            .axis_style(INK)
            .label_style(font(14))
            .axis_desc_style(font(15))
            .x_labels(5)
            .x_label_formatter(&short)
            .x_desc(score)
            .draw()
            .map_err(text)?;
        for (nth, bar) in bars.iter().enumerate() {
            let middle = number(nth as u64) + 0.5;
            let area = [(0.0, middle - 0.35), (bar.value, middle + 0.35)];
            let interval = bar.interval.map(|end| (end, middle)).to_vec();
            let style = color(0).mix(0.6).filled();
            chart.draw_series([Rectangle::new(area, style)]).map_err(text)?;
            let line = PathElement::new(interval, INK.stroke_width(2));
            chart.draw_series([line]).map_err(text)?;
            let (_, y) = chart.backend_coord(&(0.0, middle));
            let style = font(14).pos(Pos::new(HPos::Right, VPos::Center));
            area_text(chart.plotting_area().strip_coord_spec(), bar.name, &style, (-8, y))?;
        }
        Ok(())
    })
}

/// A square table of numbers from 0 to 1, the darker the larger: how often two members agree.
///
/// # Errors
///
/// `Chart` when it cannot be drawn.
pub fn agreement(names: &[&str], shares: &[Vec<f64>]) -> Result<String, Error> {
    const CELL: i32 = 84;
    const LEFT: i32 = 180;
    const TOP: i32 = 40;
    let n = i32::try_from(names.len()).unwrap_or(i32::MAX / 1000);
    let side = |start: i32| u32::try_from(start + n * CELL + 12).unwrap_or(SIZE.0);
    draw((side(LEFT), side(TOP)), |area| {
        for (row, (name, shares)) in (0..).zip(names.iter().zip(shares)) {
            let y = TOP + row * CELL;
            let right = font(14).pos(Pos::new(HPos::Right, VPos::Center));
            area.draw_text(name, &right, (LEFT - 8, y + CELL / 2)).map_err(text)?;
            let above = font(14).pos(Pos::new(HPos::Center, VPos::Bottom));
            let short = shortened(name);
            area.draw_text(&short, &above, (LEFT + row * CELL + CELL / 2, TOP - 6))
                .map_err(text)?;
            for (column, share) in (0..).zip(shares) {
                let x = LEFT + column * CELL;
                let cell = [(x, y), (x + CELL, y + CELL)];
                let shade = color(0).mix(share.clamp(0.0, 1.0) * 0.7).filled();
                area.draw(&Rectangle::new(cell, shade)).map_err(text)?;
                area.draw(&Rectangle::new(cell, FAINT)).map_err(text)?;
                let middle = font(15).pos(Pos::new(HPos::Center, VPos::Center));
                let at = (x + CELL / 2, y + CELL / 2);
                area.draw_text(&format!("{share:.3}"), &middle, at).map_err(text)?;
            }
        }
        Ok(())
    })
}

/// A name, cut to fit above a cell; the whole name is beside its row.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 11;
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Text beside a plotting area: `x` from its left edge, `y` from the top of the page.
fn area_text(
    area: super::Area<'_>,
    name: &str,
    style: &TextStyle<'_>,
    (x, y): (i32, i32),
) -> Result<(), String> {
    let (_, top) = area.get_base_pixel();
    area.draw_text(name, style, (x, y - top)).map_err(text)
}

#[allow(clippy::cast_precision_loss, reason = "counts of rows and bars, far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}
