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
    /// A row of the training data that a member stores.
    StoredRow(usize),
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

/// The places with an index: how each is printed, and stored in eight bytes and one.
macro_rules! indexed {
    ($($variant:ident $name:literal),+ $(,)?) => {
        /// A place without its index or name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Kind {
            Argument,
            Byte,
            Section,
            $($variant),+
        }

        impl Place {
            fn kind(self) -> Kind {
                match self {
                    Self::Argument(_) => Kind::Argument,
                    Self::Byte(_) => Kind::Byte,
                    Self::Section(_) => Kind::Section,
                    $(Self::$variant(_) => Kind::$variant),+
                }
            }

            /// The index, or the offset of a byte.
            fn index(self) -> u64 {
                match self {
                    Self::Argument(_) | Self::Section(_) => 0,
                    Self::Byte(offset) => offset,
                    $(Self::$variant(index) => index as u64),+
                }
            }

            /// The name of an argument or a section.
            fn text(self) -> Option<&'static str> {
                match self {
                    Self::Argument(text) | Self::Section(text) => Some(text),
                    Self::Byte(_) $(| Self::$variant(_))+ => None,
                }
            }

            #[allow(clippy::cast_possible_truncation, reason = "it was made of an index")]
            fn new(kind: Kind, index: u64, text: &'static str) -> Self {
                match kind {
                    Kind::Argument => Self::Argument(text),
                    Kind::Byte => Self::Byte(index),
                    Kind::Section => Self::Section(text),
                    $(Kind::$variant => Self::$variant(index as usize)),+
                }
            }
        }

        impl Kind {
            /// What comes before its index or name.
            fn name(self) -> &'static str {
                match self {
                    Self::Argument => "argument",
                    Self::Byte => "byte offset",
                    Self::Section => "section",
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}
indexed! {
    Row "row", StoredRow "stored row", Feature "feature", Level "level", Unit "unit", Rule "rule", Column "column",
    Class "class", Branch "branch", Step "step", Input "input", Member "member", Tree "tree",
    Node "node", Layer "layer", Item "item", Cutoff "cutoff", GoldenCase "golden case",
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, index) = (self.kind(), self.index());
        let first = u64::from(kind != Kind::Byte);
        match self.text() {
            Some(text) => write!(f, "{} `{text}`", kind.name()),
            None => write!(f, "{} {}", kind.name(), index.saturating_add(first)),
        }
    }
}

/// Places from the inside out, so that a place further out is appended.
///
/// Every result has room for an error, so a path is small: it keeps the text of one place, that of the
/// innermost argument or section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    indices: [u64; MAX_PLACES],
    kinds: [Kind; MAX_PLACES],
    len: u8,
    /// The position of the place that has a name.
    named: u8,
    text: &'static str,
}

/// The most places that an error can have.
const MAX_PLACES: usize = 6;

impl Path {
    pub(super) const EMPTY: Self = Self {
        indices: [0; MAX_PLACES],
        kinds: [Kind::Row; MAX_PLACES],
        len: 0,
        named: 0,
        text: "",
    };

    /// The next place that is appended has a name.
    pub(super) fn name_next(&mut self) {
        self.named = self.len;
    }

    /// Whether the place at a position has a name, if the error has one.
    pub(super) fn is_named(&self, position: usize) -> bool {
        usize::from(self.named) == position
    }

    /// Appends a place, if there is room for it.
    pub(super) fn push(&mut self, place: Place) {
        let next = usize::from(self.len);
        match place.text() {
            Some(_) if !self.text.is_empty() => return,
            Some(text) => self.text = text,
            None => {}
        }
        if let (Some(index), Some(kind)) = (self.indices.get_mut(next), self.kinds.get_mut(next)) {
            (*index, *kind) = (place.index(), place.kind());
            self.len += 1;
        }
    }

    /// The places, from the outside in, each with its position.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, Place)> {
        let places =
            self.kinds.into_iter().zip(self.indices).take(usize::from(self.len)).enumerate();
        let text = self.text;
        places.map(move |(nth, (kind, index))| (nth, Place::new(kind, index, text))).rev()
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
