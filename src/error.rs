//! Errors: kind, place, what was found and what was expected.
//!
//! A message never contains a value of a row: values are patients' data. An error that is found
//! while predicting is built without allocating: its texts are borrowed or shared. Any other is built
//! without the right to fail, and no text of it moves a terminal's cursor.

mod kind;
mod place;
mod text;

mod names;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt::{self, Write};

#[cfg(feature = "ffi")]
pub(crate) use kind::c_text;
pub use kind::{ErrorClass, ErrorKind};
pub(crate) use names::NameList;
pub use place::Place;
pub(crate) use place::ordinal;
#[cfg(feature = "ffi")]
pub(crate) use text::printable;
pub(crate) use text::{format, is_printable, written};

use names::Name;
use place::Path;
use text::Printable;

/// Why a bundle was not opened or a row was not predicted.
///
/// Prints as `place: place: what was found, what was expected`, places from the outside in and
/// counted from 1, with the name where the bundle has one:
/// `member 2: `trees`: tree 17: node 4: left child 91, but the tree has 31 nodes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    path: Path,
    /// The name of one of the places.
    name: Option<Name>,
    detail: Detail,
}

/// What was found, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Detail {
    /// A sentence.
    Text(Cow<'static, str>),
    /// A number of things other than the expected one.
    Count { found: usize, expected: usize, of: &'static str },
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Count { found, expected, of } => write!(f, "{found} {of}, expected {expected}"),
        }
    }
}

impl Error {
    /// An error of `kind`; `detail` states what was found and what was expected.
    #[must_use]
    pub fn new(kind: ErrorKind, detail: impl IntoDetail) -> Self {
        detail.into_error(kind)
    }

    // Out of line, as all that errors go through: inlined in every place that can fail, it would be a
    // large share of the library.
    #[cold]
    #[inline(never)]
    fn of(kind: ErrorKind, detail: Detail) -> Self {
        Self { kind, path: Path::EMPTY, name: None, detail }
    }

    /// A wrong number of things. Does not allocate.
    pub(crate) fn count(kind: ErrorKind, found: usize, expected: usize, of: &'static str) -> Self {
        Self::of(kind, Detail::Count { found, expected, of })
    }

    /// Parts of a model that contradict each other.
    pub(crate) fn invalid_model(detail: impl IntoDetail) -> Self {
        Self::new(ErrorKind::InvalidModel, detail)
    }

    /// There is no memory for what a call needs. Does not allocate.
    #[cold]
    #[inline(never)]
    pub(crate) fn out_of_memory() -> Self {
        Self::new(ErrorKind::OutOfMemory, "there is not enough memory")
    }

    /// What a caller can act on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it is, from the outside in.
    pub fn path(&self) -> impl Iterator<Item = Place> {
        self.path.places().map(|(_, place)| place)
    }

    /// Writes the error without the places that `omit` selects. Names of places are kept.
    pub(crate) fn write_without(
        &self,
        f: &mut fmt::Formatter<'_>,
        omit: impl Fn(Place) -> bool,
    ) -> fmt::Result {
        let mut out = Printable(f);
        for (position, place) in self.path.places() {
            if !omit(place) {
                write!(out, "{place}: ")?;
            }
            match &self.name {
                Some(name) if self.path.is_named(position) => {
                    write!(out, "`{}`: ", name.as_str())?;
                }
                Some(_) | None => {}
            }
        }
        write!(out, "{}", self.detail)
    }

    /// The same error, seen from one level further out.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn within(mut self, place: Place) -> Self {
        self.path.push(place);
        self
    }

    /// [`Self::within`] a place that has a name, which is left out when there is no memory for it. An
    /// error has room for one name, the innermost.
    #[cold]
    #[inline(never)]
    pub(crate) fn within_named(mut self, place: Place, name: &str) -> Self {
        let mut copy = String::new();
        if self.name.is_none() && copy.try_reserve_exact(name.len()).is_ok() {
            copy.push_str(name);
            self.path.name_next();
            self.name = Some(Name::Copied(copy));
        }
        self.within(place)
    }

    /// [`Self::within_named`] with the name at an index of a list. Does not allocate.
    #[cold]
    #[inline(never)]
    pub(crate) fn within_listed(
        mut self,
        place: Place,
        names: &Arc<NameList>,
        index: usize,
    ) -> Self {
        if self.name.is_none() {
            self.path.name_next();
            self.name = Some(Name::Listed(Arc::clone(names), index));
        }
        self.within(place)
    }
}

