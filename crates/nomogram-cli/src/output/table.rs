//! Tables as they go out: CSV, Parquet and Arrow IPC.
//!
//! Workers build blocks; one writer takes them in order and cuts them anew, so that the bytes of a
//! file do not depend on how the input was cut.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use arrow_select::coalesce::BatchCoalescer;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::Output;
use crate::error::Error;
use crate::table::Format;

/// How many rows stand in a record batch, and how many in a row group.
const BATCH_ROWS: usize = 16_384;
const ROW_GROUP_ROWS: usize = 131_072;

/// What stands in a cell of the output.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    /// Nothing.
    None,
    Number(f64),
    Boolean(bool),
    Text(&'a str),
    /// A text of the input, as it stands there.
    Bytes(&'a [u8]),
}

/// Names and types of the columns of an output.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) format: Format,
    pub(crate) delimiter: u8,
    pub(crate) schema: SchemaRef,
}

/// Some rows of an output.
pub(crate) enum Block {
    Text(Vec<u8>),
    Batch(RecordBatch),
}

/// Builds a block row by row: one item per column, from the first to the last.
pub(crate) enum BlockBuilder {
    Text { text: Vec<u8>, delimiter: u8, is_first: bool },
    Columns(Vec<ColumnBuilder>),
}

/// Builds one column of a block.
pub(crate) enum ColumnBuilder {
    Number(Float64Builder),
    Boolean(BooleanBuilder),
    Text(StringBuilder),
    /// A column of the input, handed through.
    Whole(ArrayRef),
}

/// Writes blocks to an output.
pub(crate) enum TableWriter {
    Text(Output),
    Parquet(Cut, Box<ArrowWriter<Output>>),
    Arrow(Cut, Box<FileWriter<Output>>),
    Stream(Cut, Box<StreamWriter<Output>>),
}

/// Cuts batches anew, to one size.
pub(crate) struct Cut(BatchCoalescer);

impl Layout {
    /// Columns of these names and types.
    pub(crate) fn new(format: Format, delimiter: u8, columns: Vec<(String, DataType)>) -> Self {
        let fields: Vec<Field> =
            columns.into_iter().map(|(name, of)| Field::new(name, of, true)).collect();
        Self { format, delimiter, schema: Arc::new(Schema::new(fields)) }
    }

    /// A builder for the next block. Columns of the input that are handed through as they are stand
    /// in `whole`, one after the other, at the beginning.
    pub(crate) fn builder(&self, whole: Vec<ArrayRef>) -> BlockBuilder {
        if self.format == Format::Csv {
            let text = Vec::new();
            return BlockBuilder::Text { text, delimiter: self.delimiter, is_first: true };
        }
        let rest = self.schema.fields().iter().skip(whole.len());
        let rest = rest.map(|field| match field.data_type() {
            DataType::Float64 => ColumnBuilder::Number(Float64Builder::new()),
            DataType::Boolean => ColumnBuilder::Boolean(BooleanBuilder::new()),
            _ => ColumnBuilder::Text(StringBuilder::new()),
        });
        let whole = whole.into_iter().map(ColumnBuilder::Whole);
        BlockBuilder::Columns(whole.chain(rest).collect())
    }
}

impl BlockBuilder {
    /// The item of a row and a column.
    #[inline]
    pub(crate) fn push(&mut self, column: usize, item: Item<'_>) {
        match self {
            Self::Text { text, delimiter, is_first } => {
                if !*is_first {
                    text.push(*delimiter);
                }
                *is_first = false;
                push_csv_item(text, *delimiter, item);
            }
            Self::Columns(columns) => {
                if let Some(column) = columns.get_mut(column) {
                    column.push(item);
                }
            }
        }
    }

    pub(crate) fn end_row(&mut self) {
        if let Self::Text { text, is_first, .. } = self {
            text.push(b'\n');
            *is_first = true;
        }
    }

    pub(crate) fn finish(self, layout: &Layout) -> Result<Block, Error> {
        match self {
            Self::Text { text, .. } => Ok(Block::Text(text)),
            Self::Columns(columns) => {
                let arrays = columns.into_iter().map(ColumnBuilder::finish).collect();
                let batch = RecordBatch::try_new(layout.schema.clone(), arrays);
                batch.map(Block::Batch).map_err(|_| Error::Defect("columns of unequal length"))
            }
        }
    }
}

impl ColumnBuilder {
    #[inline]
    fn push(&mut self, item: Item<'_>) {
        match (self, item) {
            (Self::Number(builder), Item::Number(number)) => builder.append_value(number),
            (Self::Number(builder), _) => builder.append_null(),
            (Self::Boolean(builder), Item::Boolean(boolean)) => builder.append_value(boolean),
            (Self::Boolean(builder), _) => builder.append_null(),
            (Self::Text(builder), Item::Text(text)) => builder.append_value(text),
            (Self::Text(builder), Item::Bytes(bytes)) => {
                builder.append_value(String::from_utf8_lossy(bytes));
            }
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Whole(_), _) => {}
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Number(mut builder) => Arc::new(builder.finish()),
            Self::Boolean(mut builder) => Arc::new(builder.finish()),
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Whole(array) => array,
        }
    }
}

