//! Predictions as the columns of an Arrow array.

mod buffer;

mod struct_array;
mod uncertain;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::CStr;

pub(in crate::ffi) use self::buffer::Buffer;
pub(in crate::ffi) use self::struct_array::{Column, struct_array};
use self::uncertain::UncertainColumns;
use crate::error::{Error, ErrorKind, Place, format};
use crate::ffi::allocate::c_string;
use crate::ffi::arrow_structs::{ArrowArray, ArrowSchema};
use crate::ffi::outputs::{NOMO_CLASS_NONE, class_index};
use crate::ffi::status::NOMO_OK;
use crate::memory;
use crate::model::Model;
use crate::prediction::Prediction;
use crate::uncertainty::Uncertain;

/// The columns of the predictions, filled row by row.
pub(super) struct Predicted<'m> {
    model: &'m Model,
    n_rows: usize,
    /// The numbers of each output.
    outputs: Vec<Buffer>,
    class_indices: Vec<u32>,
    status: Buffer,
    flags: Buffer,
    /// For each cutoff, whether the rows reach it.
    cutoffs: Vec<Buffer>,
    /// Those of models with uncertainty.
    uncertain: UncertainColumns,
    /// Whether each row was predicted.
    is_predicted: Buffer,
    n_refused: usize,
}

impl<'m> Predicted<'m> {
    pub(super) fn new(model: &'m Model, n_rows: usize) -> Result<Self, Error> {
        let class_indices = indices(n_rows)?;
        let outputs = (0..model.schema().n_outputs()).map(|_| Buffer::of_elements::<f64>(n_rows));
        let cutoffs = model.cutoffs().iter().map(|_| Buffer::of_bits(n_rows));
        Ok(Self {
            model,
            n_rows,
            outputs: memory::collect(outputs)?,
            class_indices,
            status: Buffer::of_elements::<i32>(n_rows)?,
            flags: Buffer::of_elements::<u32>(n_rows)?,
            cutoffs: memory::collect(cutoffs)?,
            uncertain: UncertainColumns::new(model, n_rows)?,
            is_predicted: Buffer::of_bits(n_rows)?,
            n_refused: 0,
        })
    }

    pub(super) fn write(&mut self, row: usize, prediction: Result<Prediction<'_>, Error>) {
        let prediction = match prediction {
            Ok(prediction) => prediction,
            Err(error) => return self.refuse(row, &error),
        };
        for (buffer, output) in self.outputs.iter_mut().zip(prediction.outputs()) {
            buffer.put(row, output.to_ne_bytes());
        }
        if let Some(index) = self.class_indices.get_mut(row) {
            *index = class_index(&prediction);
        }
        self.status.put(row, NOMO_OK.to_ne_bytes());
        self.flags.put(row, u32::from(prediction.flags().bits()).to_ne_bytes());
        for (buffer, cutoff) in self.cutoffs.iter_mut().zip(self.model.cutoffs()) {
            if cutoff.is_reached_by(prediction.outputs()) {
                buffer.set_bit(row);
            }
        }
        if let Some(uncertain) = prediction.uncertain().map(Uncertain::measured) {
            self.uncertain.write(row, &uncertain);
        }
        self.is_predicted.set_bit(row);
    }

    /// NaN, so that a consumer that ignores the validity bitmap reads no probability.
    fn refuse(&mut self, row: usize, error: &Error) {
        for buffer in &mut self.outputs {
            buffer.put(row, f64::NAN.to_ne_bytes());
        }
        self.status.put(row, error.kind().status().to_ne_bytes());
        self.uncertain.refuse(row);
        self.n_refused += 1;
    }

