//! Training as its users see it: tables in, models, answers and errors out; and against references.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../../examples/shared/shuffled.rs"]
mod shuffled;

mod calibration;
mod data;
mod golden;
mod golden_changes;
mod inner_splits;
mod inputs;
mod learners_reference;
mod multiclass;
mod numbers;
mod reference;
mod regressions_reference;
mod steps_reference;
mod training;
mod trees_reference;
mod uncertainty;
mod unchecked_settings;
mod weights;
