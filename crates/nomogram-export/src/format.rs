//! The formats of an export.

use crate::error::Error;
use crate::single_member::SingleMember;
use crate::{c_source, onnx, pmml};

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PMML 4.4, with the golden cases as `ModelVerification`.
    Pmml,
    /// One file of C99.
    CSource,
    /// ONNX, with `TreeEnsemble` of `ai.onnx.ml` 5 for forests.
    Onnx,
}

impl Format {
    /// The format of a file with this extension.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "pmml" | "xml" => Some(Self::Pmml),
            "c" => Some(Self::CSource),
            "onnx" => Some(Self::Onnx),
            _ => None,
        }
    }
}

/// A bundle, as the bytes of a file.
///
/// # Errors
///
/// When the bundle does not open, and by name for what would change the numbers.
pub fn export(bundle: &[u8], format: Format) -> Result<Vec<u8>, Error> {
    let (parts, golden) = nomogram::unseal(bundle)?;
    let member = SingleMember::of(&parts)?;
    match format {
        Format::Pmml => {
            member.check_without_steps()?;
            Ok(pmml::write(&member, bundle, golden.view())?.into_bytes())
        }
        Format::CSource => {
            member.check_without_steps()?;
            Ok(c_source::write(&member)?.into_bytes())
        }
        Format::Onnx => onnx::write(&member),
    }
}
