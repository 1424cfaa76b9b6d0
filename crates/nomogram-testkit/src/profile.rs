//! A profile of any schema, and a model that has one.

use nomogram::{
    Bins, Error, FeatureKind, Histogram, MAX_BINS, Model, Parts, Profile, Schema, Session,
    Statuses, seal,
};

use crate::{golden_rows, three_members, valid};

/// [`three_members`] with the profile of 300 [`usual_row`]s, sealed with [`golden_rows`].
#[must_use]
pub fn bundle_with_profile() -> Vec<u8> {
    valid(three_members_with_profile())
}

/// One of 30 rows, again and again.
#[must_use]
pub fn usual_row(row: u32) -> [f64; 3] {
    [1, 7, 11].map(|factor| f64::from(row % 30 * factor % 30))
}

fn three_members_with_profile() -> Result<Vec<u8>, Error> {
    let parts = three_members();
    let bare = seal(&parts, golden_rows().view())?;
    let mut session = Session::new(Model::open(&bare)?.into());
    let intervals =
        |edges: &[f64]| Bins::Intervals { edges: edges.to_vec(), counts: vec![0; edges.len() + 1] };
    let count = |bins: &mut Bins, value: f64| {
        let bin = bins.bin(value);
        if let Bins::Intervals { counts, .. } = bins {
            counts.iter_mut().skip(bin).take(1).for_each(|count| *count += 1);
        }
    };
    let of_feature = || Histogram { bins: intervals(&[10.0, 20.0]), statuses: Statuses::default() };
    let mut profile = Profile {
        n_rows: 300,
        features: (0..3).map(|_| of_feature()).collect(),
        outputs: vec![intervals(&[0.125, 0.25, 0.5, 0.75])],
        classes: vec![0; 2],
    };
    for row in (0..300).map(usual_row) {
        for (histogram, value) in profile.features.iter_mut().zip(row) {
            count(&mut histogram.bins, value);
        }
        let prediction = session.predict_row(&row)?;
        let risks = prediction.probabilities().iter().skip(1);
        profile.outputs.iter_mut().zip(risks).for_each(|(bins, risk)| count(bins, *risk));
        let class = prediction.class().unwrap_or_default();
        profile.classes.iter_mut().skip(class).take(1).for_each(|count| *count += 1);
    }
    seal(&Parts { profile: Some(profile), ..parts }, golden_rows().view())
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
