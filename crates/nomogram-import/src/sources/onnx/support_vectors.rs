//! Reads `SVMRegressor`: one weighted sum, or support vectors.

use nomogram::{Kernel, Link, Member, StoredRows, SupportVectors};

use super::answer::{Answer, Part, Prediction};
use super::node::Node;
use super::symbol::Dense;
use crate::error::Error;
use crate::forests::number;

/// The highest degree of a polynomial kernel.
const MAX_DEGREE: u32 = 1000;

/// Reads an `SVMRegressor`. With a linear kernel, the support vectors become one weighted sum, and the bundle keeps
/// none of them.
///
/// # Errors
///
/// `Unsupported` for post transforms, `one_class`, and another kernel of weighted sums; `Malformed` when lengths do
/// not fit.
pub(super) fn regressor(node: &Node<'_>, inputs: Dense) -> Result<Answer, Error> {
    let (post, one_class) = (node.text("post_transform", "NONE")?, node.integer("one_class", 0));
    if post != "NONE" || one_class != 0 {
        let what =
            format!("post transform `{post}` and `one_class` {one_class} of support vectors");
        return Err(Error::unsupported(what));
    }
    let n_columns = inputs.n_outputs();
    let vectors = node.numbers("support_vectors")?;
    let n_supports = node.integer("n_supports", 0);
    let coefficients = node.numbers("coefficients")?;
    let intercepts = node.numbers("rho")?;
    if intercepts.len() != 1 {
        return Err(Error::malformed(format!(
            "`rho` has {} numbers, expected 1",
            intercepts.len()
        )));
    }
    if usize::try_from(n_supports).ok()
        != Some(if vectors.is_empty() { 0 } else { coefficients.len() })
    {
        let detail = format!("`n_supports` {n_supports}, expected the number of support vectors");
        return Err(Error::malformed(detail));
    }
    let (name, found, n_vectors) = match vectors.len() {
        0 => ("coefficients", coefficients.len(), 1),
        found => ("support_vectors", found, coefficients.len()),
    };
    if found != n_vectors * n_columns {
        let expected = format!("{n_vectors} × {n_columns}");
        return Err(Error::malformed(format!("`{name}` has {found} numbers, expected {expected}")));
    }
    let part = match kernel(node)? {
        None => {
            let weights = weights(&vectors, coefficients, n_columns);
            inputs.weighted(&weights, &intercepts)?.part(Link::Identity)?
        }
        Some(_) if vectors.is_empty() => {
            let name = node.text("kernel_type", "LINEAR")?;
            let detail = format!("no `support_vectors`, expected some for kernel `{name}`");
            return Err(Error::malformed(detail));
        }
        Some(_) if !inputs.layers.is_empty() => {
            let name = node.text("kernel_type", "LINEAR")?;
            let what =
                format!("kernel `{name}` over weighted sums, expected features, perhaps scaled");
            return Err(Error::unsupported(what));
        }
        Some(kernel) => {
            let (link, n_inputs) = (Link::Identity, number(n_columns)?);
            let vectors = StoredRows { n_inputs, values: vectors };
            let machine = SupportVectors { link, kernel, vectors, coefficients, intercepts };
            let member = Member::SupportVectors(machine);
            Part { columns: inputs.columns, member, weight: 1.0, leaf_numbers: None }
        }
    };
    Ok(Answer { is_of_vectors: true, ..Answer::of(Prediction::Value, 0, part) })
}

/// The weights that a linear kernel folds its support vectors into. Without vectors, the coefficients are the
/// weights.
fn weights(vectors: &[f64], coefficients: Vec<f64>, n_columns: usize) -> Vec<f64> {
    if vectors.is_empty() {
        return coefficients;
    }
    let mut weights = vec![0.0; n_columns];
    for (vector, coefficient) in vectors.chunks(n_columns.max(1)).zip(&coefficients) {
        for (weight, value) in weights.iter_mut().zip(vector) {
            *weight += coefficient * value;
        }
    }
    weights
}

/// The kernel; none for `LINEAR`.
fn kernel(node: &Node<'_>) -> Result<Option<Kernel>, Error> {
    let name = node.text("kernel_type", "LINEAR")?;
    if name == "LINEAR" {
        return Ok(None);
    }
    let numbers = node.numbers("kernel_params")?;
    let [gamma, offset, degree] = numbers.as_slice() else {
        let detail = format!("`kernel_params` has {} numbers, expected 3", numbers.len());
        return Err(Error::malformed(detail));
    };
    let (gamma, offset) = (*gamma, *offset);
    Ok(Some(match name {
        "RBF" => Kernel::Radial { gamma },
        "SIGMOID" => Kernel::Sigmoid { gamma, offset },
        "POLY" => {
            let known = (0..=MAX_DEGREE).find(|known| f64::from(*known) == *degree);
            let Some(degree) = known else {
                let what =
                    format!("degree {degree}, expected a whole number from 0 to {MAX_DEGREE}");
                return Err(Error::unsupported(what));
            };
            Kernel::Polynomial { gamma, offset, degree }
        }
        other => return Err(Error::unsupported(format!("kernel `{other}`"))),
    }))
}
