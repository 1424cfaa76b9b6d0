//! Why a request was refused, as RFC 9457 problem details.
//!
//! A problem never contains a value, a name or any other text of a request: those may be patients' data.
//! It names the place, what kind of thing was found and what was expected.

use std::borrow::Cow;
use std::fmt;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Declares the kinds of problem with status, code and title.
macro_rules! problem_kinds {
    ($($variant:ident $status:ident $code:literal $title:literal;)+) => {
        /// What kind of problem it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemKind {
            $(#[doc = $title] $variant,)+
        }

        impl ProblemKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The status of the answer.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// Its name in `code`, in `type` and in metrics.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// One sentence that is the same for all problems of the kind.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

problem_kinds! {
    Malformed BAD_REQUEST "malformed" "The request cannot be read.";
    Unauthorized UNAUTHORIZED "unauthorized" "The request needs a valid key or token.";
    Forbidden FORBIDDEN "forbidden" "The key does not have the role that the request needs.";
    NotFound NOT_FOUND "not_found" "There is no such resource.";
    UnknownModel NOT_FOUND "unknown_model" "There is no such model, version or alias.";
    Revoked GONE "revoked" "The version was revoked and must not be used.";
    Untrusted SERVICE_UNAVAILABLE "untrusted" "The policy of trust refuses the version.";
    Method METHOD_NOT_ALLOWED "method" "The resource does not have this method.";
    NotAcceptable NOT_ACCEPTABLE "not_acceptable" "The answer cannot have any of the accepted media types.";
    Timeout REQUEST_TIMEOUT "timeout" "The request was not complete in time.";
    TooLarge PAYLOAD_TOO_LARGE "too_large" "The request is larger than the limit.";
    MediaType UNSUPPORTED_MEDIA_TYPE "media_type" "The media type or the encoding of the request is not supported.";
    RefusedRow UNPROCESSABLE_ENTITY "refused_row" "The model refused the row.";
    Unsupported UNPROCESSABLE_ENTITY "unsupported" "The model does not support what was asked for.";
    TooManyRequests TOO_MANY_REQUESTS "too_many_requests" "The key has used up its rate.";
    Overloaded SERVICE_UNAVAILABLE "overloaded" "The service has too many requests at a time.";
    NotReady SERVICE_UNAVAILABLE "not_ready" "The service has no models yet, cannot log decisions, or is stopping.";
    Defect INTERNAL_SERVER_ERROR "defect" "The service has a defect; please report it.";
}

/// Why a request, or a row of it, was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    status: Option<Cow<'static, str>>,
    feature: Option<String>,
    place: Option<TextPlace>,
    retry_after: Option<u32>,
}

/// A place in the text of a request, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TextPlace {
    /// The line.
    pub line: u64,
    /// The byte in the line.
    pub column: u64,
}

impl Problem {
    /// A problem; `detail` states where it is, what was found and what was expected, without a value.
    #[must_use]
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self { kind, detail, status: None, feature: None, place: None, retry_after: None }
    }

    /// With the status of a refused row, for example `value_missing`.
    #[must_use]
    pub fn with_status(self, status: impl Into<Cow<'static, str>>) -> Self {
        Self { status: Some(status.into()), ..self }
    }

    /// With the name of a feature of the schema.
    #[must_use]
    pub fn with_feature(self, feature: Option<String>) -> Self {
        Self { feature, ..self }
    }

    /// With a place in the text of the request.
    #[must_use]
    pub fn with_place(self, place: TextPlace) -> Self {
        Self { place: Some(place), ..self }
    }

    /// With the seconds after which the request may be sent again.
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What was found where, and what was expected.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The status of the refused row; of other problems, the code of their kind.
    #[must_use]
    pub fn code(&self) -> &str {
        self.status.as_deref().unwrap_or(self.kind.code())
    }

    /// The seconds after which the request may be sent again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// The problem as RFC 9457 writes it.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Written<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            feature: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            place: Option<TextPlace>,
        }
        let written = Written {
            r#type: format!("urn:nomogram:problem:{}", self.kind.code()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            code: self.code(),
            feature: self.feature.as_deref(),
            place: self.place,
        };
        serde_json::to_vec(&written).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(TextPlace { line, column }) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json()));
        *response.status_mut() = self.kind.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == ProblemKind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // The middleware counts and logs it by its code.
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_written_as_rfc_9457_demands() {
        let problem = Problem::new(ProblemKind::RefusedRow, "feature 2: `dose`: missing")
            .with_status("value_missing")
            .with_feature(Some("dose".into()))
            .with_place(TextPlace { line: 3, column: 7 });
        let json: serde_json::Value = serde_json::from_slice(&problem.to_json()).unwrap();
        assert_eq!(json["type"], "urn:nomogram:problem:refused_row");
        assert_eq!(json["status"], 422);
        assert_eq!(json["code"], "value_missing");
        assert_eq!(json["feature"], "dose");
        assert_eq!(json["place"]["line"], 3);
        assert_eq!(problem.to_string(), "line 3, column 7: feature 2: `dose`: missing");
    }

    #[test]
    fn codes_are_unique() {
        let codes: std::collections::BTreeSet<&str> =
            ProblemKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ProblemKind::ALL.len());
    }
}
