//! Profiles that contradict the schema are refused, and values fall into their bins.

use alloc::string::{String, ToString};
use alloc::vec;

use super::*;
use crate::schema::{Feature, FeatureKind};

fn schema() -> Schema {
    let levels = FeatureKind::Category { levels: vec!["I".into(), "II".into()] };
    let features = vec![Feature::number("age"), Feature::of_kind("stage", levels)];
    Schema::new(features, Target::of_classes("risk", ["low", "high"])).unwrap()
}

fn profile() -> Profile {
    let of = |bins| Histogram { bins, statuses: Statuses::default() };
    Profile {
        n_rows: 60,
        features: vec![
            of(Bins::Gaps { edges: vec![10.0, 20.0], gaps: vec![20, 20, 21] }),
            of(Bins::Levels { counts: vec![40, 20] }),
        ],
        outputs: vec![Bins::Intervals { edges: vec![0.5], counts: vec![30, 30] }],
        classes: vec![30, 30],
    }
}

fn refused(change: impl FnOnce(&mut Profile)) -> String {
    let mut profile = profile();
    change(&mut profile);
    profile.check(&schema()).unwrap_err().to_string()
}

#[test]
fn a_profile_that_contradicts_the_schema_is_refused() {
    assert!(profile().check(&schema()).is_ok());
    let edges = |edges| Bins::Gaps { edges, gaps: vec![20, 20, 21] };
    let ascending = "feature 1: `age`: edges of bins, expected finite, ascending numbers";
    assert_eq!(refused(|p| p.features[0].bins = edges(vec![20.0, 10.0])), ascending);
    assert_eq!(refused(|p| p.features[0].bins = edges(vec![10.0, f64::INFINITY])), ascending);
    assert_eq!(refused(|p| p.features[0].bins = edges(vec![f64::NAN, 10.0])), ascending);
    assert_eq!(
        refused(|p| p.features[0].bins = edges(vec![10.0])),
        "feature 1: `age`: 1 edges and 3 counts, expected one more count than edges, and at most 64"
    );
    assert_eq!(
        refused(|p| p.features[1].bins = Bins::Levels { counts: vec![1] }),
        "feature 2: `stage`: 1 counts of levels, expected 2"
    );
    assert_eq!(
        refused(|p| p.features[1].statuses.missing = 61),
        "feature 2: `stage`: a count of 61, expected at most 60 (the number of rows)"
    );
    assert!(refused(|p| p.features[0].bins = Bins::Levels { counts: vec![1] }).contains("levels"));
    assert!(refused(|p| p.n_rows = 1 << 60).contains("a count of"));
    assert_eq!(refused(|p| p.classes.push(1)), "3 classes, expected 2");
    assert_eq!(refused(|p| p.outputs.clear()), "0 histograms of outputs, expected 1");
    let above_1 = Bins::Intervals { edges: vec![1.5], counts: vec![30, 30] };
    assert!(refused(|p| p.outputs[0] = above_1).contains("expected it in [0, 1]"));
    let empty = Bins::Gaps { edges: vec![10.0], gaps: vec![0, 61] };
    assert!(refused(|p| p.features[0].bins = empty).contains("a bin with 0 gaps"));
}

#[test]
fn a_value_equal_to_an_edge_is_in_the_bin_below_it() {
    let bins = Bins::Gaps { edges: vec![10.0, 20.0], gaps: vec![1, 1, 1] };
    assert_eq!([-1e9, 10.0, 10.5, 20.0, 20.5].map(|value| bins.bin(value)), [0, 0, 1, 1, 2]);
    let levels = Bins::Levels { counts: vec![0; 2] };
    assert_eq!([0.0, 1.0, 7.0].map(|value| levels.bin(value)), [0, 1, 1]);
}

#[test]
fn the_counters_follow_each_other_without_gaps() {
    let profile = profile();
    let layout = profile.layout(2);
    assert_eq!((layout.reasons(), layout.rules()), (1..10, 10..12));
    let features: Vec<FeatureCells> = layout.features().collect();
    assert_eq!(features[0], FeatureCells { bins: 12..15, statuses: 15..20, refused: 20 });
    assert_eq!(features[1], FeatureCells { bins: 21..23, statuses: 23..28, refused: 28 });
    assert_eq!(layout.outputs().next(), Some(OutputCells { bins: 29..31, sums: 31..33 }));
    assert_eq!(layout.classes(), 33..35);
    assert_eq!(layout.outcomes(), [35..37, 37..39, 39..41]);
    assert_eq!(layout.n_cells(), 41);
}
