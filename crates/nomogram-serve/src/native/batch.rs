//! `POST /batch_predict`: many rows in, their predictions out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use nomogram_table::FileKind;

use super::asked::Asked;
use super::form::Form;
use super::json_batch::JsonBatch;
use super::options;
use super::run::{End, Run};
use super::writer::{BatchWriter, last_piece};
use super::{lines, tables};
use crate::batch::Batch;
use crate::body;
use crate::entry::Entry;
use crate::following;
use crate::problem::{Problem, ProblemKind};
use crate::scored::Options;
use crate::served::Served;
use crate::service::{RequestLimits, Service};
use crate::stream::{self, Answering, Received};

/// Answers the rows of a body.
pub(super) async fn batch_predict(asked: Asked) -> Result<Response, Problem> {
    let Asked { service, served, entry, query, headers, body } = asked;
    let work = Work::new(&service, &served, query.as_deref(), &headers)?;
    answer(service, work, entry, (&headers, body)).await
}

/// What is to be done.
struct Work {
    served: Arc<Served>,
    options: Options,
    ignore_others: bool,
    request: Form,
    answer: Form,
    limits: RequestLimits,
}

enum Input {
    Whole(Bytes),
    Stream(Received),
}

impl Work {
    fn new(
        service: &Service,
        served: &Arc<Served>,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Self, Problem> {
        const IGNORE: &str = "ignore_other_columns=true";
        let (ignored, asked): (Vec<&str>, Vec<&str>) =
            query.unwrap_or_default().split('&').partition(|part| *part == IGNORE);
        let request = Form::of_request(headers)?;
        Ok(Self {
            served: Arc::clone(served),
            options: options::of_query(Some(&asked.join("&")))?,
            ignore_others: !ignored.is_empty(),
            request,
            answer: Form::of_answer(headers, request)?,
            limits: service.limits,
        })
    }
}

async fn answer(
    service: Arc<Service>,
    work: Work,
    entry: Arc<Entry>,
    (headers, body): (&HeaderMap, Body),
) -> Result<Response, Problem> {
    body::refuse_encoded(headers)?;
    let limits = work.limits;
    let input = match work.request {
        Form::Json => Input::Whole(body::whole(headers, body, limits.max_body_bytes).await?),
        Form::Ndjson | Form::Csv | Form::Arrow | Form::Events => {
            Input::Stream(stream::receive(body, limits.max_stream_bytes, limits.max_time))
        }
    };
    let permit = Arc::clone(&service.batches).acquire_owned().await;
    let permit = permit.map_err(|_| Problem::new(ProblemKind::NotReady, "the service stops"))?;
    let (answering, answered) = stream::answer();
    let form = work.answer;
    tokio::task::spawn_blocking(move || {
        let run = || run(&service, &work, input, (&entry, &answering));
        // A panic ends this batch only.
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(())) => {}
            Ok(Err(End::CallerLeft)) => entry.set_code("caller_left"),
            Ok(Err(End::Problem(problem))) => {
                entry.set_code(problem.code().to_owned());
                answering.fail(problem);
            }
            Err(_panic) => {
                let detail = "the batch met a defect of the service";
                entry.set_code(ProblemKind::Defect.code());
                answering.fail(Problem::new(ProblemKind::Defect, detail));
            }
        }
        drop((permit, entry));
    });
    let body = answered.into_body(move |problem| last_piece(form, problem)).await?;
    let mut response = Response::new(body);
    let media_type = HeaderValue::from_static(form.media_type());
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// Scores a batch, on a thread of its own.
fn run(
    service: &Service,
    work: &Work,
    input: Input,
    (entry, answering): (&Arc<Entry>, &Answering),
) -> Result<(), End> {
    let Work { served, limits, ignore_others, .. } = work;
    let begin = |options, streams| -> Result<Run<'_>, End> {
        let request_id = entry.request_id().as_str();
        let writer = BatchWriter::new(Arc::clone(served), work.answer, options, request_id)?;
        let scorer = following::scorer(service, served, options, entry)?;
        let batch = Batch::of_scorer(scorer, options);
        Ok(Run::new(served, batch, writer, (answering, streams)))
    };
    match input {
        Input::Whole(bytes) => {
            let json = JsonBatch::new(body::text(&bytes)?, work.options)?;
            let streams = work.answer == Form::Events;
            let mut run = begin(json.options, streams)?;
            json.run(&mut run, served, limits.max_rows)?;
            run.finish()
        }
        Input::Stream(received) => {
            let mut run = begin(work.options, true)?;
            match work.request {
                Form::Csv => {
                    let kind = (FileKind::Csv, *ignore_others);
                    tables::run(received, &mut run, served, kind, limits.max_message_bytes())?;
                }
                Form::Arrow => {
                    let kind = (FileKind::ArrowStream, *ignore_others);
                    tables::run(received, &mut run, served, kind, limits.max_message_bytes())?;
                }
                Form::Ndjson | Form::Json | Form::Events => {
                    lines::run(received, &mut run, limits.max_body_bytes)?;
                }
            }
            run.finish()
        }
    }
}
