//! Reads Parquet and Arrow IPC, batch by batch.
//!
//! Memory is that of one row group's pages, or of one record batch: a file whose only batch holds
//! everything is read at once.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Cursor, Read};

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use super::chunk::TypedChunk;
use super::claims::{Watched, check_file};
use super::fault::{check_ends, in_words, read_start};
use crate::error::Error;
use crate::guard::guarded;

/// A table of typed columns that is being read.
pub(crate) struct TypedSource {
    table: String,
    /// What kind of file it is.
    kind: &'static str,
    schema: SchemaRef,
    opened: Opened,
    /// Of each column of the batches, its position in the table.
    positions: Vec<usize>,
    /// The rest of a batch that is larger than a chunk.
    rest: Option<RecordBatch>,
    n_rows_before: u64,
    chunk_rows: usize,
    /// How many rows there are, where that is known.
    pub(crate) n_rows: Option<u64>,
}

enum Opened {
    Parquet(Box<ParquetRecordBatchReaderBuilder<File>>),
    Reading(Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>),
    AtEnd,
}

impl TypedSource {
    pub(crate) fn parquet(table: &str, file: File, chunk_rows: usize) -> Result<Self, Error> {
        let mut file = file;
        guard(table, "Parquet", || check_ends(&mut file, b"PAR1"))?;
        let open = || {
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
            Ok::<_, ParquetError>(builder.with_batch_size(chunk_rows.max(1)))
        };
        let builder = guard(table, "Parquet", open)?;
        let n_rows = u64::try_from(builder.metadata().file_metadata().num_rows()).ok();
        let schema = builder.schema().clone();
        let opened = Opened::Parquet(Box::new(builder));
        Ok(Self { n_rows, ..Self::new(table, "Parquet", schema, opened, chunk_rows) })
    }

    pub(crate) fn file(table: &str, file: File, chunk_rows: usize) -> Result<Self, Error> {
        let kind = "an Arrow file";
        let mut file = BufReader::new(file);
        guard(table, kind, || check_ends(&mut file, b"ARROW1"))?;
        guard(table, kind, || check_file(&mut file))?;
        let reader = guard(table, kind, || FileReader::try_new(file, None))?;
        let schema = reader.schema();
        Ok(Self::new(table, kind, schema, Opened::Reading(Box::new(reader)), chunk_rows))
    }

    pub(crate) fn stream(
        table: &str,
        input: Box<dyn Read + Send>,
        chunk_rows: usize,
        max_message_bytes: u64,
    ) -> Result<Self, Error> {
        let kind = "an Arrow stream";
        let mut input = input;
        let start = guard(table, kind, || read_start(&mut input))?;
        let input: Box<dyn Read + Send> = Box::new(Cursor::new(start).chain(input));
        let input = Watched::new(input, max_message_bytes);
        let reader = guard(table, kind, || StreamReader::try_new(input, None))?;
        let schema = RecordBatchReader::schema(&reader);
        let batches = Opened::Reading(Box::new(WholeStream(reader)));
        Ok(Self::new(table, kind, schema, batches, chunk_rows))
    }

    fn new(
        table: &str,
        kind: &'static str,
        schema: SchemaRef,
        opened: Opened,
        chunk_rows: usize,
    ) -> Self {
        Self {
            table: table.to_owned(),
            kind,
            positions: (0..schema.fields().len()).collect(),
            schema,
            opened,
            rest: None,
            n_rows_before: 0,
            chunk_rows: chunk_rows.max(1),
            n_rows: None,
        }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Reads only these columns, where the format allows it. Before the first chunk.
    pub(crate) fn select(&mut self, columns: &BTreeSet<usize>) {
        self.opened = match std::mem::replace(&mut self.opened, Opened::AtEnd) {
            Opened::Parquet(builder) => {
                self.positions = columns.iter().copied().collect();
                let roots = self.positions.iter().copied();
                let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
                Opened::Parquet(Box::new(builder.with_projection(mask)))
            }
            other @ (Opened::Reading(_) | Opened::AtEnd) => other,
        };
    }

    pub(crate) fn next_chunk(&mut self) -> Result<Option<TypedChunk>, Error> {
        let Some(batch) = self.next_batch()? else { return Ok(None) };
        let n_rows = batch.num_rows().min(self.chunk_rows);
        if n_rows < batch.num_rows() {
            self.rest = Some(batch.slice(n_rows, batch.num_rows() - n_rows));
        }
        let first_row = self.n_rows_before + 1;
        self.n_rows_before += n_rows as u64;
        let n_columns = self.schema.fields().len();
        let (batch, positions) = (batch.slice(0, n_rows), &self.positions);
        let chunk = guard(&self.table, self.kind, || {
            Ok::<_, ArrowError>(TypedChunk::new(first_row, &batch, positions, n_columns))
        })?;
        Ok(Some(chunk))
    }

    /// The next batch with any rows.
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        if let Some(rest) = self.rest.take() {
            return Ok(Some(rest));
        }
        // After a failure, the reader is not used again.
        let mut batches = match std::mem::replace(&mut self.opened, Opened::AtEnd) {
            Opened::AtEnd => return Ok(None),
            Opened::Reading(batches) => batches,
            Opened::Parquet(builder) => {
                Box::new(guard(&self.table, self.kind, || builder.build())?)
            }
        };
        loop {
            match guard(&self.table, self.kind, || batches.next().transpose())? {
                None => return Ok(None),
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => {
                    self.opened = Opened::Reading(batches);
                    return Ok(Some(batch));
                }
            }
        }
    }
}

/// The batches of a stream, and a refusal where it does not end with its end marker.
struct WholeStream(StreamReader<Watched<Box<dyn Read + Send>>>);

impl Iterator for WholeStream {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.0.next();
        batch.or_else(|| self.0.get_mut().finish().err().map(|cause| Err(cause.into())))
    }
}

/// Runs a reader; errors and panics are the file's fault.
fn guard<T, E: std::error::Error + 'static>(
    table: &str,
    kind: &str,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<T, Error> {
    let failed = |cause: String| Error::table(table, format!("cannot be read as {kind}: {cause}"));
    match guarded(read) {
        Ok(result) => result.map_err(|error| failed(in_words(&error))),
        Err(cause) => Err(failed(format!("its content is damaged ({cause})"))),
    }
}

impl fmt::Debug for TypedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedSource")
            .field("table", &self.table)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
