//! Small documents of PMML, and what their bundles predict.

use nomogram::{Model, Session};
use nomogram_import::{ErrorKind, Imported, Limits, Options, import};

pub(crate) const FIELD: &str = r#"<FieldRef field="x"/>"#;

pub(crate) fn read(text: &str) -> Result<Imported, nomogram_import::Error> {
    import(text.as_bytes(), None, &Options::default(), &Limits::default())
}

/// The first output for each row, or nothing where the bundle refuses it.
pub(crate) fn predict<const N: usize>(text: &str, rows: &[[f64; N]]) -> Vec<Option<f64>> {
    let sealed = read(text).unwrap().seal(&[]).unwrap();
    let mut session =
        Session::try_new(std::sync::Arc::new(Model::open(&sealed.bundle).unwrap())).unwrap();
    let mut first = |row: &[f64; N]| session.predict_row(row).ok().map(|row| row.outputs()[0]);
    rows.iter().map(&mut first).collect()
}

pub(crate) fn refused(text: &str, message: &str) {
    let error = read(text).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(error.to_string().contains("line ") && error.to_string().contains(message), "{error}");
}

pub(crate) fn number(name: &str, data_type: &str, inner: &str) -> String {
    format!(
        r#"<DataField name="{name}" optype="continuous" dataType="{data_type}">{inner}</DataField>"#
    )
}

pub(crate) fn category(name: &str, data_type: &str, values: &[&str]) -> String {
    let value = |value: &&str| format!(r#"<Value value="{value}"/>"#);
    let values: String = values.iter().map(value).collect();
    format!(
        r#"<DataField name="{name}" optype="categorical" dataType="{data_type}">{values}</DataField>"#
    )
}

pub(crate) fn document(fields: &[String], body: &str) -> String {
    let fields = fields.join("\n");
    format!(
        r#"<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><DataDictionary>{fields}
        <DataField name="y" optype="continuous" dataType="double"/>
        <DataField name="risk" optype="categorical" dataType="string"><Value value="no"/><Value value="yes"/></DataField>
        </DataDictionary>{body}</PMML>"#
    )
}

/// The mining schema of fields, each a name with further attributes: `x" outliers="asIs`.
pub(crate) fn schema(fields: &[&str]) -> String {
    let field = |field: &&str| format!(r#"<MiningField name="{field}"/>"#);
    let fields: String = fields.iter().map(field).collect();
    format!(r#"<MiningSchema>{fields}<MiningField name="y" usageType="target"/></MiningSchema>"#)
}

/// 1 up to a threshold, 2 above and for missing values.
pub(crate) fn stump(schema: &str, within: &str, field: &str, threshold: &str) -> String {
    format!(
        r#"<TreeModel functionName="regression" missingValueStrategy="defaultChild">{schema}{within}
        <Node score="0" defaultChild="R"><True/>
        <Node id="L" score="1"><SimplePredicate field="{field}" operator="lessOrEqual" value="{threshold}"/></Node>
        <Node id="R" score="2"><SimplePredicate field="{field}" operator="greaterThan" value="{threshold}"/></Node>
        </Node></TreeModel>"#
    )
}

/// 0.5 and the terms.
pub(crate) fn sum(schema: &str, within: &str, terms: &str) -> String {
    format!(
        r#"<RegressionModel functionName="regression">{schema}{within}
        <RegressionTable intercept="0.5">{terms}</RegressionTable></RegressionModel>"#
    )
}

pub(crate) fn term(name: &str, coefficient: f64) -> String {
    format!(r#"<NumericPredictor name="{name}" coefficient="{coefficient}"/>"#)
}

/// A derived field `d`.
pub(crate) fn derived(data_type: &str, expression: &str) -> String {
    format!(
        r#"<LocalTransformations><DerivedField name="d" optype="continuous" dataType="{data_type}">
        {expression}</DerivedField></LocalTransformations>"#
    )
}

pub(crate) fn mining(within: &str, method: &str, models: &[String]) -> String {
    let segment = |model: &String| format!("<Segment><True/>{model}</Segment>");
    let segments: String = models.iter().map(segment).collect();
    format!(
        r#"<MiningModel functionName="regression">{within}
        <Segmentation multipleModelMethod="{method}">{segments}</Segmentation></MiningModel>"#
    )
}
