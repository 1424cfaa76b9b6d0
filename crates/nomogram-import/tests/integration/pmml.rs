//! PMML: documents of other makers, small ones written here, and their verification rows.

use crate::records::{largest_difference, records_in};
use nomogram::{Model, Session};
use nomogram_import::{ErrorKind, Imported, Limits, Options, import, read_expected};

fn read(text: &str) -> Result<Imported, nomogram_import::Error> {
    import(text.as_bytes(), None, &Options::default(), &Limits::default())
}

#[test]
fn every_document_predicts_what_jpmml_predicted() {
    let (mut failures, mut n_models, mut largest) = (Vec::new(), 0, 0.0_f64);
    for record in records_in("pmml").filter(|record| record.refused.is_none()) {
        n_models += 1;
        let compared = read(std::str::from_utf8(&record.model).unwrap()).and_then(|imported| {
            let known =
                read_expected(record.table.as_bytes(), &imported.parts.schema, &Limits::default())?;
            let comparison = imported.compare(&known)?;
            if comparison.agrees() {
                largest = largest.max(largest_difference(&imported, &known));
            }
            Ok(comparison)
        });
        match compared {
            Err(error) => failures.push(format!("{}: {error}", record.name)),
            Ok(comparison) => {
                println!("{}: {comparison}", record.name);
                if !comparison.agrees() || comparison.n_rows < 20 {
                    failures.push(format!("{}: {comparison}", record.name));
                }
            }
        }
    }
    println!("largest difference: {largest:e}");
    assert!(failures.is_empty(), "{} of {n_models}\n{}", failures.len(), failures.join("\n\n"));
    assert!(n_models >= 9, "{n_models} models");
}

