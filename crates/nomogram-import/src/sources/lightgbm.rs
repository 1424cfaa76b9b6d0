//! LightGBM: models saved as text.
//!
//! Values are compared in double precision by `<=`, leaves are added tree after tree. A leaf
//! of a linear tree is a constant plus products, or its value where one of their features is missing.
//! `Tree::ToString` and `GBDT::SaveModelToString` of LightGBM write the format; versions `v2` to `v4` are
//! read.

mod text;

mod linear_leaves;
mod objective;

mod trees;

mod columns;
mod random_forest;

mod model;

pub(crate) use model::read;
