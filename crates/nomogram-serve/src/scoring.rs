//! Rows by the names of features, in; predictions or refusals, out.
//!
//! Every protocol predicts through a [`Scorer`], so the same row gets the same answer from each.

use nomogram::{ErrorKind, Explainer, MissingReason, Session, Value};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::problem::{Problem, ProblemKind};
use crate::scored::{Options, Refusal, Scored, ScoredExplanation, status};
use crate::served::{Lease, Served};

/// Scores the rows of one request, one after the other.
///
/// ```
/// use std::sync::Arc;
/// use nomogram::Value;
/// use nomogram_serve::{Approval, Options, Scorer, Served};
///
/// let bytes = nomogram_testkit::bundle_of_three_members();
/// let served = Served::open(&bytes, Approval::NotRecorded)?;
/// let mut scorer = Scorer::new(&served, Options::default())?;
/// scorer.begin_row();
/// for (position, value) in [17.99, 10.38, 122.8].into_iter().enumerate() {
///     scorer.set(position, Value::Number(value))?;
/// }
/// assert_eq!(scorer.score()?.outputs.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Scorer<'a> {
    served: &'a Served,
    session: Lease<'a, Session>,
    explaining: Option<Explaining<'a>>,
    options: Options,
    /// Which features of the row were set, by position.
    is_set: Vec<bool>,
    follower: Option<Box<dyn Follower + 'a>>,
}

/// Follows the rows of a scorer, for what happens to them besides the answer.
pub trait Follower: std::fmt::Debug {
    /// Whether it needs the values of rows; otherwise, [`Self::set`] need not be called.
    fn needs_values(&self) -> bool;
    /// A row begins.
    fn begin_row(&mut self);
    /// A value of the row was set.
    fn set(&mut self, position: usize, value: Value<'_>);
    /// The row was predicted or refused.
    ///
    /// # Errors
    ///
    /// Why it must not be answered, nor any row after it.
    fn end_row(&mut self, result: Result<&Scored, &Refusal>) -> Result<(), Problem>;
}

#[derive(Debug)]
struct Explaining<'a> {
    explainer: Lease<'a, Explainer>,
    players: Vec<String>,
}

/// One value of a row, as a caller names it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NamedValue<'a> {
    /// The name of the feature.
    pub feature: &'a str,
    /// The value; a number may be in one of the feature's units.
    pub value: Value<'a>,
}

impl<'a> Scorer<'a> {
    /// A scorer of rows of a model.
    ///
    /// # Errors
    ///
    /// `Unsupported` when the bundle cannot be explained and an explanation was asked for; `Defect` when
    /// there is no memory.
    pub fn new(served: &'a Served, options: Options) -> Result<Self, Problem> {
        let session = served.session().map_err(|error| problem_of(&error))?;
        let is_set = vec![false; served.model().schema().n_features()];
        let mut scorer =
            Self { served, session, explaining: None, options, is_set, follower: None };
        scorer.ask_for(options)?;
        Ok(scorer)
    }

    /// The same scorer with a follower of its rows.
    #[must_use]
    pub fn followed_by(self, follower: Box<dyn Follower + 'a>) -> Self {
        Self { follower: Some(follower), ..self }
    }

