//! The texts of a model as C reads them: copied once, when the model is opened.

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_char;

use crate::bundle::Digest;
use crate::error::Error;
use crate::memory;
use crate::model::Model;
use crate::schema::{Feature, Rule, Target};

/// The digits of a digest.
const DIGEST_LEN: usize = 64;

/// The model's texts as C reads them.
#[derive(Debug)]
pub(super) struct Texts {
    /// Every text, each with its closing NUL.
    bytes: Vec<u8>,
    pub(super) name: Text,
    pub(super) version: Text,
    pub(super) digest: Text,
    pub(super) manifest: Text,
    pub(super) card: Option<Text>,
    pub(super) target: Text,
    pub(super) target_unit: Option<Text>,
    pub(super) classes: Vec<Text>,
    pub(super) features: Vec<FeatureTexts>,
    pub(super) members: Vec<Text>,
    pub(super) cutoffs: Vec<Text>,
    pub(super) rules: Vec<RuleTexts>,
}

/// A text: where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text(usize);

#[derive(Debug)]
pub(super) struct FeatureTexts {
    pub(super) name: Text,
    pub(super) unit: Option<Text>,
    pub(super) levels: Vec<Text>,
    pub(super) units: Vec<Text>,
}

#[derive(Debug)]
pub(super) struct RuleTexts {
    pub(super) name: Text,
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
        let json = manifest.to_json()?;
        let mut copied = Copied(memory::list(n_bytes(model, &json))?);
        let mut features_read = FeaturesRead::new(schema.n_features())?;
        Ok(Self {
            name: copied.text(&manifest.name)?,
            version: copied.text(&manifest.version)?,
            digest: copied.digest(model.digest())?,
            manifest: copied.text(&json)?,
            card: model.card().map(|card| copied.text(card)).transpose()?,
            target: copied.text(schema.target().name())?,
            target_unit: target_unit.map(|unit| copied.text(unit)).transpose()?,
            classes: copied.texts(schema.target().classes())?,
            features: memory::collect(schema.features().iter().map(|f| copied.feature(f)))?,
            members: memory::collect(model.member_names().map(|name| copied.text(name)))?,
            cutoffs: memory::collect(model.cutoffs().iter().map(|c| copied.text(&c.name)))?,
            rules: memory::collect(schema.rules().iter().map(|rule| {
                let features = features_read.of_rule(rule)?;
                Ok(RuleTexts { name: copied.text(&rule.name)?, features })
            }))?,
            bytes: copied.0,
        })
    }

    /// The text for C, valid as long as the model.
    pub(super) fn start(&self, text: Text) -> *const c_char {
        self.bytes.as_ptr().wrapping_add(text.0).cast()
    }

    /// The text for C, or NULL.
    pub(super) fn optional(&self, text: Option<Text>) -> *const c_char {
        text.map_or(core::ptr::null(), |text| self.start(text))
    }
}

/// How many bytes all texts have, each with its closing NUL.
fn n_bytes(model: &Model, json: &str) -> usize {
    let (schema, manifest) = (model.schema(), model.manifest());
    let (with_nul, all) = (
        |text: &str| text.len() + 1,
        |texts: &[String]| -> usize { texts.iter().map(|text| text.len() + 1).sum() },
    );
    let of_feature = |feature: &Feature| {
        let units = feature.alternative_units.iter().map(|unit| with_nul(&unit.code));
        with_nul(&feature.name)
            + feature.unit.as_deref().map_or(0, with_nul)
            + all(feature.levels())
            + units.sum::<usize>()
    };
    let unit = match schema.target() {
        Target::Number { unit: Some(unit), .. } => with_nul(unit),
        Target::Number { unit: None, .. } | Target::Classes { .. } => 0,
    };
    with_nul(&manifest.name)
        + with_nul(&manifest.version)
        + DIGEST_LEN
        + 1
        + with_nul(json)
        + model.card().map_or(0, with_nul)
        + with_nul(schema.target().name())
        + unit
        + all(schema.target().classes())
        + schema.features().iter().map(of_feature).sum::<usize>()
        + model.member_names().map(with_nul).sum::<usize>()
        + model.cutoffs().iter().map(|cutoff| with_nul(&cutoff.name)).sum::<usize>()
        + schema.rules().iter().map(|rule| with_nul(&rule.name)).sum::<usize>()
}

/// Texts that were copied, one after the other.
struct Copied(Vec<u8>);

impl Copied {
    fn text(&mut self, text: &str) -> Result<Text, Error> {
        if text.as_bytes().contains(&0) {
            return Err(Error::invalid_model("a text contains a NUL"));
        }
        let start = self.0.len();
        self.0.try_reserve(text.len() + 1).map_err(|_| Error::out_of_memory())?;
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        Ok(Text(start))
    }

    /// The digits of a digest.
    fn digest(&mut self, digest: Digest) -> Result<Text, Error> {
        let start = self.0.len();
        self.0.try_reserve(DIGEST_LEN + 1).map_err(|_| Error::out_of_memory())?;
        for byte in digest.as_bytes() {
            for digit in [byte >> 4, byte & 0xf] {
                self.0.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
            }
        }
        self.0.push(0);
        Ok(Text(start))
    }

    fn texts(&mut self, texts: &[String]) -> Result<Vec<Text>, Error> {
        memory::collect(texts.iter().map(|text| self.text(text)))
    }

    fn feature(&mut self, feature: &Feature) -> Result<FeatureTexts, Error> {
        let unit = feature.unit.as_deref();
        Ok(FeatureTexts {
            name: self.text(&feature.name)?,
            unit: unit.map(|unit| self.text(unit)).transpose()?,
            levels: self.texts(feature.levels())?,
            units: memory::collect(
                feature.alternative_units.iter().map(|unit| self.text(&unit.code)),
            )?,
        })
    }
}

/// Which features the rules before read, so that a rule with many features takes no longer than
/// they are.
struct FeaturesRead {
    /// The number of the last rule that reads each feature.
    last_rule: Vec<u32>,
    n_rules: u32,
}

impl FeaturesRead {
    fn new(n_features: usize) -> Result<Self, Error> {
        Ok(Self { last_rule: memory::filled(0, n_features)?, n_rules: 0 })
    }

    /// Each feature that the next rule reads, once.
    fn of_rule(&mut self, rule: &Rule) -> Result<Vec<u32>, Error> {
        self.n_rules += 1;
        let mut features = memory::list(rule.features().count())?;
        for feature in rule.features() {
            let Some(last_rule) = self.last_rule.get_mut(feature) else { continue };
            if core::mem::replace(last_rule, self.n_rules) != self.n_rules {
                features.push(u32::try_from(feature).unwrap_or(u32::MAX));
            }
        }
        Ok(features)
    }
}
