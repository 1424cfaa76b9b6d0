//! What a model is, reads and predicts: shared ways to answer a question about it.
//!
//! One file per subject; each owns its structs, constants and functions of the header.

mod ensemble;
mod feature;
mod info;
mod uncertainty;

mod rule;

pub use self::ensemble::*;
pub use self::feature::*;
pub use self::info::*;
pub use self::rule::*;
pub use self::uncertainty::*;
use super::borrow::{borrow, borrow_out, refused};
use super::boundary::boundary;
use super::error::nomo_error;
use super::growing::{Growing, struct_size, write_struct};
use super::model::nomo_model;
use crate::error::{Error, ErrorKind};
use crate::schema::Action;

/// Declares structs that may grow at their end.
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
grow!(
    nomo_model_info,
    nomo_feature,
    nomo_unit,
    nomo_member,
    nomo_cutoff,
    nomo_rule,
    nomo_uncertainty
);

/// Writes the answer of `ask` to `*out`.
///
/// # Safety
///
/// The pointers are as the header asks for.
unsafe fn query<T>(
    model: *const nomo_model,
    (out, name): (*mut T, &'static str),
    error: *mut nomo_error,
    ask: impl FnOnce(&nomo_model) -> Result<T, Error>,
) -> i32 {
    let call = || {
        // SAFETY: as this function's own contract.
        let model = unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(out, name) }?;
        out.write(ask(model)?);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Writes the answer of `ask` to a struct that may grow.
///
/// # Safety
///
/// The pointers are as the header asks for.
unsafe fn describe<T: Growing>(
    model: *const nomo_model,
    (out, name): (*mut T, &'static str),
    error: *mut nomo_error,
    ask: impl FnOnce(&nomo_model) -> Result<T, Error>,
) -> i32 {
    let call = || {
        // SAFETY: as this function's own contract.
        let model = unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        unsafe { struct_size(out.cast_const(), name) }?;
        let described = ask(model)?;
        // SAFETY: as above; its size was checked.
        unsafe { write_struct(out, &described) };
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// The item at an index of the caller, or a refusal of the argument called `name`.
fn at<'a, T>(
    items: &'a [T],
    index: usize,
    kind: ErrorKind,
    name: &'static str,
) -> Result<&'a T, Error> {
    items.get(index).ok_or_else(|| {
        refused(kind, name, format_args!("is {index}, but there are {}", items.len()))
    })
}

/// The number of a policy in C.
fn policy(action: Action) -> u32 {
    match action {
        Action::Refuse => NOMO_POLICY_REFUSE,
        Action::Impute => NOMO_POLICY_IMPUTE,
        Action::Clamp => NOMO_POLICY_CLAMP,
        Action::Take => NOMO_POLICY_TAKE,
    }
}
