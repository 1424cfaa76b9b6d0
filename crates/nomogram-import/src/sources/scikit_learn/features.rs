//! Features and the target of a description.

use nomogram::{Action, Feature, FeatureKind, Policy, Range, Schema, Target};

use crate::document::Cursor;
use crate::error::{Error, Place};
use crate::limits::Limits;

/// The largest number of a schema.
const LARGEST: f64 = 1e100;

/// The features of an estimator, and what it predicts.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    pub(super) features: Vec<Feature>,
    pub(super) target: Target,
}

impl Inputs {
    /// Reads `features` and `target`.
    ///
    /// # Errors
    ///
    /// `Malformed` with the feature.
    pub(super) fn read(root: &Cursor<'_>, limits: &Limits) -> Result<Self, Error> {
        let features = root.key("features")?;
        limits.check_features(features.n_items()?)?;
        let features: Result<Vec<Feature>, Error> =
            features.items()?.map(|entry| feature(&entry)).collect();
        let target = root.key("target")?;
        let name = target.key("name")?.text()?.to_owned();
        let target = match target.find("classes") {
            Some(classes) => Target::of_classes(name, classes.texts()?),
            None => Target::Number { name, unit: None },
        };
        Ok(Self { features: features?, target })
    }

    /// How many classes there are; 0 for a number.
    pub(super) fn n_classes(&self) -> usize {
        self.target.classes().len()
    }

    /// The schema. Trees refuse numbers that single precision would make infinite, as scikit-learn does.
    ///
    /// # Errors
    ///
    /// `Model` when names contradict each other.
    pub(super) fn schema(mut self, has_single_inputs: bool) -> Result<Schema, Error> {
        if has_single_inputs {
            let largest = f64::from(f32::MAX);
            let numbers = self.features.iter_mut().filter(|one| one.kind == FeatureKind::Number);
            for feature in numbers {
                let low = feature.range.map_or(-largest, |range| range.low.max(-largest));
                feature.range = Some(Range { low, high: largest });
                feature.policy.out_of_range = Action::Refuse;
            }
        }
        Ok(Schema::new(self.features, self.target)?)
    }
}

fn feature(entry: &Cursor<'_>) -> Result<Feature, Error> {
    let name = entry.key("name")?.text()?;
    let kind = entry.key("kind")?;
    let takes_missing = entry.key("takes_missing")?.boolean()?;
    let missing = if takes_missing { Action::Impute } else { Action::Refuse };
    let mut policy = Policy { missing, not_a_number: missing, ..Policy::default() };
    let kind = match kind.text()? {
        "number" => FeatureKind::Number,
        "category" => {
            let unseen = entry.key("unseen")?;
            policy.unseen_level = match unseen.text()? {
                "refuse" => Action::Refuse,
                "take" => Action::Take,
                "missing" => Action::Impute,
                other => return Err(unseen.malformed(format!("`{other}`, expected a policy"))),
            };
            let levels = entry.key("levels")?.texts()?;
            FeatureKind::Category { levels: levels.into_iter().map(Into::into).collect() }
        }
        other => {
            let detail = format!("`{other}`, expected `number` or `category`");
            return Err(kind.malformed(detail).within(Place::Feature(name.to_owned())));
        }
    };
    let mut range = None;
    if let Some(low) = entry.find("low").map(|low| low.double()).transpose()? {
        // scikit-learn, or a function of numpy, has no result for values below.
        range = Some(Range { low, high: LARGEST });
        policy.out_of_range = Action::Refuse;
    }
    Ok(Feature { policy, range, ..Feature::of_kind(name, kind) })
}
