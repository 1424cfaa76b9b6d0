//! Where predictions go.

use core::mem::MaybeUninit;

use super::boundary::{Growing, borrow_slice_out, refused};
use crate::ensemble::Cutoff;
use crate::error::{Error, ErrorKind};
use crate::intake::Flags;
use crate::model::Model;
use crate::model::OnRefusal;
use crate::prediction::Prediction;

/// The first row that cannot be predicted fails the call, and no output is written.
pub const NOMO_STOP: u32 = 0;
/// Rows that cannot be predicted are marked in `row_status`, and the others are predicted.
pub const NOMO_GO_ON: u32 = 1;

/// Flag of a value: it counts as missing, and the model filled it in. It does not tell what is missing,
/// unset, not a number and of the wrong type apart.
pub const NOMO_FLAG_IMPUTED: u32 = 1;
/// Flag of a value: it was moved to the nearest end of its plausible range.
pub const NOMO_FLAG_CLAMPED: u32 = 2;
/// Flag of a value: it is no level of its category.
pub const NOMO_FLAG_UNSEEN_LEVEL: u32 = 4;
/// Flag of a value: it lay outside of its plausible range.
pub const NOMO_FLAG_OUT_OF_RANGE: u32 = 8;
/// Flag of a row: it breaks a rule.
pub const NOMO_FLAG_RULE_BROKEN: u32 = 16;
/// How many flags there are; count i is that of the flag 1 << i.
pub const NOMO_N_FLAGS: usize = 5;

/// The class of a row that has none: it was refused, or the model predicts a number.
///
/// cbindgen:ignore
pub const NOMO_NO_CLASS: u32 = u32::MAX;

/// Where predictions go. Owned by the caller; set up by NOMO_OUTPUTS_INIT.
///
/// An output that is not wanted is NULL with length 0. When there are rows, at least one is wanted;
/// else the call is refused with NOMO_EARGUMENT_NULL. Every length must be exactly the one named
/// here (the counts are those of nomo_model_info; n_rows is 1 for a single row). Outputs must not
/// overlap what is read, nor each other; this is not checked.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_outputs {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// What happens to a row that cannot be predicted: NOMO_STOP or NOMO_GO_ON. With NOMO_GO_ON,
    /// `row_status` is wanted; a refused row has NaN, NOMO_NO_CLASS and 0 in all other outputs.
    pub on_refusal: u32,
    /// One probability per row and class, row by row; of a model that predicts a number, the one
    /// number per row.
    pub probabilities: *mut f64,
    /// Length of `probabilities`: n_rows * n_outputs.
    pub n_probabilities: usize,
    /// The index of the most probable class of each row; of equally probable ones, the lowest. Of a
    /// model that predicts a number, NOMO_NO_CLASS.
    pub class_indices: *mut u32,
    /// Length of `class_indices`: n_rows.
    pub n_class_indices: usize,
    /// 1 where a row reaches a cutoff of the model, 0 where it does not; row by row.
    pub cutoffs_reached: *mut u8,
    /// Length of `cutoffs_reached`: n_rows * n_cutoffs.
    pub n_cutoffs_reached: usize,
    /// The probabilities (or number) of each member before they were combined and calibrated; row
    /// by row, and in a row member by member.
    pub members: *mut f64,
    /// Length of `members`: n_rows * n_members * n_outputs.
    pub n_members: usize,
    /// The margins of the members: raw sums on the scale of each member's link; row by row.
    pub margins: *mut f64,
    /// Length of `margins`: n_rows * n_margins.
    pub n_margins: usize,
    /// NOMO_OK, or why the row was refused (with NOMO_GO_ON). Not which feature: predict that row alone
    /// to learn it.
    pub row_status: *mut i32,
    /// Length of `row_status`: n_rows.
    pub n_row_status: usize,
    /// What happened in the row at all: NOMO_FLAG_... added up.
    pub row_flags: *mut u32,
    /// Length of `row_flags`: n_rows.
    pub n_row_flags: usize,
    /// How many values of the row (or rules) have each flag; row by row.
    pub flag_counts: *mut u32,
    /// Length of `flag_counts`: n_rows * NOMO_N_FLAGS.
    pub n_flag_counts: usize,
    /// What happened to each value: NOMO_FLAG_... added up; row by row.
    pub feature_flags: *mut u8,
    /// Length of `feature_flags`: n_rows * n_features.
    pub n_feature_flags: usize,
    /// 1 where a row breaks a rule of the model, 0 where it does not; row by row.
    pub rules_broken: *mut u8,
    /// Length of `rules_broken`: n_rows * n_rules.
    pub n_rules_broken: usize,
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_outputs {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// One output: so many numbers per row.
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
        let Some(Self { values: own, per_row }) = this else { return };
        for (own, value) in own.iter_mut().skip(row * *per_row).take(*per_row).zip(values) {
            own.write(value);
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
}

impl nomo_outputs {
    /// Borrows the outputs and checks their lengths.
    ///
    /// # Safety
    ///
    /// Each pointer that is not NULL has room for as many elements as its length says, which
    /// nobody else uses during the borrow.
    pub(super) unsafe fn borrow<'a>(
        &self,
        n_rows: usize,
        model: &'a Model,
    ) -> Result<Outputs<'a>, Error> {
        let n_outputs = model.schema().n_outputs();
        let n_members = model.member_names().len();
        let (n_features, n_rules) = (model.schema().n_features(), model.schema().rules().len());
        let on_refusal = match self.on_refusal {
            NOMO_STOP => OnRefusal::Stop,
            NOMO_GO_ON if self.row_status.is_null() && n_rows > 0 => {
                let detail = "is NULL, but NOMO_GO_ON needs it";
                return Err(refused(ErrorKind::NullPointer, "outputs.row_status", detail));
            }
            NOMO_GO_ON => OnRefusal::GoOn,
            _ => {
                let detail = "expected NOMO_STOP or NOMO_GO_ON";
                return Err(refused(ErrorKind::Option, "outputs.on_refusal", detail));
            }
        };
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
        let outputs = Outputs {
            on_refusal,
            cutoffs: model.cutoffs(),
            probabilities: output!(probabilities, n_probabilities, n_outputs),
            class_indices: output!(class_indices, n_class_indices, 1),
            cutoffs_reached: output!(cutoffs_reached, n_cutoffs_reached, model.cutoffs().len()),
            members: output!(members, n_members, n_members * n_outputs),
            margins: output!(margins, n_margins, model.n_margins()),
            row_status: output!(row_status, n_row_status, 1),
            row_flags: output!(row_flags, n_row_flags, 1),
            flag_counts: output!(flag_counts, n_flag_counts, NOMO_N_FLAGS),
            feature_flags: output!(feature_flags, n_feature_flags, n_features),
            rules_broken: output!(rules_broken, n_rules_broken, n_rules),
        };
        if n_rows > 0 && self.is_idle() {
            return Err(refused(ErrorKind::NullPointer, "outputs", "every output is NULL"));
        }
        Ok(outputs)
    }

    /// Whether nothing is wanted.
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
    }
}

