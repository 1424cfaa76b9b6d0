//! Reading the body of a request, within its limits.

use axum::body::{Body, Bytes, to_bytes};
use http::{HeaderMap, header};

use crate::problem::{Problem, ProblemKind, TextPlace};

/// The body of a request, read whole.
///
/// # Errors
///
/// `TooLarge`; `MediaType` for a compressed body, which could be far larger than it is sent; `Malformed`
/// when the caller stops half way.
pub async fn whole(headers: &HeaderMap, body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    refuse_encoded(headers)?;
    let too_large = || {
        let detail = format!("a body of more than {max_bytes} bytes");
        Problem::new(ProblemKind::TooLarge, detail)
    };
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if length.and_then(|text| text.parse::<u64>().ok()).is_some_and(|n| n > max_bytes as u64) {
        return Err(too_large());
    }
    to_bytes(body, max_bytes).await.map_err(|error| {
        match error.into_inner().to_string().contains("length limit") {
            true => too_large(),
            false => Problem::new(ProblemKind::Malformed, "the body ended too early"),
        }
    })
}

/// Refuses a compressed body.
///
/// # Errors
///
/// `MediaType`.
pub fn refuse_encoded(headers: &HeaderMap) -> Result<(), Problem> {
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    match encoding {
        None | Some(b"identity") => Ok(()),
        Some(_) => {
            let detail = "a `Content-Encoding`; expected a body that is not compressed";
            Err(Problem::new(ProblemKind::MediaType, detail))
        }
    }
}

/// The text of a body.
///
/// # Errors
///
/// `Malformed` for bytes that are not UTF-8.
pub fn text(body: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(body).map_err(|error| {
        let before = body.get(..error.valid_up_to()).unwrap_or_default();
        let lines = before.iter().filter(|byte| **byte == b'\n').count() as u64;
        let in_line = before.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
        let place = TextPlace { line: lines + 1, column: in_line + 1 };
        Problem::new(ProblemKind::Malformed, "bytes that are not UTF-8").with_place(place)
    })
}

/// The media type of a header, without its parameters, in lower case; empty without the header.
#[must_use]
pub fn media_type(headers: &HeaderMap, name: header::HeaderName) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
