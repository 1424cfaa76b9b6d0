//! Parquet and Arrow files, whose columns have types. Numbers stay numbers: none goes through text.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Content, Datum, Table};
use crate::error::Error;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// The values of a column; nothing where they are null.
#[derive(Clone, Debug)]
pub(super) enum Column {
    Texts(Vec<Option<String>>),
    Numbers(Vec<Option<f64>>),
    Integers(Vec<Option<i64>>),
    Booleans(Vec<Option<bool>>),
    /// Seconds since 1970 began, in UTC.
    Times(Vec<Option<f64>>),
    /// Null in every row.
    Nulls,
    /// Of a type that means nothing here, by its name.
    Other(String),
}

impl Table {
    /// Reads a Parquet file.
    ///
    /// Numbers, booleans, texts, dates, times, and dictionaries of these are read; columns of other
    /// types are there and fit nothing. Lines in errors are rows, counted from 1.
    ///
    /// # Errors
    ///
    /// `File`; `Table` when it is not such a file, has no rows or a column twice, or when a whole
    /// number is beyond 2^63.
    pub fn from_parquet_file(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let failed = |e: String| Error::Table { table: name.clone(), detail: e };
        let reader = ParquetRecordBatchReaderBuilder::try_new(open(path)?);
        let reader = reader.map_err(|e| failed(e.to_string()))?;
        let schema = reader.schema().clone();
        let batches = reader.build().map_err(|e| failed(e.to_string()))?;
        Self::of_batches(&name, &schema, batches)
    }

    /// Reads an Arrow IPC file, which some call Feather; otherwise as [`Self::from_parquet_file`].
    ///
    /// # Errors
    ///
    /// As [`Self::from_parquet_file`].
    pub fn from_arrow_file(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let batches = FileReader::try_new(BufReader::new(open(path)?), None);
        let batches = batches.map_err(|e| failed(&name, &e))?;
        Self::of_batches(&name, &batches.schema(), batches)
    }

    /// Reads an Arrow IPC stream; `name` stands in errors. Otherwise as [`Self::from_parquet_file`].
    ///
    /// # Errors
    ///
    /// As [`Self::from_parquet_file`].
    pub fn from_arrow_stream(name: &str, source: impl Read) -> Result<Self, Error> {
        let batches = StreamReader::try_new(source, None).map_err(|e| failed(name, &e))?;
        Self::of_batches(name, &batches.schema(), batches)
    }

    fn of_batches(
        name: &str,
        schema: &Schema,
        batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    ) -> Result<Self, Error> {
        let mut columns: Vec<Option<Column>> = vec![None; schema.fields().len()];
        let mut n_rows = 0;
        for batch in batches {
            let batch = batch.map_err(|e| failed(name, &e))?;
            n_rows += batch.num_rows();
            for ((whole, array), field) in
                columns.iter_mut().zip(batch.columns()).zip(schema.fields())
            {
                let part = Column::of(array).map_err(|detail| Error::Table {
                    table: name.into(),
                    detail: format!("column `{}`: {detail}", field.name()),
                })?;
                match whole {
                    None => *whole = Some(part),
                    Some(whole) => whole.append(part),
                }
            }
        }
        let columns = columns.into_iter().map(|column| column.unwrap_or(Column::Nulls)).collect();
        let names = schema.fields().iter().map(|field| field.name().clone()).collect();
        Self::new(name, names, Content::Typed { n_rows, columns })
    }
}

