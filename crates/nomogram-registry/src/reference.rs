//! How a caller names a version: `risk@champion`, `risk@3`, `risk@latest`.

use std::fmt;
use std::str::FromStr;

/// Which version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The version of this number.
    Number(u32),
    /// The version that has this alias.
    Alias(String),
    /// The newest version, whatever its stage.
    Latest,
}

/// A model and which version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The model.
    pub model: String,
    /// The version.
    pub selector: Selector,
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) => Ok(Self::Number(number)),
            Err(_) if text == "latest" => Ok(Self::Latest),
            Err(_) if text.is_empty() => {
                Err("found no version, expected a number or an alias".into())
            }
            Err(_) => Ok(Self::Alias(text.to_owned())),
        }
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (model, selector) = text.split_once('@').ok_or_else(|| {
            format!("found `{text}`, expected a model and a version, such as `risk@champion` or `risk@3`")
        })?;
        Ok(Self { model: model.to_owned(), selector: selector.parse()? })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Alias(alias) => f.write_str(alias),
            Self::Latest => f.write_str("latest"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.model, self.selector)
    }
}
