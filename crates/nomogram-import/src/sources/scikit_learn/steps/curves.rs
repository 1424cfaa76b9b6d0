//! Curves: polynomials between breaks, of one column each.

use nomogram::{Curve, Curves, Step};

use super::super::layout::{Block, Column, Layout};
use super::check_len;
use crate::document::Cursor;
use crate::error::Error;

/// Reads the curves of each column, which take its place.
pub(super) fn curves(layout: &mut Layout, block: Block, step: &Cursor<'_>) -> Result<Block, Error> {
    let lists = step.key("curves")?;
    check_len(&lists, block.len)?;
    let lists: Result<Vec<Vec<Curve>>, Error> =
        lists.items()?.map(|list| list.items()?.map(|curve| read(&curve)).collect()).collect();
    let lists = lists?;
    let all = || lists.iter().flatten();
    if let Some(rounds) = layout.rounds
        && all().any(jumps)
    {
        let why = "a value could take the other side of the jump";
        return Err(step.unsupported(format!("a curve with a jump after {rounds}: {why}")));
    }
    if !all().all(is_exact) {
        layout.rounds = Some("curves");
    }
    let before = layout.of_block(block).to_vec();
    let columns = before.iter().zip(&lists).flat_map(|(column, curves)| {
        let column = Column { level_of: None, ..*column };
        std::iter::repeat_n(column, curves.len())
    });
    let columns = columns.collect();
    let curves = Curves::new(Layout::positions(block, 0..block.len)?, lists)
        .map_err(|error| step.locate(error.into()))?;
    let block = layout.replace(block, columns, step)?;
    layout.push(Step::Curves(curves));
    Ok(block)
}

fn read(curve: &Cursor<'_>) -> Result<Curve, Error> {
    let pieces = curve.key("pieces")?;
    let pieces: Result<Vec<Vec<f64>>, Error> =
        pieces.items()?.map(|piece| piece.doubles()).collect();
    Ok(Curve { breaks: curve.key("breaks")?.doubles()?, pieces: pieces? })
}

/// Whether it computes without rounding: each piece is 0, the distance from 0, or its negative.
fn is_exact(curve: &Curve) -> bool {
    let is_exact = |piece: &Vec<f64>| matches!(piece.as_slice(), [0.0, 1.0 | -1.0] | [0.0]);
    curve.breaks.iter().all(|start| *start == 0.0) && curve.pieces.iter().all(is_exact)
}

/// Whether it jumps at a break by more than rounding.
fn jumps(curve: &Curve) -> bool {
    let mut ends = curve.pieces.iter().zip(curve.pieces.iter().skip(1)).zip(&curve.breaks);
    let mut origin = curve.breaks.first().copied().unwrap_or(0.0);
    ends.any(|((piece, next), end)| {
        let u = end - origin;
        origin = *end;
        let value = piece.iter().rev().fold(0.0, |sum, coefficient| sum * u + coefficient);
        let next = next.first().copied().unwrap_or(0.0);
        (value - next).abs() > 1e-9 * value.abs().max(1.0)
    })
}
