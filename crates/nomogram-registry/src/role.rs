//! What a person may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A role of a person; a person may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Comments.
    Reader,
    /// Registers versions and their evaluations.
    Trainer,
    /// Reviews versions.
    Reviewer,
    /// Reviews versions, promotes them and names them by an alias.
    Approver,
    /// Manages persons, keys and policies, and erases blobs.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Reader, Self::Trainer, Self::Reviewer, Self::Approver, Self::Administrator];

    /// Its name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Trainer => "trainer",
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| {
            format!("found `{text}`, expected one of {}", list(Self::ALL.map(Self::name)))
        })
    }
}

/// Texts, separated by commas.
pub(crate) fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    texts.join(", ")
}
