//! The sources: one folder for each library or format.

pub(crate) mod xgboost;
