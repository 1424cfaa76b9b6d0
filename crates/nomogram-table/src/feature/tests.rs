use std::sync::Arc;

use nomogram::{Intake, Range, Schema, Target};

use super::*;

/// A cell from a type and a text: `written x`, `text x`, `number 1`, `null` and so on.
fn cell(text: &str) -> Cell<'_> {
    let (kind, text) = text.split_once(' ').unwrap_or((text, ""));
    match kind {
        "written" => Cell::Written(text.trim_matches('\'')),
        "text" => Cell::Text(text.trim_matches('\'')),
        "number" => Cell::Number(text.parse().unwrap()),
        "integer" => Cell::Integer(text.parse().unwrap()),
        "unsigned" => Cell::Unsigned(text.parse().unwrap()),
        "boolean" => Cell::Boolean(text.parse().unwrap()),
        "date" => Cell::Time(crate::time::Time::of_day(text.parse().unwrap())),
        "decimal" => Cell::Decimal(text),
        "other" => Cell::Other(text),
        "null" => Cell::Missing,
        _ => panic!("{kind}"),
    }
}

fn features() -> [FeatureCells; 6] {
    let kind = |name: &str, kind| Feature { kind, ..Feature::number(name) };
    let levels = ["Größe", "12", "true", " spaced"].map(str::to_owned).to_vec();
    let format = TableFormat {
        missing: vec!["NA".into()],
        booleans: crate::BooleanTexts {
            true_texts: vec!["ja".into()],
            false_texts: vec!["nein".into()],
        },
        feature_booleans: [("pair".into(), ["no".into(), "yes".into()])].into(),
        ..TableFormat::default()
    };
    let format = Arc::new(format);
    let mut dose = Feature::number("dose");
    dose.unit = Some("mg".into());
    dose.range = Some(Range { low: 0.0, high: 10.0 });
    [
        Feature::number("number"),
        kind("integer", FeatureKind::Integer),
        kind("boolean", FeatureKind::Boolean),
        kind("pair", FeatureKind::Boolean),
        kind("category", FeatureKind::Category { levels }),
        dose,
    ]
    .map(|feature| FeatureCells::new(feature, None, format.clone()))
}

fn feature<'a>(features: &'a [FeatureCells], name: &str) -> &'a FeatureCells {
    features.iter().find(|cells| cells.feature().name == name).unwrap()
}

