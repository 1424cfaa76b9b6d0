//! The encoded row while steps are read: its columns, and the steps so far.
//!
//! scikit-learn transforms blocks of columns and puts the results side by side. Steps of a bundle change
//! one row: so a block is a range of positions, and what replaces a whole row carries the others along.

use std::cell::Cell;
use std::rc::Rc;

use nomogram::{
    Action, Branch, FeatureKind, Inputs as Positions, Polynomial, Projection, Select, Step,
};

use super::features::Inputs;
use crate::document::Cursor;
use crate::error::Error;
use crate::forests::number;
use crate::limits::Limits;

/// The most columns of an encoded row.
const MAX_COLUMNS: usize = 1 << 16;

/// One value of the encoded row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// The feature whose level it is, while it is one.
    pub(super) level_of: Option<usize>,
    pub(super) may_be_missing: bool,
}

/// A block of neighbouring columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) start: usize,
    pub(super) len: usize,
}

/// The steps of a branch, and the columns after them.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) columns: Vec<Column>,
    /// The branch that is continued.
    source: Option<u32>,
    steps: Vec<Step>,
    /// How many more numbers all steps of all branches may hold together.
    n_left: Rc<Cell<usize>>,
    /// A step whose numbers may differ from scikit-learn's in their last digits.
    pub(super) rounds: Option<&'static str>,
}

impl Layout {
    /// The row as the schema has it.
    pub(super) fn new(inputs: &Inputs, limits: &Limits) -> Self {
        let column = |(index, feature): (usize, &nomogram::Feature)| Column {
            level_of: matches!(feature.kind, FeatureKind::Category { .. }).then_some(index),
            may_be_missing: feature.policy.missing == Action::Impute
                || feature.policy.unseen_level == Action::Impute,
        };
        let columns = inputs.features.iter().enumerate().map(column).collect();
        let n_left = Rc::new(Cell::new(limits.max_values));
        Self { columns, source: None, steps: Vec::new(), n_left, rounds: None }
    }

    /// The same row, for a member of an ensemble.
    ///
    /// # Errors
    ///
    /// `TooLarge`.
    pub(super) fn copy(&self, here: &Cursor<'_>) -> Result<Self, Error> {
        self.charge(self.columns.len(), here)?;
        Ok(self.clone())
    }

    /// All columns.
    pub(super) fn all(&self) -> Block {
        Block { start: 0, len: self.columns.len() }
    }

    /// The columns of a block.
    pub(super) fn of_block(&self, block: Block) -> &[Column] {
        self.columns.get(block.start..block.start + block.len).unwrap_or_default()
    }

    /// As [`Self::of_block`], to change them.
    pub(super) fn of_block_mut(&mut self, block: Block) -> &mut [Column] {
        self.columns.get_mut(block.start..block.start + block.len).unwrap_or_default()
    }

    /// Adds a step that keeps the number of columns.
    pub(super) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The positions of a block, or of some of its columns.
    pub(super) fn positions(
        block: Block,
        columns: impl IntoIterator<Item = usize>,
    ) -> Result<Positions, Error> {
        let positions: Result<Vec<u32>, Error> =
            columns.into_iter().map(|column| number(block.start + column)).collect();
        Ok(Positions::new(positions?)?)
    }

    /// Replaces a block by these of its columns. A column may appear several times.
    ///
    /// # Errors
    ///
    /// `Malformed` at `here` for a column that is not there, `TooLarge` for too many.
    pub(super) fn select(
        &mut self,
        block: Block,
        chosen: &[usize],
        here: &Cursor<'_>,
    ) -> Result<Block, Error> {
        if let Some(wrong) = chosen.iter().find(|column| **column >= block.len) {
            let detail = format!("column {}, expected 1 to {}", wrong + 1, block.len);
            return Err(here.malformed(detail));
        }
        let inside = chosen.iter().map(|column| block.start + column);
        let after = block.start + block.len..self.columns.len();
        let positions: Vec<usize> = (0..block.start).chain(inside).chain(after).collect();
        self.rearrange(&positions, here)?;
        Ok(Block { start: block.start, len: chosen.len() })
    }

    /// Replaces the row by the columns at these positions, which are there.
    pub(super) fn rearrange(
        &mut self,
        positions: &[usize],
        here: &Cursor<'_>,
    ) -> Result<(), Error> {
        self.check_width(positions.len(), here)?;
        let is_same = positions.len() == self.columns.len()
            && positions.iter().enumerate().all(|(index, position)| index == *position);
        if is_same {
            return Ok(());
        }
        let columns: Vec<Column> =
            positions.iter().filter_map(|at| self.columns.get(*at).copied()).collect();
        let positions: Result<Vec<u32>, Error> = positions.iter().map(|at| number(*at)).collect();
        self.steps.push(Step::Select(Select::new(positions?)?));
        self.columns = columns;
        Ok(())
    }

