//! The command line as a whole: options of every command, and which file runs which command.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    compare, completions, diff, evaluate, inspect, man, predict, recalibrate, schema, train, tune,
    validate, verify,
};
use crate::console::{Color, Console};
use crate::error::Error;
use crate::exit::{self, Exit};

/// Clinical risk models in sealed bundles: train them, predict with them, judge and compare them.
#[derive(Debug, Parser)]
#[command(name = "nomogram", version, after_help = exit::HELP, propagate_version = true)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Args, Debug)]
struct Options {
    /// Tell the result as JSON: on standard output, or on standard error where that holds a table
    #[arg(long, global = true, help_heading = "Common options")]
    json: bool,
    /// Tell nothing but results and errors
    #[arg(long, short, global = true, env = "NOMOGRAM_QUIET", help_heading = "Common options")]
    #[arg(value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    quiet: bool,
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_env = true)]
    #[arg(env = "NOMOGRAM_COLOR", help_heading = "Common options")]
    color: Color,
}

#[derive(Debug, Subcommand)]
#[command(subcommand_value_name = "COMMAND")]
enum Command {
    #[command(after_help = exit::HELP)]
    Schema(schema::Arguments),
    #[command(after_help = exit::HELP)]
    Validate(validate::Arguments),
    #[command(after_help = exit::HELP)]
    Train(train::Arguments),
    #[command(after_help = exit::HELP)]
    Tune(tune::Arguments),
    #[command(after_help = exit::HELP)]
    Evaluate(evaluate::Arguments),
    #[command(after_help = exit::HELP)]
    Compare(compare::Arguments),
    #[command(after_help = exit::HELP)]
    Report(evaluate::ReportArguments),
    #[command(after_help = exit::HELP)]
    Recalibrate(recalibrate::Arguments),
    #[command(after_help = exit::HELP)]
    Predict(predict::Arguments),
    #[command(after_help = exit::HELP)]
    Inspect(inspect::Arguments),
    #[command(after_help = exit::HELP)]
    Verify(verify::Arguments),
    #[command(after_help = exit::HELP)]
    Diff(diff::Arguments),
    #[command(after_help = exit::HELP)]
    Completions(completions::Arguments),
    #[command(after_help = exit::HELP)]
    Man(man::Arguments),
}

/// Runs what the command line asks for.
pub(crate) fn run() -> ExitCode {
    let Cli { options, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help on a closed pipe: nobody is left to be told.
            let _ = error.print();
            return if error.use_stderr() { exit::USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    let console = Console::new(options.json, options.quiet, options.color);
    match dispatch(command, &console) {
        Ok(exit) => exit.into(),
        Err(error) => {
            if !matches!(error, Error::BrokenPipe) {
                console.error(&error);
            }
            error.exit_code()
        }
    }
}

fn dispatch(command: Command, console: &Console) -> Result<Exit, Error> {
    match command {
        Command::Schema(arguments) => schema::run(arguments, console),
        Command::Validate(arguments) => validate::run(&arguments, console),
        Command::Train(arguments) => train::run(&arguments, console),
        Command::Tune(arguments) => tune::run(&arguments, console),
        Command::Evaluate(arguments) => evaluate::run(&arguments, console),
        Command::Compare(arguments) => compare::run(&arguments, console),
        Command::Report(arguments) => evaluate::run_report(&arguments, console),
        Command::Recalibrate(arguments) => recalibrate::run(&arguments, console),
        Command::Predict(arguments) => predict::run(arguments, console),
        Command::Inspect(arguments) => inspect::run(&arguments, console),
        Command::Verify(arguments) => verify::run(&arguments, console),
        Command::Diff(arguments) => diff::run(arguments, console),
        Command::Completions(arguments) => completions::run(&arguments, console),
        Command::Man(arguments) => man::run(&arguments, console),
    }
}