impl Outputs<'_> {
    /// Writes what a row gets.
    pub(super) fn write(&mut self, row: usize, prediction: Result<Prediction<'_>, Error>) {
        match prediction {
            Ok(prediction) => self.predict(row, &prediction),
            Err(error) => self.refuse(row, &error),
        }
    }

    /// Writes what a single row gets; with [`OnRefusal::GoOn`] its error too.
    pub(super) fn write_one(
        &mut self,
        prediction: Result<Prediction<'_>, Error>,
    ) -> Result<(), Error> {
        if self.on_refusal == OnRefusal::Stop {
            self.predict(0, &prediction?);
        } else {
            self.write(0, prediction);
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
    }

    fn refuse(&mut self, row: usize, error: &Error) {
        Output::fill(&mut self.probabilities, row, f64::NAN);
        Output::fill(&mut self.class_indices, row, NOMO_NO_CLASS);
        Output::fill(&mut self.cutoffs_reached, row, 0);
        Output::fill(&mut self.members, row, f64::NAN);
        Output::fill(&mut self.margins, row, f64::NAN);
        Output::fill(&mut self.row_status, row, error.kind().status());
        Output::fill(&mut self.row_flags, row, 0);
        Output::fill(&mut self.flag_counts, row, 0);
        Output::fill(&mut self.feature_flags, row, 0);
        Output::fill(&mut self.rules_broken, row, 0);
    }
}

pub(super) fn check_length(found: usize, expected: usize, name: &'static str) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    let error = Error::count(ErrorKind::OutputLength, found, expected, "elements");
    Err(error.within(crate::error::Place::Argument(name)))
}

/// The class as C sees it.
pub(super) fn class_index(prediction: &Prediction<'_>) -> u32 {
    prediction.class().map_or(NOMO_NO_CLASS, as_u32)
}

/// A count of things in a model: far fewer than 2^32.
fn as_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
