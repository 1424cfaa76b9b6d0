//! The nodes of a tree.

use std::fmt::Write;

use nomogram::{Comparison, Feature, FeatureKind, Forest, Node, Side, Tree};

use super::{MAX_DEPTH, Writer, escaped};
use crate::error::Error;

/// What the score of a leaf is.
pub(super) enum Values<'v> {
    /// The probability of each class.
    Distribution(&'v [String]),
    /// One of so many values of a leaf.
    Margin(usize, usize),
}

pub(super) struct Nodes<'n, 'w> {
    pub(super) writer: &'n Writer<'w>,
    pub(super) forest: &'n Forest,
    pub(super) tree: &'n Tree,
    pub(super) values: Values<'n>,
}

impl Nodes<'_, '_> {
    pub(super) fn write(
        &self,
        text: &mut String,
        index: usize,
        test: &str,
        depth: usize,
    ) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::unsupported(format!("a tree deeper than {MAX_DEPTH} splits")));
        }
        let (left, right, side, tests) = match self.tree.nodes.get(index) {
            Some(Node::Leaf { leaf }) => {
                self.leaf(text, index, test, *leaf as usize);
                return Ok(());
            }
            Some(Node::Split { input, threshold, left, right, default_child }) => {
                (*left, *right, *default_child, self.comparison(*input, *threshold)?)
            }
            Some(Node::SplitLevels { input, levels, left, right, default_child }) => {
                (*left, *right, *default_child, self.set(*input, levels)?)
            }
            None => return Err(Error::unsupported("a child that is no node")),
        };
        let default = if side == Side::Left { left } else { right };
        let _ = write!(text, "<Node id=\"{index}\" defaultChild=\"{default}\">{test}");
        self.write(text, left as usize, &tests.0, depth + 1)?;
        self.write(text, right as usize, &tests.1, depth + 1)?;
        text.push_str("</Node>");
        Ok(())
    }

    fn leaf(&self, text: &mut String, index: usize, test: &str, leaf: usize) {
        let value = |nth: usize| self.tree.leaves.get(nth).copied().unwrap_or_default();
        match self.values {
            Values::Margin(margin, width) => {
                let score = value(leaf * width + margin);
                let _ = write!(text, "<Node id=\"{index}\" score=\"{score:e}\">{test}</Node>");
            }
            Values::Distribution(classes) => {
                let shares = || (0..classes.len()).map(|class| value(leaf * classes.len() + class));
                let best = classes.iter().zip(shares()).fold(
                    (None, f64::NEG_INFINITY),
                    |best, (class, share)| {
                        if share > best.1 { (Some(class), share) } else { best }
                    },
                );
                let score = best.0.map(|class| escaped(class)).unwrap_or_default();
                let _ = write!(text, "<Node id=\"{index}\" score=\"{score}\">{test}");
                for (class, share) in classes.iter().zip(shares()) {
                    let class = escaped(class);
                    let _ = write!(
                        text,
                        "<ScoreDistribution value=\"{class}\" recordCount=\"{share:e}\" probability=\"{share:e}\"/>"
                    );
                }
                text.push_str("</Node>");
            }
        }
    }

    fn feature(&self, input: u32) -> Result<&Feature, Error> {
        let feature = self.writer.member.schema.features().get(input as usize);
        feature.ok_or_else(|| Error::unsupported("an input that is no feature"))
    }

    fn comparison(&self, input: u32, threshold: f64) -> Result<(String, String), Error> {
        let feature = self.feature(input)?;
        let (below, above) = match self.forest.comparison {
            Comparison::AtMost => ("lessOrEqual", "greaterThan"),
            Comparison::Below => ("lessThan", "greaterOrEqual"),
        };
        if !matches!(feature.kind, FeatureKind::Number | FeatureKind::Integer) {
            return Err(Error::unsupported("a threshold of a feature that is no number"));
        }
        let name = escaped(&feature.name);
        let test = |operator: &str| {
            format!(
                "<SimplePredicate field=\"{name}\" operator=\"{operator}\" value=\"{threshold:e}\"/>"
            )
        };
        Ok((test(below), test(above)))
    }

    fn set(&self, input: u32, levels: &[u32]) -> Result<(String, String), Error> {
        let feature = self.feature(input)?;
        let names = levels.iter().filter_map(|level| feature.levels().get(*level as usize));
        let names: Vec<String> = names
            .map(|name| {
                format!("&quot;{}&quot;", escaped(&name.replace('\\', "\\\\").replace('"', "\\\"")))
            })
            .collect();
        if names.len() != levels.len() {
            return Err(Error::unsupported("a set of levels without names"));
        }
        let field = escaped(&feature.name);
        let (n, names) = (names.len(), names.join(" "));
        let test = |operator: &str| {
            format!(
                "<SimpleSetPredicate field=\"{field}\" booleanOperator=\"{operator}\"><Array type=\"string\" n=\"{n}\">{names}</Array></SimpleSetPredicate>"
            )
        };
        Ok((test("isIn"), test("isNotIn")))
    }
}
