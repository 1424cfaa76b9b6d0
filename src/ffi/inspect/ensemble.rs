//! Classes, members and cutoffs.

use core::ffi::c_char;

use super::{at, describe, query};
use crate::error::{Error, ErrorKind};
use crate::ffi::error::nomo_error;
use crate::ffi::model::nomo_model;

/// A member of the ensemble. Owned by the caller; set up by NOMO_MEMBER_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_member {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Always 0.
    pub reserved: u32,
    /// The name of the member.
    pub name: *const c_char,
    /// Number of margins of this member.
    pub n_margins: usize,
}

/// A named operating point. Owned by the caller; set up by NOMO_CUTOFF_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_cutoff {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Index of the class whose probability is compared.
    pub class_index: u32,
    /// The name of the cutoff.
    pub name: *const c_char,
    /// The lowest probability that reaches the cutoff.
    pub probability: f64,
}

/// Writes the name of the class at `index`, counted from 0, to `*name`. With two classes, class 1 is
/// the positive one.
///
/// Fails with NOMO_EARGUMENT_CLASS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_class(
    model: *const nomo_model,
    index: usize,
    name: *mut *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let ask = |model: &nomo_model| {
        let texts = model.texts();
        Ok(texts.start(*at(&texts.classes, index, ErrorKind::UnknownClass, "index")?))
    };
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { query(model, (name, "name"), error, ask) }
}

/// Describes the member at `index`, counted from 0, in `*member`.
///
/// Fails with NOMO_EARGUMENT_INDEX.
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

/// Describes the cutoff at `index`, counted from 0, in `*cutoff`.
///
/// Fails with NOMO_EARGUMENT_INDEX.
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

impl nomo_model {
    fn member(&self, index: usize) -> Result<nomo_member, Error> {
        let name =
            self.texts().start(*at(&self.texts().members, index, ErrorKind::Index, "index")?);
        let n_margins = self.model().member_margins().nth(index).unwrap_or(0);
        Ok(nomo_member { struct_size: 0, reserved: 0, name, n_margins })
    }

    fn cutoff(&self, index: usize) -> Result<nomo_cutoff, Error> {
        let cutoff = at(self.model().cutoffs(), index, ErrorKind::Index, "index")?;
        let name =
            self.texts().start(*at(&self.texts().cutoffs, index, ErrorKind::Index, "index")?);
        let (class_index, probability) = (cutoff.class, cutoff.probability);
        Ok(nomo_cutoff { struct_size: 0, class_index, name, probability })
    }
}
