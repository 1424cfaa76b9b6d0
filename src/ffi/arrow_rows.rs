//! Arrow arrays of a caller: checked once, so that reading a value cannot fail.

mod layout;

use core::ffi::CStr;
use core::ops::Range;
use core::str;

use self::layout::{Bits, Metadata, Numbers, Span, Typed, Values, check, count, is_null};
use super::arrow_structs::{ArrowArray, ArrowSchema};
use super::borrow::{borrow, borrow_slice};
use crate::error::{Error, ErrorKind, Place};
use crate::intake::{Cell, Intake, Value};
use crate::model::Model;
use crate::model::Rows;
use crate::schema::Schema;

/// Every whole number up to this magnitude is exactly a double: 2^53.
const MAX_WHOLE_INTEGER: i128 = 1 << 53;

/// What to do with a column that matches no feature.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum OtherColumns {
    Refuse,
    Ignore,
}

/// The rows of a struct array that was checked.
pub(super) struct Table<'a> {
    /// One column per feature.
    columns: &'a [Column<'a>],
    validity: Option<Bits<'a>>,
    n_rows: usize,
    intake: &'a Intake,
}

/// The column of one feature.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    values: Values<'a>,
    validity: Option<Bits<'a>>,
    unit: Option<&'a str>,
}

impl<'a> Table<'a> {
    /// `columns` has one column per feature, which this overwrites.
    ///
    /// # Safety
    ///
    /// Both structs follow the Arrow C Data Interface in what cannot be checked: pointers are valid, and
    /// nobody changes what they point to.
    pub(super) unsafe fn new(
        (schema, array): (*const ArrowSchema, *const ArrowArray),
        others: OtherColumns,
        model: &'a Model,
        columns: &'a mut [Column<'a>],
    ) -> Result<Self, Error> {
        // SAFETY: as this function's own contract.
        let schema = unsafe { Typed::new(schema) }?;
        // SAFETY: as above.
        let array: &ArrowArray = unsafe { borrow(array, "array") }?;
        if schema.format != b"+s" {
            return Err(Error::new(ErrorKind::ArrowType, "expected a struct array (format `+s`)"));
        }
        let n_rows = count(array.length, "rows")?;
        // SAFETY: as above.
        let span = unsafe { Span::new(array, (0, n_rows), 1) }?;
        check(
            schema.schema.dictionary.is_null(),
            "a struct array has a dictionary, expected none",
        )?;
        check(array.dictionary.is_null(), "a struct array has a dictionary, expected none")?;
        let n_columns = count(array.n_children, "children")?;
        let n_types = count(schema.schema.n_children, "children")?;
        if n_types != n_columns {
            return Err(Error::count(ErrorKind::Columns, n_columns, n_types, "children"));
        }
        // SAFETY: as above.
        let types = unsafe { borrow_slice(schema.schema.children, n_columns, "schema.children") }?;
        // SAFETY: as above.
        let arrays = unsafe { borrow_slice(array.children, n_columns, "array.children") }?;
        for (index, (schema, array)) in types.iter().zip(arrays).enumerate() {
            // SAFETY: as above.
            let feature = unsafe { feature_of(*schema, index, model.schema()) };
            let Some(feature) = feature.map_err(|e| e.within(Place::Column(index)))? else {
                if others == OtherColumns::Refuse {
                    let error = Error::new(ErrorKind::Columns, "the model has no such feature");
                    return Err(error.within(Place::Column(index)));
                }
                continue;
            };
            let Some(column) = columns.get_mut(feature) else { continue };
            // SAFETY: as above.
            let added = unsafe { column.read((*schema, *array), (span.first, n_rows)) };
            let added = added.and_then(|()| column.check_unit(feature, model.intake()));
            added.map_err(|e| e.within(Place::Feature(feature)).within(Place::Column(index)))?;
        }
        // SAFETY: as above.
        let validity = unsafe { span.validity() }?;
        Ok(Self { columns, validity, n_rows, intake: model.intake() })
    }

    pub(super) fn len(&self) -> usize {
        self.n_rows
    }
}

