//! Explainers: how much each feature moved a prediction.

mod attributions;

mod to_arrow;

use alloc::boxed::Box;
use alloc::ffi::CString;
use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::ffi::c_char;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

pub use self::attributions::*;
pub use self::to_arrow::*;
use super::allocate::{boxed, c_string};
use super::borrow::{borrow, borrow_out, refused};
use super::boundary::boundary;
use super::error::nomo_error;
use super::growing::{Growing, read_struct, struct_size, write_struct};
use super::model::{Reference, nomo_model};
use crate::error::{Error, ErrorKind};
use crate::explainer::{Engine, Explained, Flavour, Method, Request, Scale};
use crate::memory;
use crate::model::Model;

/// Explain the outputs of the ensemble: the probability of each class, or the predicted number.
pub const NOMO_EXPLAIN_OUTPUTS: u32 = 0;
/// Explain the margin: for two classes the log odds of class 1, for more the logarithm of each
/// probability (at least 1e-300), or the predicted number.
pub const NOMO_EXPLAIN_MARGIN: u32 = 1;
/// Explain the margins of one member.
pub const NOMO_EXPLAIN_MEMBER: u32 = 2;

/// Compare with the background rows, by every coalition of the groups of features that the bundle
/// declares, or of the features if there are at most 12. Exact. With n of them, it predicts 2^n rows for
/// each background row.
pub const NOMO_METHOD_GROUPS: u32 = 0;
/// Compare with the background rows, feature by feature, by fixed pairs of a permutation and its
/// reverse. Sampled: with standard errors.
pub const NOMO_METHOD_PERMUTATIONS: u32 = 1;
/// Compare with the background rows, by the closed form of a linear member or a forest. Exact.
pub const NOMO_METHOD_INTERVENTIONAL: u32 = 2;
/// Path-dependent values of a forest (TreeSHAP): each split weighs its sides by the shares of the training
/// rows that took them. Exact.
pub const NOMO_METHOD_PATH_DEPENDENT: u32 = 3;

/// Scale of explained numbers: probabilities.
pub const NOMO_SCALE_PROBABILITY: u32 = 0;
/// Scale of explained numbers: margins.
pub const NOMO_SCALE_MARGIN: u32 = 1;
/// Scale of explained numbers: the predicted number, in its unit.
pub const NOMO_SCALE_VALUE: u32 = 2;

/// Flavour of values: Shapley values within rounding.
pub const NOMO_FLAVOUR_EXACT: u32 = 0;
/// Flavour of values: estimates with standard errors. They sum to the explained number all the same.
pub const NOMO_FLAVOUR_SAMPLED: u32 = 1;

/// The pairs of permutations for each background row unless the options choose them.
const N_PAIRS: u32 = 4;

/// Computes Shapley values of one kind for a model, and owns the memory that this takes.
///
/// Create one per thread. It keeps its model alive, and may be destroyed in another thread than it was
/// created in. A call on an explainer that another thread is using fails with NOMO_EBUSY. Explaining
/// allocates nothing, except nomo_explainer_explain_to_arrow, and takes no lock.
#[derive(Debug)]
pub struct nomo_explainer {
    busy: AtomicBool,
    model: Reference,
    engine: UnsafeCell<Engine>,
    names: Vec<CString>,
    /// The features: player `i` is feature `i`, if players are not groups.
    features: Vec<u32>,
    has_groups: bool,
}

// SAFETY: the engine is used by the thread that holds the claim only.
unsafe impl Send for nomo_explainer {}

/// What to explain and how. Owned by the caller; set up by NOMO_EXPLAINER_OPTIONS_INIT, which chooses
/// the outputs by groups.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_explainer_options {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// NOMO_EXPLAIN_...: which numbers.
    pub explained: u32,
    /// Index of the member, for NOMO_EXPLAIN_MEMBER.
    pub member: u32,
    /// NOMO_METHOD_...: how.
    pub method: u32,
    /// Pairs of permutations for each background row, for NOMO_METHOD_PERMUTATIONS: 2 to 1,000; 0 means
    /// 4.
    pub n_pairs: u32,
    /// Always 0.
    pub reserved: u32,
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers.
unsafe impl Growing for nomo_explainer_options {
    const FIRST_SIZE: usize = size_of::<Self>();

