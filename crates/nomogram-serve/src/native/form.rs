//! The forms in which batches come and go.

use http::{HeaderMap, header};

use crate::body::media_type;
use crate::problem::{Problem, ProblemKind};

/// The form of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One object of JSON with rows or columns.
    Json,
    /// One row of JSON per line.
    Ndjson,
    /// A table of text.
    Csv,
    /// A stream of Arrow IPC.
    Arrow,
    /// Server-sent events, for answers only.
    Events,
}

impl Form {
    /// The media type of answers.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Events => "text/event-stream",
        }
    }

    fn of_media_type(media_type: &str) -> Option<Self> {
        Some(match media_type {
            "application/json" => Self::Json,
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Self::Ndjson,
            "text/csv" => Self::Csv,
            "application/vnd.apache.arrow.stream" => Self::Arrow,
            "text/event-stream" => Self::Events,
            _ => return None,
        })
    }

    /// The form of a request; without a media type, or with that of web forms, which `curl` sends, JSON.
    ///
    /// # Errors
    ///
    /// `MediaType`.
    pub(super) fn of_request(headers: &HeaderMap) -> Result<Self, Problem> {
        let named = media_type(headers, header::CONTENT_TYPE);
        if named.is_empty() || named == "application/x-www-form-urlencoded" {
            return Ok(Self::Json);
        }
        Self::of_media_type(&named).filter(|form| *form != Self::Events).ok_or_else(|| {
            let detail = "a `Content-Type` that is not known; expected `application/json`, \
                          `application/x-ndjson`, `text/csv` or `application/vnd.apache.arrow.stream`";
            Problem::new(ProblemKind::MediaType, detail)
        })
    }

    /// The form of the answer: the first accepted one that is known, or that of the request.
    ///
    /// # Errors
    ///
    /// `NotAcceptable`.
    pub(super) fn of_answer(headers: &HeaderMap, request: Self) -> Result<Self, Problem> {
        let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let Some(accepted) = accepted else { return Ok(request) };
        for range in accepted.split(',') {
            let name = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            match Self::of_media_type(&name) {
                Some(form) => return Ok(form),
                None if name == "*/*" || name == "application/*" => return Ok(request),
                None => {}
            }
        }
        Err(Problem::new(ProblemKind::NotAcceptable, "no media type of `Accept` is known"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn forms_are_chosen_by_their_media_types() {
        let request = |value| Form::of_request(&with(header::CONTENT_TYPE, value));
        assert_eq!(request("text/CSV; charset=utf-8"), Ok(Form::Csv));
        assert_eq!(Form::of_request(&HeaderMap::new()), Ok(Form::Json));
        assert!(request("text/event-stream").is_err());
        let answer = |value| Form::of_answer(&with(header::ACCEPT, value), Form::Csv);
        assert_eq!(answer("*/*"), Ok(Form::Csv));
        assert_eq!(answer("text/html, application/x-ndjson;q=0.5"), Ok(Form::Ndjson));
        assert_eq!(answer("text/html").unwrap_err().kind(), ProblemKind::NotAcceptable);
    }
}
