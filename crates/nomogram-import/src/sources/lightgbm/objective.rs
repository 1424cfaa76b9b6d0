//! Objectives: what a margin means, by name and parameters.

use nomogram::Link;

use crate::error::Error;

/// What the margins of a model mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Objective {
    pub(super) link: Link,
    /// The factor of the margin in the logit link.
    pub(super) sigmoid: f64,
    /// Whether a probability of classes is predicted.
    pub(super) is_of_classes: bool,
    /// Whether each class has a logistic of its own, so that they do not sum to 1.
    pub(super) is_one_vs_rest: bool,
}

impl Objective {
    /// The objective of a line, for example `binary sigmoid:1`.
    ///
    /// # Errors
    ///
    /// `Unsupported` with the name, `Malformed`.
    pub(super) fn of_line(line: &str) -> Result<Self, Error> {
        let mut words = line.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let mut sigmoid = 1.0;
        for word in words {
            match word.split_once(':') {
                Some(("sigmoid", factor)) => {
                    let factor = factor.parse().ok().filter(|f: &f64| f.is_finite() && *f > 0.0);
                    sigmoid = factor.ok_or_else(|| {
                        Error::malformed(format!("`{word}`, expected a positive number"))
                    })?;
                }
                // What only training uses: `num_class` is in the header too.
                Some(_) => {}
                None if word == "sqrt" => {
                    return Err(Error::unsupported(
                        "objective `regression sqrt`, which predicts the square of its margin",
                    ));
                }
                None => return Err(Error::unsupported(format!("objective `{line}`"))),
            }
        }
        let objective = |link, is_of_classes| {
            let is_one_vs_rest = false;
            Self { link, sigmoid: 1.0, is_of_classes, is_one_vs_rest }
        };
        Ok(match name {
            "binary" => Self { sigmoid, ..objective(Link::Logit, true) },
            "multiclassova" => {
                Self { sigmoid, is_one_vs_rest: true, ..objective(Link::Logit, true) }
            }
            "cross_entropy" | "xentropy" => objective(Link::Logit, true),
            "multiclass" | "softmax" => objective(Link::Softmax, true),
            "poisson" | "gamma" | "tweedie" => objective(Link::Log, false),
            "regression" | "regression_l2" | "regression_l1" | "huber" | "fair" | "quantile"
            | "mape" => objective(Link::Identity, false),
            "lambdarank" | "rank_xendcg" => {
                return Err(Error::unsupported(format!(
                    "objective `{name}`, whose margins only order the rows of a query"
                )));
            }
            _ => return Err(Error::unsupported(format!("objective `{name}`"))),
        })
    }
}
