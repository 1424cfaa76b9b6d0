//! Steps before the member: arithmetic in double precision, with the bundle's bits.
//!
//! The operators of `ai.onnx.ml` for scaling and imputing compute in single precision, so those of the core
//! domain are used.

use nomogram::{Inputs, Step};

use super::graph::Graph;
use super::message::{Element, attribute};
use crate::error::Error;

/// Columns of the encoded row: their value, and how many there are.
pub(super) struct Columns {
    pub(super) value: String,
    pub(super) width: usize,
}

impl Columns {
    /// The columns after a step of a branch.
    pub(super) fn after(self, graph: &mut Graph, step: &Step, branch: &str) -> Result<Self, Error> {
        let refused =
            |what: &str| Err(Error::unsupported(format!("{what} in branch `{branch}` in ONNX")));
        match step {
            Step::StandardScale(scaler) => {
                self.scaled(graph, scaler.inputs(), scaler.means(), scaler.std_devs())
            }
            Step::RobustScale(scaler) => {
                self.scaled(graph, scaler.inputs(), scaler.centers(), scaler.scales())
            }
            Step::MinMaxScale(scaler) => {
                let product = self.with(graph, "Mul", scaler.inputs(), scaler.scales(), 1.0);
                Ok(product.with(graph, "Add", scaler.inputs(), scaler.shifts(), 0.0))
            }
            Step::Clip(clip) => {
                let raised = self.with(graph, "Max", clip.inputs(), clip.lows(), f64::NEG_INFINITY);
                Ok(raised.with(graph, "Min", clip.inputs(), clip.highs(), f64::INFINITY))
            }
            Step::Impute(imputer) if imputer.has_indicators() => {
                refused("an imputer with indicators")
            }
            Step::Impute(imputer) => {
                let values = spread(imputer.inputs(), imputer.values(), self.width, f64::NAN);
                let values = graph.constant(Element::Double, &[1, self.width], &values);
                let is_missing = graph.node("IsNaN", &[&self.value], &[]);
                let value = graph.node("Where", &[&is_missing, &values, &self.value], &[]);
                Ok(Self { value, width: self.width })
            }
            Step::Select(select) => {
                let positions: Vec<f64> =
                    select.positions().iter().map(|position| f64::from(*position)).collect();
                let width = positions.len();
                let positions = graph.positions(&positions);
                let axis = attribute::number("axis", 1);
                Ok(Self { value: graph.node("Gather", &[&self.value, &positions], &[axis]), width })
            }
            Step::Log1p(_) => refused("a logarithm"),
            Step::SignedPower(_) => refused("a power"),
            Step::YeoJohnson(_) => refused("a Yeo–Johnson transformation"),
            Step::OneHot(_) => refused("a one-hot encoder"),
            Step::EncodeLevels(_) => refused("an encoder of levels"),
            Step::Bin(_) => refused("a binner"),
            Step::Derive(_) => refused("a derived value"),
            Step::Polynomial(_) => refused("a polynomial"),
            Step::Spline(_) => refused("a spline"),
            Step::Project(_) => refused("a projection"),
            Step::Curves(_) => refused("curves"),
            Step::MarkMissing(_) => refused("marks of missing values"),
        }
    }

    fn scaled(
        self,
        graph: &mut Graph,
        inputs: &Inputs,
        subtracted: &[f64],
        divisors: &[f64],
    ) -> Result<Self, Error> {
        let difference = self.with(graph, "Sub", inputs, subtracted, 0.0);
        Ok(difference.with(graph, "Div", inputs, divisors, 1.0))
    }

    /// An operation with one number for each input, and with `neutral` for all other columns.
    fn with(
        self,
        graph: &mut Graph,
        op: &str,
        inputs: &Inputs,
        numbers: &[f64],
        neutral: f64,
    ) -> Self {
        let numbers = spread(inputs, numbers, self.width, neutral);
        let numbers = graph.constant(Element::Double, &[1, self.width], &numbers);
        Self { value: graph.node(op, &[&self.value, &numbers], &[]), width: self.width }
    }
}

fn spread(inputs: &Inputs, numbers: &[f64], width: usize, neutral: f64) -> Vec<f64> {
    let mut all = vec![neutral; width];
    for (position, number) in inputs.positions().zip(numbers) {
        all.iter_mut().skip(position).take(1).for_each(|place| *place = *number);
    }
    all
}
