//! The prediction of one row: intake, pipeline, members, combiner, calibrator.

use core::mem;

use super::Model;
use crate::error::{Error, ErrorKind};
use crate::intake::{Cell, Flags, LaneSet, Value};
use crate::numeric::keeps_subnormals;
use crate::prediction::Prediction;
use crate::profile::CountedRows;
use crate::scratch::{BlockRegions, Regions, Scratch};
use crate::uncertainty::Uncertain;

/// Refuses to predict in a thread that flushes subnormals to zero.
///
/// # Errors
///
/// `FloatingPoint`.
#[inline]
pub(crate) fn check_subnormals() -> Result<(), Error> {
    if keeps_subnormals() { Ok(()) } else { Err(other_mode()) }
}

/// The error of a thread whose floating-point mode gives other bits.
#[cold]
pub(super) fn other_mode() -> Error {
    let detail = "this thread flushes subnormal numbers to zero, as -ffast-math lets it, or does not \
                  round to nearest: predictions would have other bits";
    Error::new(ErrorKind::FloatingPoint, detail)
}

impl Model {
    /// Sets the value of a feature in `scratch`, for [`Self::predict_cells`].
    ///
    /// # Errors
    ///
    /// `UnknownFeature` or `UnknownUnit`; the value that was set before then stays.
    pub(crate) fn set(
        &self,
        scratch: &mut Scratch<'_>,
        feature: usize,
        value: Value<'_>,
    ) -> Result<(), Error> {
        scratch.set_cell(feature, self.intake.cell(feature, value)?);
        Ok(())
    }

    /// Predicts the values that were set in `scratch`.
    ///
    /// # Errors
    ///
    /// `FloatingPoint`; a kind of the class `Value`, with the feature or the rule.
    pub(crate) fn predict_cells<'s>(
        &'s self,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Prediction<'s>, Error> {
        check_subnormals()?;
        let mut regions = scratch.regions(&self.scratch_layout);
        let (counters, cells) = (mem::take(&mut regions.counters), regions.cells);
        let admitted = self.admit(cells.iter().copied(), &mut regions);
        let row_flags = admitted.map_err(|error| self.count_refusal(counters, error))?;
        let prediction = self.predict(regions, row_flags);
        self.count(counters, cells.iter().copied(), &prediction);
        Ok(prediction)
    }

