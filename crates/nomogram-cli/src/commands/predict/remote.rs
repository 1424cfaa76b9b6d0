//! `nomogram predict --server`: a service predicts the rows of a table.
//!
//! Rows are sent while answers are read. Memory is bounded by the chunks that are under way.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use nomogram_serve::client::{Client, Receiving, Sending};
use nomogram_table::{Chunk, Columns, Source, Wanted};

use super::progress::Progress;
use super::remote_answer::{RemoteAnswer, RowAnswer};
use super::remote_model::Described;
use super::remote_rows::{lines, refusal};
use super::summary::Summary;
use super::worker::{Counts, note};
use super::{Arguments, BadRows, ServerOptions, bad_row_columns, output_delimiter};
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Outputs, TableWriter};
use crate::refusal::Refusal;
use crate::table;

/// The chunks whose answers have not come.
const WAITING: usize = 2;

pub(super) fn run(
    arguments: &Arguments,
    options: &ServerOptions,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    check_options(arguments)?;
    let url = options.server.as_deref().unwrap_or_default();
    let failed = |detail: String| Error::Service { address: url.to_owned(), detail };
    let key = options.key()?;
    let certificates = options.server_certificates.as_deref().map(|path| path.as_path());
    let client = Client::new(url, key.as_deref(), certificates)
        .map_err(|fault| Error::usage(format!("--server: {fault}")))?;
    let described = Described::get(&client, options.model.as_deref()).map_err(failed)?;
    let schema = described.schema().map_err(failed)?;

    // Without a bundle, the first position is the table.
    let input = table::or_stdin(arguments.bundle.as_deref());
    let format = Arc::new(arguments.read.written.over(described.format_for(&input))?);
    let mut source = arguments.read.open(&input, &format)?;
    let wanted = Wanted {
        id: arguments.id.as_deref(),
        keep: &arguments.keep,
        ignore_others: arguments.read.ignore_other_columns,
    };
    let table = (source.name(), source.headers());
    let columns = Columns::new(table, &schema, wanted, &format, &BTreeSet::new())?;
    let bad_row_columns = match arguments.bad_rows {
        Some(_) => Some(bad_row_columns(&source, &columns)?),
        None => None,
    };
    let refused = bad_row_columns.iter().flatten().copied();
    source.select(&columns.used().into_iter().chain(refused).collect());
    let delimiter = output_delimiter(arguments, &input, &format);
    let answer = RemoteAnswer::new(arguments, delimiter, &described, &source, &columns)?;
    let mut writer = TableWriter::new(outputs.create(&arguments.output)?, &answer.layout)?;
    let written = bad_row_columns.as_deref().unwrap_or_default();
    let mut bad_rows = BadRows::create(arguments, delimiter, &source, written, outputs)?;
    let progress = Progress::new(&source, arguments.progress, console);
    let mut summary = Summary::of_model(described.name(), false);

    let (sending, receiving) = client.exchange(&described.path("batch_predict")).map_err(failed)?;
    let name = source.name().to_owned();
    let columns = Arc::new(columns);
    let (sender, chunks) = sync_channel(WAITING);
    let shared = Arc::clone(&columns);
    let reader = thread::spawn(move || send(source, &shared, &sending, &sender));
    let mut remote =
        Remote { receiving, described, columns, answer, table: name, bad_row_columns, url };
    let read = remote.read(&chunks, |done: Done| {
        writer.write(done.block)?;
        if let Some(bad_rows) = &mut bad_rows {
            bad_rows.write(&done.bad_rows)?;
        }
        summary.add(&done.counts, Duration::ZERO);
        progress.advance(done.length);
        Ok(())
    });
    // A reader that waits for its input is left to it when the service failed.
    read?;
    reader.join().map_err(|_| Error::Defect("a thread panicked"))?;
    writer.finish()?;
    if let Some(bad_rows) = bad_rows {
        bad_rows.finish()?;
    }
    progress.finish();
    summary.print(console)?;
    Ok(if summary.refused > 0 { Exit::SomeRowsRefused } else { Exit::Done })
}

