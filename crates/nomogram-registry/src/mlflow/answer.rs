//! Requests and answers, without a server.

use serde_json::{Value, json};

use nomogram::Digest;

use crate::error::Error;

/// A request, as a server has decoded it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The decoded path, for example `/api/2.0/mlflow/registered-models/get`.
    pub path: &'a str,
    /// The decoded parameters of the query, in order.
    pub query: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
}

/// An answer, for a server to send.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A status and a body of JSON.
    Json {
        /// The status of HTTP.
        status: u16,
        /// The body.
        body: Value,
    },
    /// The bytes of this blob, which the server reads from the registry.
    Blob(Digest),
}

/// A code that clients of MLflow know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorCode {
    DoesNotExist,
    InvalidParameter,
    PermissionDenied,
    EndpointNotFound,
}

/// An error that is answered.
#[derive(Debug)]
pub(super) struct Failure {
    code: ErrorCode,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParameter, message)
    }

    pub(super) fn into_answer(self) -> Answer {
        let (status, code) = match self.code {
            ErrorCode::DoesNotExist => (404, "RESOURCE_DOES_NOT_EXIST"),
            ErrorCode::InvalidParameter => (400, "INVALID_PARAMETER_VALUE"),
            ErrorCode::PermissionDenied => (403, "PERMISSION_DENIED"),
            ErrorCode::EndpointNotFound => (404, "ENDPOINT_NOT_FOUND"),
        };
        Answer::Json { status, body: json!({ "error_code": code, "message": self.message }) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::NotFound { .. } => ErrorCode::DoesNotExist,
            Error::Invalid { .. } => ErrorCode::InvalidParameter,
            Error::Refused(_)
            | Error::Store { .. }
            | Error::Damaged { .. }
            | Error::RolledBack { .. }
            | Error::Index { .. } => ErrorCode::PermissionDenied,
        };
        Self::new(code, error.to_string())
    }
}

impl Answer {
    pub(super) fn ok(body: Value) -> Result<Self, Failure> {
        Ok(Self::Json { status: 200, body })
    }
}

impl Request<'_> {
    /// The last parameter of a name, from the query or from a body of JSON.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut query = self.query.iter().rev();
        if let Some((_, value)) = query.find(|(key, _)| key == name) {
            return Some(value.clone());
        }
        match self.json()?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<String, Failure> {
        let missing = || Failure::invalid(format!("missing value for required parameter `{name}`"));
        self.parameter(name).filter(|text| !text.is_empty()).ok_or_else(missing)
    }

    /// Every value of a parameter, from the query or from a list in a body of JSON.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let query = self.query.iter().filter(|(key, _)| key == name);
        let mut values: Vec<String> = query.map(|(_, value)| value.clone()).collect();
        if let Some(Value::Array(items)) = self.json().as_ref().and_then(|body| body.get(name)) {
            values.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        values
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.body).ok()
    }
}

/// The items of a page, with the token of the next one.
pub(super) fn page<T>(
    request: &Request<'_>,
    items: Vec<T>,
) -> Result<(Vec<T>, Option<String>), Failure> {
    const MAX_RESULTS: usize = 1000;
    let number = |name: &str, default: usize| match request.parameter(name).as_deref() {
        None | Some("") => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| {
            Failure::invalid(format!("parameter `{name}`: found `{text}`, expected a number"))
        }),
    };
    let n_results = number("max_results", 100)?.clamp(1, MAX_RESULTS);
    let first = number("page_token", 0)?;
    let next = first.saturating_add(n_results);
    let token = (next < items.len()).then(|| next.to_string());
    Ok((items.into_iter().skip(first).take(n_results).collect(), token))
}

/// Adds the token of the next page to an answer.
pub(super) fn add_token(body: &mut Value, token: Option<String>) {
    if let (Value::Object(body), Some(token)) = (body, token) {
        body.insert("next_page_token".into(), token.into());
    }
}
