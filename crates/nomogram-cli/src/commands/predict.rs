//! `nomogram predict`: a table in, the same rows with their predictions out.

mod progress;
mod uncertain;

mod answer;

mod worker;

mod summary;

#[cfg(feature = "serve")]
mod remote_model;
#[cfg(feature = "serve")]
mod remote_rows;

#[cfg(feature = "serve")]
mod remote_answer;

#[cfg(feature = "serve")]
mod remote;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use clap::{Args, ValueEnum};
use nomogram::{Model, Monitor};
use nomogram_table::{Chunk, Columns, FileKind, Source, TableFormat, Wanted, is_plain, is_time};

use crate::bundle;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::explanation::ExplainOptions;
use crate::output::{
    InputPath, Output, OutputPath, Outputs, PrivateOutputPath, TableWriter, push_csv_cell,
};
use crate::table::{self, Format, ReadOptions};
use crate::workers;
use answer::Answer;
use progress::Progress;
use summary::Summary;
use worker::{Done, Worker};

/// Predict the rows of a table.
///
/// Reads CSV, Parquet or Arrow IPC of any size in constant memory, on all processors. Rows keep
/// their order, and the output does not depend on the number of threads.
///
/// Columns are matched to the features of the model by name; `name [unit]` names one of the feature's
/// units by its UCUM code, and so does the metadata key `unit` of a Parquet or Arrow column. A column
/// that is not a feature is an error unless --id, --keep or --ignore-other-columns covers it. A
/// feature without a column is unset, and the model refuses or imputes it.
///
/// The bundle keeps how its training table was written: delimiter, quote, encoding, decimal mark,
/// missing texts and texts of booleans. The table options override that. An empty cell is missing.
///
/// The output has one row per input row: the id, the kept columns, `probability_CLASS` for each class
/// (or `value`, if the model predicts a number), `class`, the columns of --cutoffs, --members,
/// --margins, --uncertainty and --flags, and `status`: `ok`, or why the row was refused. Statuses are the names of
/// the C interface without `NOMO_E`, in lower case, for example `value_missing`. Without --bad-rows,
/// the first refused row ends the program.
///
/// With --server, a service predicts the rows, and the table takes the place of the bundle: `nomogram predict
/// --server https://risk.example rows.csv`. Columns, refused rows and outputs are the same, to the last bit.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The bundle
    #[cfg_attr(feature = "serve", arg(required_unless_present = "server"))]
    #[cfg_attr(not(feature = "serve"), arg(required = true))]
    bundle: Option<InputPath>,
    /// The table; `-` is standard input
    #[arg(default_value = "-")]
    input: Option<InputPath>,
    #[command(flatten)]
    read: ReadOptions,
    #[cfg(feature = "serve")]
    #[command(flatten)]
    service: ServerOptions,
    /// Write the predictions to this file; `-` is standard output. Others may read a new file if
    /// your umask allows it; a replaced file keeps its mode
    #[arg(long, short, value_name = "FILE", default_value = "-", help_heading = "Output")]
    output: OutputPath,
    /// Format of the output; by default, from the extension of its name, or CSV
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    output_format: Option<Format>,
    /// Copy this column, which names the rows, to the first column of the output
    #[arg(long, value_name = "COLUMN", help_heading = "Output")]
    id: Option<String>,
    /// Copy this column to the output; may be given several times
    #[arg(long, value_name = "COLUMN", help_heading = "Output")]
    keep: Vec<String>,
    /// Add whether each cutoff is reached: `cutoff_NAME`
    #[arg(long, help_heading = "Output")]
    cutoffs: bool,
    /// Add the output of each member: `member_NAME_CLASS`
    #[arg(long, help_heading = "Output")]
    members: bool,
    /// Add the margins of each member: `margin_NAME`, or `margin_NAME_0` and so on
    #[arg(long, help_heading = "Output")]
    margins: bool,
    /// Add how uncertain each prediction is: `verdict`, `p_value_CLASS`, `set_LEVEL`, the ends of
    /// intervals, `distance_p_value` and the feature that is the furthest from what was seen
    #[arg(long, help_heading = "Output")]
    uncertainty: bool,
    /// Add why: `base` and `value_NAME` of each feature or group of features, which add up to the
    /// prediction of the last class, and `std_error_NAME` of sampled values; slower than predicting
    #[arg(long, help_heading = "Output")]
    explain: bool,
    #[command(flatten)]
    explanation: ExplainOptions,
    /// Add what was done to values: `flags`, for example `imputed:age;clamped:dose`
    #[arg(long, help_heading = "Output")]
    flags: bool,
    /// Continue when a row is refused, and write it to this CSV file with its place and the reason;
    /// only you can read a new file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    bad_rows: Option<PrivateOutputPath>,
    /// Write how many rows were in each bin of the bundle's profile to this file, for nomogram monitor
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    monitor: Option<OutputPath>,
    /// Number of threads; by default, one per processor
    #[arg(long, value_name = "N", env = "NOMOGRAM_THREADS", hide_env = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// When to show progress
    #[arg(long, value_name = "WHEN", default_value = "auto", env = "NOMOGRAM_PROGRESS")]
    #[arg(hide_env = true)]
    progress: When,
    /// Add the seconds that each stage took, over all threads, to the summary of --json
    #[arg(long, hide = true)]
    timings: bool,
}

