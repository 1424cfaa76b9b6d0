//! Features: kind, unit, plausible range, levels, policies.

use core::ffi::c_char;

use super::{at, describe, policy, query};
use crate::error::{Error, ErrorKind};
use crate::ffi::borrow::{borrow_text, refused};
use crate::ffi::error::nomo_error;
use crate::ffi::model::nomo_model;
use crate::schema::FeatureKind;

/// Kind of a feature: any finite number.
pub const NOMO_KIND_NUMBER: u32 = 1;
/// Kind of a feature: a whole number of at most 2^53 in magnitude.
pub const NOMO_KIND_INTEGER: u32 = 2;
/// Kind of a feature: false (0) or true (1).
pub const NOMO_KIND_BOOLEAN: u32 = 3;
/// Kind of a feature: one of several levels, by name, or by index counted from 0.
pub const NOMO_KIND_CATEGORY: u32 = 4;

/// Policy: the row is refused.
pub const NOMO_POLICY_REFUSE: u32 = 0;
/// Policy: the value counts as missing, and the model imputes it.
pub const NOMO_POLICY_IMPUTE: u32 = 1;
/// Policy: the value is moved to the nearest end of the plausible range.
pub const NOMO_POLICY_CLAMP: u32 = 2;
/// Policy: the value is used as it is (a level that is unknown: as none of the levels) and flagged.
pub const NOMO_POLICY_TAKE: u32 = 3;

/// A feature of a model. Owned by the caller; set up by NOMO_FEATURE_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_feature {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// NOMO_KIND_NUMBER, NOMO_KIND_INTEGER, NOMO_KIND_BOOLEAN or NOMO_KIND_CATEGORY.
    pub kind: u32,
    /// The name of the feature.
    pub name: *const c_char,
    /// The UCUM code of the feature's unit, or NULL if it has none.
    pub unit: *const c_char,
    /// The lowest plausible value, in the feature's unit; minus infinity if there is none.
    pub low: f64,
    /// The highest plausible value, in the feature's unit; infinity if there is none.
    pub high: f64,
    /// Number of levels; 0 unless the feature is a category.
    pub n_levels: usize,
    /// Number of alternative units.
    pub n_units: usize,
    /// Policy when the feature was not set: NOMO_POLICY_REFUSE or _IMPUTE.
    pub on_unset: u32,
    /// Policy for a missing value (in an array of numbers, NaN): NOMO_POLICY_REFUSE or _IMPUTE.
    pub on_missing: u32,
    /// Policy for NaN as a value: NOMO_POLICY_REFUSE or _IMPUTE.
    pub on_nan: u32,
    /// Policy for an infinite value: NOMO_POLICY_REFUSE, _IMPUTE or _CLAMP.
    pub on_infinite: u32,
    /// Policy for a value out of range: NOMO_POLICY_REFUSE, _IMPUTE, _CLAMP or _TAKE.
    pub on_out_of_range: u32,
    /// Policy for an unknown level: NOMO_POLICY_REFUSE, _IMPUTE or _TAKE.
    pub on_unseen_level: u32,
    /// Policy for a value of the wrong type: NOMO_POLICY_REFUSE or _IMPUTE.
    pub on_wrong_type: u32,
    /// Always 0.
    pub reserved: u32,
}

/// An alternative unit of a feature. Owned by the caller; set up by NOMO_UNIT_INIT.
///
/// A value is converted to the feature's unit as (value - offset) * multiplier / divisor.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_unit {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Always 0.
    pub reserved: u32,
    /// The UCUM code of the unit.
    pub code: *const c_char,
    /// Subtracted first.
    pub offset: f64,
    /// Multiplied second.
    pub multiplier: f64,
    /// Divided by last.
    pub divisor: f64,
}

/// Describes the feature at `index`, counted from 0, in `*feature`.
///
/// Fails with NOMO_EARGUMENT_FEATURE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_feature(
    model: *const nomo_model,
    index: usize,
    feature: *mut nomo_feature,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { describe(model, (feature, "feature"), error, |model| model.feature(index)) }
}

