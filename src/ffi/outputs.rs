//! The arrays of the caller that predictions are written to.

mod block;
mod uncertain;

use core::mem::{MaybeUninit, offset_of};
use core::ops::Range;

use self::uncertain::UncertainOutputs;
pub(super) use self::uncertain::{Counts, verdict};
use super::borrow::{borrow_slice_out, refused};
use super::growing::Growing;
use crate::ensemble::Cutoff;
use crate::error::{Error, ErrorKind};
use crate::intake::Flags;
use crate::model::{Block, Model, OnRefusal, Reads, Sink};
use crate::prediction::Prediction;

/// The first refused row fails the call, and no output is written.
pub const NOMO_ON_REFUSAL_STOP: u32 = 0;
/// Refused rows are marked in `row_status`, and the others are predicted.
pub const NOMO_ON_REFUSAL_GO_ON: u32 = 1;

/// Flag of a value: it was imputed. The same flag for a value that was missing, unset, not a number,
/// or of the wrong type.
pub const NOMO_FLAG_IMPUTED: u32 = 1;
/// Flag of a value: it was moved to the nearest end of its plausible range.
pub const NOMO_FLAG_CLAMPED: u32 = 2;
/// Flag of a value: it is not a level of its category.
pub const NOMO_FLAG_UNSEEN_LEVEL: u32 = 4;
/// Flag of a value: it was outside its plausible range.
pub const NOMO_FLAG_OUT_OF_RANGE: u32 = 8;
/// Flag of a row: it breaks a rule.
pub const NOMO_FLAG_RULE_BROKEN: u32 = 16;
/// Number of flags. In `flag_counts`, count i is that of the flag 1 << i.
pub const NOMO_N_FLAGS: usize = 5;

/// Verdict of a row: the predicted class or number can be used.
pub const NOMO_VERDICT_PREDICTED: u32 = 0;
/// Verdict of a row: refer it, since the model cannot decide.
pub const NOMO_VERDICT_AMBIGUOUS: u32 = 1;
/// Verdict of a row: refer it, since it is unlike the training rows, whatever is predicted.
pub const NOMO_VERDICT_UNLIKE: u32 = 2;
/// Verdict of a row: its input was refused; `row_status` has the reason.
pub const NOMO_VERDICT_REFUSED: u32 = 3;

/// The class index of a row without a class: refused, or of a model that predicts a number.
///
/// cbindgen:ignore
pub const NOMO_CLASS_NONE: u32 = u32::MAX;

