use super::*;
use crate::schema::{
    Action, Feature, FeatureKind, MissingReason, Policy, Quantity, Range, Target, Unit,
};
use alloc::string::{String, ToString};
use alloc::vec;

/// A number, an integer, a boolean and a category; `change` sets policies.
fn intake(change: impl FnOnce(&mut [Feature])) -> Intake {
    let levels = vec!["low".into(), "mid".into(), "high".into()];
    let mut features = vec![
        Feature {
            unit: Some("umol/L".into()),
            alternative_units: vec![Unit {
                code: "mg/dL".into(),
                offset: 0.0,
                multiplier: 88.42,
                divisor: 1.0,
            }],
            range: Some(Range { low: 10.0, high: 2000.0 }),
            ..Feature::number("creatinine")
        },
        Feature::of_kind("age", FeatureKind::Integer),
        Feature::of_kind("smoker", FeatureKind::Boolean),
        Feature::of_kind("grade", FeatureKind::Category { levels }),
    ];
    change(&mut features);
    let schema = Schema::new(features, Target::of_classes("y", ["no", "yes"])).unwrap();
    Intake::of_schema(&schema).unwrap()
}

/// By a row and by the single value, which must agree.
fn admit(intake: &Intake, feature: usize, value: Value<'_>) -> Result<(f64, Flags), Error> {
    let of_row = admit_in_row(intake, feature, value);
    let bits =
        |taken: Result<(f64, Flags), Error>| taken.map(|(value, flags)| (value.to_bits(), flags));
    assert_eq!(bits(intake.take(feature, value)), bits(of_row.clone()));
    of_row
}

fn admit_in_row(intake: &Intake, feature: usize, value: Value<'_>) -> Result<(f64, Flags), Error> {
    let plain = [100.0, 50.0, 1.0, 2.0].map(Cell::of_array);
    let cell = intake.cell(feature, value)?;
    let cells = (0..4).map(|at| if at == feature { cell } else { plain[at] });
    let (mut row, mut flags) = ([0.0; 4], [Flags::default(); 4]);
    let row_flags = intake.admit(cells, &mut row, &mut flags, &mut [])?;
    assert_eq!(row_flags, flags[feature]);
    Ok((row[feature], flags[feature]))
}

#[test]
fn what_fits_is_taken_as_it_is() {
    let intake = intake(|_| {});
    let cases = [
        (0, Value::Number(88.42), 88.42),
        (0, Value::NumberIn(1.5, "mg/dL"), 1.5 * 88.42),
        (0, Value::NumberIn(50.0, "umol/L"), 50.0),
        (0, Value::Integer(90), 90.0),
        (1, Value::Integer(-3), -3.0),
        (1, Value::Number(41.0), 41.0),
        (2, Value::Boolean(true), 1.0),
        (2, Value::Integer(0), 0.0),
        (3, Value::Text("mid"), 1.0),
        (3, Value::Number(2.0), 2.0),
    ];
    for (feature, value, expected) in cases {
        assert_eq!(admit(&intake, feature, value), Ok((expected, Flags::default())), "{value:?}");
    }
}

#[test]
fn what_does_not_fit_is_told_apart() {
    let intake = intake(|_| {});
    let cases = [
        (0, Value::Missing(None), ErrorKind::Missing),
        (0, Value::Missing(Some(MissingReason::NotPerformed)), ErrorKind::Missing),
        (0, Value::Number(f64::NAN), ErrorKind::NotANumber),
        (0, Value::Number(f64::NEG_INFINITY), ErrorKind::Infinite),
        (0, Value::Number(9.0), ErrorKind::OutOfRange),
        (0, Value::Number(1e101), ErrorKind::Magnitude),
        (0, Value::NumberIn(1e308, "mg/dL"), ErrorKind::Infinite),
        (0, Value::NumberIn(1.0, "mg/L"), ErrorKind::UnknownUnit),
        (0, Value::Boolean(true), ErrorKind::WrongType),
        (0, Value::Text("88"), ErrorKind::WrongType),
        (1, Value::Number(2.5), ErrorKind::WrongType),
        (1, Value::Number(1e16), ErrorKind::Magnitude),
        (1, Value::Integer(i64::MIN), ErrorKind::WrongType),
        (2, Value::Integer(2), ErrorKind::WrongType),
        (3, Value::Text("higher"), ErrorKind::UnseenLevel),
        (3, Value::Integer(3), ErrorKind::UnseenLevel),
        (3, Value::Number(0.5), ErrorKind::WrongType),
        (4, Value::Number(0.5), ErrorKind::UnknownFeature),
    ];
    for (feature, value, kind) in cases {
        let error = admit(&intake, feature, value).unwrap_err();
        assert_eq!(error.kind(), kind, "{value:?}: {error}");
        assert_eq!(error.path().next(), Some(Place::Feature(feature)), "{value:?}");
    }
    let unset = [Cell::UNSET; 4].into_iter();
    let error = intake.admit(unset, &mut [0.0; 4], &mut [Flags::default(); 4], &mut []);
    let expected = "feature 1: `creatinine`: not set, and this model does not impute it";
    assert_eq!(error.unwrap_err().to_string(), expected);
}

