//! PMML: precisions, functions and parameters, with the numbers that JPMML-Evaluator 0.16.0 gives, or a refusal.

use crate::pmml_documents::{
    FIELD, category, derived, document, mining, number, predict, refused, schema, stump, sum, term,
};

#[test]
fn a_score_that_is_not_the_most_probable_class_is_refused() {
    let tree = |score: &str| {
        format!(
            r#"<TreeModel functionName="classification">{}
            <Node score="no"><True/>
            <Node score="no"><SimplePredicate field="x" operator="lessOrEqual" value="0.5"/>
              <ScoreDistribution value="no" recordCount="40"/><ScoreDistribution value="yes" recordCount="10"/></Node>
            <Node score="{score}"><SimplePredicate field="x" operator="greaterThan" value="0.5"/>
              <ScoreDistribution value="no" recordCount="30"/><ScoreDistribution value="yes" recordCount="20"/></Node>
            </Node></TreeModel>"#,
            schema(&["x"]).replace("\"y\"", "\"risk\"")
        )
    };
    let field = [number("x", "double", "")];
    let message = "the score `yes`, expected the most probable class, `no`";
    refused(&document(&field, &tree("yes")), message);
    assert_eq!(predict(&document(&field, &tree("no")), &[[0.5], [0.6]]), [Some(0.8), Some(0.6)]);
}

#[test]
fn values_of_single_precision_are_compared_as_such_and_not_added() {
    let both = [number("x", "float", ""), number("z", "double", "")];
    // In single precision, all of these are 0.7, and 0.7000001 is not.
    let (near, far) = (0.700_000_000_1, 0.700_000_1);
    let tree = |field| stump(&schema(&["x", "z"]), "", field, "0.7");
    let rows = [[near, near], [0.7, 0.7], [far, 0.0]];
    assert_eq!(
        predict(&document(&both, &tree("x")), &rows),
        [Some(1.0), Some(1.0), Some(2.0)],
        "float"
    );
    assert_eq!(
        predict(&document(&both, &tree("z")), &rows),
        [Some(2.0), Some(1.0), Some(1.0)],
        "double"
    );
    let double = [number("x", "double", "")];
    let cast = derived("float", FIELD);
    let text = document(&double, &stump(&schema(&["x"]), &cast, "d", "0.7"));
    assert_eq!(predict(&text, &[[near], [far]]), [Some(1.0), Some(2.0)]);
    for (fields, body, message) in [
        (
            &both[..1],
            sum(&schema(&["x"]), "", &term("x", 2.0)),
            "NumericPredictor: not supported: a value of type `float` within a sum",
        ),
        (&double[..], sum(&schema(&["x"]), &cast, &term("d", 2.0)), "a value of type `float`"),
        (
            &both[..1],
            stump(&schema(&["x"]), &derived("double", FIELD), "d", "0.7"),
            "DerivedField: not supported: a `double` of a value of type `float`",
        ),
    ] {
        refused(&document(fields, &body), message);
    }
    let interval = r#"<Interval closure="openClosed" leftMargin="1" rightMargin="5"/>"#;
    let tree = stump(&schema(&["x"]), "", "x", "3");
    refused(&document(&[number("x", "float", interval)], &tree), "an Interval of type `float`");
    let closed = interval.replace("openClosed", "closedClosed");
    let text = document(&[number("x", "float", &closed)], &tree);
    assert_eq!(predict(&text, &[[0.9], [1.0], [5.0]]), [None, Some(1.0), Some(2.0)]);
}

