//! Why a value of a configuration is invalid, and where it is.
//!
//! The place is data: keys and positions from the root. Messages are made from it and never parsed.

use std::fmt;
use std::ops::Deref;

/// An invalid value: its place, what was found and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// From the root inwards.
    place: Vec<Key>,
    detail: String,
    /// Boxed, so that results stay small.
    excerpt: Option<Box<Excerpt>>,
}

/// An invalid value in the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The path of the file, or another name of the text.
    pub source: String,
    /// Counted from 1.
    pub line: u64,
    /// Counted from 1.
    pub column: u64,
    /// The message, with the lines around the value.
    pub message: String,
}

/// One step on the way from the root of a configuration to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The value of a map at this key.
    Field(String),
    /// An item of a list.
    Item {
        /// Its position, counted from 0.
        index: usize,
        /// Its name, where items have one.
        name: Option<String>,
    },
}

/// Settings that can be invalid.
pub trait Spec: Sized {
    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// The first invalid setting, with its key.
    fn validate(&self) -> Result<(), Invalid>;

    /// Checks every setting, and keeps the proof.
    ///
    /// # Errors
    ///
    /// As [`Self::validate`].
    fn check(self) -> Result<Checked<Self>, Invalid> {
        self.validate()?;
        Ok(Checked(self))
    }
}

/// Settings that were checked: [`Spec::check`] alone makes one, and what it holds cannot be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked<T>(T);

impl<T> Checked<T> {
    /// The settings, to be changed and checked again.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Invalid {
    /// An invalid value, for example `0` where `at least 1` was expected.
    #[must_use]
    pub fn new(found: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self::because(format!("{found}, expected {expected}"))
    }

    /// An invalid value, with the reason in words.
    #[must_use]
    pub fn because(detail: impl Into<String>) -> Self {
        Self { place: Vec::new(), detail: detail.into(), excerpt: None }
    }

    /// The same, in the map that has it at `key`.
    #[must_use]
    pub fn at(mut self, key: impl Into<String>) -> Self {
        self.place.insert(0, Key::Field(key.into()));
        self
    }

    /// The same, in the list that has it at `index`, counted from 0.
    #[must_use]
    pub fn in_item(mut self, index: usize, name: Option<&str>) -> Self {
        self.place.insert(0, Key::Item { index, name: name.map(str::to_owned) });
        self
    }

    /// The same, with the lines of the text that it was read from.
    #[must_use]
    pub(crate) fn in_text(mut self, excerpt: Excerpt) -> Self {
        self.excerpt = Some(Box::new(excerpt));
        self
    }

    /// The keys that lead to the value, from the root inwards.
    #[must_use]
    pub fn place(&self) -> &[Key] {
        &self.place
    }

    /// What was found and what was expected, without the place.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Where the value is in a text; `None` when it was not read from one.
    #[must_use]
    pub fn excerpt(&self) -> Option<&Excerpt> {
        self.excerpt.as_deref()
    }
}

/// Returns what `invalid` makes unless `holds`.
pub(crate) fn require(holds: bool, invalid: impl FnOnce() -> Invalid) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(invalid()) }
}

impl From<String> for Invalid {
    fn from(detail: String) -> Self {
        Self::because(detail)
    }
}

/// `members: 2 (trees): learner: boosted_trees: max_depth: 0, expected at least 1`; items of lists
/// are counted from 1. Where there is an excerpt, its message.
impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(excerpt) = &self.excerpt {
            return f.write_str(&excerpt.message);
        }
        for key in &self.place {
            match key {
                Key::Field(key) => write!(f, "{key}: ")?,
                Key::Item { index, name: None } => write!(f, "{}: ", index + 1)?,
                Key::Item { index, name: Some(name) } => write!(f, "{} ({name}): ", index + 1)?,
            }
        }
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_leads_from_the_root_to_the_value() {
        let invalid = Invalid::new(0, "at least 1").at("max_depth").at("boosted_trees");
        let invalid = invalid.at("learner").in_item(1, Some("trees")).at("members");
        assert_eq!(
            invalid.to_string(),
            "members: 2 (trees): learner: boosted_trees: max_depth: 0, expected at least 1"
        );
        assert_eq!(invalid.place().len(), 5);
        assert_eq!(invalid.detail(), "0, expected at least 1");
    }

    #[test]
    fn only_valid_settings_are_checked_settings() {
        #[derive(Debug)]
        struct Even(u32);
        impl Spec for Even {
            fn validate(&self) -> Result<(), Invalid> {
                let is_even = self.0.is_multiple_of(2);
                if is_even { Ok(()) } else { Err(Invalid::new(self.0, "an even number")) }
            }
        }
        assert_eq!(Even(3).check().unwrap_err().to_string(), "3, expected an even number");
        let checked = Even(4).check().unwrap();
        assert_eq!(checked.0.0, 4);
        assert_eq!(checked.into_inner().0, 4);
    }
}
