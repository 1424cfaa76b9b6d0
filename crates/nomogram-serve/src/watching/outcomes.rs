//! `POST /outcomes`: what came true, for requests that predicted it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::{Problem, ProblemKind};
use crate::service::Service;
use crate::watch::{CameTrue, Outcome};
use crate::whole::Whole;

/// One outcome or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Body {
    /// Each is read alone, so that one that cannot be read does not refuse the others.
    Several(Vec<Value>),
    One(Item),
}

/// An outcome: of a request that is remembered, or of a probability that the caller has kept.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Item {
    OfRequest {
        request: String,
        /// The row of a batch, counted from 1.
        #[serde(default = "first")]
        row: usize,
        outcome: Came,
    },
    OfProbability {
        digest: String,
        probability: f64,
        outcome: Came,
    },
}

const fn first() -> usize {
    1
}

/// What came true: whether the second class did, or the name of a class.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Came {
    Second(bool),
    Number(u8),
    Class(String),
}

impl Came {
    fn came_true(&self) -> CameTrue<'_> {
        match self {
            Self::Second(second) => CameTrue::Second(*second),
            Self::Number(0) => CameTrue::Second(false),
            Self::Number(1) => CameTrue::Second(true),
            // No class has an empty name.
            Self::Number(_) => CameTrue::Class(""),
            Self::Class(class) => CameTrue::Class(class),
        }
    }
}

/// How many outcomes were counted, and which were not.
#[derive(Debug, Serialize)]
pub(super) struct Counted {
    n_counted: usize,
    refused: Vec<RefusedItem>,
}

/// An outcome that was not counted: its position, counted from 1, and why.
#[derive(Debug, Serialize)]
struct RefusedItem {
    item: usize,
    code: &'static str,
    detail: String,
}

/// Counts outcomes. Those that cannot be counted are listed; the others are counted all the same. A list of
/// which no item can be read is refused.
pub(super) async fn add(
    State(service): State<Arc<Service>>,
    body: Result<Whole, Problem>,
) -> Result<Json<Counted>, Problem> {
    let body = body?;
    // A model's wagers may be computed at this time, and counting waits for it.
    let counted = tokio::task::spawn_blocking(move || count_all(&service, &body.0));
    let defect = |_| Problem::new(ProblemKind::Defect, "counting outcomes panicked");
    counted.await.map_err(defect)?.map(Json)
}

fn count_all(service: &Service, body: &[u8]) -> Result<Counted, Problem> {
    let malformed = |place: String| {
        let detail = format!(
            "{place}: expected a list of objects with `request`, perhaps `row`, and `outcome`"
        );
        Problem::new(ProblemKind::Malformed, detail)
    };
    // The messages of the parser quote the text.
    let body: Body = serde_json::from_slice(body)
        .map_err(|error| malformed(format!("line {}, column {}", error.line(), error.column())))?;
    let items: Vec<Option<Item>> = match body {
        Body::Several(items) => {
            items.into_iter().map(|item| serde_json::from_value(item).ok()).collect()
        }
        Body::One(item) => vec![Some(item)],
    };
    if !items.is_empty() && items.iter().all(Option::is_none) {
        return Err(malformed("item 1".into()));
    }
    let (n_items, mut refused) = (items.len(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        let counted = match item {
            Some(item) => count(service, item),
            None => {
                let detail = "expected an object with `request` or `digest` and `probability`, and `outcome`";
                Err(Problem::new(ProblemKind::Malformed, detail))
            }
        };
        if let Err(problem) = counted {
            refused.push(RefusedItem {
                item: index + 1,
                code: problem.kind().code(),
                detail: problem.to_string(),
            });
        }
    }
    Ok(Counted { n_counted: n_items - refused.len(), refused })
}

fn count(service: &Service, item: &Item) -> Result<(), Problem> {
    match item {
        Item::OfRequest { request, row, outcome } => {
            let row = row.checked_sub(1).ok_or_else(|| {
                Problem::new(ProblemKind::Malformed, "row: expected a number from 1 on")
            })?;
            let outcome = Outcome { request, row, came_true: outcome.came_true() };
            let (predicted, came_true) = service.watch.add_outcome(&outcome)?;
            service.trials.add_outcome(&predicted, came_true);
            Ok(())
        }
        Item::OfProbability { digest, probability, outcome } => {
            service.watch.count(digest, *probability, outcome.came_true()).map(|_| ())
        }
    }
}