/// The arrays that predictions are written to. Owned by the caller; set up by NOMO_OUTPUTS_INIT.
///
/// Leave an output NULL, with length 0, to skip it. If there are rows, at least one output must be
/// set; otherwise the call fails with NOMO_EARGUMENT_NULL. Each length must be exactly the stated one
/// (n_rows is 1 for a single row, the other counts are those of nomo_model_info). All arrays are row
/// by row. Outputs must not overlap each other or the inputs; this is not checked.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_outputs {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// NOMO_ON_REFUSAL_STOP or NOMO_ON_REFUSAL_GO_ON. The latter needs `row_status`; all other outputs
    /// of a refused row are NaN, NOMO_CLASS_NONE or 0.
    pub on_refusal: u32,
    /// One probability per class; of a model that predicts a number, the number.
    pub probabilities: *mut f64,
    /// Length of `probabilities`: n_rows * n_outputs.
    pub probabilities_len: usize,
    /// Index of the most probable class; of equally probable ones, the lowest. NOMO_CLASS_NONE of a
    /// model that predicts a number.
    pub class_indices: *mut u32,
    /// Length of `class_indices`: n_rows.
    pub class_indices_len: usize,
    /// 1 if the row reaches the cutoff, else 0; one per cutoff of the model.
    pub cutoffs_reached: *mut u8,
    /// Length of `cutoffs_reached`: n_rows * n_cutoffs.
    pub cutoffs_reached_len: usize,
    /// Probabilities (or number) of each member, before combining and calibration; within a row
    /// member by member.
    pub members: *mut f64,
    /// Length of `members`: n_rows * n_members * n_outputs.
    pub members_len: usize,
    /// Margins of the members: raw sums, on the scale of the member's link.
    pub margins: *mut f64,
    /// Length of `margins`: n_rows * n_margins.
    pub margins_len: usize,
    /// NOMO_OK, or the status of the refused row. To learn which feature is refused, predict that row
    /// alone.
    pub row_status: *mut i32,
    /// Length of `row_status`: n_rows.
    pub row_status_len: usize,
    /// Flags of the row and of all its values: NOMO_FLAG_... combined.
    pub row_flags: *mut u32,
    /// Length of `row_flags`: n_rows.
    pub row_flags_len: usize,
    /// Number of values (of broken rules, for NOMO_FLAG_RULE_BROKEN) with each flag.
    pub flag_counts: *mut u32,
    /// Length of `flag_counts`: n_rows * NOMO_N_FLAGS.
    pub flag_counts_len: usize,
    /// Flags of each value: NOMO_FLAG_... combined.
    pub feature_flags: *mut u8,
    /// Length of `feature_flags`: n_rows * n_features.
    pub feature_flags_len: usize,
    /// 1 if the row breaks the rule, else 0; one per rule of the model.
    pub rules_broken: *mut u8,
    /// Length of `rules_broken`: n_rows * n_rules.
    pub rules_broken_len: usize,
    /// NOMO_VERDICT_...: whether to use the prediction or to refer the row, by the rules of the bundle.
    /// This output and those below are of models with uncertainty; the counts in their lengths are
    /// those of nomo_uncertainty, and all are 0 of other models.
    pub verdicts: *mut u32,
    /// Length of `verdicts`: n_rows * n_verdicts.
    pub verdicts_len: usize,
    /// Conformal p-value of each class: small where the class is strange for this row.
    pub p_values: *mut f64,
    /// Length of `p_values`: n_rows * n_p_values.
    pub p_values_len: usize,
    /// 1 if the class is in the prediction set of the level, else 0; within a row level by level.
    pub sets: *mut u8,
    /// Length of `sets`: n_rows * n_levels * n_p_values.
    pub sets_len: usize,
    /// Lower and upper end of each interval: of the probability of class 1 (by Venn-Abers, without a
    /// level), or of the predicted number at each level.
    pub intervals: *mut f64,
    /// Length of `intervals`: n_rows * n_intervals * 2.
    pub intervals_len: usize,
    /// P-value of the distance from the training rows: small where the row is unlike them.
    pub distance_p_values: *mut f64,
    /// Length of `distance_p_values`: n_rows * n_distances.
    pub distance_p_values_len: usize,
    /// Index of the feature whose value is the furthest from what was seen in training;
    /// NOMO_CLASS_NONE of a refused row.
    pub furthest_features: *mut u32,
    /// Length of `furthest_features`: n_rows * n_furthest.
    pub furthest_features_len: usize,
    /// How far that value is from the median of the training rows, divided by how far their 2.5 % quantile
    /// (below it) or 97.5 % quantile (above it) is.
    pub furthest_times: *mut f64,
    /// Length of `furthest_times`: n_rows * n_furthest.
    pub furthest_times_len: usize,
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_outputs {
    const FIRST_SIZE: usize = offset_of!(Self, verdicts);
}

/// One output: `per_row` elements for each row.
struct Output<'a, T> {
    values: &'a mut [MaybeUninit<T>],
    per_row: usize,
}

impl<'a, T: Copy> Output<'a, T> {
    /// # Safety
    ///
    /// `pointer` is NULL or has room for `len` elements, which nobody else uses during the borrow.
    unsafe fn borrow(
        pointer: *mut T,
        len: usize,
        (n_rows, per_row): (usize, usize),
        name: &'static str,
    ) -> Result<Option<Self>, Error> {
        if pointer.is_null() && len == 0 {
            return Ok(None);
        }
        // SAFETY: as this function's own contract.
        let values = unsafe { borrow_slice_out(pointer, len, name) }?;
        check_length(len, n_rows.saturating_mul(per_row), name)?;
        Ok(Some(Self { values, per_row }))
    }

    fn write(this: &mut Option<Self>, row: usize, values: impl Iterator<Item = T>) {
        let Some(Self { values: room, per_row }) = this else { return };
        for (element, value) in room.iter_mut().skip(row * *per_row).take(*per_row).zip(values) {
            element.write(value);
        }
    }

    fn fill(this: &mut Option<Self>, row: usize, value: T) {
        Self::write(this, row, core::iter::repeat(value));
    }
}

