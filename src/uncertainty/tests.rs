//! Sets, intervals and verdicts of one row.

use super::*;
use crate::schema::{Feature, Target};
use alloc::string::ToString;
use alloc::vec;

fn of_classes() -> Uncertainty {
    let scores = |first: u32| (first..first + 19).map(|i| f64::from(i) / 40.0).collect();
    Uncertainty {
        scores: Scores::Classes {
            ranks: vec![Ranks::of(scores(0)).unwrap(), Ranks::of(scores(10)).unwrap()],
        },
        levels: vec![0.8, 0.9],
        venn_abers: Some(VennAbers {
            resolution: 4,
            steps: vec![1, 3],
            lows: vec![0.125, 0.5],
            highs: vec![0.25, 0.75],
        }),
        distance: Some(Distance {
            branch: 0,
            means: vec![0.0],
            whitening: vec![1.0],
            ranks: Ranks::of((0..19).map(f64::from).collect()).unwrap(),
        }),
        spreads: vec![Spread { middle: 0.0, below: 1.0, above: 2.0 }],
        referral: Referral {
            ambiguous: Some(Ambiguity::NotOneClass { level: 1 }),
            unlike: Some(0.05),
        },
    }
}

fn of_number(difficulty: Difficulty) -> Uncertainty {
    Uncertainty {
        scores: Scores::Number {
            ranks: Ranks::of((1..=9).map(f64::from).collect()).unwrap(),
            difficulty,
        },
        levels: vec![0.5, 0.8, 0.95],
        venn_abers: None,
        distance: None,
        spreads: Vec::new(),
        referral: Referral {
            ambiguous: Some(Ambiguity::TooWide { level: 1, max_width: 20.0 }),
            unlike: None,
        },
    }
}

fn schema(target: Target) -> Schema {
    Schema::new(vec![Feature::number("age")], target).unwrap()
}

fn check(fitted: &Uncertainty, target: Target) -> Result<(), Error> {
    let encoded = [Domain::new(-1e6, 1e6)];
    fitted.check(&schema(target), |_| Ok(&encoded))
}

fn two_classes() -> Target {
    Target::of_classes("diagnosis", ["B", "M"])
}

fn uncertain<'a>(fitted: &'a Uncertainty, outputs: &'a [f64], row: &'a [f64]) -> Uncertain<'a> {
    Uncertain { fitted, outputs, members: outputs, row, encoded: row, distance: None }
}

#[test]
fn a_class_is_in_the_set_if_its_p_value_is_above_what_the_level_leaves() {
    let fitted = of_classes();
    assert!(check(&fitted, two_classes()).is_ok());
    let sure = uncertain(&fitted, &[0.75, 0.25], &[-3.0]);
    assert_eq!(sure.p_values().collect::<Vec<_>>(), [0.5, 0.05]);
    assert_eq!(sure.set(1).collect::<Vec<_>>(), [true, false]);
    assert_eq!(sure.verdict(), Verdict::Predicted);
    assert_eq!(sure.intervals().collect::<Vec<_>>(), [Interval { low: 0.125, high: 0.25 }]);
    assert_eq!(sure.distance(), Some(3.0));
    assert_eq!(sure.distance_p_value(), Some(0.85));
    assert_eq!(sure.furthest(), Some(Furthest { feature: 0, times: 3.0 }));

    let torn = uncertain(&fitted, &[0.625, 0.375], &[-3.0]);
    assert_eq!(torn.p_values().collect::<Vec<_>>(), [0.25, 0.25]);
    assert_eq!(torn.set(1).collect::<Vec<_>>(), [true, true]);
    assert_eq!(torn.verdict(), Verdict::Ambiguous);
}

#[test]
fn a_row_that_is_far_away_is_referred_whatever_its_class() {
    let fitted = of_classes();
    let far = uncertain(&fitted, &[0.75, 0.25], &[18.5]);
    assert_eq!(far.distance_p_value(), Some(0.05));
    assert_eq!(far.verdict(), Verdict::Unlike);
    let near = uncertain(&fitted, &[0.75, 0.25], &[18.0]);
    assert_eq!(near.verdict(), Verdict::Predicted);
}

#[test]
fn intervals_of_a_number_are_as_wide_as_the_row_is_difficult() {
    let number = || Target::Number { name: "days".into(), unit: None };
    let plain = of_number(Difficulty::Constant);
    assert!(check(&plain, number()).is_ok());
    let of = |fitted: &Uncertainty, members: &[f64]| {
        let row = [0.0];
        let of_row = Uncertain { members, ..uncertain(fitted, &[100.0], &row) };
        let ends = of_row.intervals().map(|i| (i.low, i.high)).collect::<Vec<_>>();
        (ends, of_row.verdict())
    };
    let everything = (f64::NEG_INFINITY, f64::INFINITY);
    let expected = vec![(95.0, 105.0), (92.0, 108.0), everything];
    assert_eq!(of(&plain, &[90.0, 110.0]), (expected, Verdict::Predicted));
    let normalised = of_number(Difficulty::MemberRange { offset: 0.5 });
    let expected = vec![(97.5, 102.5), (96.0, 104.0), everything];
    assert_eq!(of(&normalised, &[100.0, 100.0]), (expected, Verdict::Predicted));
    let expected = vec![(92.5, 107.5), (88.0, 112.0), everything];
    assert_eq!(of(&normalised, &[99.0, 101.0]), (expected, Verdict::Ambiguous));
}

#[test]
#[allow(clippy::type_complexity, reason = "a list of edits, each with its message")]
fn parts_that_do_not_fit_are_refused() {
    let edits: [(fn(&mut Uncertainty), &str); 8] = [
        (|u| u.levels = vec![0.9, 0.8], "ascending"),
        (|u| u.levels = vec![1.0], "0.01 to 0.9999"),
        (|u| u.levels = vec![], "refers by level 2, expected 1 to 0"),
        (|u| u.spreads = vec![Spread { middle: 0.0, below: 0.0, above: 1.0 }], "feature 1"),
        (|u| u.spreads.push(Spread { middle: 0.0, below: 1.0, above: 1.0 }), "spreads of 2"),
        (|u| u.distance = None, "there is no distance"),
        (|u| u.referral.unlike = Some(f64::NAN), "p-value is not 0"),
        (|u| u.referral.ambiguous = Some(Ambiguity::TooWide { level: 0, max_width: 1.0 }), "fit"),
    ];
    for (edit, expected) in edits {
        let mut fitted = of_classes();
        edit(&mut fitted);
        let error = check(&fitted, two_classes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let three = Target::of_classes("stage", ["I", "II", "III"]);
    assert!(check(&of_classes(), three).is_err());
}
