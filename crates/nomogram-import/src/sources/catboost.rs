//! CatBoost: models saved as JSON (`save_model("x.json", format="json", pool=pool)`).
//!
//! Values are rounded to single precision and go to the right when they are above the border. Leaves
//! are added in double precision, and the bias last. An oblivious tree asks the same question on each
//! level: bit `i` of the leaf's number is the answer to split `i`. CatBoost's documentation of the JSON
//! format, and `catboost/libs/model/model_export/json_model_helpers.cpp`, describe it.

mod loss;

mod columns;

mod trees;

mod model;

pub(crate) use model::read;
