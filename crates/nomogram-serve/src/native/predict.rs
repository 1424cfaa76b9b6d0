//! `POST /predict` and `POST /models/{m}/explain`: one row in, its prediction out.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, header};

use super::asked::Asked;
use super::options;
use crate::answer::{write_model, write_scored};
use crate::body;
use crate::entry::Entry;
use crate::following;
use crate::json::{Fault, Reader};
use crate::json_writer::JsonWriter;
use crate::problem::Problem;
use crate::row::read_row;
use crate::scored::{Options, Refusal, Scored};
use crate::served::Served;
use crate::service::Service;

/// Answers one row.
pub(super) async fn predict(asked: Asked) -> Result<Response, Problem> {
    let options = options::of_query(asked.query.as_deref())?;
    answer(asked, options).await
}

/// Answers one row with its explanation.
pub(super) async fn explain(asked: Asked) -> Result<Response, Problem> {
    let options = options::of_query(asked.query.as_deref())?;
    answer(asked, Options { explanation: true, ..options }).await
}

async fn answer(asked: Asked, options: Options) -> Result<Response, Problem> {
    let Asked { service, served, entry, headers, body, .. } = asked;
    let bytes = body::whole(&headers, body, service.limits.max_body_bytes).await?;
    let scored = score((&service, &served, &entry), body::text(&bytes)?, options)?;
    let scored = scored.map_err(|refusal| refusal.into_problem(&served))?;
    let mut out = Vec::with_capacity(512);
    let mut json = JsonWriter::new(&mut out);
    json.open(b'{');
    write_model(&mut json, &served);
    json.named_text("request_id", entry.request_id().as_str());
    write_scored(&mut json, &served, &scored);
    json.close(b'}');
    Ok(json_response(out))
}

/// Scores the row of a body: `{"features": {…}}`, and perhaps options.
fn score(
    (service, served, entry): (&Service, &Served, &Arc<Entry>),
    text: &str,
    asked: Options,
) -> Result<Result<Scored, Refusal>, Problem> {
    let mut scorer = following::scorer(service, served, Options::default(), entry)?;
    let (mut row, mut options) = (None, asked);
    let mut reader = Reader::new(text);
    let read = reader.object(|reader, name| {
        let fault = reader.fault("`features`, and perhaps `uncertainty`, `explanation`, `members`");
        match name.as_ref() {
            "features" if row.is_none() => row = Some(read_row(reader, &mut scorer)?),
            name if options::read(&mut options, reader, name)? => {}
            _ => return Err(fault),
        }
        Ok(())
    });
    let read = read.and_then(|()| reader.end());
    let row = read.and_then(|()| row.ok_or_else(|| reader.fault("a member `features` before")));
    let row = row.map_err(|fault: Fault| fault.in_text(text))?;
    scorer.ask_for(options)?;
    Ok(scorer.answer(row))
}

/// An answer of JSON.
pub(super) fn json_response(json: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(json));
    let media_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