/// Lines of `feature | cell → expectation`, checked by `show`.
fn check(cases: &str, show: impl Fn(&FeatureCells, Cell<'_>) -> String) {
    let features = features();
    let mut wrong = Vec::new();
    for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (case, expected) = line.split_once('→').unwrap();
        let (name, cell_text) = case.split_once('|').unwrap();
        let shown = show(feature(&features, name.trim()), cell(cell_text.trim()));
        if shown != expected.trim() {
            wrong.push(format!("{line}\n    is {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_cell_means_the_same_in_every_command() {
    let cases = r#"
        number   | written 61.5      → Number(61.5)
        number   | written ' 61.5 '  → Number(61.5)
        number   | written 1,5       → Text("1,5")
        number   | written ''        → Missing(None)
        number   | written NA        → Missing(None)
        number   | written na        → Text("na")
        number   | written nan       → Number(NaN)
        number   | written true      → Text("true")
        number   | text 61.5         → Text("61.5")
        number   | text NA           → Missing(None)
        number   | number NaN        → Number(NaN)
        number   | integer 7         → Integer(7)
        number   | boolean true      → Boolean(true)
        number   | date 0            → Text("")
        number   | decimal 9007199254740993 → Number(9007199254740992.0)
        number   | decimal -0.30     → Number(-0.3)
        number   | other Binary      → Text("")
        number   | null              → Missing(None)
        integer  | written 7         → Integer(7)
        integer  | written +7        → Integer(7)
        integer  | written 7.0       → Number(7.0)
        integer  | written 9007199254740993 → Integer(9007199254740993)
        integer  | written 9007199254740993.0 → Integer(9223372036854775807)
        integer  | written -9007199254740993.0 → Integer(-9223372036854775808)
        integer  | written 9223372036854775808 → Integer(9223372036854775807)
        integer  | written 9007199254740992.0 → Number(9007199254740992.0)
        integer  | written 1e17      → Integer(9223372036854775807)
        integer  | written 1.00000000000000000001 → Text("1.00000000000000000001")
        integer  | written inf       → Number(inf)
        integer  | decimal 9007199254740993 → Integer(9007199254740993)
        integer  | decimal 9007199254740993.00 → Integer(9223372036854775807)
        integer  | decimal 7.00      → Number(7.0)
        integer  | unsigned 18446744073709551615 → Integer(9223372036854775807)
        boolean  | written TRUE      → Boolean(true)
        boolean  | written 0         → Boolean(false)
        boolean  | written 1.0       → Boolean(true)
        boolean  | written -0.00     → Boolean(false)
        boolean  | written 1e0       → Boolean(true)
        boolean  | written 2.0       → Text("2.0")
        boolean  | written 1.00000000000000000001 → Text("1.00000000000000000001")
        boolean  | number 1          → Number(1.0)
        boolean  | decimal 1.0       → Number(1.0)
        boolean  | text 1.0          → Text("1.0")
        boolean  | written ja        → Boolean(true)
        boolean  | written Ja        → Text("Ja")
        boolean  | written yes       → Text("yes")
        boolean  | text ja           → Boolean(true)
        boolean  | text true         → Text("true")
        boolean  | boolean false     → Boolean(false)
        boolean  | integer 1         → Integer(1)
        pair     | written yes       → Boolean(true)
        pair     | written true      → Text("true")
        pair     | written 1.0       → Text("1.0")
        pair     | text no           → Boolean(false)
        category | written Größe     → Text("Größe")
        category | written ' Größe ' → Text("Größe")
        category | written ' spaced' → Text(" spaced")
        category | written other     → Text("other")
        category | text Größe        → Text("Größe")
        category | integer 12        → Text("12")
        category | integer 0         → Text("")
        category | boolean true      → Text("true")
        category | written 12.0      → Text("12")
        category | written -12.0     → Text("-12.0")
        category | written 12.5      → Text("12.5")
        category | written 012       → Text("012")
        category | number 12         → Text("12")
        category | number 12.5       → Boolean(false)
        category | number 13         → Text("")
        category | date 0            → Boolean(false)
        category | decimal 12        → Text("12")
        category | decimal 12.00     → Text("12")
        category | decimal 12.50     → Boolean(false)
        category | null              → Missing(None)
    "#;
    check(cases, |cells, cell| format!("{:?}", cells.value(cell)));
}

/// What the core refuses, as every command reports it.
#[test]
fn a_refusal_names_what_was_found_and_expected() {
    let cases = "
        number   | written lots      → `lots`; a number
        number   | written 53,9      → `53,9`; a number with a decimal point
        integer  | written 1,0       → `1,0`; a whole number with a decimal point
        number   | written NA        → `NA`, a missing value; a number
        number   | written ''        → a missing value; a number
        number   | null              → a missing value; a number
        number   | written inf       → `inf`; a finite number
        number   | number NaN        → the number NaN; a finite number
        number   | written 1e101     → `1e101`; a number of at most 1e100
        number   | text 61.1         → text `61.1`; a number
        number   | boolean true      → the boolean true; a number
        number   | integer 9007199254740993 → the whole number 9007199254740993; a whole number of at most 2^53
        number   | unsigned 18446744073709551615 → the whole number 18446744073709551615; a whole number of at most 2^53
        number   | date 1            → the date 1970-01-02; a number
        number   | written 1\u{200b} → `1\\u{200b}`; a number
        number   | other List(Int8)  → a value of type List(Int8); a number
        integer  | written 7.5       → `7.5`; a whole number
        integer  | written 9007199254740993 → `9007199254740993`; a whole number of at most 2^53
        integer  | written 9007199254740993.0 → `9007199254740993.0`; a whole number of at most 2^53
        integer  | written 9223372036854775808 → `9223372036854775808`; a whole number of at most 2^53
        integer  | written 1e17      → `1e17`; a whole number of at most 2^53
        integer  | decimal 9007199254740993.0 → the number 9007199254740993.0; a whole number of at most 2^53
        integer  | number 1e17       → the number 1e17; a whole number of at most 2^53
        integer  | number inf        → the number inf; a finite whole number
        boolean  | written yes       → `yes`; `false` or `0`, `true` or `1`
        boolean  | text true         → text `true`; a boolean, 0 or 1
        boolean  | integer 2         → the whole number 2; a boolean, 0 or 1
        pair     | written true      → `true`; `no` or `yes`
        category | written größe     → `größe` (`Größe` in another case); one of the levels `Größe`, `12`, `true`, ` spaced`
        category | written Gro\u{308}ße → `Gro\\u{308}ße` (`Größe` in another Unicode form); one of the levels `Größe`, `12`, `true`, ` spaced`
        category | written 1 2       → `1 2` (`12` with other spaces); one of the levels `Größe`, `12`, `true`, ` spaced`
        category | text klein        → text `klein`; one of the levels `Größe`, `12`, `true`, ` spaced`
        category | number 12.5       → the number 12.5; one of the levels `Größe`, `12`, `true`, ` spaced`
        dose     | written 11        → `11`; a number from 0 to 10, unit `mg`
    ";
    let intakes = features().map(|cells| {
        let feature = cells.feature().clone();
        let schema = Schema::new(vec![feature], Target::of_classes("y", ["a", "b"])).unwrap();
        (cells.feature().name.clone(), Intake::of_schema(&schema).unwrap())
    });
    check(cases, |cells, cell| {
        let intake = intakes.iter().find(|(name, _)| *name == cells.feature().name);
        let error = intake.unwrap().1.take(0, cells.value(cell)).unwrap_err();
        format!("{}; {}", cells.found(cell), cells.expected(error.kind(), cell))
    });
}

#[test]
fn a_number_in_another_unit_is_stated_in_it() {
    let unit = Some("g".to_owned());
    let cells = FeatureCells::new(Feature::number("x"), unit, Arc::new(TableFormat::default()));
    assert_eq!(cells.value(Cell::Written("1.5")), Value::NumberIn(1.5, "g"));
    assert_eq!(cells.value(Cell::Integer(2)), Value::NumberIn(2.0, "g"));
    assert_eq!(cells.value(Cell::Integer(i64::MAX)), Value::Integer(i64::MAX));
    assert!(
        cells.expected(ErrorKind::WrongType, Cell::Missing).ends_with("(the column has unit `g`)")
    );
}

#[test]
fn the_number_of_an_array_states_what_its_cell_does() {
    let cells = "written 61.5; written ' 2 '; written NA; written nan; written inf; written -0; \
                 written 1,5; written 1.5; written 3.0; written 9007199254740993; written ja; \
                 written nein; written yes; written Größe; written 12; written ' spaced'; \
                 written größe; text 61.5; text NA; text Größe; text yes; number 2.5; number 1; \
                 number NaN; number inf; integer 1; integer 12; integer 9007199254740992; \
                 integer 9007199254740993; unsigned 18446744073709551615; boolean true; \
                 boolean false; decimal 2.50; decimal 2; date 3; other list; null";
    let mut n_numbers = 0;
    let mut in_grams = feature(&features(), "dose").clone();
    in_grams.unit = Some("g".into());
    let mut in_own_unit = in_grams.clone();
    in_own_unit.unit = Some("mg".into());
    for feature_cells in features().iter().chain([&in_grams, &in_own_unit]) {
        let mut feature = feature_cells.feature().clone();
        let grams =
            nomogram::Unit { code: "g".into(), offset: 0.0, multiplier: 1000.0, divisor: 1.0 };
        feature.alternative_units = feature.unit.iter().map(|_| grams.clone()).collect();
        let schema = Schema::new(vec![feature], Target::of_classes("y", ["a", "b"])).unwrap();
        let intake = Intake::of_schema(&schema).unwrap();
        for text in cells.split(';') {
            let cell = cell(text.trim_start());
            let Some(number) = feature_cells.array_number(cell) else { continue };
            let stated = match number.is_nan() {
                true => Value::Missing(None),
                false => Value::Number(number),
            };
            let [taken, expected] = [stated, feature_cells.value(cell)]
                .map(|value| format!("{:?}", intake.take(0, value)));
            assert_eq!(taken, expected, "{} of {}", cell, feature_cells.feature().name);
            n_numbers += 1;
            #[cfg(feature = "columnar")]
            if let Cell::Number(given) = cell {
                assert!(!feature_cells.takes_numbers_as_they_are() || given == number);
            }
        }
    }
    assert!(n_numbers > 80, "{n_numbers}");
    assert_eq!(in_grams.array_number(Cell::Number(1.0)), None);
    assert_eq!(in_own_unit.array_number(Cell::Number(1.0)), Some(1.0));
}

#[test]
fn a_text_that_differs_in_spelling_alone_is_recognised() {
    let names = ["Stufe II".to_owned(), "früh".to_owned()];
    let cases = [
        ("stufe ii", Some("`Stufe II` in another case")),
        ("Stufe  II", Some("`Stufe II` with other spaces")),
        ("Stufe\u{a0}II", Some("`Stufe II` with other spaces")),
        ("fru\u{308}h", Some("`früh` in another Unicode form")),
        ("ＦＲÜＨ", Some("`früh` in another spelling")),
        ("früh", None),
        ("spät", None),
    ];
    for (text, expected) in cases {
        assert_eq!(other_spelling(text, &names).as_deref(), expected, "{text}");
    }
}