    /// The structs; the caller owns their memory from now on.
    pub(super) fn finish(self) -> Result<(ArrowSchema, ArrowArray), Error> {
        let target = self.model.schema().target();
        let class_at = |index| target.classes().get(index as usize).map(String::as_str);
        let classes = names_column("class", &self.class_indices, class_at)?;
        let nullable = Nullable { is_predicted: &self.is_predicted, n_refused: self.n_refused };
        let n_columns = self.outputs.len() + self.cutoffs.len() + 3 + self.uncertain.n_columns();
        let mut columns = memory::list(n_columns)?;
        for (index, buffer) in self.outputs.into_iter().enumerate() {
            let name = match target.classes().get(index) {
                Some(class) => ["probability_", class],
                None => [target.name(), ""],
            };
            columns.push(nullable.column(name, c"g", buffer)?);
        }
        columns.push(classes);
        columns.push(plain("status", c"i", self.status)?);
        columns.push(plain("flags", c"I", self.flags)?);
        for (cutoff, buffer) in self.model.cutoffs().iter().zip(self.cutoffs) {
            columns.push(nullable.column(["cutoff_", &cutoff.name], c"b", buffer)?);
        }
        if let Some(verdicts) = self.uncertain.verdicts {
            columns.push(plain("verdict", c"I", verdicts)?);
        }
        for (index, buffer) in self.uncertain.p_values.into_iter().enumerate() {
            let class = target.classes().get(index).map_or("", String::as_str);
            columns.push(nullable.column(["p_value_", class], c"g", buffer)?);
        }
        let levels = self.model.uncertainty().map_or(&[][..], |fitted| &fitted.levels);
        for (index, buffer) in self.uncertain.ends.into_iter().enumerate() {
            let prefix = if index % 2 == 0 { "low_" } else { "high_" };
            let level = levels.get(index / 2).copied().unwrap_or_default();
            let name = match target.classes().get(1) {
                Some(class) => Cow::Borrowed(class.as_str()),
                None => format!("{level}"),
            };
            columns.push(nullable.column([prefix, &name], c"g", buffer)?);
        }
        if let Some(p_values) = self.uncertain.distance_p_values {
            columns.push(nullable.column(["distance_p_value", ""], c"g", p_values)?);
        }
        if let Some(furthest) = self.uncertain.furthest {
            let features = self.model.schema().features();
            let name_at = |index| features.get(index as usize).map(|f| f.name.as_str());
            columns.push(names_column("furthest_feature", &furthest.features, name_at)?);
            columns.push(nullable.column(["furthest_times", ""], c"g", furthest.times)?);
        }
        struct_array(columns, self.n_rows)
    }
}

/// The columns that are null where a row was refused.
struct Nullable<'p> {
    is_predicted: &'p Buffer,
    n_refused: usize,
}

impl Nullable<'_> {
    #[inline(never)]
    fn column(
        &self,
        name: [&str; 2],
        format: &'static CStr,
        buffer: Buffer,
    ) -> Result<Column, Error> {
        let validity = (self.n_refused > 0).then(|| self.is_predicted.copy()).transpose()?;
        Ok(Column {
            name: c_string(name)?,
            format,
            is_nullable: true,
            null_count: self.n_refused,
            buffers: [Some(buffer), None],
            validity,
        })
    }
}

/// A column without nulls.
#[inline(never)]
fn plain(name: &str, format: &'static CStr, buffer: Buffer) -> Result<Column, Error> {
    Ok(Column {
        name: c_string([name, ""])?,
        format,
        is_nullable: false,
        null_count: 0,
        buffers: [Some(buffer), None],
        validity: None,
    })
}

/// An index for each row; none of any row.
fn indices(n_rows: usize) -> Result<Vec<u32>, Error> {
    let mut indices = Vec::new();
    if indices.try_reserve_exact(n_rows).is_err() {
        return Err(Error::new(ErrorKind::OutOfMemory, "not enough memory for the columns"));
    }
    indices.resize(n_rows, NOMO_CLASS_NONE);
    Ok(indices)
}

/// A column of names that are given by their indices; null where there is none.
fn names_column<'n>(
    column: &'static str,
    indices: &[u32],
    name_at: impl Fn(u32) -> Option<&'n str>,
) -> Result<Column, Error> {
    let name_of = |index: &u32| name_at(*index).unwrap_or_default();
    let n_bytes = indices.iter().map(|index| name_of(index).len()).sum::<usize>();
    if i32::try_from(n_bytes).is_err() {
        let detail = format_args!("has too many rows for `{column}`");
        return Err(Error::new(ErrorKind::Shape, detail).within(Place::Argument("array")));
    }
    let mut ends = Buffer::of_elements::<i32>(indices.len().saturating_add(1))?;
    let mut names = Buffer::zeroed(n_bytes)?;
    let mut validity = Buffer::of_bits(indices.len())?;
    let (mut end, mut null_count) = (0, 0);
    for (row, index) in indices.iter().enumerate() {
        for byte in name_of(index).bytes() {
            names.put(end, [byte]);
            end += 1;
        }
        ends.put(row + 1, i32::try_from(end).unwrap_or(i32::MAX).to_ne_bytes());
        if name_at(*index).is_none() {
            null_count += 1;
        } else {
            validity.set_bit(row);
        }
    }
    Ok(Column {
        name: c_string([column, ""])?,
        format: c"u",
        is_nullable: true,
        null_count,
        buffers: [Some(ends), Some(names)],
        validity: (null_count > 0).then_some(validity),
    })
}