/// The service that predicts, instead of a bundle.
#[cfg(feature = "serve")]
#[derive(Args, Debug)]
struct ServerOptions {
    /// Let the service at this address predict. A key is in --key-file or in the variable NOMOGRAM_API_KEY
    #[arg(long, value_name = "URL", help_heading = "Service")]
    server: Option<String>,
    /// The model of the service, with a version or an alias after `@`; by default, the only one
    #[arg(long, value_name = "MODEL", requires = "server", help_heading = "Service")]
    model: Option<String>,
    /// The file with the key, whose roles are predict and read
    #[arg(long, value_name = "FILE", requires = "server", help_heading = "Service")]
    key_file: Option<InputPath>,
    /// Accept certificates that lead to those of this file, instead of the system's
    #[arg(long, value_name = "PEM", requires = "server", help_heading = "Service")]
    server_certificates: Option<InputPath>,
}

#[cfg(feature = "serve")]
impl ServerOptions {
    /// The key: that of the file, else that of the environment.
    fn key(&self) -> Result<Option<String>, Error> {
        let Some(path) = &self.key_file else {
            return Ok(std::env::var("NOMOGRAM_API_KEY").ok().filter(|key| !key.is_empty()));
        };
        let text = std::fs::read_to_string(path.as_path());
        let text = text.map_err(|cause| Error::file(path.display().to_string(), cause))?;
        Ok(Some(text.trim().to_owned()))
    }
}

/// Whether to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal
    Auto,
    /// Never
    Never,
}

pub(crate) fn run(
    arguments: Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    #[cfg(feature = "serve")]
    if arguments.service.server.is_some() {
        return remote::run(&arguments, &arguments.service, console, outputs);
    }
    let path = arguments.bundle.as_ref().ok_or(Error::Defect("a command without its bundle"))?;
    let model = bundle::open(path)?;
    let input = table::or_stdin(arguments.input.as_deref());
    let format = Arc::new(arguments.read.written.for_model(&model, &input)?);
    let mut source = arguments.read.open(&input, &format)?;
    let wanted = Wanted {
        id: arguments.id.as_deref(),
        keep: &arguments.keep,
        ignore_others: arguments.read.ignore_other_columns,
    };
    let table = (source.name(), source.headers());
    let columns = Columns::new(table, model.schema(), wanted, &format, &BTreeSet::new())?;
    // The file of refused rows has all columns, not only those that are predicted from.
    let bad_row_columns = match arguments.bad_rows {
        Some(_) => Some(bad_row_columns(&source, &columns)?),
        None => None,
    };
    let refused = bad_row_columns.iter().flatten().copied();
    source.select(&columns.used().into_iter().chain(refused).collect());
    let delimiter = output_delimiter(&arguments, &input, &format);
    let answer = Answer::new(&arguments, delimiter, &model, &source, &columns)?;
    let answer = Arc::new(answer);

    let output = outputs.create(&arguments.output)?;
    let mut writer = TableWriter::new(output, &answer.layout)?;
    let written = bad_row_columns.as_deref().unwrap_or_default();
    let counters = Counters::create(&arguments, &model, outputs)?;
    let bad_rows = BadRows::create(&arguments, delimiter, &source, written, outputs)?;
    let n_threads = workers::n_threads(arguments.threads);
    let worker = Worker::new(
        (model.clone(), Arc::new(columns), answer),
        source.name(),
        bad_row_columns.map(Arc::from),
        counters.as_ref().map(|counters| counters.total.clone()),
        arguments.timings,
    );
    let mut summary = Summary::new(&model, arguments.timings);
    let mut sink = Sink { bad_rows, progress: Progress::new(&source, arguments.progress, console) };
    let explanation = arguments.explain.then_some(&arguments.explanation);
    let workers = (0..n_threads).map(|_| worker.for_a_thread(explanation));
    let workers = workers.collect::<Result<_, Error>>()?;
    let read_nanos = Arc::new(AtomicU64::new(0));
    let next = timed_reader(source, read_nanos.clone());
    workers::run(next, workers, |done| sink.write(done, &mut writer, &mut summary))?;

    let end = Instant::now();
    writer.finish()?;
    if let Some(bad_rows) = sink.bad_rows {
        bad_rows.finish()?;
    }
    if let Some(counters) = counters {
        counters.finish()?;
    }
    sink.progress.finish();
    summary.add_stages(read_nanos.load(Ordering::Relaxed), end.elapsed());
    summary.print(console)?;
    Ok(if summary.refused > 0 { Exit::SomeRowsRefused } else { Exit::Done })
}

