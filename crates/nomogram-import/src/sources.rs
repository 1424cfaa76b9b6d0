//! The sources: one folder for each library or format.

pub(crate) mod scikit_learn;
pub(crate) mod xgboost;
