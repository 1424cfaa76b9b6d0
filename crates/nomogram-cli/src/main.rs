//! The program `nomogram`: trains sealed bundles, predicts with them, and inspects them.
//!
//! Every prediction is the core's: nothing here computes one. A command is one file in `commands/`.

// Layers, lowest first: a module uses only the blocks above its own.
mod exit;

mod error;

mod bundle;
mod console;
mod explanation;
mod refusal;
mod table;
mod workers;

mod environment;
mod output;

// What several commands share.
mod evaluation;
mod training;

mod commands;

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