/// Refuses options that need a bundle.
fn check_options(arguments: &Arguments) -> Result<(), Error> {
    let needs_bundle = [
        (arguments.cutoffs, "--cutoffs"),
        (arguments.members, "--members"),
        (arguments.margins, "--margins"),
        (arguments.uncertainty, "--uncertainty"),
        (arguments.explain, "--explain"),
        (arguments.monitor.is_some(), "--monitor"),
    ];
    if let Some((_, option)) = needs_bundle.iter().find(|(is_given, _)| *is_given) {
        return Err(Error::usage(format!("{option}: needs a bundle, not --server")));
    }
    match arguments.input.as_ref().filter(|input| input.as_os_str() != "-") {
        Some(_) => {
            Err(Error::usage("with --server, give the table alone: the service has the bundle"))
        }
        None => Ok(()),
    }
}

/// Reads chunks and sends their rows. Ends at the first failure, or when nobody listens.
fn send(
    mut source: Source,
    columns: &Columns,
    sending: &Sending,
    chunks: &SyncSender<Result<Chunk, Error>>,
) {
    loop {
        let next = match source.next_chunk() {
            Ok(Some(chunk)) => lines(&chunk, columns).map(|lines| (chunk, lines)),
            Ok(None) => return,
            Err(error) => Err(error.into()),
        };
        let (next, lines) = match next {
            Ok((chunk, lines)) => (Ok(chunk), lines),
            Err(error) => (Err(error), Vec::new()),
        };
        let is_failure = next.is_err();
        // A service that has refused the request says why in its answer.
        let _is_listening = lines.is_empty() || sending.send(lines);
        if chunks.send(next).is_err() || is_failure {
            return;
        }
    }
}

/// A chunk that was answered.
struct Done {
    block: crate::output::Block,
    bad_rows: Vec<u8>,
    counts: Counts,
    length: u64,
}

struct Remote<'a> {
    receiving: Receiving,
    described: Described,
    columns: Arc<Columns>,
    answer: RemoteAnswer,
    table: String,
    bad_row_columns: Option<Vec<usize>>,
    url: &'a str,
}

impl Remote<'_> {
    /// Joins chunks with their answers, in order.
    fn read(
        &mut self,
        chunks: &Receiver<Result<Chunk, Error>>,
        mut write: impl FnMut(Done) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for chunk in chunks {
            let done = self.chunk(&chunk?)?;
            write(done)?;
        }
        // What the service sends after the last row is why it ends too early.
        match self.next()? {
            None => Ok(()),
            Some(_) => Err(self.failed("more answers than rows".into())),
        }
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<Done, Error> {
        let mut builder = self.answer.builder(chunk);
        let (mut bad_rows, mut counts) = (Vec::new(), Counts::default());
        chunk.each_row(|row| {
            counts.rows += 1;
            let answer = match refusal(row, &self.columns) {
                Some(refusal) => Err(refusal),
                None => match self.next()? {
                    None => return Err(self.failed("fewer answers than rows".into())),
                    Some(RowAnswer::Predicted(predicted)) => Ok(predicted),
                    Some(RowAnswer::Refused { status, feature, detail }) => {
                        Err(Refusal::of_service(row.place(), status, feature, detail))
                    }
                },
            };
            match (&answer, &self.bad_row_columns) {
                (Ok(predicted), _) => predicted.count_flags(&mut counts),
                (Err(refusal), Some(columns)) => {
                    counts.refused += 1;
                    note(&mut bad_rows, row, refusal, columns, self.answer.layout.delimiter);
                }
                (Err(refusal), None) => {
                    let (table, refusal) = (self.table.clone(), refusal.line());
                    return Err(Error::Row { table, refusal });
                }
            }
            let answer = answer.as_ref().map_err(|refusal| refusal.status.as_str());
            self.answer.push(&mut builder, row, answer);
            Ok(())
        })?;
        let block = builder.finish(&self.answer.layout)?;
        Ok(Done { block, bad_rows, counts, length: chunk.length() })
    }

    fn next(&mut self) -> Result<Option<RowAnswer>, Error> {
        let address = self.url;
        let failed = |detail: String| Error::Service { address: address.to_owned(), detail };
        let line = self.receiving.line().map_err(failed)?;
        let Some(line) = line else { return Ok(None) };
        let answer = RowAnswer::read(line, &self.described).map_err(failed)?;
        let digest = self.receiving.header("x-model-digest");
        match digest == Some(self.described.digest.as_str()) {
            true => Ok(Some(answer)),
            false => Err(failed("another bundle answers than the one that was described".into())),
        }
    }

    fn failed(&self, detail: String) -> Error {
        Error::Service { address: self.url.to_owned(), detail }
    }
}
