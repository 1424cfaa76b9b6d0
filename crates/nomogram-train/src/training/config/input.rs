//! The inputs that members read.

use serde::{Deserialize, Serialize};

/// The input of a member.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Input {
    /// The values as they are.
    Raw,
    /// Standard-scaled values; missing values are imputed, categories are one column per level.
    Scaled,
    /// An input of the configuration, by its name.
    Named(String),
}

impl From<String> for Input {
    fn from(name: String) -> Self {
        match name.as_str() {
            "raw" => Self::Raw,
            "scaled" => Self::Scaled,
            _ => Self::Named(name),
        }
    }
}

impl From<Input> for String {
    fn from(input: Input) -> Self {
        input.name().to_owned()
    }
}

impl Input {
    /// Its name in a configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Raw => "raw",
            Self::Scaled => "scaled",
            Self::Named(name) => name,
        }
    }
}
