//! The name of a place, and lists of names that errors share.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Error;

/// Names in one block of memory, of which an error keeps one without copying it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NameList {
    text: String,
    /// The end of each name in `text`.
    ends: Vec<usize>,
}

/// The name of a place.
#[derive(Clone, Debug)]
pub(super) enum Name {
    /// A copy.
    Copied(String),
    /// The name at an index of a list.
    Listed(Arc<NameList>, usize),
}

impl NameList {
    /// The names, in their order.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<Self, Error> {
        let (mut text, mut ends) = (String::new(), Vec::new());
        let n_bytes = names.clone().map(str::len).sum();
        text.try_reserve_exact(n_bytes).map_err(|_| Error::out_of_memory())?;
        ends.try_reserve_exact(names.clone().count()).map_err(|_| Error::out_of_memory())?;
        for name in names {
            text.push_str(name);
            ends.push(text.len());
        }
        Ok(Self { text, ends })
    }

    /// The name at an index; empty beyond the end.
    fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).unwrap_or(&0);
        let end = self.ends.get(index).unwrap_or(start);
        self.text.get(*start..*end).unwrap_or_default()
    }
}

impl Name {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Copied(name) => name,
            Self::Listed(names, index) => names.get(*index),
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_in_their_order() {
        let names = NameList::new(["age", "", "dose"].into_iter()).unwrap();
        assert_eq!([0, 1, 2, 3].map(|index| names.get(index)), ["age", "", "dose", ""]);
    }

    #[test]
    fn a_shared_name_equals_its_copy() {
        let names = Arc::new(NameList::new(["age", "dose"].into_iter()).unwrap());
        assert_eq!(Name::Listed(names, 1), Name::Copied("dose".into()));
    }
}
