//! `LinearClassifier` and `LinearRegressor`.

use nomogram::Link;

use super::answer::{Answer, Prediction};
use super::node::Node;
use super::symbol::Dense;
use crate::error::Error;

/// Reads a `LinearClassifier`.
///
/// # Errors
///
/// `Unsupported` for post transforms that give no probabilities, `Malformed`.
pub(super) fn classifier(node: &Node<'_>, inputs: Dense) -> Result<Answer, Error> {
    let classes = class_names(node, "classlabels_ints")?;
    let weights = node.numbers("coefficients")?;
    let intercepts = node.numbers("intercepts")?;
    let n_columns = inputs.n_outputs();
    let n_rows = weights.len() / n_columns.max(1);
    let intercepts = if intercepts.is_empty() { vec![0.0; n_rows] } else { intercepts };
    if n_rows * n_columns != weights.len() || intercepts.len() != n_rows {
        return Err(Error::malformed(format!(
            "{} coefficients and {} intercepts, expected one row of {n_columns} for each class",
            weights.len(),
            intercepts.len()
        )));
    }
    let (first, second) = (weights.get(..n_columns), weights.get(n_columns..));
    let post = node.text("post_transform", "NONE")?;
    let (link, intercepts, weights) = match (post, classes.len(), n_rows) {
        ("LOGISTIC", 2, 1) => (Link::Logit, intercepts, weights),
        ("LOGISTIC", 2, 2) if is_opposite(first, second) && is_opposite_pair(&intercepts) => {
            let last = intercepts.last().copied().into_iter().collect();
            (Link::Logit, last, second.unwrap_or_default().to_vec())
        }
        ("SOFTMAX", n, rows) if n == rows && n > 1 => (Link::Softmax, intercepts, weights),
        ("LOGISTIC", n, _) => {
            let why = "such probabilities do not sum to 1, and dividing by their sum magnifies what \
                       single precision loses";
            return Err(Error::unsupported(format!("one logistic for each of {n} classes: {why}")));
        }
        (post, n, rows) => {
            let what = format!("post transform `{post}` of {rows} sums for {n} classes");
            return Err(Error::unsupported(what));
        }
    };
    let part = inputs.weighted(&weights, &intercepts)?.part(link)?;
    let mut answer = Answer::of(Prediction::Probabilities, classes.len(), part);
    answer.classes = Some(classes);
    Ok(answer)
}

/// Reads a `LinearRegressor`.
///
/// # Errors
///
/// `Unsupported` for several targets and for post transforms, `Malformed`.
pub(super) fn regressor(node: &Node<'_>, inputs: Dense) -> Result<Answer, Error> {
    let post = node.text("post_transform", "NONE")?;
    let n_targets = node.integer("targets", 1);
    if post != "NONE" || n_targets != 1 {
        let what = format!("post transform `{post}` of {n_targets} targets");
        return Err(Error::unsupported(what));
    }
    let weights = node.numbers("coefficients")?;
    let intercepts = node.numbers("intercepts")?;
    let intercepts = if intercepts.is_empty() { vec![0.0] } else { intercepts };
    if weights.len() != inputs.n_outputs() || intercepts.len() != 1 {
        let detail = format!("{} coefficients, expected {}", weights.len(), inputs.n_outputs());
        return Err(Error::malformed(detail));
    }
    let part = inputs.weighted(&weights, &intercepts)?.part(Link::Identity)?;
    Ok(Answer::of(Prediction::Value, 0, part))
}

/// The names of the classes: whole numbers or texts.
///
/// # Errors
///
/// `Malformed` when there are none.
pub(super) fn class_names(node: &Node<'_>, integers: &str) -> Result<Vec<String>, Error> {
    let texts = node.texts("classlabels_strings")?;
    let names: Vec<String> = if texts.is_empty() {
        node.integers(integers).iter().map(i64::to_string).collect()
    } else {
        texts.into_iter().map(str::to_owned).collect()
    };
    if names.len() < 2 {
        let detail = format!("{} class labels, expected at least 2", names.len());
        return Err(Error::malformed(detail));
    }
    Ok(names)
}

fn is_opposite(first: Option<&[f64]>, second: Option<&[f64]>) -> bool {
    first.zip(second).is_some_and(|(first, second)| {
        first.len() == second.len() && first.iter().zip(second).all(|(a, b)| *a == -b)
    })
}

fn is_opposite_pair(pair: &[f64]) -> bool {
    matches!(pair, [first, second] if *first == -second)
}
