//! Reads Parquet and Arrow IPC, batch by batch.
//!
//! Memory is that of one row group's pages, or of one record batch: a file whose only batch holds
//! everything is read at once.

use std::fs::File;
use std::io::{BufReader, Read};

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Header;
use super::columns::Columns;
use super::typed::{TypedChunk, is_plain};
use crate::error::Error;

/// A table of typed columns that is being read.
pub(super) struct TypedSource {
    name: String,
    schema: SchemaRef,
    opened: Opened,
    /// Of each column of the batches, where it stands in the table.
    positions: Vec<usize>,
    /// The rest of a batch that is larger than a chunk.
    rest: Option<RecordBatch>,
    n_rows_before: u64,
    chunk_rows: usize,
}

enum Opened {
    Parquet(Box<ParquetRecordBatchReaderBuilder<File>>),
    Reading(Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>),
    AtEnd,
}

type Open = (TypedSource, Vec<Header>, Option<u64>);

impl TypedSource {
    pub(super) fn parquet(name: &str, file: File, chunk_rows: usize) -> Result<Open, Error> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file);
        let builder = builder.map_err(|e| failed(name, "Parquet", &e))?.with_batch_size(chunk_rows);
        let n_rows = u64::try_from(builder.metadata().file_metadata().num_rows()).ok();
        let schema = builder.schema().clone();
        Ok(Self::new(name, schema, Opened::Parquet(Box::new(builder)), chunk_rows, n_rows))
    }

    pub(super) fn file(name: &str, file: File, chunk_rows: usize) -> Result<Open, Error> {
        let reader = FileReader::try_new(BufReader::new(file), None);
        let reader = reader.map_err(|e| failed(name, "an Arrow file", &e))?;
        let schema = reader.schema();
        Ok(Self::new(name, schema, Opened::Reading(Box::new(reader)), chunk_rows, None))
    }

    pub(super) fn stream(
        name: &str,
        input: Box<dyn Read + Send>,
        chunk_rows: usize,
    ) -> Result<Open, Error> {
        let reader = StreamReader::try_new(input, None);
        let reader = reader.map_err(|e| failed(name, "an Arrow stream", &e))?;
        let schema = RecordBatchReader::schema(&reader);
        Ok(Self::new(name, schema, Opened::Reading(Box::new(reader)), chunk_rows, None))
    }

    fn new(
        name: &str,
        schema: SchemaRef,
        opened: Opened,
        chunk_rows: usize,
        n_rows: Option<u64>,
    ) -> Open {
        let headers = schema.fields().iter().map(|field| Header {
            name: field.name().clone(),
            unit: field.metadata().get("unit").cloned(),
            data_type: Some(field.data_type().clone()),
        });
        let headers = headers.collect();
        let positions = (0..schema.fields().len()).collect();
        let name = name.to_owned();
        let source =
            Self { name, schema, opened, positions, rest: None, n_rows_before: 0, chunk_rows };
        (source, headers, n_rows)
    }

    /// Reads only the columns that are wanted, and refuses those whose cells cannot be read.
    pub(super) fn select(&mut self, columns: &Columns) -> Result<(), Error> {
        for column in &columns.features {
            let data_type = self.schema.field(column.column).data_type();
            if !is_plain(data_type) {
                let name = columns.names.get(column.column).map_or("", String::as_str);
                let detail = format!(
                    "column `{name}` is of type {data_type}, expected numbers, booleans or texts"
                );
                return Err(Error::Table { table: self.name.clone(), detail });
            }
        }
        self.opened = match std::mem::replace(&mut self.opened, Opened::AtEnd) {
            Opened::Parquet(builder) => {
                self.positions = columns.used().into_iter().collect();
                let roots = self.positions.iter().copied();
                let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
                let reader = builder.with_projection(mask).build();
                let reader = reader.map_err(|e| failed(&self.name, "Parquet", &e))?;
                Opened::Reading(Box::new(reader))
            }
            other => other,
        };
        Ok(())
    }

    pub(super) fn next_chunk(&mut self) -> Result<Option<TypedChunk>, Error> {
        let Some(batch) = self.next_batch()? else { return Ok(None) };
        let n_rows = batch.num_rows().min(self.chunk_rows);
        if n_rows < batch.num_rows() {
            self.rest = Some(batch.slice(n_rows, batch.num_rows() - n_rows));
        }
        let mut arrays: Vec<Option<ArrayRef>> = vec![None; self.schema.fields().len()];
        for (position, array) in self.positions.iter().zip(batch.columns()) {
            if let Some(own) = arrays.get_mut(*position) {
                *own = Some(array.slice(0, n_rows));
            }
        }
        let first_row = self.n_rows_before + 1;
        self.n_rows_before += n_rows as u64;
        Ok(Some(TypedChunk::new(first_row, n_rows, arrays)))
    }

    /// The next batch with any rows.
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        if let Some(rest) = self.rest.take() {
            return Ok(Some(rest));
        }
        let Opened::Reading(batches) = &mut self.opened else { return Ok(None) };
        loop {
            match batches.next() {
                None => return Ok(None),
                Some(Ok(batch)) if batch.num_rows() == 0 => {}
                Some(Ok(batch)) => return Ok(Some(batch)),
                Some(Err(cause)) => return Err(failed(&self.name, "a table", &cause)),
            }
        }
    }
}

fn failed(table: &str, what: &str, cause: &dyn std::error::Error) -> Error {
    let detail = format!("cannot be read as {what}: {cause}");
    Error::Table { table: table.into(), detail }
}
