//! Rows of typed columns, as Parquet and Arrow have them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, LargeStringArray, PrimitiveArray, StringArray, StringViewArray,
};
use arrow_schema::DataType;

use super::cell::Cell;

/// Some rows of typed columns.
pub(crate) struct TypedChunk {
    pub(crate) n_rows: usize,
    /// The number of the first row, counted from 1.
    pub(crate) first_row: u64,
    /// One per column of the table; nothing where it is not read.
    pub(crate) arrays: Vec<Option<ArrayRef>>,
    columns: Vec<Option<Column>>,
}

/// A column whose type is known.
enum Column {
    Null,
    Boolean(BooleanArray),
    F64(PrimitiveArray<Float64Type>),
    F32(PrimitiveArray<Float32Type>),
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
    Dictionary { keys: Box<Self>, values: Box<Self> },
}

/// Whether cells of this type can be read: numbers, booleans and texts.
pub(crate) fn is_plain(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null
        | DataType::Boolean
        | DataType::Float64
        | DataType::Float32
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_plain(values),
        _ => data_type.is_integer(),
    }
}

impl TypedChunk {
    /// Of arrays of equal length; `first_row` counts from 1.
    pub(crate) fn new(first_row: u64, n_rows: usize, arrays: Vec<Option<ArrayRef>>) -> Self {
        let columns = arrays.iter().map(|array| array.as_deref().and_then(Column::new)).collect();
        Self { n_rows, first_row, arrays, columns }
    }

    #[inline]
    pub(crate) fn cell(&self, column: usize, row: usize) -> Cell<'_> {
        match self.columns.get(column) {
            Some(Some(column)) => column.cell(row),
            _ => Cell::Missing,
        }
    }

    /// A cell as CSV has it: nothing where it is missing.
    pub(crate) fn text(&self, column: usize, row: usize) -> String {
        match self.cell(column, row) {
            Cell::Missing => String::new(),
            Cell::Number(number) => format!("{number:?}"),
            Cell::Integer(integer) => integer.to_string(),
            Cell::Boolean(boolean) => boolean.to_string(),
            Cell::Text(text) => text.to_owned(),
        }
    }
}

impl Column {
    fn new(array: &dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean_opt()?.clone()),
            DataType::Float64 => Self::F64(array.as_primitive_opt()?.clone()),
            DataType::Float32 => Self::F32(array.as_primitive_opt()?.clone()),
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
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary_opt()?;
                Self::Dictionary {
                    keys: Box::new(Self::new(dictionary.keys())?),
                    values: Box::new(Self::new(dictionary.values())?),
                }
            }
            _ => return None,
        })
    }

    #[inline]
    fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Null => Cell::Missing,
            Self::F64(array) => primitive(array, row, Cell::Number),
            Self::F32(array) => primitive(array, row, |number| Cell::Number(f64::from(number))),
            Self::I64(array) => primitive(array, row, Cell::Integer),
            Self::I32(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::I16(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::I8(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            // What is too large for the one is too large for the core.
            Self::U64(array) => {
                primitive(array, row, |i| Cell::Integer(i64::try_from(i).unwrap_or(i64::MAX)))
            }
            Self::U32(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::U16(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::U8(array) => primitive(array, row, |i| Cell::Integer(i.into())),
            Self::Boolean(array) if array.is_valid(row) => Cell::Boolean(array.value(row)),
            Self::Text(array) if array.is_valid(row) => Cell::Text(array.value(row)),
            Self::LargeText(array) if array.is_valid(row) => Cell::Text(array.value(row)),
            Self::TextView(array) if array.is_valid(row) => Cell::Text(array.value(row)),
            Self::Dictionary { keys, values } => match keys.cell(row) {
                Cell::Integer(key) => {
                    usize::try_from(key).map_or(Cell::Missing, |key| values.cell(key))
                }
                _ => Cell::Missing,
            },
            _ => Cell::Missing,
        }
    }
}

#[inline]
fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a PrimitiveArray<T>,
    row: usize,
    cell: impl Fn(T::Native) -> Cell<'a>,
) -> Cell<'a> {
    if array.is_valid(row) { cell(array.value(row)) } else { Cell::Missing }
}
