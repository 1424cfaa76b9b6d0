//! From a request of the protocol to predictions.

use nomogram::{Error, Model, Place, Session, Value};

use super::invalid::Invalid;
use super::message::{OnRefusal, RequestedOutput};
use super::outputs::{Output, Outputs};
use super::rows::Rows;
use super::tensor::Tensor;

/// What is asked of a model, in REST and in gRPC.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) tensors: Vec<Tensor>,
    pub(super) on_refusal: OnRefusal,
    /// The names of the outputs that are wanted; none: all.
    pub(super) outputs: Vec<String>,
}

/// The predictions of all rows.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) n_rows: usize,
    pub(super) outputs: Vec<Output>,
}

impl Question {
    /// Predicts all rows.
    ///
    /// # Errors
    ///
    /// When tensors or outputs do not fit the model, or a row is refused and the request is to fail then.
    pub(super) fn answer(&self, session: &mut Session) -> Result<Answer, Invalid> {
        let rows = Rows::new(session.model().schema(), &self.tensors)?;
        let mut outputs = Outputs::new(session.model(), self.on_refusal == OnRefusal::Mark);
        check_names(&outputs, &self.outputs)?;
        for row in 0..rows.n_rows() {
            match (predict(session, &rows, row, &mut outputs), self.on_refusal) {
                (Ok(()), _) => {}
                (Err(error), OnRefusal::Fail) => {
                    return Err(Invalid::new(error.within(Place::Row(row)).to_string()));
                }
                (Err(error), OnRefusal::Mark) => {
                    outputs.add_refused(&error.kind().c_name().to_string_lossy());
                }
            }
        }
        let mut outputs = outputs.outputs;
        outputs.retain(|output| is_wanted(&self.outputs, output.name));
        Ok(Answer { n_rows: rows.n_rows(), outputs })
    }
}

fn predict(
    session: &mut Session,
    rows: &Rows<'_>,
    row: usize,
    outputs: &mut Outputs,
) -> Result<(), Error> {
    session.clear();
    for feature in 0..session.model().schema().n_features() {
        let Some(value) = rows.value(row, feature) else { continue };
        session.set(feature, in_unit_of_schema(session.model(), feature, value))?;
    }
    outputs.add(&session.predict()?);
    Ok(())
}

/// A number whose unit is that of the schema needs no conversion.
fn in_unit_of_schema<'v>(model: &Model, feature: usize, value: Value<'v>) -> Value<'v> {
    let unit = model.schema().features().get(feature).and_then(|feature| feature.unit.as_deref());
    match value {
        Value::NumberIn(number, given) if Some(given) == unit => Value::Number(number),
        other => other,
    }
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

/// The names of requested outputs.
pub(super) fn names(outputs: &[RequestedOutput]) -> Vec<String> {
    outputs.iter().map(|output| output.name.clone()).collect()
}
