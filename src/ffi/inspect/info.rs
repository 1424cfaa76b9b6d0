//! A model as a whole: task, names, counts, self-test.

use core::ffi::c_char;

use super::describe;
use crate::ffi::borrow::borrow;
use crate::ffi::boundary::boundary;
use crate::ffi::error::nomo_error;
use crate::ffi::model::nomo_model;
use crate::schema::Target;

/// Task: the model predicts one of two or more classes.
pub const NOMO_TASK_CLASSES: u32 = 1;
/// Task: the model predicts a number.
pub const NOMO_TASK_NUMBER: u32 = 2;

/// A model as a whole. Owned by the caller; set up by NOMO_MODEL_INFO_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_model_info {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// What the model predicts: NOMO_TASK_CLASSES or NOMO_TASK_NUMBER.
    pub task: u32,
    /// The format version of the bundle.
    pub format: u32,
    /// Number of golden cases in the bundle.
    pub n_golden_cases: u32,
    /// The name of the model.
    pub name: *const c_char,
    /// The version of the model, chosen by those who trained it.
    pub version: *const c_char,
    /// The digest of the bundle, 64 lower-case hexadecimal digits. Log it with each prediction: it
    /// identifies the model that made it.
    pub digest: *const c_char,
    /// The manifest, which describes the origin of the model, as a JSON object.
    pub manifest: *const c_char,
    /// The model card in Markdown, or NULL.
    pub card: *const c_char,
    /// The name of the target: what is predicted.
    pub target: *const c_char,
    /// The UCUM code of the unit of a predicted number, or NULL.
    pub target_unit: *const c_char,
    /// Number of features in a row.
    pub n_features: usize,
    /// Number of classes; 0 for NOMO_TASK_NUMBER.
    pub n_classes: usize,
    /// Numbers per prediction: one probability per class, or the one predicted number.
    pub n_outputs: usize,
    /// Number of members in the ensemble.
    pub n_members: usize,
    /// Number of margins of all members together.
    pub n_margins: usize,
    /// Number of cutoffs.
    pub n_cutoffs: usize,
    /// Number of rules between features.
    pub n_rules: usize,
}

/// Describes the model in `*info`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_describe(
    model: *const nomo_model,
    info: *mut nomo_model_info,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { describe(model, (info, "info"), error, |model| Ok(model.info())) }
}

/// Replays the golden cases, as opening does. Success proves that the library, as loaded, still
/// predicts what was sealed.
///
/// Fails with NOMO_ESELFTEST_GOLDEN (the message names the first golden case that differs),
/// NOMO_ESELFTEST_FLOATING_POINT (the mode of the calling thread) or NOMO_EMEMORY.
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
            name: texts.start(texts.name),
            version: texts.start(texts.version),
            digest: texts.start(texts.digest),
            manifest: texts.start(texts.manifest),
            card: texts.optional(texts.card),
            target: texts.start(texts.target),
            target_unit: texts.optional(texts.target_unit),
            n_features: texts.features.len(),
            n_classes: texts.classes.len(),
            n_outputs: model.schema().n_outputs(),
            n_members: texts.members.len(),
            n_margins: model.n_margins(),
            n_cutoffs: texts.cutoffs.len(),
            n_rules: texts.rules.len(),
        }
    }
}
