//! Forests whose leaves are weighted sums of values.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{
    FlatForest, Forest, Layouts, LeafRange, MemberKind, Precision, Tree, check_no_probabilities,
};
use crate::budget::{bytes_of, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::link::Link;
use crate::memory;
use crate::schema::count;

/// A forest as [`Forest`], in which a leaf adds `intercept + Σ weight · value` to its margin, from its first
/// term to the last. Where any value of these terms is missing, it adds the value that the forest has for
/// the leaf.
///
/// LightGBM's linear trees (`linear_tree`) are such forests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearForest {
    forest: Forest,
    intercepts: Vec<f64>,
    ends: Vec<u32>,
    inputs: Vec<u32>,
    weights: Vec<f64>,
}
decode_struct!(LinearForest { forest, intercepts, ends, inputs, weights });

impl LinearForest {
    /// `intercepts` has one number for each leaf, tree after tree, and `ends` where the terms of the leaf end
    /// in `inputs` and `weights`.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lists do not fit each other or the forest, a number is not finite, the forest
    /// rounds or gives probabilities, or a tree adds to several margins.
    pub fn new(
        forest: Forest,
        intercepts: Vec<f64>,
        ends: Vec<u32>,
        inputs: Vec<u32>,
        weights: Vec<f64>,
    ) -> Result<Self, Error> {
        let forest = Self { forest, intercepts, ends, inputs, weights };
        let zeros = memory::filled(Domain::whole(0.0, 0.0), forest.forest.n_inputs as usize)?;
        forest.check(&zeros).map(|_| forest)
    }

    /// The trees. A leaf has the value for rows in which a value of its terms is missing.
    #[must_use]
    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// How many terms the leaves have.
    #[must_use]
    pub fn n_terms(&self) -> usize {
        self.weights.len()
    }

    /// What the leaves of a tree add, whose leaves and terms begin at `leaf` and `term`, which are moved to
    /// their ends. `None` where lists do not fit.
    fn range(
        &self,
        tree: &Tree,
        (leaf, term): (&mut usize, &mut usize),
        inputs: &[Domain],
    ) -> Result<Option<Domain>, Error> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for missing in &tree.leaves {
            let here = self.intercepts.get(*leaf).zip(self.ends.get(*leaf));
            let Some((intercept, end)) = here else { return Ok(None) };
            let terms = *term..*end as usize;
            let terms = self.inputs.get(terms.clone()).zip(self.weights.get(terms));
            let Some((read, weights)) = terms else { return Ok(None) };
            let mut sum = Domain::new(*intercept, *intercept);
            for (input, weight) in read.iter().zip(weights) {
                let Some(input) = inputs.get(*input as usize) else { return Ok(None) };
                sum = sum.plus_product(*weight, *input);
            }
            // Refuses parameters that are not finite, too.
            sum = sum.check()?;
            if sum.may_be_missing {
                sum = Domain::new(sum.low.min(*missing), sum.high.max(*missing));
            }
            (low, high) = (low.min(sum.low), high.max(sum.high));
            (*leaf, *term) = (*leaf + 1, *end as usize);
        }
        Ok(Some(Domain::new(low, high)))
    }

    /// The memory that checking and [`Self::compile`] allocate.
    pub(super) fn compiled_bytes(&self) -> u64 {
        FlatForest::bytes(&self.forest, Layouts::Linked)
            + bytes_of::<f64>(self.intercepts.len())
            + bytes_of::<Domain>(self.forest.trees.len())
    }

    /// The same member, laid out for predicting. Only for members that were checked.
    pub(super) fn compile(self) -> Result<CompiledLinearForest, Error> {
        let Self { mut forest, intercepts, ends, inputs, weights } = self;
        let mut missing = memory::list(intercepts.len())?;
        let mut most_terms = 0;
        for tree in &mut forest.trees {
            let first = missing.len();
            for leaf in &mut tree.leaves {
                missing.push(*leaf);
                // The number of the leaf among all of them.
                *leaf = count(missing.len() - 1);
            }
            let of_leaves = (first..missing.len()).map(|leaf| terms(&ends, leaf).len());
            most_terms += of_leaves.max().unwrap_or(0);
        }
        let flat = FlatForest::with(&forest, Layouts::Linked)?;
        Ok(CompiledLinearForest { flat, missing, intercepts, ends, inputs, weights, most_terms })
    }
}

