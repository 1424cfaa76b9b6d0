//! Why a value is missing, in FHIR's words.

#[cfg(feature = "ffi")]
use core::ffi::CStr;

#[cfg(feature = "ffi")]
use crate::error::c_text;
use crate::error::{Error, ErrorKind};

/// Declares the reasons with their codes.
macro_rules! reasons {
    ($($variant:ident $code:literal $text:literal;)+) => {
        /// Why a value is missing: the codes of HL7 FHIR's `data-absent-reason`.
        ///
        /// <https://hl7.org/fhir/R5/codesystem-data-absent-reason.html>
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum MissingReason {
            $(#[doc = $text] $variant,)+
        }

        impl MissingReason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its code in FHIR, for example `asked-declined`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The same for C.
            #[cfg(feature = "ffi")]
            pub(crate) const fn c_code(self) -> &'static CStr {
                match self { $(Self::$variant => c_text(concat!($code, "\0"))),+ }
            }
        }
    };
}

reasons! {
    Unknown "unknown" "The value is expected to exist but is not known.";
    AskedUnknown "asked-unknown" "The source was asked but does not know the value.";
    TempUnknown "temp-unknown" "There is reason to expect that the value may become known.";
    NotAsked "not-asked" "The workflow did not lead to this value being known.";
    AskedDeclined "asked-declined" "The source was asked but declined to answer.";
    Masked "masked" "The information is not available for reasons of security or privacy.";
    NotApplicable "not-applicable" "There is no proper value for this element.";
    Unsupported "unsupported" "The source system was not capable of supporting this element.";
    AsText "as-text" "The content of the data is represented in a narrative.";
    Error "error" "Some system or workflow process error means that the value is not available.";
    NotANumber "not-a-number" "The numeric value is undefined or unrepresentable.";
    NegativeInfinity "negative-infinity" "The numeric value is too low to be represented.";
    PositiveInfinity "positive-infinity" "The numeric value is too high to be represented.";
    NotPerformed "not-performed" "The value is not available because the procedure was not done.";
    NotPermitted "not-permitted" "The value is not permitted in this context.";
}

impl MissingReason {
    /// The reason with this code.
    ///
    /// # Errors
    ///
    /// `UnknownReason`.
    pub fn of_code(code: &str) -> Result<Self, Error> {
        let unknown = || {
            let expected = "no code of FHIR's data-absent-reason, for example `not-performed`";
            Error::new(ErrorKind::UnknownReason, expected)
        };
        Self::ALL.iter().copied().find(|reason| reason.code() == code).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_to_their_reasons() {
        for reason in MissingReason::ALL {
            assert_eq!(MissingReason::of_code(reason.code()), Ok(*reason));
        }
        let error = MissingReason::of_code("forgotten").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownReason);
    }
}
