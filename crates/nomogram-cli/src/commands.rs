//! The commands: each file has the `Arguments` of one and runs it.

pub(crate) mod compare;
pub(crate) mod completions;
#[cfg(feature = "serve")]
pub(crate) mod decisions;
pub(crate) mod diff;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod man;
pub(crate) mod monitor;
pub(crate) mod predict;
pub(crate) mod recalibrate;
pub(crate) mod registry;
pub(crate) mod schema;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod sign;
pub(crate) mod strip;
pub(crate) mod train;
pub(crate) mod tune;
pub(crate) mod validate;
pub(crate) mod verify;