/// The error of lists that do not fit.
#[cold]
fn unfit() -> Error {
    Error::invalid_model("terms of leaves that do not fit the trees")
}

/// The positions of the terms of a leaf.
#[inline]
fn terms(ends: &[u32], leaf: usize) -> core::ops::Range<usize> {
    let end = |leaf: usize| ends.get(leaf).map_or(0, |end| *end as usize);
    let start = leaf.checked_sub(1).map_or(0, end);
    start..end(leaf)
}

impl MemberKind for LinearForest {
    fn link(&self) -> Link {
        self.forest.link
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        check_no_probabilities(self.forest.link)?;
        if self.forest.precision != Precision::Double {
            return Err(Error::invalid_model("a forest that rounds, expected double precision"));
        }
        self.forest.check(inputs)?;
        let mut ranges = memory::list(self.forest.trees.len())?;
        let (mut leaf, mut term) = (0, 0);
        for (index, tree) in self.forest.trees.iter().enumerate() {
            let here = |error: Error| error.within(Place::Tree(index));
            if tree.margin.is_none() {
                return Err(here(Error::invalid_model("adds to every margin, expected one")));
            }
            let range = self.range(tree, (&mut leaf, &mut term), inputs).map_err(here)?;
            ranges.push(range.ok_or_else(|| here(unfit()))?);
        }
        let ends =
            [(self.intercepts.len(), self.inputs.len()), (self.ends.len(), self.weights.len())];
        if ends != [(leaf, term); 2] {
            return Err(unfit());
        }
        let mut ranges = ranges.into_iter();
        let domains = self.forest.margin_domains(&mut |leaves| {
            let range = ranges.next().unwrap_or(Domain::new(leaves.low, leaves.high));
            LeafRange { low: range.low, high: range.high, ..leaves }
        })?;
        for domain in &domains {
            domain.check()?;
        }
        Ok(domains)
    }
}

/// A checked forest of linear leaves.
#[derive(Debug)]
pub(crate) struct CompiledLinearForest {
    /// The value of each leaf is its number among all of them.
    flat: FlatForest,
    /// What each leaf adds where one of its values is missing.
    missing: Vec<f64>,
    intercepts: Vec<f64>,
    ends: Vec<u32>,
    inputs: Vec<u32>,
    weights: Vec<f64>,
    /// The terms of the longest leaf of each tree, together.
    most_terms: usize,
}

impl CompiledLinearForest {
    /// How many temporary numbers each row of a block needs: for the values and the margins of a row.
    pub(super) fn n_temporary(&self) -> usize {
        self.flat.n_inputs() + self.flat.n_margins()
    }

    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        self.flat.work().saturating_add(times(self.most_terms, 2))
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    pub(super) fn margins(&self, encoded: &[f64], out: &mut [f64]) {
        self.flat.margins_by(
            encoded,
            out,
            #[inline(always)]
            |leaf| self.leaf(leaf as usize, encoded),
        );
    }

    /// What a leaf adds.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn leaf(&self, leaf: usize, encoded: &[f64]) -> f64 {
        let terms = terms(&self.ends, leaf);
        let terms = self.inputs[terms.clone()].iter().zip(&self.weights[terms]);
        let sum = terms.fold(self.intercepts[leaf], |sum, (input, weight)| {
            sum + weight * encoded[*input as usize]
        });
        // A sum of numbers is a number, as opening proved.
        if sum.is_nan() { self.missing[leaf] } else { sum }
    }
}

#[cfg(test)]
pub(super) mod tests;