impl Rows for Table<'_> {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn cell(&self, row: usize, feature: usize) -> Cell {
        let value = match self.columns.get(feature) {
            _ if is_null(self.validity, row) => Some(Value::Missing(None)),
            Some(column) => column.value(row),
            None => None,
        };
        value.map_or(Cell::UNSET, |value| self.intake.cell(feature, value).unwrap_or(Cell::UNSET))
    }

    fn read(&self, feature: usize, rows: Range<usize>, numbers: &mut [f64]) {
        let column = self.columns.get(feature).filter(|_| self.validity.is_none());
        let doubles = column.and_then(Column::doubles);
        for (number, row) in numbers.iter_mut().zip(rows) {
            *number = match doubles {
                Some(doubles) => doubles.get(row).unwrap_or(f64::NAN),
                None => self.cell(row, feature).number_or_nan(),
            };
        }
    }
}

impl<'a> Column<'a> {
    /// A feature without a column.
    pub(super) const UNSET: Self = Self { values: Values::Unset, validity: None, unit: None };

    /// Checks `n` values after the first `start`, and stores them.
    ///
    /// # Safety
    ///
    /// As [`Table::new`].
    unsafe fn read(
        &mut self,
        (schema, array): (*const ArrowSchema, *const ArrowArray),
        (start, n): (usize, usize),
    ) -> Result<(), Error> {
        check(matches!(self.values, Values::Unset), "duplicate column of the same feature")?;
        // SAFETY: as this function's own contract.
        let schema = unsafe { Typed::new(schema) }?;
        // SAFETY: as above.
        let array: &ArrowArray = unsafe { borrow(array, "array") }?;
        let n_buffers = schema.n_buffers()?;
        let has_dictionary = !schema.schema.dictionary.is_null();
        check(
            has_dictionary != array.dictionary.is_null(),
            "only one of schema and array has a dictionary",
        )?;
        check(
            schema.schema.n_children == 0 && array.n_children == 0,
            "a column has children, expected none",
        )?;
        // SAFETY: as above.
        let span = unsafe { Span::new(array, (start, n), n_buffers) }?;
        // SAFETY: as above.
        self.values = unsafe { schema.values(&span) }?;
        // SAFETY: as above.
        self.validity = unsafe { span.validity() }?;
        if has_dictionary {
            // SAFETY: as above.
            unsafe { self.look_up(schema.schema.dictionary, array.dictionary, n) }?;
        }
        // SAFETY: as above.
        let unit = unsafe { Metadata::find(schema.schema.metadata, b"unit") }?;
        let unit = unit.map(str::from_utf8).transpose();
        self.unit = unit.map_err(|_| Error::new(ErrorKind::UnknownUnit, "a unit is not UTF-8"))?;
        Ok(())
    }

    /// Replaces indices by the texts of a dictionary.
    ///
    /// # Safety
    ///
    /// As [`Table::new`].
    unsafe fn look_up(
        &mut self,
        schema: *const ArrowSchema,
        array: *const ArrowArray,
        n: usize,
    ) -> Result<(), Error> {
        // SAFETY: as this function's own contract.
        let schema = unsafe { Typed::new(schema) }?;
        // SAFETY: as above.
        let array: &ArrowArray = unsafe { borrow(array, "dictionary") }?;
        let (n_buffers, n_texts) = (schema.n_buffers()?, count(array.length, "texts")?);
        check(
            schema.schema.dictionary.is_null() && array.dictionary.is_null(),
            "a dictionary has a dictionary, expected none",
        )?;
        check(
            schema.schema.n_children == 0 && array.n_children == 0,
            "a dictionary has children, expected none",
        )?;
        // SAFETY: as above.
        let span = unsafe { Span::new(array, (0, n_texts), n_buffers) }?;
        // SAFETY: as above.
        let values = (self.values, unsafe { schema.values(&span) }?);
        let (Values::Integers(indices), Values::Text(texts)) = values else {
            return Err(Error::new(
                ErrorKind::ArrowType,
                "the values of a dictionary are not texts",
            ));
        };
        let is_inside = |row| usize::try_from(indices.get(row)).is_ok_and(|at| at < n_texts);
        let are_inside = (0..n).all(|row| is_null(self.validity, row) || is_inside(row));
        check(are_inside, "an index is beyond the dictionary")?;
        // SAFETY: as above.
        self.values = Values::Dictionary(indices, texts, unsafe { span.validity() }?);
        Ok(())
    }

