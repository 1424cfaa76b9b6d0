//! From a request of the protocol to predictions.

use std::sync::Arc;

use super::invalid::Invalid;
use super::message::OnRefusal;
use super::outputs::{Output, Outputs};
use super::rows::Rows;
use super::tensor::Tensor;
use crate::entry::Entry;
use crate::following;
use crate::problem::{Problem, ProblemKind};
use crate::scored::{Options, Refusal, Scored};
use crate::scoring::Scorer;
use crate::served::Served;
use crate::service::Service;

/// The most elements of a question that is answered at once.
const SMALL: usize = 10_000;

/// What is asked of a model, in REST and in gRPC.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) tensors: Vec<Tensor>,
    pub(super) on_refusal: OnRefusal,
    /// The names of the outputs that are wanted; none: all.
    pub(super) outputs: Vec<String>,
    pub(super) max_rows: usize,
}

/// Who is asked, by whom.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) service: Arc<Service>,
    pub(super) served: Arc<Served>,
    pub(super) entry: Arc<Entry>,
}

/// The predictions of all rows.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) n_rows: usize,
    pub(super) outputs: Vec<Output>,
}

impl Asked {
    /// Answers a question. A large one is computed where it holds up no other request.
    ///
    /// # Errors
    ///
    /// As [`Question::answer`].
    pub(super) async fn answer(&self, question: Question) -> Result<Answer, Problem> {
        let n_elements: usize = question.tensors.iter().map(|tensor| tensor.elements.len()).sum();
        if n_elements <= SMALL {
            return question.answer(self, || true);
        }
        let asked = self.clone();
        // Gone with this future, when the caller leaves or its time is over.
        let awaited = Arc::new(());
        let awaiting = Arc::downgrade(&awaited);
        let is_awaited = move || awaiting.strong_count() > 0;
        let answered =
            tokio::task::spawn_blocking(move || question.answer(&asked, is_awaited)).await;
        drop(awaited);
        answered
            .unwrap_or_else(|_| Err(Problem::new(ProblemKind::Defect, "the computation failed")))
    }
}

impl Question {
    /// Predicts all rows.
    ///
    /// # Errors
    ///
    /// When tensors or outputs do not fit the model, when there are too many rows, when a row is refused
    /// and the request is to fail then, or when nobody awaits the answer any more.
    fn answer(&self, asked: &Asked, is_awaited: impl Fn() -> bool) -> Result<Answer, Problem> {
        let served = &*asked.served;
        let rows = Rows::new(served.model().schema(), &self.tensors)?;
        if rows.n_rows() > self.max_rows {
            let (found, most) = (rows.n_rows(), self.max_rows);
            return Err(Problem::new(
                ProblemKind::TooLarge,
                format!("{found} rows, expected at most {most}"),
            ));
        }
        let mut outputs = Outputs::new(served.model(), self.on_refusal == OnRefusal::Mark);
        check_names(&outputs, &self.outputs)?;
        let mut scorer =
            following::scorer(&asked.service, served, Options::default(), &asked.entry)?;
        for row in 0..rows.n_rows() {
            if !is_awaited() {
                return Err(Problem::new(ProblemKind::Timeout, "the caller left"));
            }
            match (score(&mut scorer, &rows, row), self.on_refusal) {
                (Ok(scored), _) => outputs.add(&scored),
                (Err(refusal), OnRefusal::Fail) => return Err(of_row(row, refusal, served)),
                (Err(refusal), OnRefusal::Mark) if !refusal.is_of_row() => {
                    return Err(refusal.into_problem(served));
                }
                (Err(refusal), OnRefusal::Mark) => outputs.add_refused(&refusal),
            }
        }
        let mut outputs = outputs.outputs;
        outputs.retain(|output| is_wanted(&self.outputs, output.name));
        Ok(Answer { n_rows: rows.n_rows(), outputs })
    }
}

fn score(scorer: &mut Scorer<'_>, rows: &Rows<'_>, row: usize) -> Result<Scored, Refusal> {
    scorer.begin_row();
    let mut features = 0..scorer.served().model().schema().n_features();
    let set = features.try_for_each(|feature| match rows.value(row, feature) {
        Some(value) => scorer.set(feature, value),
        None => Ok(()),
    });
    scorer.answer(set)
}

fn of_row(row: usize, refusal: Refusal, served: &Served) -> Problem {
    let detail = format!("row {}: {}", row + 1, refusal.detail).into();
    Refusal { detail, ..refusal }.into_problem(served)
}

fn is_wanted(wanted: &[String], name: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted == name)
}

fn check_names(outputs: &Outputs, wanted: &[String]) -> Result<(), Invalid> {
    let has = |name: &String| outputs.outputs.iter().any(|output| output.name == name);
    match wanted.iter().position(|name| !has(name)) {
        Some(index) => {
            let names: Vec<_> = outputs.outputs.iter().map(|output| output.name).collect();
            let names = names.join(", ");
            Err(Invalid::new(format!("output {}: expected one of {names}", index + 1)))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tensor::Elements;
    use super::*;
    use crate::models::{Catalog, Models};
    use crate::served::Approval;
    use crate::service::RequestLimits;

    #[test]
    fn a_question_is_not_computed_further_once_its_caller_left() {
        let bytes = nomogram_testkit::bundle_of_three_members();
        let served = Arc::new(Served::open(&bytes, Approval::NotRecorded).unwrap());
        let models = Models::new(Catalog::default());
        let service = Arc::new(Service::new(models, RequestLimits::default()));
        let id = service.request_ids.next();
        let entry = service.begin_request(&http::HeaderMap::new(), id, ("POST", "v2_infer"));
        let asked = Asked { service, served, entry };
        let elements = Elements::Numbers([17.99, 10.38, 122.8].repeat(4));
        let question = Question {
            tensors: vec![Tensor::new("rows".into(), vec![4, 3], elements, None).unwrap()],
            on_refusal: OnRefusal::Fail,
            outputs: Vec::new(),
            max_rows: 4,
        };
        let n_asked = std::cell::Cell::new(0);
        let is_awaited = || n_asked.replace(n_asked.get() + 1) < 2;
        let problem = question.answer(&asked, is_awaited).unwrap_err();
        assert_eq!(problem.detail(), "the caller left");
        assert_eq!(asked.served.tally().n_predicted(), 2);
        assert_eq!(question.answer(&asked, || true).unwrap().n_rows, 4);
    }
}