#[test]
fn the_policy_decides() {
    let (impute, clamp, take) = (Action::Impute, Action::Clamp, Action::Take);
    let none = Policy::default();
    let cases = [
        (0, Policy { missing: impute, ..none }, Value::Missing(None), f64::NAN, 1),
        (0, Policy { not_a_number: impute, ..none }, Value::Number(f64::NAN), f64::NAN, 1),
        (0, Policy { infinite: impute, ..none }, Value::Number(f64::INFINITY), f64::NAN, 1 | 8),
        (0, Policy { infinite: clamp, ..none }, Value::Number(f64::INFINITY), 2000.0, 2 | 8),
        (0, Policy { infinite: clamp, ..none }, Value::Number(f64::NEG_INFINITY), 10.0, 2 | 8),
        (0, Policy { out_of_range: clamp, ..none }, Value::Number(-4.0), 10.0, 2 | 8),
        (0, Policy { out_of_range: take, ..none }, Value::Number(-4.0), -4.0, 8),
        (0, Policy { out_of_range: impute, ..none }, Value::Number(-4.0), f64::NAN, 1 | 8),
        (1, Policy { wrong_type: impute, ..none }, Value::Number(2.5), f64::NAN, 1),
        (3, Policy { unseen_level: take, ..none }, Value::Text("higher"), 3.0, 4),
        (3, Policy { unseen_level: take, ..none }, Value::Integer(-7), 3.0, 4),
        (3, Policy { unseen_level: impute, ..none }, Value::Text("higher"), f64::NAN, 1 | 4),
    ];
    for (feature, policy, value, expected, flags) in cases {
        let intake = intake(|features| features[feature].policy = policy);
        let (found, found_flags) = admit(&intake, feature, value).unwrap();
        assert!(found == expected || found.is_nan() && expected.is_nan(), "{value:?}: {found}");
        assert_eq!(found_flags.bits(), flags, "{value:?}");
    }
}

#[test]
fn no_plausible_value_is_taken_beyond_every_size() {
    let take = Policy { out_of_range: Action::Take, ..Policy::default() };
    let intake = intake(|features| features[0].policy = take);
    let error = admit(&intake, 0, Value::Number(1e101)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Magnitude);
}

#[test]
fn a_broken_rule_names_itself_and_its_features() {
    let rule = |action| Rule {
        name: "younger than creatinine".into(),
        quantity: Quantity::Difference { minuend: 0, subtrahend: 1 },
        low: Some(0.0),
        high: None,
        action,
    };
    let broken = |action| {
        let schema = Schema::new(
            vec![Feature::number("creatinine"), Feature::number("age")],
            Target::of_classes("y", ["no", "yes"]),
        );
        let schema = schema.unwrap().with_rules(vec![rule(action)]).unwrap();
        let intake = Intake::of_schema(&schema).unwrap();
        let cells = [40.0, 50.0].map(Cell::of_array).into_iter();
        let (mut row, mut flags, mut broken) = ([0.0; 2], [Flags::default(); 2], [false]);
        let row_flags = intake.admit(cells, &mut row, &mut flags, &mut broken);
        row_flags.map(|row_flags| (row_flags, broken)).map_err(|error| error.to_string())
    };
    let expected = "rule 1: `younger than creatinine`: feature 1: feature 2: the values contradict \
                    each other";
    assert_eq!(broken(RuleAction::Refuse), Err::<_, String>(expected.into()));
    assert_eq!(broken(RuleAction::Flag), Ok((Flags::RULE_BROKEN, [true])));
}
