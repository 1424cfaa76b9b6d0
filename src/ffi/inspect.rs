//! What a model is, reads and predicts.

use alloc::ffi::CString;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ffi::c_char;
use core::ptr;

use super::boundary::{
    Growing, borrow, borrow_out, borrow_text, boundary, refused, struct_size, write_struct,
};
use super::error::nomo_error;
use super::model::nomo_model;
use crate::error::{Error, ErrorKind};
use crate::model::Model;
use crate::schema::{Action, Feature, FeatureKind, RuleAction, Target};

/// The model's texts as C reads them.
#[derive(Debug)]
pub(super) struct Texts {
    name: CString,
    version: CString,
    digest: CString,
    manifest: CString,
    card: Option<CString>,
    target: CString,
    target_unit: Option<CString>,
    classes: Vec<CString>,
    features: Vec<FeatureTexts>,
    members: Vec<CString>,
    cutoffs: Vec<CString>,
    rules: Vec<RuleTexts>,
}

#[derive(Debug)]
struct FeatureTexts {
    name: CString,
    unit: Option<CString>,
    levels: Vec<CString>,
    units: Vec<CString>,
}

#[derive(Debug)]
struct RuleTexts {
    name: CString,
    features: Vec<u32>,
}

/// The model tells two or more classes apart.
pub const NOMO_TASK_CLASSES: u32 = 1;
/// The model predicts a number.
pub const NOMO_TASK_NUMBER: u32 = 2;

/// What a model is. Owned by the caller; set up by NOMO_MODEL_INFO_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_model_info {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// What it predicts: NOMO_TASK_CLASSES or NOMO_TASK_NUMBER.
    pub task: u32,
    /// The number of the bundle's format.
    pub format: u32,
    /// How many golden cases the bundle has.
    pub n_golden_cases: u32,
    /// The name of the model.
    pub name: *const c_char,
    /// The version of the model, chosen by those who trained it.
    pub version: *const c_char,
    /// The digest that names the bundle, 64 lower-case hexadecimal digits: log it to prove which
    /// model answered.
    pub digest: *const c_char,
    /// The manifest, where the model comes from, as a JSON object.
    pub manifest: *const c_char,
    /// The model card, Markdown for people, or NULL.
    pub card: *const c_char,
    /// The name of what is predicted.
    pub target: *const c_char,
    /// The unit of a predicted number as a UCUM code, or NULL.
    pub target_unit: *const c_char,
    /// How many features a row has.
    pub n_features: usize,
    /// How many classes there are; 0 for NOMO_TASK_NUMBER.
    pub n_classes: usize,
    /// How many numbers a prediction has: one probability per class, or the one number.
    pub n_outputs: usize,
    /// How many members are combined.
    pub n_members: usize,
    /// How many margins the members have together.
    pub n_margins: usize,
    /// How many cutoffs there are.
    pub n_cutoffs: usize,
    /// How many rules between features there are.
    pub n_rules: usize,
}

/// Kind of a feature: any finite number.
pub const NOMO_FEATURE_NUMBER: u32 = 1;
/// Kind of a feature: a whole number of at most 2^53 in magnitude.
pub const NOMO_FEATURE_INTEGER: u32 = 2;
/// Kind of a feature: false (0) or true (1).
pub const NOMO_FEATURE_BOOLEAN: u32 = 3;
/// Kind of a feature: one of several levels, by name, or by number counted from 0.
pub const NOMO_FEATURE_CATEGORY: u32 = 4;

/// Policy: the row is refused.
pub const NOMO_REFUSE: u32 = 0;
/// Policy: the value counts as missing, and the model fills it in.
pub const NOMO_IMPUTE: u32 = 1;
/// Policy: the value is moved to the nearest end of the plausible range.
pub const NOMO_CLAMP: u32 = 2;
/// Policy: the value is taken as it is, or as none of the known levels, and flagged.
pub const NOMO_TAKE: u32 = 3;

