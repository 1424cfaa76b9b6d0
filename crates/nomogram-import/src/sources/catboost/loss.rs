//! Loss functions: what a margin means, by name.

use nomogram::Link;

use crate::document::Cursor;
use crate::error::Error;

/// The link of a model with this loss function.
///
/// # Errors
///
/// `Unsupported`, with the name.
pub(super) fn link(name: &Cursor<'_>) -> Result<Link, Error> {
    Ok(match name.text()? {
        "Logloss" | "CrossEntropy" => Link::Logit,
        "MultiClass" => Link::Softmax,
        // `CatBoostRegressor` predicts the exponential.
        "Poisson" | "Tweedie" => Link::Log,
        "RMSE"
        | "MAE"
        | "Quantile"
        | "MAPE"
        | "Huber"
        | "Expectile"
        | "LogCosh"
        | "Lq"
        | "LogLinQuantile"
        | "SMAPE"
        | "MedianAbsoluteError" => Link::Identity,
        "MultiClassOneVsAll" => {
            return Err(name.unsupported(
                "loss function `MultiClassOneVsAll`, whose probabilities do not sum to 1",
            ));
        }
        other => return Err(name.unsupported(format!("loss function `{other}`"))),
    })
}
