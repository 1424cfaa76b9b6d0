//! Tables as they are written: CSV, Parquet and Arrow IPC.
//!
//! Workers build blocks; one writer takes them in order and divides them into batches of one size,
//! so the bytes of a file do not depend on how the input was divided.

use std::error::Error as StdError;
use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::ArrowError;
use arrow_select::coalesce::BatchCoalescer;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::block::{Block, Layout, push_csv_cell};
use super::destination::{Destination, Output};
use crate::error::Error;
use crate::table::Format;

/// How many rows a record batch has, and how many a row group.
const BATCH_ROWS: usize = 16_384;
const ROW_GROUP_ROWS: usize = 131_072;

/// A column whose dictionary outgrows this many bytes, such as ids or probabilities, falls back to plain values.
/// Larger dictionaries made no file shorter, and took a tenth of the time of `predict`.
const MAX_DICTIONARY_BYTES: usize = 16_384;

/// Writes blocks to an output.
pub(crate) struct TableWriter {
    destination: Destination,
    encoder: Encoder,
}

enum Encoder {
    Text(Output),
    Parquet(Batches, Box<ArrowWriter<Output>>),
    Arrow(Batches, Box<FileWriter<Output>>),
    Stream(Batches, Box<StreamWriter<Output>>),
}

/// Divides rows into batches of one size.
struct Batches(BatchCoalescer);

/// Why a library could not write.
enum WriteError {
    Parquet(ParquetError),
    Arrow(ArrowError),
    Io(io::Error),
    /// The block was built for another format.
    OtherFormat,
}

impl TableWriter {
    /// Begins a table; CSV gets its header.
    pub(crate) fn new(output: Output, layout: &Layout) -> Result<Self, Error> {
        let destination = output.destination().clone();
        match Encoder::new(output, layout) {
            Ok(encoder) => Ok(Self { destination, encoder }),
            Err(error) => Err(error.at(&destination)),
        }
    }

    /// Writes the next block.
    pub(crate) fn write(&mut self, block: Block) -> Result<(), Error> {
        self.encoder.write(block).map_err(|error| error.at(&self.destination))
    }

    /// Ends the table and its output.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.encoder.finish().map_err(|error| error.at(&self.destination))?.finish()
    }
}

impl Encoder {
    fn new(mut output: Output, layout: &Layout) -> Result<Self, WriteError> {
        let schema = &layout.schema;
        let batches = || Batches(BatchCoalescer::new(schema.clone(), BATCH_ROWS));
        Ok(match layout.format {
            Format::Csv => {
                output.write_all(&csv_header(layout))?;
                Self::Text(output)
            }
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_dictionary_page_size_limit(MAX_DICTIONARY_BYTES)
                    .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
                    .set_created_by(concat!("nomogram ", env!("CARGO_PKG_VERSION")).into())
                    .build();
                let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties))?;
                Self::Parquet(batches(), Box::new(writer))
            }
            Format::Arrow => Self::Arrow(batches(), Box::new(FileWriter::try_new(output, schema)?)),
            Format::ArrowStream => {
                Self::Stream(batches(), Box::new(StreamWriter::try_new(output, schema)?))
            }
        })
    }

    fn write(&mut self, block: Block) -> Result<(), WriteError> {
        match (self, block) {
            (Self::Text(output), Block::Text(text)) => Ok(output.write_all(&text)?),
            (Self::Parquet(batches, writer), Block::Batch(batch)) => {
                batches.push(batch, |batch| Ok(writer.write(&batch)?))
            }
            (Self::Arrow(batches, writer), Block::Batch(batch)) => {
                batches.push(batch, |batch| Ok(writer.write(&batch)?))
            }
            (Self::Stream(batches, writer), Block::Batch(batch)) => {
                batches.push(batch, |batch| Ok(writer.write(&batch)?))
            }
            (Self::Text(_), Block::Batch(_))
            | (Self::Parquet(..) | Self::Arrow(..) | Self::Stream(..), Block::Text(_)) => {
                Err(WriteError::OtherFormat)
            }
        }
    }

    fn finish(self) -> Result<Output, WriteError> {
        match self {
            Self::Text(output) => Ok(output),
            Self::Parquet(mut batches, mut writer) => {
                batches.finish(|batch| Ok(writer.write(&batch)?))?;
                Ok(writer.into_inner()?)
            }
            Self::Arrow(mut batches, mut writer) => {
                batches.finish(|batch| Ok(writer.write(&batch)?))?;
                writer.finish()?;
                Ok(writer.into_inner()?)
            }
            Self::Stream(mut batches, mut writer) => {
                batches.finish(|batch| Ok(writer.write(&batch)?))?;
                writer.finish()?;
                Ok(writer.into_inner()?)
            }
        }
    }
}

impl Batches {
    fn push(
        &mut self,
        batch: RecordBatch,
        write: impl FnMut(RecordBatch) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        self.0.push_batch(batch)?;
        self.write_completed(write)
    }

    fn finish(
        &mut self,
        write: impl FnMut(RecordBatch) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        self.0.finish_buffered_batch()?;
        self.write_completed(write)
    }

    fn write_completed(
        &mut self,
        mut write: impl FnMut(RecordBatch) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        while let Some(batch) = self.0.next_completed_batch() {
            write(batch)?;
        }
        Ok(())
    }
}

fn csv_header(layout: &Layout) -> Vec<u8> {
    let mut header = Vec::new();
    for (column, field) in layout.schema.fields().iter().enumerate() {
        if column > 0 {
            header.push(layout.delimiter);
        }
        push_csv_cell(&mut header, layout.delimiter, field.name().as_bytes());
    }
    header.push(b'\n');
    header
}

impl WriteError {
    /// Takes the system's error out of the library's, so that the format does not change the message.
    fn at(self, destination: &Destination) -> Error {
        destination.failed(match self {
            Self::Io(cause) | Self::Arrow(ArrowError::IoError(_, cause)) => cause,
            Self::Parquet(ParquetError::External(cause)) => io_error(cause),
            Self::Parquet(other) => io::Error::other(other),
            Self::Arrow(other) => io::Error::other(other),
            Self::OtherFormat => return Error::Defect("a block of another format"),
        })
    }
}

fn io_error(cause: Box<dyn StdError + Send + Sync>) -> io::Error {
    match cause.downcast::<io::Error>() {
        Ok(cause) => *cause,
        Err(cause) => io::Error::other(cause),
    }
}

impl From<ParquetError> for WriteError {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

impl From<ArrowError> for WriteError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