    /// Replaces the columns of a block by new ones, after a step that did so was added.
    pub(super) fn replace(
        &mut self,
        block: Block,
        columns: Vec<Column>,
        here: &Cursor<'_>,
    ) -> Result<Block, Error> {
        let len = columns.len();
        self.check_width(self.columns.len() - block.len + len, here)?;
        self.columns.splice(block.start..block.start + block.len, columns);
        Ok(Block { start: block.start, len })
    }

    /// Replaces a block by products of its columns.
    pub(super) fn multiply(
        &mut self,
        block: Block,
        terms: Vec<Vec<usize>>,
        here: &Cursor<'_>,
    ) -> Result<Block, Error> {
        let after = block.start + block.len..self.columns.len();
        // The product of one value is that value.
        let single = |position: usize| vec![position];
        let inside = terms.iter().map(|term| term.iter().map(|at| block.start + at).collect());
        let all = (0..block.start).map(single).chain(inside).chain(after.map(single));
        let all: Result<Vec<Vec<u32>>, Error> =
            all.map(|term| term.into_iter().map(number).collect()).collect();
        let column = |term: &Vec<usize>| Column {
            level_of: None,
            may_be_missing: term
                .iter()
                .any(|at| self.columns.get(block.start + at).is_none_or(|c| c.may_be_missing)),
        };
        let columns = terms.iter().map(column).collect();
        let block = self.replace(block, columns, here)?;
        self.steps.push(Step::Polynomial(Polynomial::new(all?)?));
        Ok(block)
    }

    /// Replaces a block by weighted sums of its centred columns.
    pub(super) fn project(
        &mut self,
        block: Block,
        means: &[f64],
        components: &[Vec<f64>],
        scales: &[f64],
        here: &Cursor<'_>,
    ) -> Result<Block, Error> {
        let width = self.columns.len();
        if self.columns.iter().any(|column| column.may_be_missing) {
            // A missing value anywhere would make every sum missing.
            return Err(here.unsupported("a projection beside columns that may be missing"));
        }
        self.charge(width.saturating_mul(width - block.len + components.len()), here)?;
        let outside = |position: usize| {
            let mut weights = vec![0.0; width];
            weights.iter_mut().skip(position).take(1).for_each(|weight| *weight = 1.0);
            weights
        };
        let inside = components.iter().map(|component| {
            let mut weights = vec![0.0; block.start];
            weights.extend_from_slice(component);
            weights.resize(width, 0.0);
            weights
        });
        let after = block.start + block.len..width;
        let rows = (0..block.start).map(outside).chain(inside).chain(after.clone().map(outside));
        let components_len = rows.clone().count();
        let weights: Vec<f64> = rows.flatten().collect();
        let mut all_means = vec![0.0; block.start];
        all_means.extend_from_slice(means);
        all_means.resize(width, 0.0);
        let mut all_scales = vec![1.0; block.start];
        all_scales.extend_from_slice(scales);
        all_scales.resize(components_len, 1.0);
        let column = Column { level_of: None, may_be_missing: false };
        let block = self.replace(block, vec![column; scales.len()], here)?;
        self.rounds = Some("a projection");
        self.steps.push(Step::Project(Projection::new(all_means, weights, all_scales)?));
        Ok(block)
    }

    /// Marks a block as numbers.
    pub(super) fn no_levels(&mut self, block: Block) {
        self.of_block_mut(block).iter_mut().for_each(|column| column.level_of = None);
    }

    /// The branch that ends here; steps are moved to `branches` if there are any.
    pub(super) fn end(&mut self, branches: &mut Vec<Branch>, name: &str) -> Result<u32, Error> {
        if self.steps.is_empty()
            && let Some(source) = self.source
        {
            return Ok(source);
        }
        if self.steps.is_empty()
            && let Some(same) =
                branches.iter().position(|b| b.source.is_none() && b.steps.is_empty())
        {
            return number(same);
        }
        let name = unique(name, |name| branches.iter().any(|branch| branch.name == name));
        let steps = std::mem::take(&mut self.steps);
        branches.push(Branch { name, source: self.source, steps });
        let index = number(branches.len() - 1)?;
        self.source = Some(index);
        Ok(index)
    }

    fn check_width(&self, width: usize, here: &Cursor<'_>) -> Result<(), Error> {
        if !(1..=MAX_COLUMNS).contains(&width) {
            return Err(here.malformed(format!("{width} columns, expected 1 to {MAX_COLUMNS}")));
        }
        self.charge(width, here)
    }

    /// Counts numbers that a step holds: a short description must not become a large model.
    pub(super) fn charge(&self, n_numbers: usize, here: &Cursor<'_>) -> Result<(), Error> {
        match self.n_left.get().checked_sub(n_numbers) {
            Some(n_left) => {
                self.n_left.set(n_left);
                Ok(())
            }
            None => Err(here.locate(Error::new(
                crate::error::ErrorKind::TooLarge,
                "the steps hold too many numbers",
            ))),
        }
    }
}

/// A name that is not taken: with a number at its end if need be.
pub(super) fn unique(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(name) {
        return name.to_owned();
    }
    let numbered = (2..).map(|nth| format!("{name} {nth}"));
    numbered.into_iter().find(|name| !is_taken(name)).unwrap_or_default()
}
