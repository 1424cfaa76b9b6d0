use super::*;
use crate::learners::Learner;

fn boosted(yaml: &str) -> BoostedTreesSpec {
    match serde_saphyr::from_str(yaml).unwrap() {
        Learner::BoostedTrees(spec) => spec,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_configuration_of_the_first_version_keeps_its_digest() {
    let spec = boosted(
        "boosted_trees: { n_trees: 200, learning_rate: 0.1, max_depth: 3, min_rows_per_leaf: \
         1, subsample: 0.5 }",
    );
    assert_eq!(
        serde_json::to_string(&spec).unwrap(),
        "{\"n_trees\":200,\"learning_rate\":0.1,\"max_depth\":3,\"min_rows_per_leaf\":1,\
         \"subsample\":0.5}"
    );
    assert_eq!(spec.validate(), Ok(()));
}

#[test]
fn every_key_is_read_from_yaml() {
    let spec = boosted(
        "boosted_trees:
          n_trees: 500
          learning_rate: 0.05
          max_leaves: 31
          min_rows_per_leaf: 20
          subsample: 0.8
          splits: { histogram: { max_bins: 63, cat_smooth: 5 } }
          min_child_weight: 0.001
          l2: 1
          min_gain: 0.01
          column_subsample: 0.5
          monotone: [1, 0, -1]
          categorical: [1]
          early_stopping: { fraction: 0.2, patience: 20 }",
    );
    assert_eq!(spec.validate(), Ok(()));
    let expected = HistogramSpec { max_bins: 63, cat_smooth: 5.0, ..HistogramSpec::default() };
    assert_eq!(spec.splits, Splits::Histogram(expected));
    assert_eq!((spec.monotone, spec.max_depth), (vec![1, 0, -1], None));
    let plain = "boosted_trees: { n_trees: 1, learning_rate: 1, max_depth: 1, \
                 min_rows_per_leaf: 1, subsample: 1, splits: exact }";
    assert_eq!(boosted(plain).splits, Splits::Exact);
}

#[test]
fn invalid_settings_are_named() {
    let base = BoostedTreesSpec {
        max_leaves: Some(8),
        splits: Splits::Histogram(HistogramSpec::default()),
        ..BoostedTreesSpec::new(1, 0.1)
    };
    let refused = |spec: BoostedTreesSpec| spec.check().unwrap_err().to_string();
    let few_bins = HistogramSpec { max_bins: 1, ..HistogramSpec::default() };
    let cases = [
        (BoostedTreesSpec { max_leaves: Some(1), ..base.clone() }, "max_leaves: 1, "),
        (BoostedTreesSpec { max_leaves: None, ..base.clone() }, "neither `max_depth` nor"),
        (BoostedTreesSpec { l2: -1.0, ..base.clone() }, "l2: -1, expected 0 or more"),
        (BoostedTreesSpec { min_gain: f64::NAN, ..base.clone() }, "min_gain: NaN"),
        (BoostedTreesSpec { column_subsample: 0.0, ..base.clone() }, "column_subsample: 0"),
        (
            BoostedTreesSpec { monotone: vec![2], ..base.clone() },
            "monotone: 1: 2, expected -1, 0 or 1",
        ),
        (
            BoostedTreesSpec { monotone: vec![1], categorical: vec![0], ..base.clone() },
            "monotone: 1: 1 for a categorical input, expected 0",
        ),
        (
            BoostedTreesSpec { splits: Splits::Histogram(few_bins), ..base.clone() },
            "splits: histogram: max_bins: 1, expected 2 to 255",
        ),
        (BoostedTreesSpec { splits: Splits::Exact, ..base }, "splits: exact splits take n_trees"),
    ];
    for (spec, message) in cases {
        let found = refused(spec);
        assert!(found.starts_with(message), "{found}, expected {message}");
    }
}
