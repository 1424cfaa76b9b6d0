//! The texts of a model as C reads them: copied once, when the model is opened.

use alloc::ffi::CString;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::error::{Error, ErrorKind};
use crate::model::Model;
use crate::schema::{Feature, Rule, Target};

/// The model's texts as C reads them.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) name: CString,
    pub(super) version: CString,
    pub(super) digest: CString,
    pub(super) manifest: CString,
    pub(super) card: Option<CString>,
    pub(super) target: CString,
    pub(super) target_unit: Option<CString>,
    pub(super) classes: Vec<CString>,
    pub(super) features: Vec<FeatureTexts>,
    pub(super) members: Vec<CString>,
    pub(super) cutoffs: Vec<CString>,
    pub(super) rules: Vec<RuleTexts>,
}

#[derive(Debug)]
pub(super) struct FeatureTexts {
    pub(super) name: CString,
    pub(super) unit: Option<CString>,
    pub(super) levels: Vec<CString>,
    pub(super) units: Vec<CString>,
}

#[derive(Debug)]
pub(super) struct RuleTexts {
    pub(super) name: CString,
    /// Each feature that the rule reads, once.
    pub(super) features: Vec<u32>,
}

impl Texts {
    pub(super) fn of(model: &Model) -> Result<Self, Error> {
        let (schema, manifest) = (model.schema(), model.manifest());
        let target_unit = match schema.target() {
            Target::Number { unit, .. } => unit.as_deref(),
            Target::Classes { .. } => None,
        };
        Ok(Self {
            name: c_text(&manifest.name)?,
            version: c_text(&manifest.version)?,
            digest: c_text(&model.digest().to_string())?,
            manifest: c_text(&manifest.to_json()?)?,
            card: model.card().map(c_text).transpose()?,
            target: c_text(schema.target().name())?,
            target_unit: target_unit.map(c_text).transpose()?,
            classes: c_texts(schema.target().classes())?,
            features: schema.features().iter().map(FeatureTexts::of).collect::<Result<_, _>>()?,
            members: model.member_names().map(c_text).collect::<Result<_, _>>()?,
            cutoffs: model.cutoffs().iter().map(|c| c_text(&c.name)).collect::<Result<_, _>>()?,
            rules: schema.rules().iter().map(RuleTexts::of).collect::<Result<_, _>>()?,
        })
    }
}

impl FeatureTexts {
    fn of(feature: &Feature) -> Result<Self, Error> {
        let codes = feature.alternative_units.iter().map(|unit| c_text(&unit.code));
        Ok(Self {
            name: c_text(&feature.name)?,
            unit: feature.unit.as_deref().map(c_text).transpose()?,
            levels: c_texts(feature.levels())?,
            units: codes.collect::<Result<_, _>>()?,
        })
    }
}

impl RuleTexts {
    fn of(rule: &Rule) -> Result<Self, Error> {
        let mut features: Vec<u32> = Vec::new();
        for feature in rule.features().map(|index| u32::try_from(index).unwrap_or(u32::MAX)) {
            if !features.contains(&feature) {
                features.push(feature);
            }
        }
        Ok(Self { name: c_text(&rule.name)?, features })
    }
}

fn c_text(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::new(ErrorKind::InvalidModel, "a text contains a NUL"))
}

fn c_texts(texts: &[String]) -> Result<Vec<CString>, Error> {
    texts.iter().map(|text| c_text(text)).collect()
}