impl Column {
    /// The values of an array, or why it has none.
    fn of(array: &dyn Array) -> Result<Self, String> {
        Ok(match array.data_type() {
            DataType::Null => Self::Nulls,
            DataType::Boolean => Self::Booleans(array.as_boolean().iter().collect()),
            DataType::Int8 => integers::<Int8Type>(array),
            DataType::Int16 => integers::<Int16Type>(array),
            DataType::Int32 => integers::<Int32Type>(array),
            DataType::Int64 => integers::<Int64Type>(array),
            DataType::UInt8 => integers::<UInt8Type>(array),
            DataType::UInt16 => integers::<UInt16Type>(array),
            DataType::UInt32 => integers::<UInt32Type>(array),
            DataType::UInt64 => unsigned(array)?,
            DataType::Float16 => Self::Numbers(values::<Float16Type, _>(array, |v| v.to_f64())),
            DataType::Float32 => Self::Numbers(values::<Float32Type, _>(array, f64::from)),
            DataType::Float64 => Self::Numbers(values::<Float64Type, _>(array, |v| v)),
            DataType::Utf8 => texts(array.as_string::<i32>().iter()),
            DataType::LargeUtf8 => texts(array.as_string::<i64>().iter()),
            DataType::Utf8View => texts(array.as_string_view().iter()),
            DataType::Date32 => {
                let seconds = |days| f64::from(days) * SECONDS_PER_DAY;
                Self::Times(values::<Date32Type, _>(array, seconds))
            }
            DataType::Date64 => times::<Date64Type>(array, 1e3),
            DataType::Timestamp(TimeUnit::Second, _) => times::<TimestampSecondType>(array, 1.0),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                times::<TimestampMillisecondType>(array, 1e3)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                times::<TimestampMicrosecondType>(array, 1e6)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                times::<TimestampNanosecondType>(array, 1e9)
            }
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                // Values, of which there may be none, by keys that are in range or null.
                let values = Self::of(dictionary.values())?;
                let is_empty = dictionary.values().is_empty();
                let keys =
                    if is_empty { vec![0; array.len()] } else { dictionary.normalized_keys() };
                let keys = keys.into_iter().enumerate();
                let keys = keys.map(|(row, key)| dictionary.keys().is_valid(row).then_some(key));
                values.taken(&keys.collect::<Vec<_>>())
            }
            other => Self::Other(other.to_string()),
        })
    }

    pub(super) fn datum(&self, row: usize) -> Datum<'_> {
        let datum = match self {
            Self::Texts(values) => at(values, row).map(|text| Datum::Text(text)),
            Self::Numbers(values) => at(values, row).map(|number| Datum::Number(*number)),
            Self::Integers(values) => at(values, row).map(|number| Datum::Integer(*number)),
            Self::Booleans(values) => at(values, row).map(|value| Datum::Boolean(*value)),
            Self::Times(values) => at(values, row).map(|seconds| Datum::Time(*seconds)),
            Self::Nulls => None,
            Self::Other(name) => Some(Datum::Other(name)),
        };
        datum.unwrap_or(Datum::Missing)
    }

    /// The batches of a file have the same types.
    fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Texts(values), Self::Texts(more)) => values.extend(more),
            (Self::Numbers(values), Self::Numbers(more)) => values.extend(more),
            (Self::Integers(values), Self::Integers(more)) => values.extend(more),
            (Self::Booleans(values), Self::Booleans(more)) => values.extend(more),
            (Self::Times(values), Self::Times(more)) => values.extend(more),
            _ => {}
        }
    }

    /// The values at these places.
    fn taken(self, places: &[Option<usize>]) -> Self {
        match self {
            Self::Texts(values) => Self::Texts(take(&values, places)),
            Self::Numbers(values) => Self::Numbers(take(&values, places)),
            Self::Integers(values) => Self::Integers(take(&values, places)),
            Self::Booleans(values) => Self::Booleans(take(&values, places)),
            Self::Times(values) => Self::Times(take(&values, places)),
            Self::Nulls | Self::Other(_) => self,
        }
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|cause| Error::File { path: path.into(), cause })
}

fn failed(name: &str, error: &ArrowError) -> Error {
    Error::Table { table: name.into(), detail: error.to_string() }
}

fn at<T>(values: &[Option<T>], row: usize) -> Option<&T> {
    values.get(row)?.as_ref()
}

fn take<T: Clone>(values: &[Option<T>], places: &[Option<usize>]) -> Vec<Option<T>> {
    places.iter().map(|place| at(values, (*place)?).cloned()).collect()
}

fn values<T: ArrowPrimitiveType, V>(
    array: &dyn Array,
    value: impl Fn(T::Native) -> V,
) -> Vec<Option<V>> {
    array.as_primitive::<T>().iter().map(|native| native.map(&value)).collect()
}

fn integers<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &dyn Array) -> Column {
    Column::Integers(values::<T, _>(array, Into::into))
}

fn unsigned(array: &dyn Array) -> Result<Column, String> {
    let whole = |number: Option<u64>| {
        number.map(i64::try_from).transpose().map_err(|_| {
            let number = number.unwrap_or_default();
            format!("{number}, expected whole numbers below 2^63")
        })
    };
    let whole = array.as_primitive::<UInt64Type>().iter().map(whole);
    Ok(Column::Integers(whole.collect::<Result<_, _>>()?))
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of 285 years are exact")]
fn times<T: ArrowPrimitiveType<Native = i64>>(array: &dyn Array, per_second: f64) -> Column {
    Column::Times(values::<T, _>(array, |count| count as f64 / per_second))
}

fn texts<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Column {
    Column::Texts(texts.map(|text| text.map(|text| text.trim().to_owned())).collect())
}
