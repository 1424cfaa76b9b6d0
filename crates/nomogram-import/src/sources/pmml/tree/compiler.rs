//! From nodes and their predicates to splits.

use nomogram::{Node, Side};

use super::super::predicate::{Facts, Question};
use super::{Branching, Compiler, MAX_DEPTH, MissingStrategy, Next};
use crate::error::Error;
use crate::forests::number;

impl Compiler<'_> {
    /// What happens at a node, as far as the facts decide it.
    fn next(&self, at: &Branching<'_>, facts: &Facts) -> Next {
        if at.children.is_empty() {
            return Next::Leaf;
        }
        for (index, child) in at.children.iter().enumerate() {
            match child.predicate.evaluate(facts, self.fields) {
                Err(question) => return Next::Ask(question),
                Ok(Some(true)) => return Next::Child(index),
                Ok(Some(false)) => {}
                Ok(None) => match self.missing {
                    MissingStrategy::None => {}
                    MissingStrategy::LastPrediction => return Next::Leaf,
                    MissingStrategy::NullPrediction => return Next::Nothing,
                    MissingStrategy::DefaultChild => {
                        return at.default_child.map_or(Next::Nothing, Next::Child);
                    }
                },
            }
        }
        if self.returns_last { Next::Leaf } else { Next::Nothing }
    }

    /// Adds the nodes for a node of the document. `last` is the last score above it. Returns the position.
    pub(super) fn node(
        &mut self,
        at: &Branching<'_>,
        last: Option<&[f64]>,
        facts: &Facts,
        depth: usize,
    ) -> Result<u32, Error> {
        if !self.fields.spend_node() {
            return Err(at.element.too_large("trees whose predicates become too many splits"));
        }
        if depth > 2 * MAX_DEPTH {
            return Err(at.element.too_large(format!("more than {} questions", 2 * MAX_DEPTH)));
        }
        let last = at.values.as_deref().or(last);
        match self.next(at, facts) {
            Next::Child(index) => {
                let child = at.children.get(index);
                let child = child.ok_or_else(|| at.element.malformed("no such child"))?;
                self.node(child, last, facts, depth + 1)
            }
            Next::Leaf => match last {
                Some(values) => {
                    let position = number(self.nodes.len())?;
                    self.nodes.push(Node::Leaf { leaf: number(self.leaf_numbers.len())? });
                    self.leaves.extend_from_slice(values);
                    self.leaf_numbers.push(at.number);
                    Ok(position)
                }
                None => self.nothing(at, facts),
            },
            Next::Nothing => self.nothing(at, facts),
            Next::Ask(question) => self.split(at, last, facts, question, depth),
        }
    }

    /// No prediction: missing values and unseen levels are refused, if there are any.
    fn nothing(&self, at: &Branching<'_>, facts: &Facts) -> Result<u32, Error> {
        facts.missing().for_each(|feature| self.fields.require(feature));
        facts.unseen(self.fields).for_each(|feature| self.fields.refuse_unseen(feature));
        Err(at.element.unsupported("rows that reach no score"))
    }

    fn split(
        &mut self,
        at: &Branching<'_>,
        last: Option<&[f64]>,
        facts: &Facts,
        question: Question,
        depth: usize,
    ) -> Result<u32, Error> {
        let fields = self.fields;
        let (Question::Missing(feature)
        | Question::AtMost(feature, _)
        | Question::OneOf(feature, _)) = question;
        let input = number(feature)?;
        let known = facts.of(feature, fields).is_missing;
        if let (None, Question::AtMost(..) | Question::OneOf(..)) = (known, &question) {
            // Where a missing value goes, compared with both answers.
            let missing =
                self.next(at, &facts.with(&Question::Missing(feature), true, Some(true), fields));
            let goes = |answer| self.next(at, &facts.with(&question, answer, Some(false), fields));
            let side = [(true, Side::Left), (false, Side::Right)]
                .into_iter()
                .find(|(answer, _)| !matches!(missing, Next::Ask(_)) && goes(*answer) == missing);
            let Some((with_missing, side)) = side else {
                return self.split(at, last, facts, Question::Missing(feature), depth);
            };
            let of_side = |answer| Some(false).filter(|_| answer != with_missing);
            let left = facts.with(&question, true, of_side(true), fields);
            let right = facts.with(&question, false, of_side(false), fields);
            return self.both(at, last, (input, &question, side), (&left, &right), depth);
        }
        let (left, right) = match question {
            // What is present goes to the left.
            Question::Missing(_) => (
                facts.with(&question, false, Some(false), fields),
                facts.with(&question, true, Some(true), fields),
            ),
            Question::AtMost(..) | Question::OneOf(..) => (
                facts.with(&question, true, Some(false), fields),
                facts.with(&question, false, Some(false), fields),
            ),
        };
        self.both(at, last, (input, &question, Side::Right), (&left, &right), depth)
    }

    fn both(
        &mut self,
        at: &Branching<'_>,
        last: Option<&[f64]>,
        (input, question, default_child): (u32, &Question, Side),
        (left_facts, right_facts): (&Facts, &Facts),
        depth: usize,
    ) -> Result<u32, Error> {
        let position = self.nodes.len();
        let (mut left, mut right) = (0, 0);
        let node = |left, right| match question {
            Question::AtMost(_, threshold) => {
                Node::Split { input, threshold: *threshold, left, right, default_child }
            }
            Question::Missing(_) => {
                Node::Split { input, threshold: f64::MAX, left, right, default_child }
            }
            Question::OneOf(_, levels) => {
                let levels = levels.clone();
                Node::SplitLevels { input, levels, left, right, default_child }
            }
        };
        self.nodes.push(node(left, right));
        left = self.child(at, last, left_facts, depth)?;
        right = self.child(at, last, right_facts, depth)?;
        self.nodes.iter_mut().skip(position).take(1).for_each(|place| *place = node(left, right));
        number(position)
    }

    fn child(
        &mut self,
        at: &Branching<'_>,
        last: Option<&[f64]>,
        facts: &Facts,
        depth: usize,
    ) -> Result<u32, Error> {
        self.node(at, last, facts, depth + 1)
    }
}
