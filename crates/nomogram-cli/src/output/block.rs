//! Blocks of output rows, built by workers.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::error::Error;
use crate::table::Format;

/// The contents of an output cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    /// An empty cell.
    None,
    Number(f64),
    Boolean(bool),
    Text(&'a str),
    /// A text of the input, unchanged.
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
    /// A column of the input, passed through.
    Whole(ArrayRef),
}

impl Layout {
    /// Creates a layout of columns with these names and types.
    pub(crate) fn new(format: Format, delimiter: u8, columns: Vec<(String, DataType)>) -> Self {
        let fields: Vec<Field> =
            columns.into_iter().map(|(name, kind)| Field::new(name, kind, true)).collect();
        Self { format, delimiter, schema: Arc::new(Schema::new(fields)) }
    }

    /// Returns a builder for the next block. The first columns are those of `whole`, which are
    /// passed through from the input.
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
    /// Adds the item of the next column.
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

/// Writes numbers in the shortest form that reads back to the same bits.
fn push_csv_item(text: &mut Vec<u8>, delimiter: u8, item: Item<'_>) {
    match item {
        Item::None => {}
        // Writing to memory does not fail.
        Item::Number(number) => drop(write!(text, "{number:?}")),
        Item::Boolean(boolean) => text.extend(if boolean { "true" } else { "false" }.bytes()),
        Item::Text(value) => push_csv_cell(text, delimiter, value.as_bytes()),
        Item::Bytes(value) => push_csv_cell(text, delimiter, value),
    }
}

/// Quotes a cell that would be read as something else.
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
