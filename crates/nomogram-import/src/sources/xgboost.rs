//! XGBoost: models saved as JSON or UBJSON.
//!
//! Values are rounded to single precision and compared by `<`; leaves are added in single precision,
//! tree after tree, to the base margin. Sets of categories go to the right. The products of `gblinear` are
//! added likewise, feature after feature. `doc/model.schema` and the
//! tutorial on saving models in XGBoost's repository describe the format; versions 1.0 to 3.x are read.

mod base_score;
mod objective;

mod trees;

mod columns;
mod linear;

mod learner;

use crate::document::{json, ubjson};
use crate::error::Error;
use crate::imported::Imported;
use crate::limits::Limits;
use crate::options::Options;

/// Reads a model saved as JSON.
pub(crate) fn read_json(
    bytes: &[u8],
    options: &Options,
    limits: &Limits,
) -> Result<Imported, Error> {
    learner::read(&json::read(bytes, limits)?, bytes, options, limits)
}

/// Reads a model saved as UBJSON.
pub(crate) fn read_ubjson(
    bytes: &[u8],
    options: &Options,
    limits: &Limits,
) -> Result<Imported, Error> {
    learner::read(&ubjson::read(bytes, limits)?, bytes, options, limits)
}
