//! Features as files describe them, and policies that answer as sources do.

use nomogram::{Action, Feature, FeatureKind, Policy};

/// The most levels that a category without names gets; higher codes make it an integer.
pub(crate) const MAX_UNNAMED_LEVELS: usize = 1024;

/// The policy of a model that takes missing values, and levels that it never saw. A value that was not
/// set is refused: to forget a feature is not to declare it missing.
pub(crate) fn lenient() -> Policy {
    Policy {
        unset: Action::Refuse,
        missing: Action::Impute,
        not_a_number: Action::Impute,
        unseen_level: Action::Take,
        ..Policy::default()
    }
}

/// A category whose levels are named.
pub(crate) fn category(name: &str, levels: Vec<String>) -> Feature {
    let kind = FeatureKind::Category { levels };
    Feature { policy: lenient(), ..Feature::of_kind(name, kind) }
}

/// A category of which only the highest code is known: levels `0` to `highest`.
pub(crate) fn coded_category(name: &str, highest: usize) -> Feature {
    if highest < MAX_UNNAMED_LEVELS {
        return category(name, (0..=highest).map(|code| code.to_string()).collect());
    }
    let range = Some(nomogram::Range { low: 0.0, high: 2_147_483_647.0 });
    Feature { policy: lenient(), range, ..Feature::of_kind(name, FeatureKind::Integer) }
}

/// A number that may be missing.
pub(crate) fn number(name: &str) -> Feature {
    Feature { policy: lenient_number(), ..Feature::number(name) }
}

/// As [`lenient`], for numbers.
pub(crate) fn lenient_number() -> Policy {
    Policy { unseen_level: Action::Refuse, ..lenient() }
}

/// The names of features, each unique, printable and not empty; `prefix` and the position where there
/// is none.
pub(crate) fn names(given: &[&str], n_features: usize, prefix: &str) -> Vec<String> {
    let name = |index: usize| match given.get(index) {
        Some(name) if !name.is_empty() => (*name).to_owned(),
        Some(_) | None => format!("{prefix}{index}"),
    };
    (0..n_features).map(name).collect()
}
