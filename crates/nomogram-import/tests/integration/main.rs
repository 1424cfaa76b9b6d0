//! Models of other libraries become bundles with their numbers, or are refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod pmml_documents;
mod records;

mod contributions;
mod equations;
mod matrix;
mod onnx;
mod pmml;
mod pmml_numbers;
mod pmml_treatments;
mod probes;
mod public_models;
mod refusals;
mod scikit_learn;