    /// Chooses what the next rows get besides their prediction.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn ask_for(&mut self, options: Options) -> Result<(), Problem> {
        self.options = options;
        if !options.explanation {
            self.explaining = None;
        } else if self.explaining.is_none() {
            let explainer = self.served.explainer().map_err(|error| {
                let detail = format!("the bundle cannot be explained: {error}");
                Problem::new(ProblemKind::Unsupported, detail)
            })?;
            let players = ScoredExplanation::players(&explainer);
            self.explaining = Some(Explaining { explainer, players });
        }
        Ok(())
    }

    /// The model.
    #[must_use]
    pub fn served(&self) -> &'a Served {
        self.served
    }

    /// Forgets the values of the row before.
    pub fn begin_row(&mut self) {
        self.session.clear();
        self.is_set.fill(false);
        if let Some(follower) = &mut self.follower {
            follower.begin_row();
        }
    }

    /// The position of a feature; `likely` is looked at first.
    ///
    /// # Errors
    ///
    /// `argument_feature`, without the name, which is the caller's.
    pub fn feature(&self, name: &str, likely: usize) -> Result<usize, Refusal> {
        self.served.feature(name, likely).ok_or_else(|| {
            let n_features = self.is_set.len();
            let detail =
                format!("a name that is none of the model's {n_features} features, see its schema");
            Refusal::new("argument_feature", detail)
        })
    }

    /// Answers the row: predicts it if its values could be set, and otherwise refuses it. The answer is
    /// passed on to the follower and counted, so every row needs exactly one.
    ///
    /// # Errors
    ///
    /// Why the row is refused, or must not be answered.
    pub fn answer(&mut self, row: Result<(), Refusal>) -> Result<Scored, Refusal> {
        let answer = row.and_then(|()| self.try_score());
        if let Some(follower) = &mut self.follower
            && let Err(problem) = follower.end_row(answer.as_ref())
        {
            return Err(Refusal::of_problem(&problem));
        }
        match &answer {
            Ok(scored) => self.served.tally().count_predicted(scored.verdict),
            Err(refusal) => self.served.tally().count_refused(&refusal.status),
        }
        answer
    }

    /// Sets the value of a feature.
    ///
    /// # Errors
    ///
    /// `argument_unit` for a unit that the feature does not have; `argument_duplicate` for a feature that
    /// was set already.
    pub fn set(&mut self, position: usize, value: Value<'_>) -> Result<(), Refusal> {
        let in_feature = |status, found: &str| {
            let name = self.served.feature_name(position).unwrap_or_default();
            let detail = format!("feature {}: `{name}`: {found}", position + 1);
            Refusal::new(status, detail).of_feature(position)
        };
        if self.is_set.get(position) == Some(&true) {
            return Err(in_feature("argument_duplicate", "set twice"));
        }
        self.session.set(position, value).map_err(|error| match error.kind() {
            // The core quotes the unit, which is a text of the caller.
            ErrorKind::UnknownUnit => in_feature("argument_unit", "a unit that it does not have"),
            _ => Refusal::from(&error),
        })?;
        if let Some(is_set) = self.is_set.get_mut(position) {
            *is_set = true;
        }
        if let Some(follower) = &mut self.follower {
            follower.set(position, value);
        }
        Ok(())
    }

    /// Predicts the row that was set, as [`Self::answer`] does.
    ///
    /// # Errors
    ///
    /// Why the row is refused.
    pub fn score(&mut self) -> Result<Scored, Refusal> {
        self.answer(Ok(()))
    }

    fn try_score(&mut self) -> Result<Scored, Refusal> {
        let model = self.served.model();
        let prediction = self.session.predict().map_err(|error| Refusal::from(&error))?;
        let mut scored = Scored::new(&prediction, model, self.options);
        if let Some(Explaining { explainer, players }) = &mut self.explaining {
            let scale = explainer.scale();
            let session = &self.session;
            let attribution = long_computation(move || explainer.explain_set(session));
            let attribution = attribution.map_err(|error| Refusal::from(&error))?;
            scored.explanation = Some(ScoredExplanation::new(&attribution, players.clone(), scale));
        }
        Ok(scored)
    }

    /// Scores a whole row; features that it does not name are unset.
    ///
    /// # Errors
    ///
    /// Why the row is refused.
    pub fn score_row<'v>(
        &mut self,
        row: impl IntoIterator<Item = NamedValue<'v>>,
    ) -> Result<Scored, Refusal> {
        self.begin_row();
        let set = row.into_iter().enumerate().try_for_each(|(likely, named)| {
            let position = self.feature(named.feature, likely)?;
            self.set(position, named.value)
        });
        self.answer(set)
    }

    /// The session, for batches of numbers, and what follows their rows.
    pub(crate) fn session_and_follower(
        &mut self,
    ) -> (&mut Session, Option<&mut (dyn Follower + 'a)>) {
        (&mut self.session, self.follower.as_deref_mut())
    }
}

