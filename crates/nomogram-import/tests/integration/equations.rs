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

/// `tests/reference/make_r_tables.R` made these.
fn r_table(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/r");
    std::fs::read_to_string(format!("{folder}/{name}.yaml")).unwrap()
}

#[test]
fn tables_that_r_prints_predict_what_r_predicted() {
    for name in ["glm", "gamma", "coxph", "lrm"] {
        let sealed = read(&r_table(name)).and_then(|imported| imported.seal(&[]));
        let sealed = sealed.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((sealed.comparison.n_rows, sealed.comparison.n_refused), (7, 0), "{name}");
    }
}

#[test]
fn rows_of_a_table_that_nothing_explains_are_refused_with_their_line() {
    for (name, from, to, message) in [
        (
            "glm",
            "log(calories) ",
            "sqrt(calories)",
            "r_table: line 4: `sqrt(calories)`, which is no",
        ),
        (
            "glm",
            "levels: ['0', '1', '2']",
            "levels: ['0', '1']",
            "line 9: `ecog2`, which is no feature",
        ),
        ("glm", "-1.1193653869967504e-03", "NA", "line 6: "),
        ("lrm", "age''  ", "age'''", "line 17: term 4 of the spline of `age`, expected term 3"),
        ("lrm", "outcome:", "intercept: 2\noutcome:", "r_table: beside `terms` or `intercept`"),
        ("coxph", " coef ", " beta ", "r_table: no coefficients"),
    ] {
        let text = r_table(name);
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let error =
            read(&changed).err().map_or_else(|| "accepted".to_owned(), |error| error.to_string());
        assert!(error.contains(message), "{name}, {from}: {error}");
    }
}