    fn check_unit(&self, feature: usize, intake: &Intake) -> Result<(), Error> {
        let Some(unit) = self.unit else { return Ok(()) };
        if matches!(self.values, Values::Boolean(_) | Values::Text(_) | Values::Dictionary(..)) {
            return Err(Error::new(ErrorKind::UnknownUnit, "a unit needs a column of numbers"));
        }
        intake.cell(feature, Value::NumberIn(0.0, unit)).map(drop)
    }

    /// The numbers of a column of doubles without nulls, if they are what the model reads.
    fn doubles(&self) -> Option<Numbers<'a, f64>> {
        match self {
            Self { values: Values::Doubles(doubles), validity: None, unit: None } => Some(*doubles),
            Self { .. } => None,
        }
    }

    /// The value of a row; `None` if there is no column.
    fn value(&self, row: usize) -> Option<Value<'a>> {
        if is_null(self.validity, row) {
            return Some(Value::Missing(None));
        }
        let value = match self.values {
            Values::Unset => return None,
            Values::Missing => None,
            Values::Doubles(values) => values.get(row).map(|value| self.number(value)),
            Values::Floats(values) => values.get(row).map(|value| self.number(f64::from(value))),
            Values::Integers(values) => Some(self.integer(values.get(row))),
            Values::Boolean(values) => Some(Value::Boolean(values.get(row))),
            Values::Text(texts) => Some(Value::Text(texts.get(row))),
            Values::Dictionary(indices, texts, validity) => {
                let index = usize::try_from(indices.get(row)).unwrap_or(usize::MAX);
                (!is_null(validity, index)).then(|| Value::Text(texts.get(index)))
            }
        };
        value.or(Some(Value::Missing(None)))
    }

    /// A whole number beyond 2^53 gets no unit, so that it is refused as of the wrong type.
    fn integer(&self, integer: i128) -> Value<'a> {
        let (low, high) = (-MAX_WHOLE_INTEGER, MAX_WHOLE_INTEGER);
        match self.unit {
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Some(unit) if (low..=high).contains(&integer) => Value::NumberIn(integer as f64, unit),
            _ => Value::Integer(i64::try_from(integer).unwrap_or(i64::MAX)),
        }
    }

    fn number(&self, number: f64) -> Value<'a> {
        self.unit.map_or(Value::Number(number), |unit| Value::NumberIn(number, unit))
    }
}

/// The index of the feature with the name of a column.
///
/// # Safety
///
/// As [`Table::new`].
unsafe fn feature_of(
    schema: *const ArrowSchema,
    index: usize,
    features: &Schema,
) -> Result<Option<usize>, Error> {
    // SAFETY: as this function's own contract.
    let schema: &ArrowSchema = unsafe { borrow(schema, "schema.children") }?;
    if schema.name.is_null() {
        return Ok(None);
    }
    // SAFETY: as above; not NULL.
    let Ok(name) = unsafe { CStr::from_ptr(schema.name) }.to_str() else { return Ok(None) };
    // Most tables have their columns in the order of the features.
    let guess = features.features().get(index).filter(|feature| feature.name == name);
    Ok(guess.map(|_| index).or_else(|| features.feature_index(name)))
}