impl TableWriter {
    /// Begins a table; CSV gets its header.
    pub(crate) fn new(mut output: Output, layout: &Layout) -> Result<Self, Error> {
        let cut = || Cut(BatchCoalescer::new(layout.schema.clone(), BATCH_ROWS));
        let schema = &layout.schema;
        Ok(match layout.format {
            Format::Csv => {
                let mut header = Vec::new();
                for (column, field) in schema.fields().iter().enumerate() {
                    if column > 0 {
                        header.push(layout.delimiter);
                    }
                    push_csv_cell(&mut header, layout.delimiter, field.name().as_bytes());
                }
                header.push(b'\n');
                output.write_all(&header).map_err(|cause| output.failed(cause))?;
                Self::Text(output)
            }
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
                    .set_created_by(concat!("nomogram ", env!("CARGO_PKG_VERSION")).into())
                    .build();
                let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties));
                Self::Parquet(cut(), Box::new(writer.map_err(parquet_failed)?))
            }
            Format::Arrow => {
                let writer = FileWriter::try_new(output, schema);
                Self::Arrow(cut(), Box::new(writer.map_err(arrow_failed)?))
            }
            Format::ArrowStream => {
                let writer = StreamWriter::try_new(output, schema);
                Self::Stream(cut(), Box::new(writer.map_err(arrow_failed)?))
            }
        })
    }

    /// Writes the next block.
    pub(crate) fn write(&mut self, block: Block) -> Result<(), Error> {
        match (self, block) {
            (Self::Text(output), Block::Text(text)) => {
                output.write_all(&text).map_err(|cause| output.failed(cause))
            }
            (Self::Parquet(cut, writer), Block::Batch(batch)) => {
                cut.push(batch, |batch| writer.write(&batch).map_err(parquet_failed))
            }
            (Self::Arrow(cut, writer), Block::Batch(batch)) => {
                cut.push(batch, |batch| writer.write(&batch).map_err(arrow_failed))
            }
            (Self::Stream(cut, writer), Block::Batch(batch)) => {
                cut.push(batch, |batch| writer.write(&batch).map_err(arrow_failed))
            }
            _ => Err(Error::Defect("a block of another format")),
        }
    }

    /// Ends the table; the output is then complete, and still to be finished.
    pub(crate) fn finish(self) -> Result<Output, Error> {
        match self {
            Self::Text(output) => Ok(output),
            Self::Parquet(mut cut, mut writer) => {
                cut.finish(|batch| writer.write(&batch).map_err(parquet_failed))?;
                writer.into_inner().map_err(parquet_failed)
            }
            Self::Arrow(mut cut, mut writer) => {
                cut.finish(|batch| writer.write(&batch).map_err(arrow_failed))?;
                writer.finish().map_err(arrow_failed)?;
                writer.into_inner().map_err(arrow_failed)
            }
            Self::Stream(mut cut, mut writer) => {
                cut.finish(|batch| writer.write(&batch).map_err(arrow_failed))?;
                writer.finish().map_err(arrow_failed)?;
                writer.into_inner().map_err(arrow_failed)
            }
        }
    }
}

impl Cut {
    fn push(
        &mut self,
        batch: RecordBatch,
        mut write: impl FnMut(RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.0.push_batch(batch).map_err(arrow_failed)?;
        while let Some(batch) = self.0.next_completed_batch() {
            write(batch)?;
        }
        Ok(())
    }

    fn finish(
        &mut self,
        mut write: impl FnMut(RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.0.finish_buffered_batch().map_err(arrow_failed)?;
        while let Some(batch) = self.0.next_completed_batch() {
            write(batch)?;
        }
        Ok(())
    }
}

/// Numbers in the shortest form that reads back to the same bits.
fn push_csv_item(text: &mut Vec<u8>, delimiter: u8, item: Item<'_>) {
    match item {
        Item::None => {}
        // Writing to memory does not fail.
        Item::Number(number) => drop(write!(text, "{number:?}")),
        Item::Boolean(boolean) => text.extend(if boolean { "true" } else { "false" }.bytes()),
        Item::Text(own) => push_csv_cell(text, delimiter, own.as_bytes()),
        Item::Bytes(own) => push_csv_cell(text, delimiter, own),
    }
}

/// Quotes what would be read as something else.
pub(crate) fn push_csv_cell(text: &mut Vec<u8>, delimiter: u8, cell: &[u8]) {
    let is_special = |byte: &u8| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if !cell.iter().any(is_special) {
        text.extend_from_slice(cell);
        return;
    }
    text.push(b'"');
    for byte in cell {
        if *byte == b'"' {
            text.push(b'"');
        }
        text.push(*byte);
    }
    text.push(b'"');
}

fn parquet_failed(error: ParquetError) -> Error {
    match error {
        ParquetError::External(cause) => write_failed(cause),
        other => Error::file("output", io::Error::other(other)),
    }
}

fn arrow_failed(error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, cause) => write_failed(Box::new(cause)),
        other => Error::file("output", io::Error::other(other)),
    }
}

/// A closed pipe ends the program quietly, through whatever library it was written to.
fn write_failed(cause: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match cause.downcast::<io::Error>() {
        Ok(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Error::BrokenPipe,
        Ok(cause) => Error::file("output", *cause),
        Err(cause) => Error::file("output", io::Error::other(cause)),
    }
}
