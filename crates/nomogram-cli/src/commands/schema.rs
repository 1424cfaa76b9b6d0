//! `nomogram schema infer`: the draft of a configuration.

use clap::{Args, Subcommand};
use nomogram_train::data::CsvConfig;
use nomogram_train::{InferOptions, Table, TableFormat, infer_schema};

use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, OutputPath, Outputs};
use crate::table::FormatOptions;
use crate::training::write;

/// Draft what a configuration says of a table.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Guess kinds, levels and missing texts from a table, as YAML to be edited
    Infer {
        /// The table: CSV, Parquet or Arrow
        data: InputPath,
        /// The column that is to be predicted; guessed without it
        #[arg(long, value_name = "COLUMN")]
        target: Option<String>,
        /// The most different texts of a column that are taken for levels
        #[arg(long, value_name = "N", default_value_t = 20)]
        max_levels: usize,
        /// Where the YAML goes
        #[arg(long, short, value_name = "FILE", default_value = "-")]
        output: OutputPath,
        #[command(flatten)]
        written: FormatOptions,
    },
}

pub(crate) fn run(arguments: Arguments, outputs: &mut Outputs) -> Result<Exit, Error> {
    let Action::Infer { data, target, max_levels, output, written } = arguments.action;
    let format = written.over(TableFormat::default())?;
    let options = InferOptions { csv: CsvConfig::of(&format), target, max_levels };
    let table = Table::from_file(&data, &format)?;
    write(outputs, &output, infer_schema(&table, &options)?.to_yaml().as_bytes())?;
    Ok(Exit::Done)
}