#[test]
fn documents_of_single_precision_are_refused_by_name_and_line() {
    let mut n_refused = 0;
    for record in records_in("pmml") {
        let Some(message) = &record.refused else { continue };
        let error = read(std::str::from_utf8(&record.model).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{}: {error}", record.name);
        assert_eq!(error.to_string(), *message, "{}", record.name);
        assert!(message.starts_with("line ") && message.contains("not supported: "), "{message}");
        n_refused += 1;
    }
    assert!(n_refused >= 3, "{n_refused}");
}

const HEAD: &str = r#"<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">
  <DataDictionary>
    <DataField name="age" optype="continuous" dataType="double">
      <Interval closure="closedClosed" leftMargin="0" rightMargin="120"/>
    </DataField>
    <DataField name="sex" optype="categorical" dataType="string"><Value value="f"/><Value value="m"/></DataField>
    <DataField name="risk" optype="categorical" dataType="string"><Value value="no"/><Value value="yes"/></DataField>
    <DataField name="points" optype="continuous" dataType="double"/>
  </DataDictionary>"#;

fn predict(text: &str, row: &[f64]) -> Vec<f64> {
    let sealed = read(text).unwrap().seal(&[]).unwrap();
    let mut session =
        Session::try_new(std::sync::Arc::new(Model::open(&sealed.bundle).unwrap())).unwrap();
    session.predict_row(row).unwrap().outputs().to_vec()
}

fn schema(target: &str) -> String {
    format!(
        r#"<MiningSchema><MiningField name="age"/><MiningField name="sex"/>
        <MiningField name="{target}" usageType="target"/></MiningSchema>"#
    )
}

fn close(found: &[f64], expected: &[f64]) {
    let is_close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(found.len() == expected.len() && is_close, "{found:?} {expected:?}");
}

#[test]
fn a_scorecard_adds_the_points_of_the_first_true_attribute() {
    let text = format!(
        r#"{HEAD}<Scorecard functionName="regression" initialScore="10" useReasonCodes="false">{}
        <Characteristics>
          <Characteristic name="age">
            <Attribute partialScore="3"><SimplePredicate field="age" operator="isMissing"/></Attribute>
            <Attribute partialScore="5"><SimplePredicate field="age" operator="lessThan" value="40"/></Attribute>
            <Attribute partialScore="7"><CompoundPredicate booleanOperator="and">
              <SimplePredicate field="age" operator="greaterOrEqual" value="40"/>
              <SimplePredicate field="age" operator="lessThan" value="65"/></CompoundPredicate></Attribute>
            <Attribute partialScore="11"><True/></Attribute>
          </Characteristic>
          <Characteristic name="sex">
            <Attribute partialScore="1"><SimpleSetPredicate field="sex" booleanOperator="isIn"><Array type="string" n="1">f</Array></SimpleSetPredicate></Attribute>
            <Attribute partialScore="2"><True/></Attribute>
          </Characteristic>
        </Characteristics></Scorecard></PMML>"#,
        schema("points")
    );
    close(&predict(&text, &[39.0, 0.0]), &[16.0]);
    close(&predict(&text, &[40.0, 1.0]), &[19.0]);
    close(&predict(&text, &[65.0, 1.0]), &[23.0]);
    close(&predict(&text, &[f64::NAN, 0.0]), &[14.0]);
}

/// Logits `0.5 + age` of the first of these categories, `-0.5 + 2 age` of the second, and so on.
fn multinomial(attributes: &str, values: &[&str], categories: &[&str]) -> String {
    let value = |value: &&str| format!(r#"<Value value="{value}"/>"#);
    let values: String = values.iter().map(value).collect();
    let cell = |(nth, category): (usize, &&str)| {
        let (intercept, slope) = ([0.5, -0.5, 1.5][nth], nth + 1);
        format!(
            r#"<PCell targetCategory="{category}" parameterName="p0" beta="{intercept}"/>
            <PCell targetCategory="{category}" parameterName="p1" beta="{slope}"/>"#
        )
    };
    let cells: String = categories.iter().enumerate().map(cell).collect();
    format!(
        r#"<PMML version="4.3" xmlns="http://www.dmg.org/PMML-4_3"><DataDictionary>
        <DataField name="age" optype="continuous" dataType="double"/>
        <DataField name="y" optype="categorical" dataType="string">{values}</DataField></DataDictionary>
        <GeneralRegressionModel modelType="multinomialLogistic" functionName="classification" {attributes}>
        <MiningSchema><MiningField name="age"/><MiningField name="y" usageType="target"/></MiningSchema>
        <ParameterList><Parameter name="p0"/><Parameter name="p1"/></ParameterList>
        <CovariateList><Predictor name="age"/></CovariateList>
        <PPMatrix><PPCell value="1" predictorName="age" parameterName="p1"/></PPMatrix>
        <ParamMatrix>{cells}</ParamMatrix></GeneralRegressionModel></PMML>"#
    )
}

#[test]
fn the_category_without_parameters_is_the_reference() {
    let shares = |logits: &[f64]| -> Vec<f64> {
        let terms: Vec<f64> = logits.iter().map(|logit| nomogram::numeric::exp(*logit)).collect();
        let sum: f64 = terms.iter().sum();
        terms.iter().map(|term| term / sum).collect()
    };
    for reference in ["", r#"targetReferenceCategory="c""#] {
        let text = multinomial(reference, &["a", "b", "c"], &["a", "b"]);
        for age in [0.0, 1.0] {
            let expected = shares(&[0.5 + age, 2.0 * age - 0.5, 0.0]);
            close(&predict(&text, &[age]), &expected);
        }
        let text = multinomial(reference, &["c", "b", "a"], &["b", "a"]);
        close(&predict(&text, &[0.0]), &shares(&[0.0, 0.5, -0.5]));
    }
    close(&predict(&multinomial("", &["a", "b"], &["a"]), &[0.0]), &shares(&[0.5, 0.0]));
    close(&predict(&multinomial("", &["a", "b"], &["a", "b"]), &[0.0]), &shares(&[0.5, -0.5]));
    let stated = r#"targetReferenceCategory="c""#;
    close(&predict(&multinomial(stated, &[], &["a", "b"]), &[0.0]), &shares(&[0.5, -0.5, 0.0]));
    for (reference, values, message) in [
        ("", &["a", "b", "c", "d"][..], "no parameters for the value `d` of the target"),
        (stated, &["a", "b", "c", "d"], "no parameters for the value `d` of the target"),
        (stated, &["a", "b"], "target categories that are no values of the target"),
        ("", &[], "no `targetReferenceCategory`, expected that or the values of the target"),
    ] {
        let error = read(&multinomial(reference, values, &["a", "b"])).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_model_of_few_different_rows_is_sealed() {
    let text = format!(
        r#"{HEAD}<TreeModel functionName="regression">
        <MiningSchema><MiningField name="sex"/><MiningField name="points" usageType="target"/></MiningSchema>
        <Node><True/>
        <Node score="1.5"><SimplePredicate field="sex" operator="equal" value="f"/></Node>
        <Node score="2.5"><SimplePredicate field="sex" operator="equal" value="m"/></Node>
        </Node></TreeModel></PMML>"#
    );
    close(&predict(&text, &[0.0]), &[1.5]);
    close(&predict(&text, &[1.0]), &[2.5]);
    let sealed = read(&text).unwrap().seal(&[]).unwrap();
    assert_eq!(Model::open(&sealed.bundle).unwrap().n_golden_cases(), nomogram::MIN_GOLDEN_CASES);
}

#[test]
fn a_density_below_the_threshold_counts_as_the_threshold() {
    let text = format!(
        r#"{HEAD}<NaiveBayesModel functionName="classification" threshold="0.001">{}
        <BayesInputs>
          <BayesInput fieldName="age"><TargetValueStats>
            <TargetValueStat value="no"><GaussianDistribution mean="30" variance="25"/></TargetValueStat>
            <TargetValueStat value="yes"><GaussianDistribution mean="50" variance="36"/></TargetValueStat>
          </TargetValueStats></BayesInput>
          <BayesInput fieldName="sex">
            <PairCounts value="f"><TargetValueCounts><TargetValueCount value="no" count="30"/><TargetValueCount value="yes" count="0"/></TargetValueCounts></PairCounts>
            <PairCounts value="m"><TargetValueCounts><TargetValueCount value="no" count="10"/><TargetValueCount value="yes" count="20"/></TargetValueCounts></PairCounts>
          </BayesInput>
        </BayesInputs>
        <BayesOutput fieldName="risk"><TargetValueCounts><TargetValueCount value="no" count="40"/><TargetValueCount value="yes" count="20"/></TargetValueCounts></BayesOutput>
        </NaiveBayesModel></PMML>"#,
        schema("risk")
    );
    let normal = |x: f64, mean: f64, variance: f64| {
        let density = nomogram::numeric::exp(-(x - mean) * (x - mean) / (2.0 * variance));
        (density / (2.0 * std::f64::consts::PI * variance).sqrt()).max(0.001)
    };
    for age in [30.0, 45.0, 90.0] {
        let no = 40.0 * normal(age, 30.0, 25.0) * 0.25;
        let yes = 20.0 * normal(age, 50.0, 36.0) * 1.0;
        close(&predict(&text, &[age, 1.0]), &[no / (no + yes), yes / (no + yes)]);
        let (no, yes) = (no * 3.0, yes * 0.001);
        close(&predict(&text, &[age, 0.0]), &[no / (no + yes), yes / (no + yes)]);
    }
    close(&predict(&text, &[f64::NAN, 1.0]), &[10.0 / 30.0, 20.0 / 30.0]);
    // Labels with leading spaces.
    let right = text.replace(r#"<TargetValueStat value="no""#, r#"<TargetValueStat value="   no""#);
    assert_ne!(right, text);
    assert_eq!(predict(&right, &[45.0, 1.0]), predict(&text, &[45.0, 1.0]));
}

#[test]
fn a_missing_value_takes_the_default_child_or_the_last_score() {
    let tree = |strategy: &str| {
        format!(
            r#"{HEAD}<TreeModel functionName="regression" missingValueStrategy="{strategy}">{}
            <Node id="1" score="0.5" defaultChild="3"><True/>
              <Node id="2" score="1"><SimplePredicate field="age" operator="lessOrEqual" value="50"/></Node>
              <Node id="3" score="2"><SimplePredicate field="age" operator="greaterThan" value="50"/></Node>
            </Node></TreeModel></PMML>"#,
            schema("points")
        )
    };
    close(&predict(&tree("defaultChild"), &[f64::NAN, 0.0]), &[2.0]);
    close(&predict(&tree("lastPrediction"), &[f64::NAN, 0.0]), &[0.5]);
    close(&predict(&tree("defaultChild"), &[50.0, 0.0]), &[1.0]);
    close(&predict(&tree("nullPrediction"), &[51.0, 0.0]), &[2.0]);
    let imported = read(&tree("nullPrediction")).unwrap();
    let policy = imported.parts.schema.features()[0].policy;
    assert_eq!(policy.missing, nomogram::Action::Refuse);
    let error = read(&tree("aggregateNodes")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("missingValueStrategy `aggregateNodes`"), "{error}");
}

#[test]
fn rows_of_the_verification_are_compared() {
    let text = |expected: &str| {
        format!(
            r#"{HEAD}<RegressionModel functionName="classification" normalizationMethod="logit">{}
            <Output><OutputField name="p_yes" feature="probability" value="yes"/></Output>
            <ModelVerification recordCount="1"><VerificationFields>
              <VerificationField field="age"/><VerificationField field="sex"/>
              <VerificationField field="p_yes" precision="1e-9"/></VerificationFields>
              <InlineTable><row><age>40</age><sex>m</sex><p_yes>{expected}</p_yes></row></InlineTable>
            </ModelVerification>
            <RegressionTable intercept="-4" targetCategory="yes">
              <NumericPredictor name="age" coefficient="0.1"/>
              <CategoricalPredictor name="sex" value="m" coefficient="1"/>
            </RegressionTable><RegressionTable intercept="0" targetCategory="no"/>
            </RegressionModel></PMML>"#,
            schema("risk")
        )
    };
    let right = 1.0 / (1.0 + nomogram::numeric::exp(-1.0));
    let sealed = read(&text(&right.to_string())).unwrap().seal(&[]).unwrap();
    assert_eq!(sealed.comparison.n_rows, 1);
    let error = read(&text("0.7")).unwrap().seal(&[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Different);
}

#[test]
fn what_is_not_supported_is_named_with_its_line() {
    for (body, message) in [
        (
            "<SupportVectorMachineModel functionName=\"regression\">",
            "model `SupportVectorMachineModel`",
        ),
        ("<ClusteringModel functionName=\"clustering\">", "model `ClusteringModel`"),
    ] {
        let name = body.trim_start_matches('<').split_whitespace().next().unwrap();
        let text = format!("{HEAD}{body}{}</{name}></PMML>", schema("points"));
        let error = read(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(
            error.to_string().contains(message) && error.to_string().starts_with("line 9: "),
            "{error}"
        );
    }
}
