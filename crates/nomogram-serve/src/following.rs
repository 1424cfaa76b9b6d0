//! The model of a request, and what happens to its rows besides the answer: shadows, the watch, the decision
//! log, and their numbers in the entry of the request.

use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use nomogram::{MissingReason, Value};

use crate::decisions::{Answer, Decision};
use crate::entry::Entry;
use crate::instant::Instant;
use crate::problem::{Problem, ProblemKind};
use crate::scored::{Options, Refusal, Scored, verdict_name};
use crate::scoring::{Follower, Scorer};
use crate::served::Served;
use crate::service::Service;
use crate::watch::Remembered;

/// The header with the id of a subject, which chooses the arm. It is hashed and kept nowhere.
pub(crate) const SUBJECT: HeaderName = HeaderName::from_static("x-subject-id");
/// Why a row is not answered that cannot be logged.
pub(crate) const UNWRITABLE: &str = "the decision log cannot be written";
/// The most rows of a request that are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// The model that a request is about.
///
/// # Errors
///
/// As [`Models::find`](crate::Models::find).
pub(crate) fn find(
    service: &Service,
    entry: &Entry,
    name: Option<&str>,
    version: Option<&str>,
) -> Result<Arc<Served>, Problem> {
    let served = service.models.find(name, version)?;
    entry.set_served(&served);
    Ok(served)
}

/// The model that answers a request: of a version that it names, else of the arm of its subject, whose id the
/// caller gives; without one, the request's is taken.
///
/// # Errors
///
/// As [`Models::find`](crate::Models::find).
pub(crate) fn choose(
    service: &Service,
    (entry, headers): (&Entry, &HeaderMap),
    name: Option<&str>,
    version: Option<&str>,
) -> Result<Arc<Served>, Problem> {
    let given = headers.get(SUBJECT).and_then(|subject| subject.to_str().ok());
    let subject = given.unwrap_or(entry.request_id().as_str());
    let mut served = service.models.find(name, version)?;
    let trial = service.trials.of_model(served.name()).filter(|_| version.is_none());
    if let Some(arm) = trial.as_deref().and_then(|trial| trial.choose(subject)) {
        served = service.models.find(Some(served.name()), Some(arm))?;
    }
    entry.set_served(&served);
    Ok(served)
}

/// A scorer whose rows are counted, remembered and logged.
///
/// # Errors
///
/// As [`Scorer::new`].
pub(crate) fn scorer<'a>(
    service: &'a Service,
    served: &'a Served,
    options: Options,
    entry: &Arc<Entry>,
) -> Result<Scorer<'a>, Problem> {
    let is_watched =
        served.model().profile().is_some() && served.model().schema().target().classes().len() == 2;
    let trial = service.trials.of_model(served.name());
    let versions = trial.iter().flat_map(|trial| trial.shadows());
    let shadows = versions.filter_map(|version| {
        let shadow = service.models.find(Some(served.name()), Some(version)).ok()?;
        Some(Shadow::new(served, shadow))
    });
    let following = Following {
        service,
        served,
        entry: Arc::clone(entry),
        is_watched,
        n_rows: 0,
        n_refused: 0,
        values: Vec::new(),
        rows: Vec::new(),
        shadows: shadows.collect(),
    };
    Ok(Scorer::new(served, options)?.followed_by(Box::new(following)))
}

/// Follows the rows of one request.
#[derive(Debug)]
struct Following<'a> {
    service: &'a Service,
    served: &'a Served,
    entry: Arc<Entry>,
    /// Whether outcomes of the model can be counted.
    is_watched: bool,
    n_rows: usize,
    /// Rows that were refused, or not answered since they cannot be logged.
    n_refused: usize,
    /// The values of the row, if there is a shadow.
    values: Vec<(usize, OwnedValue)>,
    rows: Vec<Option<f64>>,
    shadows: Vec<Shadow>,
}

/// A model that predicts the same rows and does not answer.
#[derive(Debug)]
struct Shadow {
    served: Arc<Served>,
    /// Where it has each feature of the model that answers.
    positions: Vec<Option<usize>>,
    rows: Vec<Option<f64>>,
}

/// A value that outlives the request's text.
#[derive(Clone, Debug)]
enum OwnedValue {
    Number(f64),
    NumberIn(f64, String),
    Integer(i64),
    Boolean(bool),
    Text(String),
    Missing(Option<MissingReason>),
}