    fn reserved(&self) -> u32 {
        self.reserved
    }
}

/// An explainer as a whole. Owned by the caller; set up by NOMO_EXPLAINER_INFO_INIT.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_explainer_info {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// NOMO_SCALE_...: of base, values and explained numbers.
    pub scale: u32,
    /// NOMO_FLAVOUR_...: whether values are exact.
    pub flavour: u32,
    /// Always 0.
    pub reserved: u32,
    /// Number of numbers that are explained.
    pub n_explained: usize,
    /// Number of players: features, or groups of features.
    pub n_players: usize,
    /// Number of background rows of the bundle; 0 without any.
    pub n_background_rows: usize,
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers.
unsafe impl Growing for nomo_explainer_info {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// A feature, or a group of features that are explained together. Owned by the caller; set up by
/// NOMO_PLAYER_INIT. What it points to belongs to the explainer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_player {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Always 0.
    pub reserved: u32,
    /// The name of the feature or of the group.
    pub name: *const c_char,
    /// The indices of its features.
    pub features: *const u32,
    /// Length of `features`.
    pub features_len: usize,
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_player {
    const FIRST_SIZE: usize = size_of::<Self>();
}

impl nomo_explainer_options {
    fn request(&self) -> Result<Request, Error> {
        let unknown = |name, detail| Err(refused(ErrorKind::Option, name, detail));
        let explained = match self.explained {
            NOMO_EXPLAIN_OUTPUTS => Explained::Outputs,
            NOMO_EXPLAIN_MARGIN => Explained::Margin,
            NOMO_EXPLAIN_MEMBER => Explained::Member(self.member as usize),
            _ => return unknown("options.explained", "expected one of NOMO_EXPLAIN_..."),
        };
        let n_pairs = if self.n_pairs == 0 { N_PAIRS } else { self.n_pairs };
        let method = match self.method {
            NOMO_METHOD_GROUPS => Method::Groups,
            NOMO_METHOD_PERMUTATIONS => Method::Permutations { n_pairs },
            NOMO_METHOD_INTERVENTIONAL => Method::Interventional,
            NOMO_METHOD_PATH_DEPENDENT => Method::PathDependent,
            _ => return unknown("options.method", "expected one of NOMO_METHOD_..."),
        };
        Ok(Request { explained, method })
    }
}

/// Creates an explainer for `model` and writes it to `*explainer`. `options` may be NULL.
///
/// The caller frees it with nomo_explainer_destroy.
///
/// Fails with NOMO_EARGUMENT_OPTION (an unknown option; or the model cannot be explained that way, for
/// the reason in the message: it has no background rows, too many features, no such member, or no
/// closed form) or NOMO_EMEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_explainer_create(
    model: *const nomo_model,
    options: *const nomo_explainer_options,
    explainer: *mut *mut nomo_explainer,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let opened = unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(explainer, "explainer") }?;
        let request = if options.is_null() {
            Request::default()
        } else {
            // SAFETY: as above.
            unsafe { read_struct(options, "options") }?.request()?
        };
        let opened = opened.model();
        let engine = Engine::new(opened, request)?;
        let names = (0..engine.n_players())
            .map(|player| c_string([engine.player_name(opened, player).unwrap_or_default()]));
        let names = memory::collect(names)?;
        let n_features = u32::try_from(opened.schema().n_features()).unwrap_or(u32::MAX);
        let value = nomo_explainer {
            busy: AtomicBool::new(false),
            names,
            features: memory::collect((0..n_features).map(Ok))?,
            has_groups: engine.has_groups(),
            engine: UnsafeCell::new(engine),
            // SAFETY: `model` came from opening, and the caller holds a reference to it.
            model: unsafe { Reference::new(model) },
        };
        out.write(Box::into_raw(boxed(value)?));
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Destroys an explainer that no thread is using. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_explainer_destroy(explainer: *mut nomo_explainer) {
    let call = || {
        if !explainer.is_null() {
            // SAFETY: created by `nomo_explainer_create`, and the caller gives it up.
            drop(unsafe { Box::from_raw(explainer) });
        }
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { boundary(ptr::null_mut(), call) };
}

/// Describes an explainer in `*info`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_explainer_describe(
    explainer: *mut nomo_explainer,
    info: *mut nomo_explainer_info,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let claim = unsafe { ExplainerClaim::new(explainer) }?;
        // SAFETY: as above.
        unsafe { struct_size(info.cast_const(), "info") }?;
        let (model, engine) = (claim.model(), claim.engine());
        let described = nomo_explainer_info {
            struct_size: 0,
            scale: match engine.scale() {
                Scale::Probability => NOMO_SCALE_PROBABILITY,
                Scale::Margin => NOMO_SCALE_MARGIN,
                Scale::Value => NOMO_SCALE_VALUE,
            },
            flavour: match engine.flavour() {
                Flavour::Exact => NOMO_FLAVOUR_EXACT,
                Flavour::Sampled => NOMO_FLAVOUR_SAMPLED,
            },
            reserved: 0,
            n_explained: engine.n_explained(),
            n_players: engine.n_players(),
            n_background_rows: model.explanation().map_or(0, |explanation| explanation.n_rows()),
        };
        // SAFETY: as above; its size was checked.
        unsafe { write_struct(info, &described) };
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Describes the player at `index`, counted from 0, in `*player`.
///
/// Fails with NOMO_EARGUMENT_INDEX.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_explainer_player(
    explainer: *mut nomo_explainer,
    index: usize,
    player: *mut nomo_player,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let claim = unsafe { ExplainerClaim::new(explainer) }?;
        // SAFETY: as above.
        unsafe { struct_size(player.cast_const(), "player") }?;
        let claimed = claim.claimed;
        let Some(name) = claimed.names.get(index) else {
            return Err(refused(ErrorKind::Index, "index", "the explainer has no such player"));
        };
        let groups = claim.model().explanation().filter(|_| claimed.has_groups);
        let features: &[u32] = match groups {
            Some(explanation) => explanation.groups.get(index).map_or(&[], |g| &g.features),
            None => claimed.features.get(index).map_or(&[], core::slice::from_ref),
        };
        let described = nomo_player {
            struct_size: 0,
            reserved: 0,
            name: name.as_ptr(),
            features: features.as_ptr(),
            features_len: features.len(),
        };
        // SAFETY: as above; its size was checked.
        unsafe { write_struct(player, &described) };
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// The sole use of an explainer, given back when dropped.
struct ExplainerClaim<'a> {
    claimed: &'a nomo_explainer,
}

