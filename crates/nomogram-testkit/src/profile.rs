//! A profile of any schema, and a model that has one.

use nomogram::{Bins, FeatureKind, Histogram, MAX_BINS, Parts, Profile, Schema, Statuses, seal};

use crate::{golden_rows, three_members, valid};

/// [`three_members`] with a profile, sealed with [`golden_rows`].
#[must_use]
pub fn bundle_with_profile() -> Vec<u8> {
    let parts = three_members();
    let profile = Some(profile_of(&parts.schema));
    valid(seal(&Parts { profile, ..parts }, golden_rows().view()))
}

/// A valid profile of 100 training rows: numbers fall into three intervals between 10 and 20.
#[must_use]
pub fn profile_of(schema: &Schema) -> Profile {
    let features = schema.features().iter().map(|feature| {
        let bins = match &feature.kind {
            FeatureKind::Integer => {
                Bins::Intervals { edges: vec![10.0, 20.0], counts: vec![30, 40, 30] }
            }
            FeatureKind::Boolean => Bins::Levels { counts: vec![60, 40] },
            FeatureKind::Category { levels } => {
                Bins::Levels { counts: vec![10; levels.len().min(MAX_BINS)] }
            }
            _ => Bins::Gaps { edges: vec![10.0, 20.0], gaps: vec![31, 40, 30] },
        };
        Histogram { bins, statuses: Statuses { missing: 5, ..Statuses::default() } }
    });
    let of_output =
        || Bins::Gaps { edges: vec![0.125, 0.25, 0.5, 0.75], gaps: vec![20, 20, 21, 20, 20] };
    let n_outputs = Profile::n_outputs(schema.target());
    Profile {
        n_rows: 100,
        features: features.collect(),
        outputs: (0..n_outputs).map(|_| of_output()).collect(),
        classes: vec![50; schema.target().classes().len()],
    }
}