    /// Predicts one row: one value per feature, in the order of the schema; NaN means missing.
    ///
    /// # Errors
    ///
    /// `FloatingPoint`; `FeatureCount`; a kind of the class `Value`, with the feature or the rule.
    pub(crate) fn predict_row<'s>(
        &'s self,
        scratch: &'s mut Scratch<'_>,
        values: &[f64],
    ) -> Result<Prediction<'s>, Error> {
        let mut regions = scratch.regions(&self.scratch_layout);
        let row_flags = self.compute_row(&mut regions, values)?;
        let counters = mem::take(&mut regions.counters);
        let prediction = self.prediction(regions, row_flags);
        self.count(counters, values.iter().map(|number| Cell::of_array(*number)), &prediction);
        Ok(prediction)
    }

    /// The outputs of [`Self::predict_row`], which are all that most callers of C want.
    ///
    /// # Errors
    ///
    /// As [`Self::predict_row`].
    #[cfg_attr(not(feature = "ffi"), allow(dead_code, reason = "only C wants no more"))]
    pub(crate) fn predict_outputs<'s>(
        &'s self,
        scratch: &'s mut Scratch<'_>,
        values: &[f64],
    ) -> Result<&'s [f64], Error> {
        if !scratch.counters().is_empty() {
            return self.predict_row(scratch, values).map(|prediction| prediction.outputs);
        }
        let mut regions = scratch.regions(&self.scratch_layout);
        self.compute_row(&mut regions, values)?;
        Ok(regions.outputs)
    }

    /// Admits a row, and computes its margins and outputs. Returns the flags of the row.
    ///
    /// # Errors
    ///
    /// As [`Self::predict_row`].
    fn compute_row(&self, regions: &mut Regions<'_>, values: &[f64]) -> Result<Flags, Error> {
        check_subnormals()?;
        self.intake.check_width(values.len())?;
        let admitted = self.admit_numbers(values, regions);
        let row_flags = admitted.map_err(|error| self.count_refusal(regions.counters, error))?;
        self.compute(regions);
        Ok(row_flags)
    }

    /// Applies the policies to a row, and refuses it or writes it to the encoded values.
    ///
    /// # Errors
    ///
    /// As `Intake::admit`.
    pub(super) fn admit(
        &self,
        cells: impl Iterator<Item = Cell>,
        regions: &mut Regions<'_>,
    ) -> Result<Flags, Error> {
        let (row, _) = regions.encoded.split_at_mut(self.intake.n_features());
        self.intake.admit(cells, row, regions.flags, regions.broken)
    }

    /// As [`Self::admit`], for a row of numbers, NaN where one is missing.
    ///
    /// # Errors
    ///
    /// As `Intake::admit`.
    pub(super) fn admit_numbers(
        &self,
        numbers: &[f64],
        regions: &mut Regions<'_>,
    ) -> Result<Flags, Error> {
        let (row, _) = regions.encoded.split_at_mut(self.intake.n_features());
        let Regions { flags, broken, .. } = regions;
        self.intake.admit_numbers(self.level, numbers, row, flags, broken)
    }

    /// Predicts a row that was admitted: nothing fails, and nothing is allocated.
    pub(super) fn predict<'s>(
        &'s self,
        mut regions: Regions<'s>,
        row_flags: Flags,
    ) -> Prediction<'s> {
        self.compute(&mut regions);
        self.prediction(regions, row_flags)
    }

    /// Computes the margins and the outputs of an admitted row.
    #[inline(never)]
    fn compute(&self, regions: &mut Regions<'_>) {
        self.encode(regions);
        self.finish(regions);
    }

    /// Encodes an admitted row and computes the margins of its members.
    #[inline]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn encode(&self, regions: &mut Regions<'_>) {
        let Regions { encoded, margins, temporary, .. } = regions;
        self.pipeline.apply(encoded, &mut temporary[..self.pipeline.n_temporary()]);
        let mut first_margin = 0;
        for placed in &self.members {
            let margins = &mut margins[first_margin..first_margin + placed.n_margins];
            let encoded = self.pipeline.encoded(placed.branch, encoded);
            let temporary = &mut temporary[..placed.member.n_temporary()];
            placed.member.margins(self.level, encoded, temporary, margins);
            first_margin += placed.n_margins;
        }
    }

    /// Counts a refused row where a monitor counts. Returns the error.
    pub(super) fn count_refusal(&self, counters: &mut [u64], error: Error) -> Error {
        if let Some(profile) = self.profile().filter(|_| !counters.is_empty()) {
            profile.count_refusal(counters, self.schema().rules().len(), &error);
        }
        error
    }

    /// Counts a row that was predicted where a monitor counts.
    pub(super) fn count(
        &self,
        counters: &mut [u64],
        cells: impl Iterator<Item = Cell>,
        prediction: &Prediction<'_>,
    ) {
        if let Some(profile) = self.profile().filter(|_| !counters.is_empty()) {
            profile.count(counters, cells, prediction);
        }
    }

    /// Counts rows of a block that were predicted and whose values are plain, where a monitor counts.
    pub(super) fn count_block(
        &self,
        regions: &mut Regions<'_>,
        block: &BlockRegions<'_>,
        (lanes, n_rows): (LaneSet, usize),
    ) {
        if let Some(profile) = self.profile().filter(|_| !regions.counters.is_empty()) {
            let (values, _) = block.encoded.split_at(self.intake.n_features());
            let is_of_classes = self.is_of_classes();
            let rows = CountedRows { lanes, n_rows, values, outputs: block.outputs, is_of_classes };
            profile.count_block(regions.counters, self.schema().rules().len(), &rows);
        }
    }

    /// Computes the outputs of a row from the margins of its members.
    #[inline]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn finish(&self, regions: &mut Regions<'_>) {
        let Regions { member_outputs, margins, outputs, temporary, .. } = regions;
        let (mut first_margin, mut first_output) = (0, 0);
        for placed in &self.members {
            let margins = &margins[first_margin..first_margin + placed.n_margins];
            let outputs_of_member = &mut member_outputs[first_output..first_output + outputs.len()];
            placed.link.outputs(margins, outputs_of_member);
            first_margin += placed.n_margins;
            first_output += outputs.len();
        }
        let temporary = &mut temporary[..self.combiner.n_temporary()];
        self.combiner.combine(member_outputs, margins, temporary, outputs);
        if let Some(calibrator) = &self.calibrator {
            calibrator.apply(outputs);
        }
    }

    /// The prediction of a row whose outputs were computed.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn prediction<'s>(
        &'s self,
        regions: Regions<'s>,
        row_flags: Flags,
    ) -> Prediction<'s> {
        let Regions { encoded, member_outputs, margins, outputs, flags, broken, .. } = regions;
        let uncertain = self.uncertainty.as_ref().map(|fitted| {
            let (row, distance) = (&encoded[..self.intake.n_features()], fitted.distance.as_ref());
            let encoded = match distance {
                Some(distance) => self.pipeline.encoded(distance.branch as usize, encoded),
                None => &[],
            };
            Uncertain { fitted, outputs, members: member_outputs, row, encoded, distance: None }
        });
        Prediction {
            is_of_classes: self.is_of_classes(),
            outputs,
            members: member_outputs,
            margins,
            row_flags,
            flags,
            broken,
            uncertain,
        }
    }
}
