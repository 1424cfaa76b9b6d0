//! Options of an import.

/// How a file is imported, where it can be done in more than one way.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// The name of the model; by default, that of the format.
    pub name: Option<String>,
    /// Which trees of a boosted model are taken.
    pub rounds: Rounds,
    /// Compute the link in double precision where the source computes it in single precision. The
    /// margins stay those of the source; outputs then differ from it in their eighth digit.
    pub double_link: bool,
    /// Keep the share of the training rows that goes to the left at each split, so that the bundle can
    /// be explained by path. A file without them is refused.
    pub tree_shares: bool,
}

/// Which rounds of boosting are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rounds {
    /// As the source predicts by default: XGBoost's classes for scikit-learn stop at the best round, a
    /// booster takes all; LightGBM takes all that were saved.
    #[default]
    AsSource,
    /// All of them.
    All,
    /// Up to the best one, where the file names it.
    Best,
    /// So many.
    First(usize),
}