#[test]
fn sums_of_single_precision_compare_singles_and_have_no_link_of_double() {
    let sums = |field: &str| {
        let float = r#"x-mathContext="float""#;
        let tree = format!(
            r#"<TreeModel functionName="regression" noTrueChildStrategy="returnLastPrediction" {float}>
            <MiningSchema><MiningField name="{field}"/></MiningSchema>
            <Node score="2"><True/>
            <Node score="1"><SimplePredicate field="{field}" operator="lessThan" value="57.3"/></Node>
            </Node></TreeModel>"#
        );
        let within = format!("{}{}", schema(&["x"]), derived("float", FIELD));
        mining(&within, "sum", &[tree]).replacen(
            "MiningModel ",
            &format!("MiningModel {float} "),
            1,
        )
    };
    let field = [number("x", "double", "")];
    // The single of 57.3 is not below that of the threshold.
    let rows = [[57.2], [57.3], [57.299_99], [57.299_999_99]];
    let expected = [Some(1.0), Some(2.0), Some(1.0), Some(2.0)];
    assert_eq!(predict(&document(&field, &sums("d")), &rows), expected);
    refused(
        &document(&field, &sums("x")),
        "a value that is not of type `float` within sums of single precision",
    );
    let output = r#"<Output><OutputField name="margin"/></Output><Segmentation"#;
    let first = sums("d").replacen("<Segmentation", output, 1);
    let last = sum("", "", &term("margin", 1.0)).replace("\"0.5\"", "\"0\"").replace(
        "functionName",
        "normalizationMethod=\"exp\" x-mathContext=\"float\" functionName",
    );
    let text = document(&field, &mining(&schema(&["x"]), "modelChain", &[first, last]));
    refused(&text, "RegressionModel: not supported: normalization `exp` in single precision");
    let text = document(&field, &sum(&schema(&["x"]), "", &term("x", 1.0)))
        .replace("<RegressionModel", "<RegressionModel x-mathContext=\"float\"");
    refused(&text, "RegressionModel: not supported: a `mathContext` of `float`");
}

