//! Where an error is: one level of the way from the bundle or batch to the defect.

use core::fmt;

/// One step of the way to an error.
///
/// Every number is an index, counted from 0. It prints as people count, from 1: `Place::Row(11)` is
/// `row 12`. Only a byte prints as its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// An argument of a call, by its name.
    Argument(&'static str),
    /// A byte of the bundle, by its offset.
    Byte(u64),
    /// A section of the bundle, by its name.
    Section(&'static str),
    /// A row of the caller's batch.
    Row(usize),
    /// A feature of the schema.
    Feature(usize),
    /// A level of a category.
    Level(usize),
    /// An alternative unit of a feature.
    Unit(usize),
    /// A rule of the schema.
    Rule(usize),
    /// A column of the caller's table.
    Column(usize),
    /// A class of the target.
    Class(usize),
    /// A branch of the pipeline.
    Branch(usize),
    /// A step of a branch.
    Step(usize),
    /// A value of an encoded row that a step or a member reads.
    Input(usize),
    /// A member of the ensemble.
    Member(usize),
    /// A tree of a forest.
    Tree(usize),
    /// A node of a tree.
    Node(usize),
    /// A layer of a network.
    Layer(usize),
    /// An item of a points score.
    Item(usize),
    /// A cutoff.
    Cutoff(usize),
    /// A golden case of the bundle.
    GoldenCase(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) => write!(f, "argument `{name}`"),
            Self::Byte(offset) => write!(f, "byte offset {offset}"),
            Self::Section(name) => write!(f, "section `{name}`"),
            Self::Row(index) => write!(f, "row {}", ordinal(*index)),
            Self::Feature(index) => write!(f, "feature {}", ordinal(*index)),
            Self::Level(index) => write!(f, "level {}", ordinal(*index)),
            Self::Unit(index) => write!(f, "unit {}", ordinal(*index)),
            Self::Rule(index) => write!(f, "rule {}", ordinal(*index)),
            Self::Column(index) => write!(f, "column {}", ordinal(*index)),
            Self::Class(index) => write!(f, "class {}", ordinal(*index)),
            Self::Branch(index) => write!(f, "branch {}", ordinal(*index)),
            Self::Step(index) => write!(f, "step {}", ordinal(*index)),
            Self::Input(index) => write!(f, "input {}", ordinal(*index)),
            Self::Member(index) => write!(f, "member {}", ordinal(*index)),
            Self::Tree(index) => write!(f, "tree {}", ordinal(*index)),
            Self::Node(index) => write!(f, "node {}", ordinal(*index)),
            Self::Layer(index) => write!(f, "layer {}", ordinal(*index)),
            Self::Item(index) => write!(f, "item {}", ordinal(*index)),
            Self::Cutoff(index) => write!(f, "cutoff {}", ordinal(*index)),
            Self::GoldenCase(index) => write!(f, "golden case {}", ordinal(*index)),
        }
    }
}

/// The number of an index as people count: from 1.
pub(crate) fn ordinal(index: usize) -> u64 {
    (index as u64).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn numbers_of_things_count_from_1_and_bytes_are_offsets() {
        assert_eq!(Place::Row(11).to_string(), "row 12");
        assert_eq!(Place::GoldenCase(0).to_string(), "golden case 1");
        assert_eq!(Place::Byte(0).to_string(), "byte offset 0");
    }

    #[test]
    fn an_index_that_a_caller_made_up_does_not_overflow() {
        assert_eq!(Place::Feature(usize::MAX).to_string().split(' ').next(), Some("feature"));
    }
}