/// Writes the index of the feature called `name` (UTF-8) to `*index`.
///
/// Fails with NOMO_EARGUMENT_TEXT (`name` is not UTF-8) or NOMO_EARGUMENT_FEATURE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_feature_index(
    model: *const nomo_model,
    name: *const c_char,
    index: *mut usize,
    error: *mut nomo_error,
) -> i32 {
    let ask = |model: &nomo_model| {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let name = unsafe { borrow_text(name, "name") }?;
        model.model().schema().feature_index(name).ok_or_else(|| {
            refused(
                ErrorKind::UnknownFeature,
                "name",
                format_args!("no feature is called `{name}`"),
            )
        })
    };
    // SAFETY: as above.
    unsafe { query(model, (index, "index"), error, ask) }
}

/// Writes the name of the level at `index` of the category at `feature`, both counted from 0, to
/// `*name`.
///
/// Fails with NOMO_EARGUMENT_FEATURE or NOMO_EARGUMENT_INDEX.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_level(
    model: *const nomo_model,
    feature: usize,
    index: usize,
    name: *mut *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let ask = |model: &nomo_model| {
        let texts = at(&model.texts().features, feature, ErrorKind::UnknownFeature, "feature")?;
        Ok(model.texts().start(*at(&texts.levels, index, ErrorKind::Index, "index")?))
    };
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { query(model, (name, "name"), error, ask) }
}

/// Describes the alternative unit at `index` of the feature at `feature`, both counted from 0, in
/// `*unit`.
///
/// Fails with NOMO_EARGUMENT_FEATURE or NOMO_EARGUMENT_INDEX.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_unit(
    model: *const nomo_model,
    feature: usize,
    index: usize,
    unit: *mut nomo_unit,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { describe(model, (unit, "unit"), error, |model| model.unit(feature, index)) }
}

impl nomo_model {
    fn feature(&self, index: usize) -> Result<nomo_feature, Error> {
        let features = self.model().schema().features();
        let feature = at(features, index, ErrorKind::UnknownFeature, "index")?;
        let texts = at(&self.texts().features, index, ErrorKind::UnknownFeature, "index")?;
        let policies = &feature.policy;
        Ok(nomo_feature {
            struct_size: 0,
            kind: match feature.kind {
                FeatureKind::Number => NOMO_KIND_NUMBER,
                FeatureKind::Integer => NOMO_KIND_INTEGER,
                FeatureKind::Boolean => NOMO_KIND_BOOLEAN,
                FeatureKind::Category { .. } => NOMO_KIND_CATEGORY,
            },
            name: self.texts().start(texts.name),
            unit: self.texts().optional(texts.unit),
            low: feature.range.map_or(f64::NEG_INFINITY, |range| range.low),
            high: feature.range.map_or(f64::INFINITY, |range| range.high),
            n_levels: texts.levels.len(),
            n_units: texts.units.len(),
            on_unset: policy(policies.unset),
            on_missing: policy(policies.missing),
            on_nan: policy(policies.not_a_number),
            on_infinite: policy(policies.infinite),
            on_out_of_range: policy(policies.out_of_range),
            on_unseen_level: policy(policies.unseen_level),
            on_wrong_type: policy(policies.wrong_type),
            reserved: 0,
        })
    }

    fn unit(&self, feature: usize, index: usize) -> Result<nomo_unit, Error> {
        let features = self.model().schema().features();
        let units = &at(features, feature, ErrorKind::UnknownFeature, "feature")?.alternative_units;
        let unit = at(units, index, ErrorKind::Index, "index")?;
        let texts = at(&self.texts().features, feature, ErrorKind::UnknownFeature, "feature")?;
        Ok(nomo_unit {
            struct_size: 0,
            reserved: 0,
            code: self.texts().start(*at(&texts.units, index, ErrorKind::Index, "index")?),
            offset: unit.offset,
            multiplier: unit.multiplier,
            divisor: unit.divisor,
        })
    }
}