/// The caller's outputs, of checked lengths.
pub(super) struct Outputs<'a> {
    pub(super) on_refusal: OnRefusal,
    cutoffs: &'a [Cutoff],
    probabilities: Option<Output<'a, f64>>,
    class_indices: Option<Output<'a, u32>>,
    cutoffs_reached: Option<Output<'a, u8>>,
    members: Option<Output<'a, f64>>,
    margins: Option<Output<'a, f64>>,
    row_status: Option<Output<'a, i32>>,
    row_flags: Option<Output<'a, u32>>,
    flag_counts: Option<Output<'a, u32>>,
    feature_flags: Option<Output<'a, u8>>,
    rules_broken: Option<Output<'a, u8>>,
    uncertain: UncertainOutputs<'a>,
}

impl nomo_outputs {
    /// Borrows the outputs and checks their lengths.
    ///
    /// # Safety
    ///
    /// Each pointer that is not NULL has room for as many elements as its length states, which
    /// nobody else uses during the borrow.
    pub(super) unsafe fn borrow<'a>(
        &self,
        n_rows: usize,
        model: &'a Model,
    ) -> Result<Outputs<'a>, Error> {
        let n_outputs = model.schema().n_outputs();
        let n_members = model.member_names().len();
        let (n_features, n_rules) = (model.schema().n_features(), model.schema().rules().len());
        let on_refusal = on_refusal(self.on_refusal, "outputs.on_refusal")?;
        if on_refusal == OnRefusal::GoOn && self.row_status.is_null() && n_rows > 0 {
            let detail = "is NULL, but NOMO_ON_REFUSAL_GO_ON needs it";
            return Err(refused(ErrorKind::NullPointer, "outputs.row_status", detail));
        }
        macro_rules! output {
            ($pointer:ident, $len:ident, $per_row:expr) => {
                // SAFETY: as this function's own contract.
                unsafe {
                    Output::borrow(
                        self.$pointer,
                        self.$len,
                        (n_rows, $per_row),
                        concat!("outputs.", stringify!($pointer)),
                    )
                }?
            };
        }
        let counts = Counts::of(model);
        let outputs = Outputs {
            on_refusal,
            cutoffs: model.cutoffs(),
            probabilities: output!(probabilities, probabilities_len, n_outputs),
            class_indices: output!(class_indices, class_indices_len, 1),
            cutoffs_reached: output!(cutoffs_reached, cutoffs_reached_len, model.cutoffs().len()),
            members: output!(members, members_len, n_members * n_outputs),
            margins: output!(margins, margins_len, model.n_margins()),
            row_status: output!(row_status, row_status_len, 1),
            row_flags: output!(row_flags, row_flags_len, 1),
            flag_counts: output!(flag_counts, flag_counts_len, NOMO_N_FLAGS),
            feature_flags: output!(feature_flags, feature_flags_len, n_features),
            rules_broken: output!(rules_broken, rules_broken_len, n_rules),
            uncertain: UncertainOutputs {
                verdicts: output!(verdicts, verdicts_len, counts.n_verdicts),
                p_values: output!(p_values, p_values_len, counts.n_p_values),
                sets: output!(sets, sets_len, counts.n_levels * counts.n_p_values),
                intervals: output!(intervals, intervals_len, counts.n_intervals * 2),
                distance_p_values: output!(
                    distance_p_values,
                    distance_p_values_len,
                    counts.n_distances
                ),
                furthest_features: output!(
                    furthest_features,
                    furthest_features_len,
                    counts.n_furthest
                ),
                furthest_times: output!(furthest_times, furthest_times_len, counts.n_furthest),
            },
        };
        if n_rows > 0 && self.is_idle() {
            return Err(refused(ErrorKind::NullPointer, "outputs", "every output is NULL"));
        }
        Ok(outputs)
    }

    /// Whether every output is NULL.
    fn is_idle(&self) -> bool {
        self.probabilities.is_null()
            && self.class_indices.is_null()
            && self.cutoffs_reached.is_null()
            && self.members.is_null()
            && self.margins.is_null()
            && self.row_status.is_null()
            && self.row_flags.is_null()
            && self.flag_counts.is_null()
            && self.feature_flags.is_null()
            && self.rules_broken.is_null()
            && self.verdicts.is_null()
            && self.p_values.is_null()
            && self.sets.is_null()
            && self.intervals.is_null()
            && self.distance_p_values.is_null()
            && self.furthest_features.is_null()
            && self.furthest_times.is_null()
    }
}