impl OwnedValue {
    /// A copy; `None` for a kind of value that is not known here.
    fn new(value: Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Number(number) => Self::Number(number),
            Value::NumberIn(number, unit) => Self::NumberIn(number, unit.to_owned()),
            Value::Integer(number) => Self::Integer(number),
            Value::Boolean(value) => Self::Boolean(value),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Missing(reason) => Self::Missing(reason),
            _ => return None,
        })
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::NumberIn(number, unit) => Value::NumberIn(*number, unit),
            Self::Integer(number) => Value::Integer(*number),
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Text(text) => Value::Text(text),
            Self::Missing(reason) => Value::Missing(*reason),
        }
    }
}

impl Shadow {
    fn new(answering: &Served, shadow: Arc<Served>) -> Self {
        let features = answering.model().schema().features().iter().enumerate();
        let positions =
            features.map(|(position, feature)| shadow.feature(&feature.name, position)).collect();
        Self { served: shadow, positions, rows: Vec::new() }
    }

    /// Predicts the row that was answered: probabilities and the class; `None` when it is refused.
    fn score(&self, values: &[(usize, OwnedValue)]) -> Option<Scored> {
        let mut scorer = Scorer::new(&self.served, Options::default()).ok()?;
        scorer.begin_row();
        let set = values.iter().try_for_each(|(position, value)| {
            match self.positions.get(*position).copied().flatten() {
                Some(position) => scorer.set(position, value.value()),
                // A feature that the shadow does not have is not needed.
                None => Ok(()),
            }
        });
        scorer.answer(set).ok()
    }
}

/// The probability of the second of two classes.
fn risk(scored: &Scored) -> Option<f64> {
    match (scored.class, scored.outputs.as_slice()) {
        (Some(_), [_, risk]) => Some(*risk),
        _ => None,
    }
}

impl Following<'_> {
    fn compare(&mut self, scored: Option<&Scored>) {
        for shadow in &mut self.shadows {
            let other = shadow.score(&self.values);
            if let (Some(scored), Some(other)) = (scored, &other)
                && let (Some(first), Some(second)) = (risk(scored), risk(other))
            {
                let digests = (self.served.digest(), shadow.served.digest());
                let agrees = scored.class == other.class;
                let model = self.served.name();
                self.service.trials.add_pair(model, digests, (first, second), agrees);
            }
            if shadow.rows.len() < MAX_REMEMBERED {
                shadow.rows.push(other.as_ref().and_then(risk));
            }
        }
    }

    /// Logs the row, which is answered only then.
    fn log(&self, result: Result<&Scored, &Refusal>) -> Result<(), Problem> {
        let Some(log) = &self.service.decisions else { return Ok(()) };
        let answer = match result {
            Ok(scored) => Answer::Predicted {
                outputs: scored.outputs.clone(),
                class: scored.class,
                verdict: scored.verdict.map(|verdict| verdict_name(verdict).to_owned()),
            },
            Err(refusal) => Answer::Refused { status: refusal.status.clone().into_owned() },
        };
        let decision = Decision {
            time: Instant::now().to_text(),
            caller: self.entry.caller().to_owned(),
            request: self.entry.request_id().to_string(),
            row: self.n_rows,
            model: self.served.name().to_owned(),
            version: self.served.version().to_owned(),
            digest: self.served.digest().to_owned(),
            answer,
        };
        log.append(&decision).map_err(|error| {
            let kind = error.kind().to_string();
            self.service.log.event("error", "decision_log_failed", &[("error", &kind)]);
            Problem::new(ProblemKind::NotReady, UNWRITABLE)
        })
    }
}

impl Follower for Following<'_> {
    fn needs_values(&self) -> bool {
        !self.shadows.is_empty()
    }

    fn begin_row(&mut self) {
        self.values.clear();
    }

    fn set(&mut self, position: usize, value: Value<'_>) {
        if !self.shadows.is_empty()
            && let Some(value) = OwnedValue::new(value)
        {
            self.values.push((position, value));
        }
    }

    fn end_row(&mut self, result: Result<&Scored, &Refusal>) -> Result<(), Problem> {
        self.n_rows += 1;
        let logged = self.log(result);
        self.n_refused += usize::from(result.is_err() || logged.is_err());
        logged?;
        self.compare(result.ok());
        if self.is_watched && self.rows.len() < MAX_REMEMBERED {
            self.rows.push(result.ok().and_then(risk));
        }
        Ok(())
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.entry.add_rows(self.n_rows as u64, self.n_refused as u64);
        if self.rows.iter().any(Option::is_some) {
            let shadows = std::mem::take(&mut self.shadows).into_iter();
            let remembered = Remembered {
                digest: self.served.digest().to_owned(),
                rows: std::mem::take(&mut self.rows),
                shadows: shadows
                    .map(|shadow| (shadow.served.digest().to_owned(), shadow.rows))
                    .collect(),
            };
            self.service.watch.remember(self.entry.request_id().as_str(), remembered);
        }
    }
}

#[cfg(test)]
mod tests;