/// A feature of a model. Owned by the caller; set up by NOMO_FEATURE_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_feature {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// What values it takes: NOMO_FEATURE_NUMBER, ..._INTEGER, ..._BOOLEAN or ..._CATEGORY.
    pub kind: u32,
    /// Its name.
    pub name: *const c_char,
    /// The unit of its values as a UCUM code, or NULL where it is not known.
    pub unit: *const c_char,
    /// The lowest plausible value, in that unit; minus infinity where there is none.
    pub low: f64,
    /// The highest plausible value, in that unit; infinity where there is none.
    pub high: f64,
    /// How many levels it has; 0 unless it is a category.
    pub n_levels: usize,
    /// How many alternative units a value may be stated in.
    pub n_units: usize,
    /// Policy for a feature that nothing is said of: NOMO_REFUSE or NOMO_IMPUTE.
    pub on_unset: u32,
    /// Policy for a missing value (in an array of numbers, NaN): NOMO_REFUSE or NOMO_IMPUTE.
    pub on_missing: u32,
    /// Policy for NaN as a value: NOMO_REFUSE or NOMO_IMPUTE.
    pub on_nan: u32,
    /// Policy for an infinite value: NOMO_REFUSE, NOMO_IMPUTE or NOMO_CLAMP.
    pub on_infinite: u32,
    /// Policy for a value out of range: NOMO_REFUSE, NOMO_IMPUTE, NOMO_CLAMP or NOMO_TAKE.
    pub on_out_of_range: u32,
    /// Policy for what is no level: NOMO_REFUSE, NOMO_IMPUTE or NOMO_TAKE.
    pub on_unseen_level: u32,
    /// Policy for a value of the wrong type: NOMO_REFUSE or NOMO_IMPUTE.
    pub on_wrong_type: u32,
    /// Always 0.
    pub reserved: u32,
}

/// An alternative unit of a feature. Owned by the caller; set up by NOMO_UNIT_INIT.
///
/// (value - offset) * multiplier / divisor is the value in the feature's own unit.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_unit {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Always 0.
    pub reserved: u32,
    /// Its UCUM code.
    pub code: *const c_char,
    /// Subtracted first.
    pub offset: f64,
    /// Multiplied second.
    pub multiplier: f64,
    /// Divided by last.
    pub divisor: f64,
}

/// A member of a model. Owned by the caller; set up by NOMO_MEMBER_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_member {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Always 0.
    pub reserved: u32,
    /// Its name.
    pub name: *const c_char,
    /// How many margins it has.
    pub n_margins: usize,
}

/// A named operating point. Owned by the caller; set up by NOMO_CUTOFF_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_cutoff {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// The class whose probability is compared.
    pub class_index: u32,
    /// Its name.
    pub name: *const c_char,
    /// The lowest probability that reaches it.
    pub probability: f64,
}

/// A rule between features. Owned by the caller; set up by NOMO_RULE_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_rule {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// What happens to a row that breaks it: NOMO_REFUSE, or NOMO_TAKE (and flagged).
    pub action: u32,
    /// Its name.
    pub name: *const c_char,
    /// The features that it reads, counted from 0, each once; owned by the model as texts are.
    pub features: *const u32,
    /// How many features it reads.
    pub n_features: usize,
}

/// Describes a model in `*info`. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_describe(
    model: *const nomo_model,
    info: *mut nomo_model_info,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { describe(model, (info, "info"), error, |model| Ok(model.info())) }
}

/// Replays the golden cases, as opening did: proves that the library, as loaded, still predicts what
/// was sealed. NOMO_ESELFTEST_GOLDEN names the first case that does not come out. `error` may be
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_self_test(
    model: *const nomo_model,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    let call = || unsafe { borrow(model, "model") }?.model().self_test();
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Describes the feature at `index`, counted from 0, in `*feature`. `error` may be NULL.
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

/// Writes the position of the feature called `name` (UTF-8) to `*index`. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_feature_index(
    model: *const nomo_model,
    name: *const c_char,
    index: *mut usize,
    error: *mut nomo_error,
) -> i32 {
    let find = |model: &nomo_model| {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let name = unsafe { borrow_text(name, "name") }?;
        model.model().schema().feature_index(name).ok_or_else(|| {
            refused(ErrorKind::UnknownFeature, "name", format!("no feature is called `{name}`"))
        })
    };
    // SAFETY: as above.
    unsafe { query(model, (index, "index"), error, find) }
}

/// Writes the name of the level at `index` of a category at `feature`, both counted from 0, to
/// `*name`. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_level(
    model: *const nomo_model,
    feature: usize,
    index: usize,
    name: *mut *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let find = |model: &nomo_model| {
        let texts = at(&model.texts().features, feature, ErrorKind::UnknownFeature, "feature")?;
        Ok(at(&texts.levels, index, ErrorKind::Index, "index")?.as_ptr())
    };
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { query(model, (name, "name"), error, find) }
}

