//! Why a file was not imported: kind, place, what was found, what was expected.

use std::fmt;

/// Why a file was not imported.
///
/// Prints as `place: place: what was found, what was expected`, places from the outside in and
/// counted from 1: `learner.gradient_booster.model: tree 17: node 4: left child 91, expected 1 to 31`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    /// From the inside out.
    places: Vec<Place>,
    detail: String,
}

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file holds something that has no exact counterpart in a bundle; it is named.
    Unsupported,
    /// The file is not what its format demands.
    Malformed,
    /// The file is larger than the limits.
    TooLarge,
    /// The given schema does not fit the model.
    Schema,
    /// The table of expected predictions cannot be read.
    Table,
    /// The bundle predicts other numbers than the source.
    Different,
    /// The core refused the model.
    Model,
}

/// Where in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A key of an object, an element or an attribute.
    Key(String),
    /// An item of a list.
    Item(usize),
    /// A line of text.
    Line(usize),
    /// A byte.
    Byte(usize),
    /// A tree.
    Tree(usize),
    /// A node of a tree or of a graph.
    Node(usize),
    /// A feature, by its name.
    Feature(String),
    /// A row of a table.
    Row(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (noun, index) = match self {
            Self::Key(key) => return f.write_str(key),
            Self::Feature(name) => return write!(f, "feature `{name}`"),
            Self::Item(index) => ("item", index),
            Self::Line(index) => ("line", index),
            Self::Byte(index) => ("byte", index),
            Self::Tree(index) => ("tree", index),
            Self::Node(index) => ("node", index),
            Self::Row(index) => ("row", index),
        };
        write!(f, "{noun} {}", index.saturating_add(1))
    }
}

impl Error {
    /// An error of `kind`; `detail` states what was found and what was expected.
    #[must_use]
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, places: Vec::new(), detail: detail.into() }
    }

    /// Refuses something by its name: `what` and why it has no exact counterpart.
    #[must_use]
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, what)
    }

    /// Refuses a file that breaks the rules of its format.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, detail)
    }

    /// The same error, at a place that encloses those that it has.
    #[must_use]
    pub fn within(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it was found, from the outside in.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().rev()
    }

    /// What was found and what was expected.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut after_key = false;
        for (index, place) in self.places().enumerate() {
            let is_key = matches!(place, Place::Key(_));
            if index > 0 {
                f.write_str(if is_key && after_key { "." } else { ": " })?;
            }
            write!(f, "{place}")?;
            after_key = is_key;
        }
        if !self.places.is_empty() {
            f.write_str(": ")?;
        }
        if self.kind == ErrorKind::Unsupported {
            f.write_str("not supported: ")?;
        }
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}

impl From<nomogram::Error> for Error {
    fn from(error: nomogram::Error) -> Self {
        Self::new(ErrorKind::Model, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_printed_from_the_outside_in() {
        let error = Error::malformed("left child 91, expected 1 to 31")
            .within(Place::Node(3))
            .within(Place::Tree(16))
            .within(Place::Key("model".into()))
            .within(Place::Key("learner".into()));
        assert_eq!(
            error.to_string(),
            "learner.model: tree 17: node 4: left child 91, expected 1 to 31"
        );
        let error = Error::unsupported("objective `rank:ndcg`");
        assert_eq!(error.to_string(), "not supported: objective `rank:ndcg`");
    }
}
