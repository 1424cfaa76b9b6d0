//! Sums of trees, which later nodes turn into a prediction.

use nomogram::{Aggregate, Forest, Link, Member, Node, Tree};

use super::answer::{Answer, Part, Prediction};
use super::tensor::spread;
use crate::columns::Column;
use crate::error::Error;
use crate::forests;

/// A forest whose margins the values are, and the columns that it reads.
#[derive(Clone, Debug)]
pub(super) struct TreeSums {
    pub(super) columns: Vec<Column>,
    pub(super) forest: Forest,
    /// The numbers of the leaves in the file.
    pub(super) leaf_numbers: Vec<Vec<u32>>,
    /// The one sum appears twice: with its sign changed, and as it is.
    pub(super) has_both_signs: bool,
}

impl TreeSums {
    /// How many values a row has.
    pub(super) fn width(&self) -> usize {
        if self.has_both_signs { 2 } else { self.forest.base_margins.len() }
    }

    /// The prediction, by the link that the forest has.
    pub(super) fn answer_of(self, prediction: Prediction, n_classes: usize) -> Answer {
        let leaf_numbers = Some(self.leaf_numbers);
        let member = Member::Forest(self.forest);
        let part = Part { columns: self.columns, member, weight: 1.0, leaf_numbers };
        Answer::of(prediction, n_classes, part)
    }

    fn linked(mut self, link: Link, prediction: Prediction, n_classes: usize) -> Answer {
        self.forest.link = link;
        self.answer_of(prediction, n_classes)
    }

    /// The logistic of the sum, or of it with both signs.
    ///
    /// # Errors
    ///
    /// `Unsupported` for several sums.
    pub(super) fn logistic(self) -> Result<Answer, Error> {
        match (self.has_both_signs, self.width()) {
            (true, _) => Ok(self.linked(Link::Logit, Prediction::Probabilities, 2)),
            (false, 1) => Ok(self.linked(Link::Logit, Prediction::Second, 2)),
            (false, n) => Err(Error::unsupported(format!("one logistic for each of {n} sums"))),
        }
    }

    /// The softmax of several sums.
    ///
    /// # Errors
    ///
    /// `Unsupported` for one sum.
    pub(super) fn softmax(self) -> Result<Answer, Error> {
        let n = self.forest.base_margins.len();
        if self.has_both_signs || n < 2 {
            return Err(Error::unsupported(format!("the softmax of {n} sums of trees")));
        }
        Ok(self.linked(Link::Softmax, Prediction::Probabilities, n))
    }

    /// The exponential of one sum.
    ///
    /// # Errors
    ///
    /// `Unsupported` for several sums.
    pub(super) fn exponential(self) -> Result<Answer, Error> {
        match self.width() {
            1 => Ok(self.linked(Link::Log, Prediction::Value, 0)),
            n => Err(Error::unsupported(format!("the exponential of {n} sums of trees"))),
        }
    }

    /// The sums as they are: a value, or the averaged probability of each class.
    ///
    /// # Errors
    ///
    /// `Unsupported` for other sums.
    pub(super) fn answer(self) -> Result<Answer, Error> {
        match self.width() {
            1 => Ok(self.linked(Link::Identity, Prediction::Value, 0)),
            n => {
                let sums = self.merged()?;
                Ok(sums.linked(Link::Probability, Prediction::Probabilities, n))
            }
        }
    }

    /// The sums, divided by the numbers of their trees.
    pub(super) fn averaged(mut self, divisors: &[f64]) -> Option<Self> {
        let n_margins = self.forest.base_margins.len();
        let is_plain = self.forest.aggregate == Aggregate::Sum && !self.has_both_signs;
        let mut counts = vec![0.0; n_margins];
        for tree in &self.forest.trees {
            match tree.margin {
                Some(margin) => {
                    counts.iter_mut().skip(margin as usize).take(1).for_each(|n| *n += 1.0);
                }
                None => counts.iter_mut().for_each(|n| *n += 1.0),
            }
        }
        (is_plain && divisors == counts).then(|| {
            self.forest.aggregate = Aggregate::Mean;
            self
        })
    }

    /// The sums with a number added to each.
    ///
    /// # Errors
    ///
    /// `Unsupported` after other nodes, `TooLarge`.
    pub(super) fn plus(mut self, numbers: &[f64]) -> Result<Self, Error> {
        let bases = spread(numbers, self.forest.base_margins.len())?;
        let has_bases = self.forest.base_margins.iter().any(|base| *base != 0.0);
        if has_bases || self.has_both_signs {
            return Err(Error::unsupported("several numbers added to sums of trees"));
        }
        match self.forest.aggregate {
            Aggregate::Mean => self.forest.base_margins = bases,
            Aggregate::Sum => {
                for (margin, base) in bases.into_iter().enumerate() {
                    let (nodes, margin) = (vec![Node::Leaf { leaf: 0 }], forests::number(margin)?);
                    self.forest.trees.push(Tree {
                        margin: Some(margin),
                        nodes,
                        leaves: vec![base],
                    });
                    self.leaf_numbers.push(vec![0]);
                }
            }
        }
        Ok(self)
    }

    /// The sums times these numbers, if they give both signs of one sum.
    pub(super) fn with_both_signs(mut self, factors: &[f64]) -> Option<Self> {
        (self.width() == 1 && factors == [-1.0, 1.0]).then(|| {
            self.has_both_signs = true;
            self
        })
    }

    /// One tree in place of one for each class: their splits are the same.
    fn merged(mut self) -> Result<Self, Error> {
        let n = self.forest.base_margins.len();
        let refused = || Error::unsupported(format!("{n} sums of trees as a prediction"));
        let has_bases = self.forest.base_margins.iter().any(|base| *base != 0.0);
        if self.has_both_signs || has_bases || self.forest.aggregate != Aggregate::Mean {
            return Err(refused());
        }
        let mut trees = Vec::new();
        for group in self.forest.trees.chunks(n) {
            let first = group.first().ok_or_else(refused)?;
            let is_same = group.len() == n
                && group
                    .iter()
                    .zip(0_u32..)
                    .all(|(tree, nth)| tree.margin == Some(nth) && tree.nodes == first.nodes);
            if !is_same {
                return Err(refused());
            }
            let leaf = |nth: usize| group.iter().filter_map(move |tree| tree.leaves.get(nth));
            let leaves: Vec<f64> = (0..first.leaves.len()).flat_map(leaf).copied().collect();
            trees.push(Tree { margin: None, nodes: first.nodes.clone(), leaves });
        }
        self.forest.trees = trees;
        self.leaf_numbers = self.leaf_numbers.into_iter().step_by(n).collect();
        Ok(self)
    }
}
