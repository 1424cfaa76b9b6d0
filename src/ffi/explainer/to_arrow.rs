//! Rows from Arrow arrays, and explanations as Arrow arrays.

use alloc::vec::Vec;

use super::{ExplainerClaim, nomo_explainer};
use crate::error::Error;
use crate::explainer::{Attribution, Engine};
use crate::ffi::allocate::c_string;
use crate::ffi::arrow::export::{Buffer, Column, struct_array};
use crate::ffi::arrow::other_columns;
use crate::ffi::arrow_rows::{Column as FeatureColumn, Table};
use crate::ffi::arrow_structs::{ArrowArray, ArrowSchema};
use crate::ffi::borrow::borrow_out;
use crate::ffi::boundary::boundary;
use crate::ffi::error::nomo_error;
use crate::ffi::outputs;
use crate::ffi::status::NOMO_OK;
use crate::memory;
use crate::model::{Model, Rows};

/// Explains the predictions of the rows of an Arrow struct array, and writes a struct array of as many
/// rows to `*out_schema` and `*out_array`.
///
/// `schema`, `array` and `flags` are those of nomo_session_predict_arrow, `on_refusal`, `out_schema` and
/// `out_array` those of nomo_session_predict_to_arrow. Columns of the result, with the class, the
/// positive class of one margin, or the target in place of `<number>`:
///
/// - `base_<number>` and `explained_<number>` (double) of each explained number
/// - `value_<number>_<player>` (double) of each explained number and player
/// - `std_error_<number>_<player>` (double), if values are sampled
/// - `status` (int32), NOMO_OK or the status of the refused row
///
/// A refused row is null in all columns but `status`. This call allocates.
///
/// Fails as nomo_session_predict_to_arrow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_explainer_explain_to_arrow(
    explainer: *mut nomo_explainer,
    schema: *const ArrowSchema,
    array: *const ArrowArray,
    flags: u32,
    on_refusal: u32,
    out_schema: *mut ArrowSchema,
    out_array: *mut ArrowArray,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { ExplainerClaim::new(explainer) }?;
        let on_refusal = outputs::on_refusal(on_refusal, "on_refusal")?;
        // SAFETY: as above.
        let out_schema = unsafe { borrow_out(out_schema, "out_schema") }?;
        // SAFETY: as above.
        let out_array = unsafe { borrow_out(out_array, "out_array") }?;
        let others = other_columns(flags)?;
        let (model, engine) = claim.model_and_engine();
        let n_features = model.schema().n_features();
        let columns = (0..n_features).map(|_| Ok(FeatureColumn::UNSET));
        let mut columns = memory::collect(columns)?;
        // SAFETY: as above.
        let rows = unsafe { Table::new((schema, array), others, model, &mut columns) }?;
        let n_rows = rows.len();
        let mut filled = Filled::new(engine, n_rows)?;
        engine.check_rows(model, on_refusal, n_rows, &|row, feature| rows.cell(row, feature))?;
        filled.base.extend_from_slice(engine.base());
        for row in 0..n_rows {
            let mut cells = (0..n_features).map(|feature| rows.cell(row, feature));
            filled.write(row, engine.explain(model, n_features, &mut cells));
        }
        let (schema, array) = filled.finish(model, engine)?;
        out_schema.write(schema);
        out_array.write(array);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// The columns, filled row by row.
struct Filled {
    n_rows: usize,
    base: Vec<f64>,
    /// Base, explained numbers, values, and standard errors if there are any.
    numbers: Vec<Buffer>,
    status: Buffer,
    is_explained: Buffer,
    n_refused: usize,
}

impl Filled {
    fn new(engine: &Engine, n_rows: usize) -> Result<Self, Error> {
        let n_explained = engine.n_explained();
        let n_values = n_explained * engine.n_players() * if engine.is_sampled() { 2 } else { 1 };
        let columns = (0..2 * n_explained + n_values).map(|_| Buffer::of_elements::<f64>(n_rows));
        Ok(Self {
            n_rows,
            base: memory::list(n_explained)?,
            numbers: memory::collect(columns)?,
            status: Buffer::of_elements::<i32>(n_rows)?,
            is_explained: Buffer::of_bits(n_rows)?,
            n_refused: 0,
        })
    }

    fn write(&mut self, row: usize, explained: Result<Attribution<'_>, Error>) {
        match explained {
            Ok(explained) => {
                let numbers = self.base.iter().chain(explained.explained());
                let errors = explained.std_errors().unwrap_or_default();
                let numbers = numbers.chain(explained.values()).chain(errors);
                for (column, number) in self.numbers.iter_mut().zip(numbers) {
                    column.put(row, number.to_ne_bytes());
                }
                self.status.put(row, NOMO_OK.to_ne_bytes());
                self.is_explained.set_bit(row);
            }
            Err(error) => {
                for column in &mut self.numbers {
                    column.put(row, f64::NAN.to_ne_bytes());
                }
                self.status.put(row, error.kind().status().to_ne_bytes());
                self.n_refused += 1;
            }
        }
    }

    /// The structs; the caller owns their memory from now on.
    fn finish(self, model: &Model, engine: &Engine) -> Result<(ArrowSchema, ArrowArray), Error> {
        let (n_explained, n_players) = (engine.n_explained(), engine.n_players());
        let target = model.schema().target();
        let number = |nth: usize| {
            let class = if n_explained == 1 { 1 } else { nth };
            target.classes().get(class).map_or(target.name(), |class| class)
        };
        let mut columns = memory::list(self.numbers.len() + 1)?;
        for (index, buffer) in self.numbers.into_iter().enumerate() {
            let (kind, nth, player) = if index < 2 * n_explained {
                let kind = if index < n_explained { "base_" } else { "explained_" };
                (kind, index % n_explained, None)
            } else {
                let index = index - 2 * n_explained;
                let kind = if index < n_explained * n_players { "value_" } else { "std_error_" };
                let player = engine.player_name(model, index % n_players);
                (kind, index / n_players % n_explained, player)
            };
            let separator = if player.is_some() { "_" } else { "" };
            let validity = (self.n_refused > 0).then(|| self.is_explained.copy()).transpose()?;
            columns.push(Column {
                name: c_string([kind, number(nth), separator, player.unwrap_or_default()])?,
                format: c"g",
                is_nullable: true,
                null_count: self.n_refused,
                buffers: [Some(buffer), None],
                validity,
            });
        }
        columns.push(Column {
            name: c_string(["status"])?,
            format: c"i",
            is_nullable: false,
            null_count: 0,
            buffers: [Some(self.status), None],
            validity: None,
        });
        struct_array(columns, self.n_rows)
    }
}