#[test]
fn a_chain_may_add_a_constant_to_its_sum() {
    let text = |expression: &str, read: &str| {
        let output = format!(
            r#"<Output><OutputField name="raw" feature="predictedValue"/>
            <OutputField name="scaled" optype="continuous" dataType="double" feature="transformedValue">
            {expression}</OutputField></Output><Segmentation"#
        );
        let tree = stump(&schema(&["x"]), "", "x", "3");
        let first = mining(&schema(&["x"]), "sum", &[tree]).replacen("<Segmentation", &output, 1);
        let last = sum("", "", &term(read, 2.0));
        let chain = mining(&schema(&["x"]), "modelChain", &[first, last]);
        document(&[number("x", "double", "")], &chain)
    };
    let (raw, quarter) = (r#"<FieldRef field="raw"/>"#, "<Constant>0.25</Constant>");
    for terms in [format!("{raw}{quarter}"), format!("{quarter}{raw}")] {
        let added = format!(r#"<Apply function="+">{terms}</Apply>"#);
        let rows = [[3.0], [4.0]];
        assert_eq!(predict(&text(&added, "scaled"), &rows), [Some(3.0), Some(5.0)]);
        assert_eq!(predict(&text(&added, "raw"), &rows), [Some(2.5), Some(4.5)]);
        refused(&text(&added, "gbmValue"), "`gbmValue`, which is no sum of trees");
    }
    let other = "a value within a chain other than a sum and a constant";
    refused(&text(&format!(r#"<Apply function="*">{raw}{quarter}</Apply>"#), "scaled"), other);
    refused(&text(&format!(r#"<Apply function="+">{raw}{raw}</Apply>"#), "scaled"), other);
    let added = format!(r#"<Apply function="+">{raw}{quarter}</Apply>"#);
    let mapped = added.replace("<Apply ", "<Apply mapMissingTo=\"1\" ");
    refused(&text(&mapped, "scaled"), other);
    let is_double = r#"dataType="double" feature="transformedValue""#;
    let of_integer =
        text(&added, "scaled").replace(is_double, &is_double.replace("double", "integer"));
    refused(&of_integer, other);
    let unknown = format!(r#"<Apply function="+"><FieldRef field="y"/>{quarter}</Apply>"#);
    refused(&text(&unknown, "scaled"), "`y`, which is no sum of trees");
}

#[test]
fn parameters_without_a_counterpart_are_refused() {
    let fields = [category("c", "string", &["a", "b"]), number("x", "double", "")];
    let general = |matrix: &str, category: &str| {
        let model = format!(
            r#"<GeneralRegressionModel functionName="regression" modelType="generalizedLinear" linkFunction="identity">{}
            <ParameterList><Parameter name="p0"/><Parameter name="p1"/><Parameter name="p2"/></ParameterList>
            <FactorList><Predictor name="c">{matrix}</Predictor></FactorList>
            <CovariateList><Predictor name="x"/></CovariateList>
            <PPMatrix><PPCell value="a" predictorName="c" parameterName="p1"/>
            <PPCell value="1" predictorName="x" parameterName="p2" {category}/></PPMatrix>
            <ParamMatrix><PCell parameterName="p0" beta="0.5"/><PCell parameterName="p1" beta="1.5"/>
            <PCell parameterName="p2" beta="2"/></ParamMatrix></GeneralRegressionModel>"#,
            schema(&["c", "x"])
        );
        document(&fields, &model)
    };
    assert_eq!(predict(&general("", ""), &[[0.0, 1.0], [1.0, 1.0]]), [Some(4.0), Some(2.5)]);
    let matrix = r#"<Matrix nbRows="1" nbCols="1"><Array type="real" n="1">1</Array></Matrix>"#;
    refused(&general(matrix, ""), "Matrix: not supported: a contrast matrix of a factor");
    let message = "PPCell: not supported: a predictor of the target category `yes` alone";
    refused(&general("", "targetCategory=\"yes\""), message);
    let twice = r#"<CategoricalPredictor name="c" value="a" coefficient="1"/>"#.repeat(2);
    let text = document(&fields, &sum(&schema(&["c", "x"]), "", &twice));
    refused(&text, "a second coefficient of `c` with the value `a`");
}

#[test]
fn functions_are_those_of_the_source_or_refused() {
    let apply = |function: &str, more: &str| {
        derived("double", &format!(r#"<Apply function="{function}">{FIELD}{more}</Apply>"#))
    };
    let interval = |low: &str| {
        format!(r#"<Interval closure="closedClosed" leftMargin="{low}" rightMargin="1000"/>"#)
    };
    let text = |data_type: &str, inner: &str, local: &str| {
        let body = sum(&schema(&["x"]), local, &term("d", 2.0));
        document(&[number("x", data_type, inner)], &body)
    };
    let halves = |data_type| apply("/", &format!(r#"<Constant{data_type}>2</Constant>"#));
    for whole in ["", " dataType=\"integer\""] {
        refused(&text("integer", "", &halves(whole)), "Apply: not supported: `/` of two whole");
    }
    let double = text("integer", &interval("-1000"), &halves(" dataType=\"double\""));
    assert_eq!(predict(&double, &[[3.0], [-3.0]]), [Some(3.5), Some(-2.5)]);
    refused(&text("double", "", &apply("sqrt", "")), "`sqrt` of values from -1e300, expected");
    let root = text("double", &interval("0"), &apply("sqrt", ""));
    assert_eq!(predict(&root, &[[4.0], [-1.0]]), [Some(4.5), None]);
    for function in ["ln", "log10"] {
        let message =
            format!("`{function}` of values from 1e-12, expected a field with an Interval");
        refused(&text("double", &interval("1e-12"), &apply(function, "")), &message);
    }
    let logarithm = text("double", &interval("0.001"), &apply("ln", ""));
    let found = predict(&logarithm, &[[0.001], [0.3], [1.0], [1000.0]]);
    for (found, x) in found.into_iter().zip([0.001, 0.3, 1.0, 1000.0]) {
        let expected = 0.5 + 2.0 * nomogram::numeric::ln(x);
        assert!((found.unwrap() - expected).abs() < 1e-12 * expected.abs(), "{found:?} {expected}");
    }
    let whole = derived("integer", FIELD);
    refused(&text("double", "", &whole), "an `integer` of a number that may be a fraction");
    let text = text("integer", &interval("-1000"), &whole);
    assert_eq!(predict(&text, &[[3.0]]), [Some(6.5)]);
}

#[test]
fn intervals_of_what_rounds_and_quotients_of_their_numbers_are_refused() {
    let bins = |field: &str, values: [&str; 2]| {
        let bin = |value: &str, interval: &str| {
            format!(r#"<DiscretizeBin binValue="{value}"><Interval {interval}/></DiscretizeBin>"#)
        };
        let (low, high) = (
            bin(values[0], r#"closure="openOpen" rightMargin="2""#),
            bin(values[1], r#"closure="closedOpen" leftMargin="2""#),
        );
        format!(r#"<Discretize field="{field}" dataType="integer">{low}{high}</Discretize>"#)
    };
    let of = |derived: &str| {
        document(&[number("x", "double", "")], &sum(&schema(&["x"]), derived, &term("d", 2.0)))
    };
    let named = |name: &str, kind: &str, inner: &str| {
        format!(
            r#"<DerivedField name="{name}" optype="continuous" dataType="{kind}">{inner}</DerivedField>"#
        )
    };
    let local = |fields: &str| format!("<LocalTransformations>{fields}</LocalTransformations>");
    let plain = of(&local(&named("d", "integer", &bins("x", ["3", "5"]))));
    let below = 2.0_f64.next_down();
    assert_eq!(predict(&plain, &[[below], [2.0]]), [Some(6.5), Some(10.5)]);
    let square = named(
        "s",
        "double",
        &format!(r#"<Apply function="pow">{FIELD}<Constant>2</Constant></Apply>"#),
    );
    let text = of(&local(&format!("{square}{}", named("d", "integer", &bins("s", ["3", "5"])))));
    refused(&text, "a value could fall into another interval");
    let halves = r#"<Apply function="/"><FieldRef field="i"/><Constant>2</Constant></Apply>"#;
    let whole = named("i", "integer", &bins("x", ["3", "5"]));
    let text = of(&local(&format!("{whole}{}", named("d", "double", halves))));
    refused(&text, "Apply: not supported: `/` of two whole");
    let text = of(&local(&named("d", "double", &bins("x", ["3", "high"]))));
    refused(&text, "`binValue` `high`, expected a finite number");
}

#[test]
fn categories_of_numbers_are_compared_as_numbers() {
    for value in ["1", "1.0", "01"] {
        let tree = format!(
            r#"<TreeModel functionName="regression" noTrueChildStrategy="returnLastPrediction">{}
            <Node score="0"><True/>
            <Node score="1"><SimplePredicate field="c" operator="equal" value="{value}"/></Node>
            <Node score="2"><SimplePredicate field="x" operator="lessThan" value="0.5"/></Node>
            </Node></TreeModel>"#,
            schema(&["c", "x"])
        );
        let x = number("x", "double", "");
        let rows = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]];
        let numbers = category("c", "integer", &["1", "2"]);
        let found = predict(&document(&[numbers, x.clone()], &tree), &rows);
        assert_eq!(found, [Some(1.0), Some(2.0), Some(0.0)], "{value}");
        let first = if value == "1" { 1.0 } else { 2.0 };
        let texts = category("c", "string", &["1", "2"]);
        let found = predict(&document(&[texts, x], &tree), &rows);
        assert_eq!(found, [Some(first), Some(2.0), Some(0.0)], "{value}");
    }
}

#[test]
fn normalizations_of_a_regression_of_a_network_are_refused() {
    let network = |attribute: &str, outliers: &str| {
        let model = format!(
            r#"<NeuralNetwork functionName="regression" activationFunction="identity">{}
            <NeuralInputs><NeuralInput id="i"><DerivedField optype="continuous" dataType="double">{FIELD}</DerivedField></NeuralInput></NeuralInputs>
            <NeuralLayer {attribute}><Neuron id="a" bias="1"><Con from="i" weight="2"/></Neuron></NeuralLayer>
            <NeuralOutputs><NeuralOutput outputNeuron="a"><DerivedField optype="continuous" dataType="double">
            <NormContinuous field="y" {outliers}><LinearNorm orig="10" norm="-1"/><LinearNorm orig="30" norm="1"/></NormContinuous>
            </DerivedField></NeuralOutput></NeuralOutputs></NeuralNetwork>"#,
            schema(&["x"])
        );
        document(&[number("x", "double", "")], &model)
    };
    assert_eq!(predict(&network("", ""), &[[0.0]]), [Some(30.0)]);
    let softmax = network("normalizationMethod=\"softmax\"", "");
    refused(&softmax, "NeuralNetwork: not supported: normalization `softmax` of a regression");
    let held = network("", "outliers=\"asExtremeValues\"");
    refused(&held, "NormContinuous: not supported: `outliers` of an output");
}

#[test]
fn a_target_has_the_type_of_its_numbers() {
    let field = [number("x", "double", "")];
    let of_type = |body: &str, data_type: &str| {
        let target = "name=\"y\" optype=\"continuous\" dataType=";
        let (from, to) = (format!("{target}\"double\""), format!("{target}\"{data_type}\""));
        document(&field, body).replace(&from, &to)
    };
    let tree = stump(&schema(&["x"]), "", "x", "0.5");
    for data_type in ["float", "integer"] {
        let line = of_type(&sum(&schema(&["x"]), "", &term("x", 2.0)), data_type);
        let message = format!("RegressionModel: not supported: a target of type `{data_type}`");
        refused(&line, &message);
        assert_eq!(predict(&of_type(&tree, data_type), &[[0.0], [1.0]]), [Some(1.0), Some(2.0)]);
        let fraction = of_type(&tree.replace("score=\"1\"", "score=\"0.1\""), data_type);
        refused(&fraction, "TreeModel: not supported: a target of type");
    }
}