/// Reads chunks, and adds up how long that takes.
fn timed_reader(
    mut source: Source,
    nanos: Arc<AtomicU64>,
) -> impl FnMut() -> Result<Option<Chunk>, Error> + Send + 'static {
    move || {
        let begin = Instant::now();
        let chunk = source.next_chunk();
        let elapsed = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        nanos.fetch_add(elapsed, Ordering::Relaxed);
        Ok(chunk?)
    }
}

/// The delimiter of the output: that of the input, unless the name of the output implies another.
fn output_delimiter(arguments: &Arguments, input: &Path, format: &TableFormat) -> u8 {
    let default = TableFormat::default();
    let is_tsv = default.delimiter_of(Some(arguments.output.as_path())) == '\t';
    let named_like = if is_tsv { arguments.output.as_path() } else { input };
    let delimiter = match arguments.read.written.delimiter {
        None if is_tsv => default.delimiter_of(Some(named_like)),
        _ => format.delimiter_of(Some(named_like)),
    };
    u8::try_from(delimiter).unwrap_or(b',')
}

/// Takes what the workers have done.
struct Sink {
    bad_rows: Option<BadRows>,
    progress: Progress,
}

impl Sink {
    fn write(
        &mut self,
        done: Done,
        writer: &mut TableWriter,
        summary: &mut Summary,
    ) -> Result<(), Error> {
        let begin = Instant::now();
        writer.write(done.block)?;
        if let Some(bad_rows) = &mut self.bad_rows {
            bad_rows.write(&done.bad_rows)?;
        }
        summary.add(&done.counts, begin.elapsed());
        self.progress.advance(done.length);
        Ok(())
    }
}

/// The columns that the file of refused rows has: all that CSV can hold.
///
/// # Errors
///
/// `Usage` for a column that the prediction needs and CSV cannot hold.
fn bad_row_columns(source: &Source, columns: &Columns) -> Result<Vec<usize>, Error> {
    let used = columns.used();
    let mut written = Vec::new();
    for (column, header) in source.headers().iter().enumerate() {
        match &header.data_type {
            Some(data_type) if !is_plain(data_type) && !is_time(data_type) => {
                if used.contains(&column) {
                    return Err(Error::usage(format!(
                        "column `{}` is of type {data_type}, which the CSV file of --bad-rows \
                         cannot hold; predict without --bad-rows",
                        header.name
                    )));
                }
            }
            Some(_) | None => written.push(column),
        }
    }
    Ok(written)
}

/// The counts of all threads, and their file.
struct Counters {
    total: Arc<Mutex<Monitor>>,
    output: Output,
}

impl Counters {
    fn create(
        arguments: &Arguments,
        model: &Arc<Model>,
        outputs: &mut Outputs,
    ) -> Result<Option<Self>, Error> {
        let Some(path) = &arguments.monitor else { return Ok(None) };
        let total = Arc::new(Mutex::new(Monitor::new(model.clone())?));
        Ok(Some(Self { total, output: outputs.create(path)? }))
    }

    fn finish(mut self) -> Result<(), Error> {
        let bytes = self.total.lock().unwrap_or_else(PoisonError::into_inner).to_bytes();
        self.output.write_all(&bytes).map_err(|cause| self.output.failed(cause))?;
        self.output.finish()
    }
}

/// The file of refused rows.
struct BadRows(Output);

impl BadRows {
    fn create(
        arguments: &Arguments,
        delimiter: u8,
        source: &Source,
        columns: &[usize],
        outputs: &mut Outputs,
    ) -> Result<Option<Self>, Error> {
        let Some(path) = &arguments.bad_rows else { return Ok(None) };
        let place = if source.kind() == FileKind::Csv { "line" } else { "row" };
        let mut header = Vec::new();
        let own = [place, "status", "feature", "reason"];
        let written = columns.iter().filter_map(|column| source.headers().get(*column));
        let written = written.map(|header| header.name.as_str());
        for name in own.into_iter().chain(written) {
            if !header.is_empty() {
                header.push(delimiter);
            }
            push_csv_cell(&mut header, delimiter, name.as_bytes());
        }
        header.push(b'\n');
        let mut bad_rows = Self(outputs.create(path)?);
        bad_rows.write(&header)?;
        Ok(Some(bad_rows))
    }

    fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        self.0.write_all(rows).map_err(|cause| self.0.failed(cause))
    }

    fn finish(self) -> Result<(), Error> {
        self.0.finish()
    }
}
