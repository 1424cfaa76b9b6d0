//! The sources: one folder for each library or format.

pub(crate) mod catboost;
pub(crate) mod equation;
pub(crate) mod lightgbm;
pub(crate) mod onnx;
pub(crate) mod pmml;
pub(crate) mod scikit_learn;
pub(crate) mod xgboost;
