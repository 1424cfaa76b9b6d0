//! Rules between features.

use core::ffi::c_char;

use super::{NOMO_POLICY_REFUSE, NOMO_POLICY_TAKE, at, describe};
use crate::error::{Error, ErrorKind};
use crate::ffi::error::nomo_error;
use crate::ffi::model::nomo_model;
use crate::schema::RuleAction;

/// A rule between features. Owned by the caller; set up by NOMO_RULE_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_rule {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Policy for a row that breaks the rule: NOMO_POLICY_REFUSE or NOMO_POLICY_TAKE (and flag).
    pub action: u32,
    /// The name of the rule.
    pub name: *const c_char,
    /// The index of each feature that the rule reads, once; owned by the model, as texts are.
    pub features: *const u32,
    /// Length of `features`.
    pub features_len: usize,
}

/// Describes the rule at `index`, counted from 0, in `*rule`.
///
/// Fails with NOMO_EARGUMENT_INDEX.
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

impl nomo_model {
    fn rule(&self, index: usize) -> Result<nomo_rule, Error> {
        let rule = at(self.model().schema().rules(), index, ErrorKind::Index, "index")?;
        let texts = at(&self.texts().rules, index, ErrorKind::Index, "index")?;
        Ok(nomo_rule {
            struct_size: 0,
            action: match rule.action {
                RuleAction::Refuse => NOMO_POLICY_REFUSE,
                RuleAction::Flag => NOMO_POLICY_TAKE,
            },
            name: self.texts().start(texts.name),
            features: texts.features.as_ptr(),
            features_len: texts.features.len(),
        })
    }
}
