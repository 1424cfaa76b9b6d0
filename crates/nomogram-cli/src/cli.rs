//! The command line: options of every command, and which file runs which command.

use std::io;
use std::process::ExitCode;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::bundle;
use crate::commands::{
    compare, completions, diff, evaluate, explain, export, import, inspect, key, man, monitor,
    predict, recalibrate, registry, schema, sign, strip, train, tune, validate, verify,
};
#[cfg(feature = "serve")]
use crate::commands::{decisions, serve};
use crate::console::{Color, Console};
use crate::error::Error;
use crate::exit::{self, Exit};
use crate::output::{self, InputPath, Outputs};

/// Train, evaluate, compare and apply clinical risk models in sealed bundles.
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
    /// Print the result as JSON to standard output; to standard error if an output goes there
    #[arg(long, global = true, help_heading = "Common options")]
    json: bool,
    /// Print only results and errors
    #[arg(long, short, global = true, env = "NOMOGRAM_QUIET", help_heading = "Common options")]
    #[arg(value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    quiet: bool,
    /// Hide the values of cells in messages, which then name type, place and what was expected. Results
    /// and output files are not changed; `schema infer` still lists classes and levels
    #[arg(long, global = true, env = "NOMOGRAM_REDACT", help_heading = "Common options")]
    #[arg(value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    redact: bool,
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_env = true)]
    #[arg(env = "NOMOGRAM_COLOR", help_heading = "Common options")]
    color: Color,
    /// Open only bundles that this policy of trusted keys accepts
    #[arg(long, global = true, value_name = "POLICY", env = "NOMOGRAM_TRUST", hide_env = true)]
    #[arg(help_heading = "Common options")]
    trust: Option<InputPath>,
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
    Import(import::Arguments),
    #[command(after_help = exit::HELP)]
    Export(export::Arguments),
    #[command(after_help = exit::HELP)]
    Predict(predict::Arguments),
    #[command(after_help = exit::HELP)]
    Explain(explain::Arguments),
    #[command(after_help = exit::HELP)]
    Monitor(monitor::Arguments),
    #[command(after_help = exit::HELP)]
    Registry(registry::Arguments),
    #[command(after_help = exit::HELP)]
    Inspect(inspect::Arguments),
    #[command(after_help = exit::HELP)]
    Verify(verify::Arguments),
    #[command(after_help = exit::HELP)]
    Key(key::Arguments),
    #[command(after_help = exit::HELP)]
    Sign(sign::Arguments),
    #[command(after_help = exit::HELP)]
    Strip(strip::Arguments),
    #[command(after_help = exit::HELP)]
    Diff(diff::Arguments),
    #[cfg(feature = "serve")]
    #[command(after_help = exit::HELP)]
    Serve(serve::Arguments),
    #[cfg(feature = "serve")]
    #[command(after_help = exit::HELP)]
    Decisions(decisions::Arguments),
    #[command(after_help = exit::HELP)]
    Completions(completions::Arguments),
    #[command(after_help = exit::HELP)]
    Man(man::Arguments),
}

/// Returns the whole command line, for parsing it, completing it and its manual.
fn command() -> clap::Command {
    output::with_value_hints(Cli::command())
}

/// Runs the command that the command line names.
pub(crate) fn run() -> ExitCode {
    output::refuse_large_files();
    let program = command();
    let parsed = program.clone().try_get_matches().and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command()))?;
        Ok((matches, cli))
    });
    let (matches, Cli { options, command }) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return print_help_or_usage(&error),
    };
    if options.redact {
        nomogram_table::hide_values();
    }
    let mut console = Console::new(options.json, options.quiet, options.color);
    if let Some(path) = &options.trust
        && let Err(error) = bundle::require_trust(path)
    {
        console.error(&error);
        return error.exit_code();
    }
    match run_command(command, &program, &matches, &mut console) {
        Ok(exit) => exit.into(),
        Err(error) => {
            console.error(&error);
            error.exit_code()
        }
    }
}