impl<'a> ExplainerClaim<'a> {
    /// # Safety
    ///
    /// `explainer` is NULL or was created and not yet destroyed.
    unsafe fn new(explainer: *mut nomo_explainer) -> Result<Self, Error> {
        // SAFETY: as this function's own contract; what several threads touch is atomic.
        let claimed: &nomo_explainer = unsafe { borrow(explainer.cast_const(), "explainer") }?;
        if claimed.busy.swap(true, Ordering::Acquire) {
            let detail = "is in use by another thread; give each thread its own";
            return Err(refused(ErrorKind::SessionBusy, "explainer", detail));
        }
        Ok(Self { claimed })
    }

    fn model(&self) -> &'a Model {
        self.claimed.model.model()
    }

    fn engine(&self) -> &Engine {
        // SAFETY: `busy` was false when this claim was made, so no other claim exists.
        unsafe { &*self.claimed.engine.get() }
    }

    fn model_and_engine(&mut self) -> (&'a Model, &mut Engine) {
        // SAFETY: as above, and the borrow of this claim makes the engine borrowed once.
        (self.claimed.model.model(), unsafe { &mut *self.claimed.engine.get() })
    }
}

impl Drop for ExplainerClaim<'_> {
    fn drop(&mut self) {
        self.claimed.busy.store(false, Ordering::Release);
    }
}