/// Describes the alternative unit at `index` of the feature at `feature`, both counted from 0, in
/// `*unit`. `error` may be NULL.
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

/// Writes the name of the class at `index`, counted from 0, to `*name`. With two classes, class 1 is
/// the positive one. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_class(
    model: *const nomo_model,
    index: usize,
    name: *mut *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let find = |model: &nomo_model| {
        Ok(at(&model.texts().classes, index, ErrorKind::UnknownClass, "index")?.as_ptr())
    };
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { query(model, (name, "name"), error, find) }
}

/// Describes the member at `index`, counted from 0, in `*member`. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_member(
    model: *const nomo_model,
    index: usize,
    member: *mut nomo_member,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { describe(model, (member, "member"), error, |model| model.member(index)) }
}

/// Describes the cutoff at `index`, counted from 0, in `*cutoff`. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_cutoff(
    model: *const nomo_model,
    index: usize,
    cutoff: *mut nomo_cutoff,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { describe(model, (cutoff, "cutoff"), error, |model| model.cutoff(index)) }
}

/// Describes the rule at `index`, counted from 0, in `*rule`. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_rule(
    model: *const nomo_model,
    index: usize,
    rule: *mut nomo_rule,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { describe(model, (rule, "rule"), error, |model| model.rule(index)) }
}

macro_rules! grow {
    ($($name:ident),+) => {
        $(
            // SAFETY: `repr(C)`, begins with its size, and consists of numbers and pointers.
            unsafe impl Growing for $name {
                const FIRST_SIZE: usize = size_of::<Self>();
            }
        )+
    };
}
grow!(nomo_model_info, nomo_feature, nomo_unit, nomo_member, nomo_cutoff, nomo_rule);

impl nomo_model {
    fn info(&self) -> nomo_model_info {
        let (model, texts) = (self.model(), self.texts());
        nomo_model_info {
            struct_size: 0,
            task: match model.schema().target() {
                Target::Classes { .. } => NOMO_TASK_CLASSES,
                Target::Number { .. } => NOMO_TASK_NUMBER,
            },
            format: model.format(),
            n_golden_cases: u32::try_from(model.n_golden_cases()).unwrap_or(u32::MAX),
            name: texts.name.as_ptr(),
            version: texts.version.as_ptr(),
            digest: texts.digest.as_ptr(),
            manifest: texts.manifest.as_ptr(),
            card: optional(&texts.card),
            target: texts.target.as_ptr(),
            target_unit: optional(&texts.target_unit),
            n_features: texts.features.len(),
            n_classes: texts.classes.len(),
            n_outputs: model.schema().n_outputs(),
            n_members: texts.members.len(),
            n_margins: model.n_margins(),
            n_cutoffs: texts.cutoffs.len(),
            n_rules: texts.rules.len(),
        }
    }

    fn feature(&self, index: usize) -> Result<nomo_feature, Error> {
        let features = self.model().schema().features();
        let feature = at(features, index, ErrorKind::UnknownFeature, "index")?;
        let texts = at(&self.texts().features, index, ErrorKind::UnknownFeature, "index")?;
        let policy = &feature.policy;
        Ok(nomo_feature {
            struct_size: 0,
            kind: match feature.kind {
                FeatureKind::Number => NOMO_FEATURE_NUMBER,
                FeatureKind::Integer => NOMO_FEATURE_INTEGER,
                FeatureKind::Boolean => NOMO_FEATURE_BOOLEAN,
                FeatureKind::Category { .. } => NOMO_FEATURE_CATEGORY,
            },
            name: texts.name.as_ptr(),
            unit: optional(&texts.unit),
            low: feature.range.map_or(f64::NEG_INFINITY, |range| range.low),
            high: feature.range.map_or(f64::INFINITY, |range| range.high),
            n_levels: texts.levels.len(),
            n_units: texts.units.len(),
            on_unset: action(policy.unset),
            on_missing: action(policy.missing),
            on_nan: action(policy.not_a_number),
            on_infinite: action(policy.infinite),
            on_out_of_range: action(policy.out_of_range),
            on_unseen_level: action(policy.unseen_level),
            on_wrong_type: action(policy.wrong_type),
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
            code: at(&texts.units, index, ErrorKind::Index, "index")?.as_ptr(),
            offset: unit.offset,
            multiplier: unit.multiplier,
            divisor: unit.divisor,
        })
    }

