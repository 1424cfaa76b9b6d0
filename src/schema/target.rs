//! The target: what is predicted.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::name::{check_looks, check_names, check_text};
use crate::codec::decode_enum;
use crate::error::{Error, Place};

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// One of several classes: each gets a probability.
    Classes {
        /// Its name, for example `diagnosis`.
        name: String,
        /// The names of the classes, in the order of the probabilities. With two classes, class 1
        /// is the positive one.
        classes: Vec<String>,
    },
    /// A number: regression.
    Number {
        /// Its name, for example `length_of_stay`.
        name: String,
        /// Its unit as a UCUM code, where it is known.
        unit: Option<String>,
    },
}
decode_enum!(Target { Classes { name, classes }, Number { name, unit } });

impl Target {
    /// A target of classes.
    pub fn of_classes<N: Into<String>>(
        name: impl Into<String>,
        classes: impl IntoIterator<Item = N>,
    ) -> Self {
        Self::Classes { name: name.into(), classes: classes.into_iter().map(Into::into).collect() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Classes { name, .. } | Self::Number { name, .. } => name,
        }
    }

    /// The names of the classes; none for a number.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        match self {
            Self::Classes { classes, .. } => classes,
            Self::Number { .. } => &[],
        }
    }

    /// Refuses names that people could take for others.
    pub(super) fn check_looks(&self) -> Result<(), Error> {
        check_looks(self.name(), "target name")?;
        for (index, class) in self.classes().iter().enumerate() {
            check_looks(class, "name").map_err(|e| e.within(Place::Class(index)))?;
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        check_text(self.name(), "target name")?;
        match self {
            Self::Classes { classes, .. } => {
                check_names(classes, |class| class, Place::Class)?;
                if classes.len() < 2 {
                    let n_classes = classes.len();
                    let detail = format_args!("{n_classes} classes, expected at least 2");
                    return Err(Error::invalid_model(detail));
                }
                Ok(())
            }
            Self::Number { unit: Some(unit), .. } => check_text(unit, "unit"),
            Self::Number { unit: None, .. } => Ok(()),
        }
    }
}
