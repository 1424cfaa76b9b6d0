//! Bundles of the models that `nomogram-import` has as fixtures, and of small linear models.

use std::path::PathBuf;

use nomogram_import::{Format, Imported, Limits, Options, SchemaFile, import};
use serde_json::Value;

/// An imported model and its bundle.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) imported: Imported,
    pub(crate) bundle: Vec<u8>,
}

impl Source {
    fn of(name: &str, model: &[u8], format: Option<Format>, schema: &Value) -> Self {
        // The data are public.
        let options = Options { training_rows: true, ..Options::default() };
        let mut imported = import(model, format, &options, &Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        if !schema.is_null() {
            let schema = SchemaFile::read(&schema.to_string()).unwrap();
            schema.apply(&mut imported).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        let bundle = imported.seal(&[]).unwrap_or_else(|error| panic!("{name}: {error}")).bundle;
        Self { name: name.replace(|letter: char| !letter.is_alphanumeric(), "_"), imported, bundle }
    }

    /// Rows around every threshold.
    pub(crate) fn rows(&self) -> Vec<Vec<f64>> {
        self.imported.probes(600).unwrap()
    }
}

/// The models of a file of fixtures.
pub(crate) fn fixtures(file: &str) -> Vec<Source> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../nomogram-import/tests/data");
    let text = std::fs::read_to_string(PathBuf::from(folder).join(file)).unwrap();
    let is_of_scikit_learn = file.starts_with("scikit_learn");
    let source = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        let name = record["name"].as_str().unwrap();
        match &record["model"] {
            // Estimators that are refused.
            _ if record["refused"].is_string() => None,
            Value::Null => None,
            Value::String(text) => Some(Source::of(name, text.as_bytes(), None, &record["schema"])),
            model if is_of_scikit_learn => {
                let model = model.to_string();
                let format = Some(Format::ScikitLearn);
                Some(Source::of(name, model.as_bytes(), format, &record["schema"]))
            }
            _ => panic!("{file}: {name}"),
        }
    };
    text.lines().filter_map(source).collect()
}

/// Linear models that read the features as they are, one for each outcome of an equation.
pub(crate) fn linear() -> Vec<Source> {
    let outcomes = [
        ("logistic", "logistic: { name: event, classes: [no, yes] }", 0.377_540_668_798_145_4),
        (
            "survival",
            "survival: { name: event, classes: [no, yes], baseline_survival: 0.95, mean: 0.25 }",
            0.023_938_065_056_575,
        ),
        ("value", "value: { name: length, unit: d }", -0.5),
        ("exponential", "exponential: { name: length, unit: d }", 0.606_530_659_712_633_4),
    ];
    let equation = |(name, outcome, prediction): (&str, &str, f64)| {
        let text = format!(
            "equation: {{ name: {name}, version: '1', paper: a test }}\n\
             features:\n\
             - {{ name: age, range: [18, 90] }}\n\
             - {{ name: body mass index, range: [10, 80] }}\n\
             - {{ name: 'a < b & \"c\"', range: [-5, 5] }}\n\
             terms:\n\
             - {{ coefficient: 0.037, factors: [{{ feature: age }}] }}\n\
             - {{ coefficient: -0.11, factors: [{{ feature: body mass index }}] }}\n\
             - {{ coefficient: 1.7, factors: [{{ feature: 'a < b & \"c\"' }}] }}\n\
             intercept: -1.3\n\
             outcome: {{ {outcome} }}\n\
             examples:\n\
             - {{ row: {{ age: 50, body mass index: 25, 'a < b & \"c\"': 1 }}, prediction: {prediction}, \
             within: 1.0e-9, from: the formula }}\n"
        );
        Source::of(&format!("linear {name}"), text.as_bytes(), Some(Format::Equation), &Value::Null)
    };
    outcomes.into_iter().map(equation).collect()
}
