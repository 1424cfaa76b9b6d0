//! Loss functions: what a margin means, by name.

use nomogram::Link;

use crate::document::Cursor;
use crate::error::Error;

/// The loss function of one logistic for each class.
pub(super) const ONE_VS_ALL: &str = "MultiClassOneVsAll";

/// The link of a model with this loss function.
///
/// # Errors
///
/// `Unsupported`, with the name.
pub(super) fn link(name: &Cursor<'_>) -> Result<Link, Error> {
    Ok(match name.text()? {
        "Logloss" | "CrossEntropy" | ONE_VS_ALL => Link::Logit,
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
        other => return Err(name.unsupported(format!("loss function `{other}`"))),
    })
}