/// What [`Error::new`] accepts as its detail: a literal, which is not copied, `format_args!`, or a text. Of
/// the first two, an error is made out of line, so that each place that can fail is one call.
pub trait IntoDetail {
    /// The error of this kind with this detail.
    #[must_use]
    fn into_error(self, kind: ErrorKind) -> Error;
}

impl IntoDetail for &'static str {
    #[cold]
    #[inline(never)]
    fn into_error(self, kind: ErrorKind) -> Error {
        Error::of(kind, Detail::Text(Cow::Borrowed(self)))
    }
}

impl IntoDetail for fmt::Arguments<'_> {
    #[cold]
    #[inline(never)]
    fn into_error(self, kind: ErrorKind) -> Error {
        Error::of(kind, Detail::Text(written(self)))
    }
}

impl IntoDetail for Cow<'static, str> {
    fn into_error(self, kind: ErrorKind) -> Error {
        Error::of(kind, Detail::Text(self))
    }
}

impl IntoDetail for String {
    fn into_error(self, kind: ErrorKind) -> Error {
        Error::of(kind, Detail::Text(Cow::Owned(self)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_without(f, |_| false)
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    #[test]
    fn an_error_prints_its_places_from_the_outside_in() {
        let error = Error::new(ErrorKind::InvalidModel, "left child 91, but the tree has 31 nodes")
            .within(Place::Tree(16))
            .within_named(Place::Member(1), "trees");
        assert_eq!(
            error.to_string(),
            "member 2: `trees`: tree 17: left child 91, but the tree has 31 nodes"
        );
        assert_eq!(error.path().collect::<Vec<_>>(), [Place::Member(1), Place::Tree(16)]);
    }

    #[test]
    fn an_error_that_does_not_allocate_prints_like_the_others() {
        let names = Arc::new(NameList::new(["age", "dose"].into_iter()).unwrap());
        let error = Error::new(ErrorKind::Missing, "missing");
        let error = error.within_listed(Place::Feature(3), &names, 1).within(Place::Row(7));
        assert_eq!(error.to_string(), "row 8: feature 4: `dose`: missing");
        let error = Error::count(ErrorKind::FeatureCount, 2, 3, "values");
        assert_eq!(error.to_string(), "2 values, expected 3");
    }

    #[test]
    fn a_name_cannot_move_the_cursor_of_a_terminal() {
        let error = Error::new(ErrorKind::InvalidModel, "`\u{202e}x` is unknown");
        let error = error.within_named(Place::Feature(0), "\u{1b}[2Ja");
        assert_eq!(error.to_string(), "feature 1: ` [2Ja`: ` x` is unknown");
    }

    #[test]
    fn an_error_is_small_and_keeps_the_innermost_argument_or_section() {
        assert!(size_of::<Error>() <= 144, "{} bytes in every result", size_of::<Error>());
        let error = Error::new(ErrorKind::Option, "no").within(Place::Argument("bytes"));
        let error = error.within(Place::Byte(u64::MAX)).within(Place::Section("profile"));
        assert_eq!(error.to_string(), "byte offset 18446744073709551615: argument `bytes`: no");
    }

    #[test]
    fn the_innermost_name_is_kept() {
        let error = Error::new(ErrorKind::InvalidModel, "unused");
        let error = error.within_named(Place::Level(0), "low").within_named(Place::Feature(1), "x");
        assert_eq!(error.to_string(), "feature 2: level 1: `low`: unused");
    }
}
