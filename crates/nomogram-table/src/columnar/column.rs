//! A column whose type is known, and its cells.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, BooleanArray, LargeStringArray, PrimitiveArray, StringArray, StringViewArray,
};
use arrow_schema::{DataType, TimeUnit};

use crate::cell::Cell;
use crate::time::{Time, TimeForm};

/// A column whose type is known.
#[derive(Clone, Debug)]
pub(super) enum Column {
    Null,
    Boolean(BooleanArray),
    F64(PrimitiveArray<Float64Type>),
    F32(PrimitiveArray<Float32Type>),
    F16(PrimitiveArray<Float16Type>),
    I64(PrimitiveArray<Int64Type>),
    I32(PrimitiveArray<Int32Type>),
    I16(PrimitiveArray<Int16Type>),
    I8(PrimitiveArray<Int8Type>),
    U64(PrimitiveArray<UInt64Type>),
    U32(PrimitiveArray<UInt32Type>),
    U16(PrimitiveArray<UInt16Type>),
    U8(PrimitiveArray<UInt8Type>),
    Text(StringArray),
    LargeText(LargeStringArray),
    TextView(StringViewArray),
    /// The digits of decimal numbers.
    Decimals(Vec<Option<Box<str>>>),
    Times(Vec<Option<Time>>),
    Dictionary {
        keys: Box<Self>,
        values: Box<Self>,
        n_values: usize,
    },
    /// Of a type that means nothing here; with which cells are there.
    Other {
        name: String,
        is_valid: Vec<bool>,
    },
}

/// Whether cells of this type are numbers, booleans or texts.
#[must_use]
pub fn is_plain(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null
        | DataType::Boolean
        | DataType::Float64
        | DataType::Float32
        | DataType::Float16
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => true,
        DataType::Dictionary(_, values) => is_plain(values),
        _ => data_type.is_integer(),
    }
}

/// Whether cells of this type are dates, or dates and times of day.
#[must_use]
pub fn is_time(data_type: &DataType) -> bool {
    match data_type {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => true,
        DataType::Dictionary(_, values) => is_time(values),
        _ => false,
    }
}

impl Column {
    pub(super) fn new(array: &dyn Array) -> Self {
        Self::known(array).unwrap_or_else(|| Self::Other {
            name: array.data_type().to_string(),
            is_valid: (0..array.len()).map(|row| array.is_valid(row)).collect(),
        })
    }

