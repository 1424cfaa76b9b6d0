//! What other libraries answer: calibrators and stacks built from their parameters agree.
//!
//! `tests/reference/make_members.py` made the fixture.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::budget::Budget;
use crate::domain::Domain;
use crate::member::tests::{cases, error, part, table};
use crate::member::{Linear, Member};
use crate::schema::Target;

const FIXTURE: &str = include_str!("../../tests/reference/ensemble.json");

/// How far probabilities may be from those of a case.
///
/// Isotonic maps have numpy's order of operations. scikit-learn's temperature adds 2⁻⁵² to a
/// probability before it takes the logarithm, and betacal keeps so far from 0 and 1.
fn tolerance(name: &str) -> f64 {
    if name.contains("sotonic") { 0.0 } else { 1e-12 }
}

#[test]
fn calibrators_of_two_libraries_are_the_same_calibrators() {
    let cases = cases(FIXTURE, "calibrators");
    assert!(cases.len() >= 11);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let calibrator: Calibrator = part(&case["calibrator"]);
        let (before, after) = (table(&case["before"]), table(&case["after"]));
        calibrator.check(before[0].len()).unwrap();
        for (before, after) in before.into_iter().zip(&after) {
            let mut found = before;
            calibrator.apply(&mut found);
            let error = error(&found, after);
            assert!(error <= tolerance(name), "{name}: {found:?}, expected {after:?}");
        }
    }
}

#[test]
fn a_stack_is_the_same_stack() {
    for case in cases(FIXTURE, "stacks") {
        let members = table(&case["members"]);
        let after = table(&case["after"]);
        let n_classes = after[0].len();
        let n_members = members[0].len() / n_classes;
        let (intercepts, weights) = (part(&case["intercepts"]), part(&case["weights"]));
        let linear = Linear::new(part(&case["link"]), intercepts, weights).unwrap();
        let member = Box::new(Member::Linear(linear));
        let names = ["a", "b", "c"].into_iter().take(n_classes);
        let members_of_stack = CombinerInputs {
            target: &Target::of_classes("diagnosis", names),
            outputs: &vec![Domain::new(0.0, 1.0); n_members],
            margins: &[],
        };
        let compiled = Combiner::Stack { input: CombinerReads::Outputs, member }
            .compile(&members_of_stack, &mut Budget::unlimited())
            .unwrap();
        for (members, after) in members.iter().zip(&after) {
            let mut found = vec![0.0; n_classes];
            let mut temporary = vec![0.0; compiled.n_temporary()];
            compiled.combine(members, &[], &mut temporary, &mut found);
            assert!(error(&found, after) <= 1e-12, "{}: {found:?}, {after:?}", case["name"]);
        }
    }
}

/// The variants' numbers are those of bundles: they are only ever appended.
#[test]
fn variants_keep_their_numbers() {
    let points = vec![0.5];
    let maps = [
        CalibrationMap::Platt { slope: 1.0, intercept: 0.0 },
        CalibrationMap::Beta { a: 1.0, b: 1.0, c: 0.0 },
        CalibrationMap::Isotonic { probabilities: points.clone(), calibrated: points },
        CalibrationMap::Sigmoid { slope: 1.0, intercept: 0.0 },
    ];
    let numbers: Vec<u8> = maps.iter().map(|map| crate::codec::encode(map).unwrap()[0]).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
}
