//! Schema files: names, levels, units, ranges and policies for an imported model.
//!
//! YAML, or JSON, which is YAML:
//!
//! ```yaml
//! model: { name: "diabetes in five years", version: "2" }
//! features:
//!   - source: f0            # the name in the model's file; by default, `name`
//!     name: age
//!     unit: a
//!     range: [18, 90]
//!     out_of_range: refuse  # refuse, impute, clamp or take
//!   - name: stage
//!     levels: [I, II, III]  # the names of levels 0, 1, 2
//! target: { name: outcome, classes: ["no", "yes"] }
//! cutoffs:
//!   - { name: refer, class: "yes", probability: 0.1 }
//! ```
//!
//! What it leaves out stays as it was inferred. It cannot add, remove or reorder features.

use nomogram::{Action, Cutoff, Feature, FeatureKind, Range, Schema, Target};
use serde::Deserialize;

use crate::error::{Error, ErrorKind, Place};
use crate::imported::Imported;

/// A schema that someone wrote for an imported model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SchemaFile {
    model: Option<ModelNames>,
    features: Vec<FeatureEntry>,
    target: Option<TargetEntry>,
    cutoffs: Vec<CutoffEntry>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ModelNames {
    name: Option<String>,
    version: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureEntry {
    name: String,
    source: Option<String>,
    kind: Option<Kind>,
    levels: Option<Vec<String>>,
    unit: Option<String>,
    range: Option<[f64; 2]>,
    #[serde(flatten)]
    policy: PolicyEntry,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Number,
    Integer,
    Boolean,
    Category,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct PolicyEntry {
    unset: Option<ActionEntry>,
    missing: Option<ActionEntry>,
    not_a_number: Option<ActionEntry>,
    infinite: Option<ActionEntry>,
    out_of_range: Option<ActionEntry>,
    unseen_level: Option<ActionEntry>,
    wrong_type: Option<ActionEntry>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActionEntry {
    Refuse,
    Impute,
    Clamp,
    Take,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetEntry {
    name: Option<String>,
    classes: Option<Vec<String>>,
    unit: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CutoffEntry {
    name: String,
    class: String,
    probability: f64,
}

impl SchemaFile {
    /// Reads a schema file.
    ///
    /// # Errors
    ///
    /// `Schema`, with line and column.
    pub fn read(text: &str) -> Result<Self, Error> {
        serde_saphyr::from_str(text).map_err(|error| {
            let detail = error.without_snippet().to_string();
            let error_of = Error::new(ErrorKind::Schema, detail);
            match error.location() {
                Some(location) => {
                    let line = usize::try_from(location.line()).unwrap_or_default();
                    error_of.within(Place::Line(line.saturating_sub(1)))
                }
                None => error_of,
            }
        })
    }

    /// Applies the schema to an imported model.
    ///
    /// # Errors
    ///
    /// `Schema` with the feature, when the model has no such feature or the file contradicts it.
    pub fn apply(&self, imported: &mut Imported) -> Result<(), Error> {
        let schema = &imported.parts.schema;
        let mut features = schema.features().to_vec();
        for entry in &self.features {
            let name = entry.source.as_ref().unwrap_or(&entry.name);
            let here = |error: Error| error.within(Place::Feature(name.clone()));
            let position = schema.feature_index(name).ok_or_else(|| {
                here(Error::new(ErrorKind::Schema, "the model has no such feature"))
            })?;
            if let Some(feature) = features.get_mut(position) {
                entry.apply(feature).map_err(here)?;
            }
        }
        let mut target = schema.target().clone();
        if let Some(entry) = &self.target {
            entry.apply(&mut target)?;
        }
        let rules = schema.rules().to_vec();
        let schema = Schema::new(features, target).and_then(|schema| schema.with_rules(rules));
        let schema = schema.map_err(|error| Error::new(ErrorKind::Schema, error.to_string()))?;
        for cutoff in &self.cutoffs {
            imported.parts.cutoffs.push(cutoff.of_schema(&schema)?);
        }
        imported.parts.schema = schema;
        if let Some(model) = &self.model {
            let manifest = &mut imported.parts.manifest;
            manifest.name.clone_from(model.name.as_ref().unwrap_or(&manifest.name.clone()));
            manifest
                .version
                .clone_from(model.version.as_ref().unwrap_or(&manifest.version.clone()));
        }
        Ok(())
    }
}

impl FeatureEntry {
    fn apply(&self, feature: &mut Feature) -> Result<(), Error> {
        feature.name.clone_from(&self.name);
        if let Some(levels) = &self.levels {
            let n_known = feature.levels().len();
            if levels.len() < n_known {
                let detail = format!("{} levels, expected at least {n_known}", levels.len());
                return Err(Error::new(ErrorKind::Schema, detail));
            }
            feature.kind = FeatureKind::Category { levels: levels.clone() };
        }
        match self.kind {
            None => {}
            Some(Kind::Number) => feature.kind = FeatureKind::Number,
            Some(Kind::Integer) => feature.kind = FeatureKind::Integer,
            Some(Kind::Boolean) => feature.kind = FeatureKind::Boolean,
            Some(Kind::Category) if feature.levels().is_empty() => {
                return Err(Error::new(ErrorKind::Schema, "a category without `levels`"));
            }
            Some(Kind::Category) => {}
        }
        if !matches!(feature.kind, FeatureKind::Number | FeatureKind::Integer) {
            feature.range = None;
        }
        if self.unit.is_some() {
            feature.unit.clone_from(&self.unit);
        }
        if let Some([low, high]) = self.range {
            feature.range = Some(Range { low, high });
        }
        self.policy.apply(feature);
        Ok(())
    }
}

impl PolicyEntry {
    fn apply(self, feature: &mut Feature) {
        let policy = &mut feature.policy;
        for (entry, action) in [
            (self.unset, &mut policy.unset),
            (self.missing, &mut policy.missing),
            (self.not_a_number, &mut policy.not_a_number),
            (self.infinite, &mut policy.infinite),
            (self.out_of_range, &mut policy.out_of_range),
            (self.unseen_level, &mut policy.unseen_level),
            (self.wrong_type, &mut policy.wrong_type),
        ] {
            match entry {
                None => {}
                Some(ActionEntry::Refuse) => *action = Action::Refuse,
                Some(ActionEntry::Impute) => *action = Action::Impute,
                Some(ActionEntry::Clamp) => *action = Action::Clamp,
                Some(ActionEntry::Take) => *action = Action::Take,
            }
        }
    }
}

impl TargetEntry {
    fn apply(&self, target: &mut Target) -> Result<(), Error> {
        let refuse = |detail: String| Err(Error::new(ErrorKind::Schema, detail));
        match target {
            Target::Classes { name, classes } => {
                name.clone_from(self.name.as_ref().unwrap_or(&name.clone()));
                if self.unit.is_some() {
                    return refuse("a unit of the target, but it has classes".into());
                }
                if let Some(new) = &self.classes {
                    if new.len() != classes.len() {
                        let expected = classes.len();
                        return refuse(format!("{} classes, expected {expected}", new.len()));
                    }
                    classes.clone_from(new);
                }
                Ok(())
            }
            Target::Number { name, unit } => {
                name.clone_from(self.name.as_ref().unwrap_or(&name.clone()));
                if self.classes.is_some() {
                    return refuse("classes of the target, but it is a number".into());
                }
                if self.unit.is_some() {
                    unit.clone_from(&self.unit);
                }
                Ok(())
            }
        }
    }
}

impl CutoffEntry {
    fn of_schema(&self, schema: &Schema) -> Result<Cutoff, Error> {
        let class = schema.target().classes().iter().position(|class| *class == self.class);
        let class = class.and_then(|class| u32::try_from(class).ok()).ok_or_else(|| {
            let detail = format!("cutoff `{}`: no class `{}`", self.name, self.class);
            Error::new(ErrorKind::Schema, detail)
        })?;
        Ok(Cutoff { name: self.name.clone(), class, probability: self.probability })
    }
}