    fn known(array: &dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean_opt()?.clone()),
            DataType::Float64 => Self::F64(array.as_primitive_opt()?.clone()),
            DataType::Float32 => Self::F32(array.as_primitive_opt()?.clone()),
            DataType::Float16 => Self::F16(array.as_primitive_opt()?.clone()),
            DataType::Int64 => Self::I64(array.as_primitive_opt()?.clone()),
            DataType::Int32 => Self::I32(array.as_primitive_opt()?.clone()),
            DataType::Int16 => Self::I16(array.as_primitive_opt()?.clone()),
            DataType::Int8 => Self::I8(array.as_primitive_opt()?.clone()),
            DataType::UInt64 => Self::U64(array.as_primitive_opt()?.clone()),
            DataType::UInt32 => Self::U32(array.as_primitive_opt()?.clone()),
            DataType::UInt16 => Self::U16(array.as_primitive_opt()?.clone()),
            DataType::UInt8 => Self::U8(array.as_primitive_opt()?.clone()),
            DataType::Utf8 => Self::Text(array.as_string_opt()?.clone()),
            DataType::LargeUtf8 => Self::LargeText(array.as_string_opt()?.clone()),
            DataType::Utf8View => Self::TextView(array.as_string_view_opt()?.clone()),
            DataType::Decimal32(..) => decimals::<Decimal32Type>(array)?,
            DataType::Decimal64(..) => decimals::<Decimal64Type>(array)?,
            DataType::Decimal128(..) => decimals::<Decimal128Type>(array)?,
            DataType::Decimal256(..) => decimals::<Decimal256Type>(array)?,
            DataType::Date32 => {
                let days = array.as_primitive_opt::<Date32Type>()?.iter();
                Self::Times(days.map(|day| day.map(Time::of_day)).collect())
            }
            DataType::Date64 => times::<Date64Type>(array, 1000, TimeForm::Date)?,
            DataType::Timestamp(unit, zone) => {
                // Counts of a time with a zone are in UTC.
                let form = zone.as_ref().map_or(TimeForm::WithoutZone, |_| TimeForm::Utc);
                match unit {
                    TimeUnit::Second => times::<TimestampSecondType>(array, 1, form)?,
                    TimeUnit::Millisecond => times::<TimestampMillisecondType>(array, 1000, form)?,
                    TimeUnit::Microsecond => {
                        times::<TimestampMicrosecondType>(array, 1_000_000, form)?
                    }
                    TimeUnit::Nanosecond => {
                        times::<TimestampNanosecondType>(array, 1_000_000_000, form)?
                    }
                }
            }
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary_opt()?;
                Self::Dictionary {
                    keys: Box::new(Self::known(dictionary.keys())?),
                    values: Box::new(Self::new(dictionary.values())),
                    n_values: dictionary.values().len(),
                }
            }
            _ => return None,
        })
    }

    /// The cells in `rows`, if they are doubles and none is missing.
    pub(super) fn doubles(&self, rows: Range<usize>) -> Option<&[f64]> {
        match self {
            Self::F64(array) if array.null_count() == 0 => array.values().get(rows),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Null => Cell::Missing,
            Self::F64(array) => primitive(array, row, Cell::Number),
            Self::F32(array) => primitive(array, row, |number| Cell::Number(f64::from(number))),
            Self::F16(array) => primitive(array, row, |number| Cell::Number(number.to_f64())),
            Self::I64(array) => primitive(array, row, Cell::Integer),
            Self::I32(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::I16(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::I8(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::U64(array) => {
                primitive(array, row, |i| i64::try_from(i).map_or(Cell::Unsigned(i), Cell::Integer))
            }
            Self::U32(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::U16(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::U8(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::Boolean(array) => valid(array, row, |array| Cell::Boolean(array.value(row))),
            Self::Text(array) => valid(array, row, |array| Cell::Text(array.value(row))),
            Self::LargeText(array) => valid(array, row, |array| Cell::Text(array.value(row))),
            Self::TextView(array) => valid(array, row, |array| Cell::Text(array.value(row))),
            Self::Decimals(digits) => {
                digits.get(row).and_then(Option::as_deref).map_or(Cell::Missing, Cell::Decimal)
            }
            Self::Times(times) => {
                times.get(row).copied().flatten().map_or(Cell::Missing, Cell::Time)
            }
            Self::Dictionary { keys, values, n_values } => match keys.cell(row) {
                Cell::Integer(key) => match usize::try_from(key) {
                    Ok(key) if key < *n_values => values.cell(key),
                    _ => Cell::Missing,
                },
                _ => Cell::Missing,
            },
            Self::Other { name, is_valid } => match is_valid.get(row) {
                Some(true) => Cell::Other(name),
                _ => Cell::Missing,
            },
        }
    }
}

#[inline]
fn valid<'a, A: Array>(array: &'a A, row: usize, cell: impl FnOnce(&'a A) -> Cell<'a>) -> Cell<'a> {
    if row < array.len() && array.is_valid(row) { cell(array) } else { Cell::Missing }
}

#[inline]
fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a PrimitiveArray<T>,
    row: usize,
    cell: impl FnOnce(T::Native) -> Cell<'a>,
) -> Cell<'a> {
    valid(array, row, |array| cell(array.value(row)))
}

fn decimals<T: DecimalType>(array: &dyn Array) -> Option<Column> {
    let decimals = array.as_primitive_opt::<T>()?;
    let digits = |row| {
        let is_valid = decimals.is_valid(row);
        is_valid.then(|| decimals.value_as_string(row).into_boxed_str())
    };
    Some(Column::Decimals((0..decimals.len()).map(digits).collect()))
}

fn times<T: ArrowPrimitiveType<Native = i64>>(
    array: &dyn Array,
    per_second: i64,
    form: TimeForm,
) -> Option<Column> {
    let times = array.as_primitive_opt::<T>()?.iter();
    let time = |count| Time::of_count(count, per_second, form);
    Some(Column::Times(times.map(|count| count.map(time)).collect()))
}
