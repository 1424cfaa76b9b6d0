//! The equations of `examples/equations` predict what their worked examples state.

use nomogram::Model;
use nomogram::numeric::ln;
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

/// An equation of one factor, with an example for each row.
fn of_factor(range: &str, factor: &str, examples: &[(f64, f64)]) -> String {
    let example = |(x, y): &(f64, f64)| {
        let within = 1e-13 * y.abs().max(1.0);
        format!(
            "  - {{ row: {{ x: {x:e} }}, prediction: {y:e}, within: {within:e}, from: the formula }}\n"
        )
    };
    let examples: String = examples.iter().map(example).collect();
    format!(
        "equation: {{ name: factor, version: '1', paper: none }}\n\
         features: [{{ name: x{range} }}]\n\
         terms: [{{ coefficient: 1.0, factors: [{{ feature: x, {factor} }}] }}]\n\
         outcome: {{ value: {{ name: y }} }}\nexamples:\n{examples}"
    )
}

#[test]
fn even_powers_lose_the_sign_and_odd_powers_keep_it() {
    let range = ", range: [-1000, 1000]";
    for (factor, power) in [
        ("subtract: 60, divide: 10, power: 2", 2),
        ("subtract: 60, divide: 10, power: 3", 3),
        ("subtract: 60, divide: 10, power: 4", 4),
        ("subtract: 60, divide: 10, power: 6", 6),
    ] {
        let rows = [40.0, 53.7, 60.0, 61.2, 80.0, -900.0];
        let product = |x: f64| (0..power).fold(1.0, |product, _| product * ((x - 60.0) / 10.0));
        let rows = rows.map(|x| (x, product(x)));
        let sealed = read(&of_factor(range, factor, &rows)).unwrap().seal(&[]);
        let sealed = sealed.unwrap_or_else(|error| panic!("{factor}: {error}"));
        assert_eq!(sealed.comparison.n_rows, rows.len(), "{factor}");
    }
}

#[test]
fn logarithms_of_small_values_keep_their_digits() {
    let rows = [1e-12, 3.7e-12, 1e-10, 1e-7, 1e-3, 0.2, 1.0, 777.7].map(|x| (x, ln(x)));
    let equation = of_factor(", range: [1.0e-12, 1000]", "transform: ln", &rows);
    let sealed = read(&equation).unwrap().seal(&[]).unwrap();
    assert_eq!((sealed.comparison.n_rows, sealed.comparison.n_refused), (rows.len(), 0));
    // From 0.001 on, the logarithm is that of 1 plus the value less 1.
    let rows = [1e-3, 1.3e-3, 0.2, 1.0, 777.7].map(|x| (x, ln(x)));
    let equation = of_factor(", range: [1.0e-3, 1000]", "transform: ln", &rows);
    let sealed = read(&equation).unwrap().seal(&[]).unwrap();
    assert!(sealed.comparison.outputs.unwrap().largest <= 6e-14);
}

#[test]
fn functions_without_a_value_somewhere_are_refused_with_their_feature() {
    for (range, factor, message) in [
        (", range: [-10, 10]", "power: 0.5", "`power` 0.5 of a value that may be -10, expected a"),
        ("", "power: 1.5", "`power` 1.5 of a value without a lower bound, expected a wh"),
        (", range: [1, 10]", "power: -1", "`power` -1, expected a positive number"),
        (", range: [0, 10]", "transform: ln", "the logarithm of a value that may be 0, expected"),
        (", range: [0, 10]", "transform: ln1p, subtract: 1", "1 plus a value that may be -1"),
        ("", "transform: ln, at_least: 1.0e-9", "values from 1e-9 to inf, expected a narrower"),
        (", range: [0, 10]", "divide: -2", "`divide` -2, expected a positive number"),
        (", range: [0, 10]", "at_least: 3, at_most: 2", "`at_least` 3 and `at_most` 2, expected"),
    ] {
        let error = read(&of_factor(range, factor, &[(4.0, 2.0)])).unwrap_err().to_string();
        let place = "terms: item 1: feature `x`: ";
        assert!(error.starts_with(place) && error.contains(message), "{factor}: {error}");
    }
    let rows = [(0.0, 0.0), (4.0, 2.0), (100.0, 10.0)];
    read(&of_factor(", range: [0, 100]", "power: 0.5", &rows)).unwrap().seal(&[]).unwrap();
    read(&of_factor("", "at_least: 0, power: 0.5", &rows)).unwrap().seal(&[]).unwrap();
}

/// `tests/reference/make_r_tables.R` made these.
fn r_table(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/r");
    std::fs::read_to_string(format!("{folder}/{name}.yaml")).unwrap()
}

#[test]
fn tables_that_r_prints_predict_what_r_predicted() {
    for name in ["glm", "gamma", "coxph", "lrm"] {
        let imported = read(&r_table(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let sealed = imported.seal(&[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let largest = crate::records::largest_difference(&imported, &imported.expected);
        println!("{name}: largest difference {largest:e}");
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