/// Computes what may take milliseconds. Other connections of a thread that answers requests move to another
/// thread meanwhile.
fn long_computation<T>(compute: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(compute),
        // A runtime of one thread, or none.
        _ => compute(),
    }
}

/// The reason of a missing value by its code.
///
/// # Errors
///
/// `argument_reason`, without the code, which is the caller's.
pub fn missing_reason(code: &str) -> Result<MissingReason, Refusal> {
    MissingReason::of_code(code).map_err(|error| Refusal::from(&error))
}

/// The problem of an error that no row causes.
#[must_use]
pub fn problem_of(error: &nomogram::Error) -> Problem {
    Problem::new(ProblemKind::Defect, error.to_string()).with_status(status(error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::served::Approval;

    fn served() -> Served {
        Served::open(&nomogram_testkit::bundle_of_policies(), Approval::NotRecorded).unwrap()
    }

    #[test]
    fn what_a_caller_names_is_not_repeated() {
        let served = served();
        let mut scorer = Scorer::new(&served, Options::default()).unwrap();
        let named = |feature, value| [NamedValue { feature, value }];
        let first = served.feature_name(0).unwrap();
        let refusals = [
            scorer.score_row(named("Jane Roe 4711", Value::Number(1.0))).unwrap_err(),
            scorer.score_row(named(first, Value::NumberIn(1.0, "4711"))).unwrap_err(),
            scorer.score_row(named(first, Value::Text("4711"))).unwrap_err(),
            scorer.score_row(named(first, Value::Number(4711e9))).unwrap_err(),
            missing_reason("4711").unwrap_err(),
        ];
        for refusal in refusals {
            assert!(!refusal.detail.contains("4711"), "{refusal:?}");
            assert!(!refusal.status.is_empty());
        }
    }

    #[test]
    fn others_are_answered_during_a_long_computation() {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).build().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        runtime.block_on(async {
            let long = tokio::spawn(async move {
                tokio::spawn(async move { sender.send(()).unwrap() });
                long_computation(|| receiver.recv_timeout(std::time::Duration::from_secs(60)))
            });
            assert_eq!(long.await.unwrap(), Ok(()));
        });
        let single = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(single.block_on(async { long_computation(|| 1) }), 1);
        assert_eq!(long_computation(|| 2), 2);
    }

    #[test]
    fn a_feature_is_set_once() {
        let served = served();
        let mut scorer = Scorer::new(&served, Options::default()).unwrap();
        scorer.begin_row();
        scorer.set(0, Value::Number(1.0)).unwrap();
        let refusal = scorer.set(0, Value::Number(2.0)).unwrap_err();
        assert_eq!((refusal.status.as_ref(), refusal.feature), ("argument_duplicate", Some(0)));
    }

    #[test]
    fn a_row_is_explained_where_the_bundle_can_be() {
        let bytes = nomogram_testkit::explained_bundle();
        let served = Served::open(&bytes, Approval::NotRecorded).unwrap();
        let options = Options { explanation: true, members: true, ..Options::default() };
        let mut scorer = Scorer::new(&served, options).unwrap();
        scorer.begin_row();
        for (position, value) in [17.99, 10.38, 122.8].into_iter().enumerate() {
            scorer.set(position, Value::Number(value)).unwrap();
        }
        let scored = scorer.score().unwrap();
        let explanation = scored.explanation.unwrap();
        let sum = explanation.base + explanation.values.iter().sum::<f64>();
        assert!((sum - scored.outputs[1]).abs() < 1e-12);
        assert_eq!(scored.members.len(), 3);
    }
}
