//! The uncertainty of a model: which outputs it has, and when rows are referred.

use super::describe;
use crate::error::Error;
use crate::ffi::error::nomo_error;
use crate::ffi::model::nomo_model;
use crate::ffi::outputs::Counts;
use crate::uncertainty::{Ambiguity, Ranks, Scores};

/// Rule of ambiguity: no row is ambiguous.
pub const NOMO_AMBIGUOUS_NEVER: u32 = 0;
/// Rule of ambiguity: the prediction set of a level does not have one class.
pub const NOMO_AMBIGUOUS_NOT_ONE_CLASS: u32 = 1;
/// Rule of ambiguity: the interval of a level is wider than `max_width`.
pub const NOMO_AMBIGUOUS_TOO_WIDE: u32 = 2;

/// The uncertainty of a model. Owned by the caller; set up by NOMO_UNCERTAINTY_INIT.
///
/// If the model has none, all fields are 0 or NULL. The counts are those in the lengths of nomo_outputs.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_uncertainty {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// When a row is ambiguous: NOMO_AMBIGUOUS_...
    pub ambiguous_rule: u32,
    /// 1 if rows have a verdict, which is so of every model with uncertainty.
    pub n_verdicts: usize,
    /// The levels of prediction sets and intervals, ascending; owned by the model, as texts are.
    pub levels: *const f64,
    /// Number of levels.
    pub n_levels: usize,
    /// Number of p-values of a row: one per class, or 0 if a number is predicted.
    pub n_p_values: usize,
    /// Number of intervals of a row: for two classes 1, of the probability of class 1, which has no level
    /// (0 if there is none); for a number one per level; for more classes 0.
    pub n_intervals: usize,
    /// 1 if the distance from the training rows is known.
    pub n_distances: usize,
    /// 1 if the furthest feature is known.
    pub n_furthest: usize,
    /// Index of the level by which a row is ambiguous.
    pub ambiguous_level: usize,
    /// The widest interval that is not ambiguous, of NOMO_AMBIGUOUS_TOO_WIDE.
    pub max_width: f64,
    /// A row is unlike the training rows when the p-value of its distance is at most this; 0 is never.
    pub unlike_p_value: f64,
    /// Number of held-out rows that p-values or intervals are based on; for classes, that of the class
    /// with the fewest rows. A p-value is at least 1 / (n_scores + 1).
    pub n_scores: u32,
    /// Number of held-out rows that the p-value of the distance is based on.
    pub n_distance_scores: u32,
}

/// Describes the uncertainty of the model in `*uncertainty`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_model_uncertainty(
    model: *const nomo_model,
    uncertainty: *mut nomo_uncertainty,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { describe(model, (uncertainty, "uncertainty"), error, |model| model.uncertainty()) }
}

impl nomo_model {
    fn uncertainty(&self) -> Result<nomo_uncertainty, Error> {
        let counts = Counts::of(self.model());
        let mut described = nomo_uncertainty {
            struct_size: 0,
            ambiguous_rule: NOMO_AMBIGUOUS_NEVER,
            n_verdicts: counts.n_verdicts,
            levels: core::ptr::null(),
            n_levels: counts.n_levels,
            n_p_values: counts.n_p_values,
            n_intervals: counts.n_intervals,
            n_distances: counts.n_distances,
            n_furthest: counts.n_furthest,
            ambiguous_level: 0,
            max_width: 0.0,
            unlike_p_value: 0.0,
            n_scores: 0,
            n_distance_scores: 0,
        };
        let Some(fitted) = self.model().uncertainty() else { return Ok(described) };
        if !fitted.levels.is_empty() {
            described.levels = fitted.levels.as_ptr();
        }
        (described.ambiguous_rule, described.ambiguous_level, described.max_width) =
            match fitted.referral.ambiguous {
                None => (NOMO_AMBIGUOUS_NEVER, 0, 0.0),
                Some(Ambiguity::NotOneClass { level }) => {
                    (NOMO_AMBIGUOUS_NOT_ONE_CLASS, level as usize, 0.0)
                }
                Some(Ambiguity::TooWide { level, max_width }) => {
                    (NOMO_AMBIGUOUS_TOO_WIDE, level as usize, max_width)
                }
            };
        described.unlike_p_value = fitted.referral.unlike.unwrap_or(0.0);
        described.n_scores = match &fitted.scores {
            Scores::Classes { ranks } => ranks.iter().map(Ranks::n_rows).min().unwrap_or(0),
            Scores::Number { ranks, .. } => ranks.n_rows(),
        };
        let distance = fitted.distance.as_ref();
        described.n_distance_scores = distance.map_or(0, |distance| distance.ranks.n_rows());
        Ok(described)
    }
}
