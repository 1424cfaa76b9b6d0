//! `nomogram schema infer`: the draft of a configuration.

use std::path::Path;

use clap::{Args, Subcommand};
use nomogram_table::FileKind;
use nomogram_train::data::CsvConfig;
use nomogram_train::{Dialect, DialectOptions, InferOptions, Table, TableFormat, infer_schema};

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};
use crate::table::FormatOptions;
use crate::training::write;

/// Draft the `data` section of a configuration
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Guess kinds, levels and missing texts from a table, and write them as YAML to edit
    ///
    /// Delimiter, quote, encoding and decimal mark are detected where the file leaves no doubt;
    /// otherwise the error names the option to use.
    Infer {
        /// The table: CSV, Parquet or Arrow
        data: InputPath,
        /// The target column; by default, it is guessed
        #[arg(long, value_name = "COLUMN")]
        target: Option<String>,
        /// A column with more distinct texts is not a category
        #[arg(long, value_name = "N", default_value_t = 20)]
        max_levels: usize,
        /// Write the YAML to this file; `-` is standard output
        #[arg(long, short, value_name = "FILE", default_value = "-")]
        output: OutputPath,
        #[command(flatten)]
        written: FormatOptions,
    },
}

pub(crate) fn run(
    arguments: Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let Action::Infer { data, target, max_levels, output, written } = arguments.action;
    let (table, csv) = match FileKind::of_path(&data) {
        FileKind::Csv => read_text(&data, &written, console)?,
        _ => {
            (Table::from_file(&data, &written.over(TableFormat::default())?)?, CsvConfig::default())
        }
    };
    let options = InferOptions { csv, target, max_levels };
    write(outputs, &output, infer_schema(&table, &options)?.to_yaml().as_bytes())?;
    Ok(Exit::Done)
}

/// A text file, read as the options state and as its bytes prove.
fn read_text(
    path: &Path,
    written: &FormatOptions,
    console: &Console,
) -> Result<(Table, CsvConfig), Error> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|cause| Error::file(&name, cause))?;
    let stated = written.over(TableFormat::default())?;
    let options = DialectOptions {
        delimiter: stated.delimiter,
        quote: written.quote,
        encoding: written.encoding.map(|_| stated.encoding),
        decimal_mark: written.decimal_mark.map(|_| stated.decimal_mark),
    };
    let dialect = Dialect::detect(&name, &bytes, &options)?;
    console.note(format_args!("{name}: {dialect}"));
    let TableFormat { delimiter, quote, encoding, decimal_mark, .. } = dialect.format();
    let format = TableFormat { delimiter, quote, encoding, decimal_mark, ..stated };
    let table = Table::from_csv(&name, bytes.as_slice(), &format)?;
    Ok((table, dialect.csv(path)))
}