    fn member(&self, index: usize) -> Result<nomo_member, Error> {
        let name = at(&self.texts().members, index, ErrorKind::Index, "index")?.as_ptr();
        let n_margins = self.model().member_margins().nth(index).unwrap_or(0);
        Ok(nomo_member { struct_size: 0, reserved: 0, name, n_margins })
    }

    fn cutoff(&self, index: usize) -> Result<nomo_cutoff, Error> {
        let cutoff = at(self.model().cutoffs(), index, ErrorKind::Index, "index")?;
        let name = at(&self.texts().cutoffs, index, ErrorKind::Index, "index")?.as_ptr();
        let (class_index, probability) = (cutoff.class, cutoff.probability);
        Ok(nomo_cutoff { struct_size: 0, class_index, name, probability })
    }

    fn rule(&self, index: usize) -> Result<nomo_rule, Error> {
        let rule = at(self.model().schema().rules(), index, ErrorKind::Index, "index")?;
        let texts = at(&self.texts().rules, index, ErrorKind::Index, "index")?;
        Ok(nomo_rule {
            struct_size: 0,
            action: match rule.action {
                RuleAction::Refuse => NOMO_REFUSE,
                RuleAction::Flag => NOMO_TAKE,
            },
            name: texts.name.as_ptr(),
            features: texts.features.as_ptr(),
            n_features: texts.features.len(),
        })
    }
}

impl Texts {
    pub(super) fn of(model: &Model) -> Result<Self, Error> {
        let (schema, manifest) = (model.schema(), model.manifest());
        let target_unit = match schema.target() {
            Target::Number { unit, .. } => unit.as_deref(),
            Target::Classes { .. } => None,
        };
        let rule = |rule: &crate::schema::Rule| {
            let mut features: Vec<u32> = Vec::new();
            for feature in rule.features().map(|at| u32::try_from(at).unwrap_or(u32::MAX)) {
                if !features.contains(&feature) {
                    features.push(feature);
                }
            }
            Ok(RuleTexts { name: c_text(&rule.name)?, features })
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
            rules: schema.rules().iter().map(rule).collect::<Result<_, Error>>()?,
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

fn c_text(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::new(ErrorKind::InvalidModel, "a text holds a NUL"))
}

fn c_texts(texts: &[alloc::string::String]) -> Result<Vec<CString>, Error> {
    texts.iter().map(|text| c_text(text)).collect()
}

fn optional(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

fn action(action: Action) -> u32 {
    match action {
        Action::Refuse => NOMO_REFUSE,
        Action::Impute => NOMO_IMPUTE,
        Action::Clamp => NOMO_CLAMP,
        Action::Take => NOMO_TAKE,
    }
}

fn at<'a, T>(
    items: &'a [T],
    index: usize,
    kind: ErrorKind,
    name: &'static str,
) -> Result<&'a T, Error> {
    items
        .get(index)
        .ok_or_else(|| refused(kind, name, format!("is {index}, but there are {}", items.len())))
}

/// Writes what `find` finds in a model to `*out`.
///
/// # Safety
///
/// The pointers are as the header asks for.
unsafe fn query<T>(
    model: *const nomo_model,
    (out, name): (*mut T, &'static str),
    error: *mut nomo_error,
    find: impl FnOnce(&nomo_model) -> Result<T, Error>,
) -> i32 {
    let call = || {
        // SAFETY: as this function's own contract.
        let model = unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(out, name) }?;
        out.write(find(model)?);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Writes what `find` finds in a model to a struct that may grow.
///
/// # Safety
///
/// The pointers are as the header asks for.
unsafe fn describe<T: Growing>(
    model: *const nomo_model,
    (out, name): (*mut T, &'static str),
    error: *mut nomo_error,
    find: impl FnOnce(&nomo_model) -> Result<T, Error>,
) -> i32 {
    let call = || {
        // SAFETY: as this function's own contract.
        let model = unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        unsafe { struct_size(out.cast_const(), name) }?;
        let described = find(model)?;
        // SAFETY: as above; its size was checked.
        unsafe { write_struct(out, &described) };
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}
