//! PMML: treatments of values, with the numbers that JPMML-Evaluator 0.16.0 gives, or a refusal.

use crate::pmml_documents::{
    FIELD, derived, document, mining, number, predict, refused, schema, stump, sum, term,
};

#[test]
fn numbers_that_mark_missing_values_are_missing() {
    let field = |data_type| {
        let marker =
            r#"<Value value="-999" property="missing"/><Value value="NaN" property="missing"/>"#;
        number("x", data_type, marker)
    };
    let text = document(
        &[field("double")],
        &sum(&schema(&[r#"x" missingValueReplacement="5"#]), "", &term("x", 2.0)),
    );
    let expected = [Some(10.5), Some(2.5), Some(10.5)];
    assert_eq!(predict(&text, &[[-999.0], [1.0], [f64::NAN]]), expected);
    // -999.00001 is the same single.
    let expected = [Some(2.0), Some(2.0), Some(1.0)];
    let rows = [[-999.0], [-999.000_01], [-999.1]];
    let text = document(&[field("float")], &stump(&schema(&["x"]), "", "x", "0.5"));
    assert_eq!(predict(&text, &rows), expected);
    let text = document(&[field("double")], &sum(&schema(&["x"]), "", &term("x", 2.0)));
    refused(&text, "values of `x` that are taken as missing, expected a missingValueReplacement");
}

#[test]
fn lists_of_values_without_a_counterpart_are_refused() {
    let tree = stump(&schema(&["x"]), "", "x", "0.5");
    for (inner, message) in [
        (
            r#"<Value value="-999" property="invalid"/>"#,
            "`-999` as an invalid value of the number `x`",
        ),
        (r#"<Value value="1"/><Value value="2"/>"#, "a list of the valid values of the number `x`"),
    ] {
        refused(&document(&[number("x", "double", inner)], &tree), message);
    }
    let tree = stump(&schema(&[r#"x" invalidValueTreatment="asMissing"#]), "", "x", "0.5");
    let inner = r#"<Value value="-999" property="invalid"/>"#;
    let text = document(&[number("x", "double", inner)], &tree);
    assert_eq!(predict(&text, &[[-999.0], [-998.0]]), [Some(2.0), Some(1.0)]);
}

#[test]
fn a_missing_value_is_refused_where_the_document_refuses_it() {
    for replacement in ["", r#"" missingValueReplacement="0"#] {
        let field = format!(r#"x" missingValueTreatment="returnInvalid{replacement}"#);
        let text =
            document(&[number("x", "double", "")], &stump(&schema(&[&field]), "", "x", "0.5"));
        assert_eq!(predict(&text, &[[f64::NAN], [0.0]]), [None, Some(1.0)]);
    }
}

#[test]
fn what_a_segment_treats_anew_is_refused_and_its_targets_are_applied() {
    let fields = [number("x", "double", ""), number("z", "double", "")];
    let second = stump(&schema(&["z"]), "", "z", "0.4");
    for method in ["sum", "average"] {
        for (treatment, message) in [
            ("missingValueReplacement=\"0.1", "`missingValueReplacement` of `x` in `TreeModel`"),
            ("outliers=\"asExtremeValues\" lowValue=\"0", "`outliers` of `x` in `TreeModel`"),
            ("missingValueTreatment=\"returnInvalid", "`missingValueTreatment` of `x`"),
            ("invalidValueTreatment=\"asMissing", "`invalidValueTreatment` of `x`"),
        ] {
            let treated = format!("x\" {treatment}");
            let first = stump(&schema(&[&treated]), "", "x", "0.5");
            let models = [first.clone(), second.clone()];
            let text = document(&fields, &mining(&schema(&["x", "z"]), method, &models));
            refused(&text, message);
            if treatment.starts_with("missingValueReplacement") {
                // The same as that of the whole model.
                let text = document(&fields, &mining(&schema(&[&treated, "z"]), method, &models));
                let share = if method == "sum" { 1.0 } else { 2.0 };
                assert_eq!(predict(&text, &[[f64::NAN, 0.9]]), [Some(3.0 / share)]);
            }
        }
    }
    let targets =
        r#"<Targets><Target field="y" rescaleFactor="10" rescaleConstant="3"/></Targets>"#;
    let first = stump(&schema(&["x"]), targets, "x", "0.5");
    let text = document(&fields, &mining(&schema(&["x", "z"]), "average", &[first, second]));
    assert_eq!(predict(&text, &[[0.0, 0.2], [0.7, 0.9]]), [Some(7.0), Some(12.5)]);
}

#[test]
fn a_segment_reads_its_own_derived_fields() {
    let times = |factor: &str| {
        let constant = format!(r#"<Constant dataType="double">{factor}</Constant>"#);
        derived("double", &format!(r#"<Apply function="*">{FIELD}{constant}</Apply>"#))
    };
    let first = sum(&schema(&["x"]), &times("3"), &term("d", 1.0));
    let second = sum(&schema(&["x"]), "", &term("x", 1.0));
    for outer in [String::new(), times("10")] {
        let within = format!("{}{outer}", schema(&["x"]));
        let models = [first.clone(), second.clone()];
        let text = document(&[number("x", "double", "")], &mining(&within, "average", &models));
        assert_eq!(predict(&text, &[[0.0], [1.0], [2.0]]), [Some(0.5), Some(2.5), Some(4.5)]);
    }
    let shadow = times("3").replace("name=\"d\"", "name=\"x\"");
    let text =
        document(&[number("x", "double", "")], &sum(&schema(&["x"]), &shadow, &term("x", 1.0)));
    refused(&text, "a derived field `x` named as its input");
}