/// Runs a command. Its outputs are in place only if it returns success.
fn run_command(
    command: Command,
    program: &clap::Command,
    matches: &ArgMatches,
    console: &mut Console,
) -> Result<Exit, Error> {
    let mut outputs = Outputs::plan(program, matches)?;
    console.set_stdout_taken(outputs.use_stdout());
    match dispatch(command, program, console, &mut outputs) {
        Ok(exit) if exit.is_success() => outputs.commit().map(|()| exit),
        Ok(exit) => Ok(exit),
        // The reader of a table has read enough.
        Err(Error::BrokenPipe) if !outputs.has_files() => Ok(Exit::Done),
        Err(error) => Err(error),
    }
}

fn dispatch(
    command: Command,
    program: &clap::Command,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    match command {
        Command::Schema(arguments) => schema::run(arguments, console, outputs),
        Command::Validate(arguments) => validate::run(&arguments, console),
        Command::Train(arguments) => train::run(&arguments, console, outputs),
        Command::Tune(arguments) => tune::run(&arguments, console, outputs),
        Command::Evaluate(arguments) => evaluate::run(&arguments, console, outputs),
        Command::Compare(arguments) => compare::run(&arguments, console),
        Command::Report(arguments) => evaluate::run_report(&arguments, console, outputs),
        Command::Recalibrate(arguments) => recalibrate::run(&arguments, console, outputs),
        Command::Import(arguments) => import::run(&arguments, console, outputs),
        Command::Export(arguments) => export::run(&arguments, console, outputs),
        Command::Predict(arguments) => predict::run(arguments, console, outputs),
        Command::Monitor(arguments) => monitor::run(arguments, console, outputs),
        Command::Explain(arguments) => explain::run(&arguments, console),
        Command::Registry(arguments) => registry::run(arguments, console, outputs),
        Command::Inspect(arguments) => inspect::run(&arguments, console),
        Command::Verify(arguments) => verify::run(&arguments, console),
        Command::Key(arguments) => key::run(&arguments, console),
        Command::Sign(arguments) => sign::run(&arguments, console, outputs),
        Command::Strip(arguments) => strip::run(&arguments, console, outputs),
        Command::Diff(arguments) => diff::run(arguments, console),
        #[cfg(feature = "serve")]
        Command::Serve(arguments) => serve::run(&arguments, console),
        #[cfg(feature = "serve")]
        Command::Decisions(arguments) => decisions::run(arguments, console, outputs),
        Command::Completions(arguments) => completions::run(&arguments, program, console),
        Command::Man(arguments) => man::run(&arguments, program, console, outputs),
    }
}

/// Prints the help, the version or the error of clap instead of running a command.
fn print_help_or_usage(error: &clap::Error) -> ExitCode {
    match error.print() {
        _ if error.use_stderr() => exit::USAGE.into(),
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests {
    use std::any::TypeId;
    use std::path::PathBuf;

    use super::*;

    fn arguments_of_type(command: &clap::Command, kind: TypeId) -> Vec<String> {
        let arguments = command.get_arguments();
        let mut names: Vec<String> = arguments
            .filter(|argument| argument.get_value_parser().type_id() == kind)
            .map(|argument| format!("{}: {}", command.get_name(), argument.get_id()))
            .collect();
        names
            .extend(command.get_subcommands().flat_map(|command| arguments_of_type(command, kind)));
        names
    }

    #[test]
    fn every_file_of_a_command_line_is_known_as_an_input_or_an_output() {
        let none: [&str; 0] = [];
        assert_eq!(arguments_of_type(&command(), TypeId::of::<PathBuf>()), none);
        // The search finds what is there.
        let outputs = arguments_of_type(&command(), TypeId::of::<output::OutputPath>());
        assert!(outputs.contains(&"infer: output".to_owned()), "{outputs:?}");
    }
}
