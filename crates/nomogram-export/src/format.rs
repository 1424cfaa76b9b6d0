//! The formats of an export.

use crate::error::Error;
use crate::single_member::SingleMember;
use crate::{c_source, pmml};

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// PMML 4.4, with the golden cases as `ModelVerification`.
    Pmml,
    /// One file of C99.
    CSource,
}

impl Format {
    /// The format of a file with this extension.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "pmml" | "xml" => Some(Self::Pmml),
            "c" => Some(Self::CSource),
            _ => None,
        }
    }
}

/// A bundle, as the text of a file.
///
/// # Errors
///
/// When the bundle does not open, and by name for what would change the numbers.
pub fn export(bundle: &[u8], format: Format) -> Result<String, Error> {
    let (parts, golden) = nomogram::unseal(bundle)?;
    let member = SingleMember::of(&parts)?;
    match format {
        Format::Pmml => pmml::write(&member, bundle, golden.view()),
        Format::CSource => c_source::write(&member),
    }
}