/// What to do with a refused row, of a caller's number.
pub(super) fn on_refusal(number: u32, name: &'static str) -> Result<OnRefusal, Error> {
    match number {
        NOMO_ON_REFUSAL_STOP => Ok(OnRefusal::Stop),
        NOMO_ON_REFUSAL_GO_ON => Ok(OnRefusal::GoOn),
        _ => {
            let detail = "expected NOMO_ON_REFUSAL_STOP or NOMO_ON_REFUSAL_GO_ON";
            Err(refused(ErrorKind::Option, name, detail))
        }
    }
}

impl Sink for Outputs<'_> {
    fn take(&mut self, row: usize, prediction: Result<Prediction<'_>, Error>) {
        match prediction {
            Ok(prediction) => self.predict(row, &prediction),
            Err(error) => self.refuse(row, &error),
        }
    }

    fn reads(&self) -> Reads {
        self.uncertain.reads()
    }

    fn take_block(&mut self, rows: Range<usize>, block: &Block<'_>) -> bool {
        self.predict_block(rows, block);
        true
    }
}

impl Outputs<'_> {
    /// Writes the prediction of a single row; with [`OnRefusal::GoOn`] its refusal too.
    pub(super) fn write_one(
        &mut self,
        prediction: Result<Prediction<'_>, Error>,
    ) -> Result<(), Error> {
        if self.on_refusal == OnRefusal::Stop {
            self.predict(0, &prediction?);
        } else {
            self.take(0, prediction);
        }
        Ok(())
    }

    fn predict(&mut self, row: usize, prediction: &Prediction<'_>) {
        let outputs = prediction.outputs();
        let reached = self.cutoffs.iter().map(|cutoff| u8::from(cutoff.is_reached_by(outputs)));
        let counts = Flags::ALL.iter().map(|flag| as_u32(prediction.n_flagged(*flag)));
        let flags = prediction.feature_flags().iter().map(|flags| flags.bits());
        let broken = prediction.broken_rules().iter().map(|broken| u8::from(*broken));
        Output::write(&mut self.probabilities, row, outputs.iter().copied());
        Output::fill(&mut self.class_indices, row, class_index(prediction));
        Output::write(&mut self.cutoffs_reached, row, reached);
        Output::write(&mut self.members, row, prediction.members().flatten().copied());
        Output::write(&mut self.margins, row, prediction.margins().iter().copied());
        Output::fill(&mut self.row_status, row, super::status::NOMO_OK);
        Output::fill(&mut self.row_flags, row, u32::from(prediction.flags().bits()));
        Output::write(&mut self.flag_counts, row, counts);
        Output::write(&mut self.feature_flags, row, flags);
        Output::write(&mut self.rules_broken, row, broken);
        if let Some(uncertain) = prediction.uncertain() {
            self.uncertain.write(row, uncertain);
        }
    }

    fn refuse(&mut self, row: usize, error: &Error) {
        Output::fill(&mut self.probabilities, row, f64::NAN);
        Output::fill(&mut self.class_indices, row, NOMO_CLASS_NONE);
        Output::fill(&mut self.cutoffs_reached, row, 0);
        Output::fill(&mut self.members, row, f64::NAN);
        Output::fill(&mut self.margins, row, f64::NAN);
        Output::fill(&mut self.row_status, row, error.kind().status());
        Output::fill(&mut self.row_flags, row, 0);
        Output::fill(&mut self.flag_counts, row, 0);
        Output::fill(&mut self.feature_flags, row, 0);
        Output::fill(&mut self.rules_broken, row, 0);
        self.uncertain.refuse(row);
    }
}

#[inline]
pub(super) fn check_length(found: usize, expected: usize, name: &'static str) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(wrong_length(found, expected, name)) }
}

#[cold]
fn wrong_length(found: usize, expected: usize, name: &'static str) -> Error {
    let error = Error::count(ErrorKind::OutputLength, found, expected, "elements");
    error.within(crate::error::Place::Argument(name))
}

/// The index of the class in C.
pub(super) fn class_index(prediction: &Prediction<'_>) -> u32 {
    prediction.class().map_or(NOMO_CLASS_NONE, as_u32)
}

/// A count of things in a model: far fewer than 2^32.
pub(super) fn as_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
