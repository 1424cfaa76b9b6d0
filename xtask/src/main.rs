//! Every command of the project: `cargo xtask` lists them.
//!
//! Without dependencies, so that it is there at once; what takes long is done by the programs that
//! it starts.

// Layers, lowest first: a module uses only the blocks above its own.
mod folders;

mod arguments;
mod files;
mod run;

mod archive;
mod builds;
mod symbols;

mod demo;
mod install;

mod abi;
mod bench_peers;
mod buckets;
mod cross;
mod engines;
mod gates;
mod imports;
mod instructions;
mod package;
mod python;
mod sanitize;

use std::process::ExitCode;

use builds::WORKSPACE;
use run::{cargo, run};

/// Name, what it does, and the command itself.
type Task = (&'static str, &'static str, fn() -> Result<(), String>);

const TASKS: [Task; 22] = [
    (
        "gates",
        "[--all] [--only NAMES] [--list] [--base REV] [--install]: run what a change must pass",
        gates::gates,
    ),
    ("demo", "train on real data, seal a bundle, predict from C, compare bits", demo::demo),
    ("test", "all tests, C programs included", test),
    ("lint", "formatting, lints and documentation, warnings are errors", lint),
    ("header", "generate include/nomogram.h", header),
    ("corpus", "seal the models of tests/data/corpus, fill in and check its cases", corpus),
    ("no-std", "build the core without the standard library", no_std),
    ("reproduce", "train in debug and in release, compare the bundles' bytes", demo::reproduce),
    ("cross", "the same bits on other processors, emulated, big-endian included", cross::cross),
    ("choose", "search the settings of the reference model on its training rows", demo::choose),
    (
        "install",
        "--prefix DIR [--destdir DIR] [--libdir lib]: install the C library",
        install::install,
    ),
    ("package", "install, and use the installation in every way that is offered", package::package),
    ("abi", "[--update]: compare the C ABI with the last release's, or record it", abi::abi),
    ("memory", "run the C programs under valgrind", sanitize::memory),
    (
        "instructions",
        "[--update]: count instructions with callgrind, compare with the budget or record it",
        instructions::instructions,
    ),
    (
        "sanitize",
        "run the C programs with AddressSanitizer, UBSan, ThreadSanitizer",
        sanitize::sanitize,
    ),
    ("python", "install the Python package in a new environment, test it", python::python),
    ("engines", "run the programs of examples/scale in a new environment", engines::engines),
    (
        "imports",
        "import from the libraries that models come from, execute the notebook",
        imports::imports,
    ),
    (
        "buckets",
        "the registry in a bucket of a local server, and writers that are killed",
        buckets::buckets,
    ),
    ("benches", "build the benchmarks, run each once", benches),
    (
        "bench-peers",
        "time other libraries and this one in turn, write docs/benchmarks.md",
        bench_peers::bench_peers,
    ),
];

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some((_, _, task)) = TASKS.iter().find(|(known, _, _)| *known == name) else {
        eprintln!("usage: cargo xtask TASK\n");
        for (name, what, _) in TASKS {
            eprintln!("  {name:10} {what}");
        }
        return ExitCode::from(2);
    };
    match task() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn test() -> Result<(), String> {
    run(cargo().arg("test").args(WORKSPACE))
}

/// Runs each benchmark once, built as the tests are: whether they work, not how fast.
fn benches() -> Result<(), String> {
    run(cargo().arg("test").args(WORKSPACE).args(["--bench", "*"]))
}

fn lint() -> Result<(), String> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().arg("clippy").args(WORKSPACE).args(["--all-targets", "--", "--deny", "warnings"]))?;
    // The service as it is installed has fewer features.
    let installed = ["clippy", "--workspace", "--features", "nomogram/header"];
    run(cargo().args(installed).args(["--", "--deny", "warnings"]))?;
    let mut doc = cargo();
    doc.env("RUSTDOCFLAGS", "--deny warnings");
    run(doc.arg("doc").args(WORKSPACE).args(["--no-deps", "--lib"]))
}

fn header() -> Result<(), String> {
    let mut update = cargo();
    update.env("NOMOGRAM_UPDATE", "1");
    run(update.args(["test", "--features", "header", "--test", "integration", "header::"]))
}

/// Answers that have changed are printed, and replaced; then all languages run the corpus.
fn corpus() -> Result<(), String> {
    let test = ["test", "--test", "integration"];
    let mut update = cargo();
    update.env("NOMOGRAM_UPDATE", "1");
    run(update.args(test).args(["corpus::every_case_has_its_answer", "--", "--nocapture"]))?;
    run(cargo().args(test).arg("corpus"))
}

/// `#![no_std]` makes the compiler refuse `std`; a target without one shows that the dependencies do
/// without it as well.
fn no_std() -> Result<(), String> {
    // As a Rust library only: the shared and the static one need an allocator and a panic handler.
    let core = ["rustc", "--package", "nomogram", "--no-default-features", "--crate-type", "lib"];
    let target = "thumbv7em-none-eabi";
    if run::is_installed(target)? {
        return run(cargo().args(core).args(["--target", target]));
    }
    run(cargo().args(core))?;
    run::skip(&format!("the target {target} is not installed: rustup target add {target}"))
}
