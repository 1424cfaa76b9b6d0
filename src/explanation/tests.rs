//! The section: what is refused.

use alloc::string::ToString;
use alloc::vec;

use super::*;
use crate::schema::{Action, Feature, Range, Target};

fn schema() -> Schema {
    let mut age = Feature::number("age");
    age.range = Some(Range { low: 18.0, high: 90.0 });
    let mut dose = Feature::number("dose");
    dose.policy.missing = Action::Impute;
    Schema::new(vec![age, dose], Target::of_classes("outcome", ["no", "yes"])).unwrap()
}

fn group(name: &str, features: &[u32]) -> FeatureGroup {
    FeatureGroup { name: name.into(), features: features.to_vec() }
}

fn explanation() -> Explanation {
    Explanation {
        background: vec![20.0, f64::NAN, 30.0, 1.0],
        weights: vec![3.0, 1.0],
        groups: vec![group("patient", &[0]), group("treatment", &[1])],
        left_shares: vec![],
    }
}

fn refused(change: impl FnOnce(&mut Explanation)) -> String {
    let mut explanation = explanation();
    change(&mut explanation);
    let refused = explanation.check(&schema(), &mut Budget::unlimited());
    refused.unwrap_err().to_string()
}

#[test]
fn weights_are_divided_by_their_sum() {
    let mut explanation = explanation();
    explanation.check(&schema(), &mut Budget::unlimited()).unwrap();
    assert_eq!(explanation.weights, [0.75, 0.25]);
    assert_eq!(explanation.row(1), [30.0, 1.0]);
    assert_eq!(explanation.group_of_each(2).unwrap(), [0, 1]);
}

#[test]
fn a_section_that_contradicts_the_schema_is_refused() {
    assert_eq!(
        refused(|e| e.background[0] = 17.0),
        "row 1: feature 1: a background row has a value that the model cannot get"
    );
    assert!(refused(|e| e.background[2] = f64::NAN).starts_with("row 2: feature 1"));
    assert!(refused(|e| e.background[3] = f64::INFINITY).starts_with("row 2: feature 2"));
    assert_eq!(
        refused(|e| e.weights.push(1.0)),
        "4 values of background rows, expected 3 rows (at most 1024) × 2"
    );
    assert_eq!(refused(|e| e.weights[1] = 0.0), "weight 2, expected 1e-100 to 1e100");
    assert_eq!(
        refused(|e| e.groups[1].features.push(0)),
        "item 2: its features, expected at least 1, ascending, and in no other group"
    );
    assert_eq!(refused(|e| drop(e.groups.pop())), "feature 2: is in no group, expected it in one");
    assert_eq!(
        refused(|e| e.groups = vec![group("g", &[0]); 13]),
        "13 groups, expected at most 12"
    );
    assert_eq!(
        refused(|e| e.groups[1].name = "patient".into()),
        "item 2: duplicate name `patient`"
    );
}

#[test]
fn the_weights_of_all_coalitions_sum_to_1() {
    for n in 1..=12_u32 {
        let mut sum = 0.0;
        for mask in 0..1_u32 << (n - 1) {
            sum += coalition_weight(n as usize, mask.count_ones() as usize);
        }
        assert!((sum - 1.0).abs() < 1e-13, "{n}: {sum}");
    }
}
