//! The program `nomogram`: trains sealed bundles, predicts with them, and inspects them.
//!
//! Every prediction is the core's: nothing here computes one. A command is one file in `commands/`.

mod exit;

mod error;

mod console;
mod output;

mod bundle;
mod table;

mod environment;
mod refusal;
mod training;
mod workers;

mod commands;

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
