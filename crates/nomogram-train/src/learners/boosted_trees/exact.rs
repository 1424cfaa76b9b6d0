//! Boosting with exact splits: between every two values, level by level.
//!
//! In the form of scikit-learn's `GradientBoostingClassifier` with the squared-error criterion: each
//! tree is fitted to the residuals, each leaf takes one Newton step. Of equally good splits the
//! lowest input wins, then the lowest threshold, then missing on the right.
//!
//! For two classes and inputs that are numbers; [`super::histogram`] takes more of either kind.

// Layers, lowest first: a file uses only the blocks above its own.
mod columns;
mod gradient;
mod grown;

mod search;

mod grower;

mod fit;

pub(super) use fit::fit;
