//! The model of a service: its schema, and how its training table was written.

use std::path::Path;

use nomogram::{Action, Feature, FeatureKind, Policy, Schema, Target, Unit};
use nomogram_serve::client::{Client, encoded};
use nomogram_table::TableFormat;
use serde::Deserialize;

use super::summary::ModelName;

/// What a service says of a model.
#[derive(Debug, Deserialize)]
pub(super) struct Described {
    name: String,
    version: String,
    pub(super) digest: String,
    target: DescribedTarget,
    features: Vec<DescribedFeature>,
    #[serde(default)]
    table_format: TableFormat,
}

#[derive(Debug, Deserialize)]
struct DescribedTarget {
    name: String,
    classes: Vec<String>,
    unit: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DescribedFeature {
    name: String,
    kind: String,
    #[serde(default)]
    levels: Vec<String>,
    unit: Option<String>,
    alternative_units: Vec<Unit>,
    policy: DescribedPolicy,
}

#[derive(Debug, Deserialize)]
struct DescribedPolicy {
    unset: String,
}

#[derive(Deserialize)]
struct List {
    models: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
}

impl Described {
    /// Gets the description of `NAME`, of `NAME@VERSION`, or of the only model.
    pub(super) fn get(client: &Client, model: Option<&str>) -> Result<Self, String> {
        let (name, version) = match model.map(|model| model.split_once('@').unwrap_or((model, "")))
        {
            Some((name, version)) => (name.to_owned(), version),
            None => (only_model(client)?, ""),
        };
        let path = match version {
            "" => format!("/models/{}", encoded(&name)),
            version => format!("/models/{}/versions/{}", encoded(&name), encoded(version)),
        };
        let described: Self = read(&client.get(&path)?)?;
        Ok(described)
    }

    /// The path of an operation on exactly this version.
    pub(super) fn path(&self, operation: &str) -> String {
        let Self { name, version, .. } = self;
        format!("/models/{}/versions/{}/{operation}", encoded(name), encoded(version))
    }

    pub(super) fn name(&self) -> ModelName {
        let Self { name, version, digest, .. } = self;
        ModelName { name: name.clone(), version: version.clone(), digest: digest.clone() }
    }

    pub(super) fn classes(&self) -> &[String] {
        &self.target.classes
    }

    /// How the table is written, before options.
    pub(super) fn format_for(&self, path: &Path) -> TableFormat {
        let mut format = self.table_format.clone();
        // The name of this file is closer to it than what another table was written with.
        if TableFormat::default().delimiter_of(Some(path)) == '\t' {
            format.delimiter = None;
        }
        format
    }

    /// The names, kinds and units of features: enough to read their columns.
    pub(super) fn schema(&self) -> Result<Schema, String> {
        let features = self.features.iter().map(DescribedFeature::feature);
        let DescribedTarget { name, classes, unit } = &self.target;
        let target = match classes.as_slice() {
            [] => Target::Number { name: name.clone(), unit: unit.clone() },
            classes => Target::of_classes(name.clone(), classes.iter().cloned()),
        };
        let schema = Schema::new(features.collect::<Result<_, _>>()?, target);
        schema.map_err(|error| format!("the description of the model: {error}"))
    }
}

impl DescribedFeature {
    fn feature(&self) -> Result<Feature, String> {
        let Self { name, kind, levels, unit, alternative_units, policy } = self;
        let kind = match kind.as_str() {
            "number" => FeatureKind::Number,
            "integer" => FeatureKind::Integer,
            "boolean" => FeatureKind::Boolean,
            "category" => FeatureKind::Category { levels: levels.clone() },
            _ => return Err(format!("feature `{name}`: a kind that this version does not know")),
        };
        let unset = if policy.unset == "refuse" { Action::Refuse } else { Action::Impute };
        Ok(Feature {
            name: name.clone(),
            kind,
            unit: unit.clone(),
            alternative_units: alternative_units.clone(),
            range: None,
            policy: Policy { unset, ..Policy::default() },
        })
    }
}

fn only_model(client: &Client) -> Result<String, String> {
    let List { models } = read(&client.get("/models")?)?;
    match models.as_slice() {
        [Listed { name }] => Ok(name.clone()),
        models => Err(format!("the service has {} models; name one with --model", models.len())),
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(json).map_err(|error| format!("an answer that cannot be read: {error}"))
}
