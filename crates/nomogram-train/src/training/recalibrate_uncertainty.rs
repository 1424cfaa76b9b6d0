//! The uncertainty of a sealed model, fitted to rows that it never saw.

use std::path::Path;
use std::sync::Arc;

use nomogram::{Manifest, Model, Parts, seal, unseal};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::child::{UNCERTAINTY_CONFIGURATION, manifest_of_child, with_spreads_of};
use super::distance::sealed_distance;
use crate::data::{Dataset, FeatureRows, ModelColumns, NumberRows};
use crate::error::Error;
use crate::invalid::Invalid;
use crate::predictions::{NumberPredictions, Predictions};
use crate::table::Table;
use crate::uncertainty::{SealedUncertaintySpec, independent_rows};
use crate::yaml;

/// Which uncertainty a sealed model gets, and what the columns of the table are that it is fitted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UncertaintyConfig {
    /// The version of the child.
    pub version: String,
    /// What the columns of the table are.
    pub data: ModelColumns,
    /// Decides every random choice.
    pub seed: u64,
    /// What is fitted.
    #[serde(default)]
    pub uncertainty: SealedUncertaintySpec,
}

impl UncertaintyConfig {
    /// Whether a text has such a configuration, and not one of a training, which has `members`.
    #[must_use]
    pub fn is_in(text: &str) -> bool {
        #[derive(Deserialize)]
        struct Shape {
            members: Option<IgnoredAny>,
        }
        yaml::read(text, yaml::UNNAMED, |_: &Shape| Ok(())).is_ok_and(|s| s.members.is_none())
    }

    /// Reads a configuration from YAML.
    ///
    /// # Errors
    ///
    /// As [`TrainingConfig::from_yaml`](super::TrainingConfig::from_yaml).
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        yaml::read(text, yaml::UNNAMED, Self::check)
    }

    /// [`Self::from_yaml`] of a file.
    ///
    /// # Errors
    ///
    /// As [`Self::from_yaml`], and `File`.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        yaml::read_file(path, Self::check)
    }

    /// The configuration by which a bundle got its uncertainty; `None` when the manifest has none.
    ///
    /// # Errors
    ///
    /// As [`Self::from_yaml`].
    #[must_use]
    pub fn of_bundle(manifest: &Manifest) -> Option<Result<Self, Error>> {
        manifest.notes.get(UNCERTAINTY_CONFIGURATION).map(|text| Self::from_yaml(text))
    }

    fn check(&self) -> Result<(), Invalid> {
        self.uncertainty.check().map_err(|invalid| invalid.at("uncertainty"))
    }
}

/// A child bundle with uncertainty.
#[derive(Debug)]
pub struct RecalibratedUncertainty {
    /// The child.
    pub bundle: Vec<u8>,
    /// The same bundle, opened.
    pub model: Arc<Model>,
    /// The number of rows of the table.
    pub n_rows: usize,
    /// The number of rows that count: one of each patient.
    pub n_independent: usize,
}

/// Fits uncertainty to rows that the model of `parent` never saw, and seals the same model with it in the
/// place of what the parent has.
///
/// Predictions, calibrator, cutoffs and golden cases stay those of the parent, and so does its distance
/// where it is of the same branch. The model card is left out. The manifest of the child has the notes of
/// the parent, and adds the digest of the parent, the digest and the number of these rows, and the
/// configuration. The same parent, rows and configuration give the same bytes.
///
/// # Errors
///
/// `Configuration` when the settings do not fit the model; `Model` when the parent is refused; `Table` and
/// `Cell` as [`Dataset::of_model`] and [`NumberRows::of_model`]; `Data` for the training rows of the
/// parent, and when a distance cannot be fitted.
pub fn recalibrate_uncertainty(
    parent: &[u8],
    config: &UncertaintyConfig,
    table: &Table,
) -> Result<RecalibratedUncertainty, Error> {
    config.check()?;
    let model = Arc::new(Model::open(parent)?);
    let (schema, spec, seed) = (model.schema(), &config.uncertainty, config.seed);
    let fits = spec.check_for(schema.target(), model.member_names().len());
    fits.map_err(|invalid| invalid.at("uncertainty"))?;
    let (parts, golden_rows) = unseal(parent)?;
    let distance =
        |rows: &FeatureRows| sealed_distance(spec.distance.as_deref(), &parts, rows, seed);

    let (fitted, rows, digest) = if schema.target().classes().is_empty() {
        let rows = NumberRows::of_model(table, schema, &config.data)?;
        let predictions = NumberPredictions::of(&model, &rows)?;
        let distance = distance(rows.feature_rows())?;
        let fitted = spec.fit_number(&rows, &predictions, distance, seed)?;
        (fitted, rows.feature_rows().clone(), rows.digest())
    } else {
        let rows = Dataset::of_model(table, schema, &config.data)?;
        let predictions = Predictions::of(&model, &rows)?;
        let distance = distance(rows.feature_rows())?;
        let fitted = spec.of_classes().fit(&rows, &predictions.ensemble, distance, seed);
        let fitted = fitted.map_err(|e| e.with_class_names(schema.target().classes()))?;
        (fitted, rows.feature_rows().clone(), rows.digest())
    };
    if digest == model.manifest().training_data_digest {
        let detail = "the rows are the training rows of the bundle, expected rows that its model \
                      never saw";
        return Err(Error::Data(detail.into()));
    }
    let n_rows = table.n_rows();
    let n_independent = independent_rows(&rows, seed).len();
    let uncertainty = Some(with_spreads_of(&parts, fitted));
    let mut manifest = manifest_of_child(&model, &config.version, digest, n_rows);
    let configuration = serde_json::to_string(config);
    let configuration = configuration.map_err(|e| Error::configuration(e.to_string()))?;
    manifest.notes.insert(UNCERTAINTY_CONFIGURATION.into(), configuration);
    let child = Parts { manifest, card: None, uncertainty, ..parts };
    let bundle = seal(&child, golden_rows.view())?;
    let model = Arc::new(Model::open(&bundle)?);
    Ok(RecalibratedUncertainty { bundle, model, n_rows, n_independent })
}
