//! Models in existing engines: Spark, Ray, DuckDB, polars and pandas, in a new environment.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::builds;
use crate::folders::{root, target};
use crate::run::{self, run};

/// Installs the engines and the Python package into a new environment, and runs every program of
/// `examples/scale` on 100,000 rows: the bits are those of the command line.
pub(crate) fn engines() -> Result<(), String> {
    let folder = fs::canonicalize(target()).map_err(|error| error.to_string())?.join("engines");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let mut probe = Command::new(&python);
    // The engines of requirements.txt have wheels for these.
    probe.args(["-c", "import sys, venv, ensurepip; assert (3, 11) <= sys.version_info < (3, 14)"]);
    if run::output(&mut probe).is_err() {
        return run::skip("no Python 3.11 to 3.13 with venv: apt-get install python3-venv");
    }
    let environment = folder.join("environment");
    run(Command::new(&python).args(["-m", "venv"]).arg(&environment))?;
    let programs = root().join("examples/scale");
    let package = root().join("bindings/python");
    let mut install = module(&environment, "pip", &programs);
    run(install.args(["install", "--quiet", "--requirement", "requirements.txt"]).arg(package))?;
    let (program, cases) = builds::program_and_example("python_cases")?;
    let case_folder = folder.join("cases");
    run(Command::new(cases).arg(&case_folder))?;
    let mut tests = module(&environment, "pytest", &programs);
    tests.env("NOMOGRAM_PROGRAM", program).env("NOMOGRAM_CASES", &case_folder);
    run(&mut tests)?;
    check_sources(&environment, &programs)?;
    if run::is_there("java") {
        return Ok(());
    }
    run::skip(
        "Spark was not tested, since there is no Java: apt-get install openjdk-17-jre-headless",
    )
}

/// Lints and type checks.
fn check_sources(environment: &Path, programs: &Path) -> Result<(), String> {
    run(&mut module(environment, "mypy", programs))?;
    run(module(environment, "ruff", programs).args(["format", "--check", "."]))?;
    run(module(environment, "ruff", programs).args(["check", "."]))
}

/// A module of the environment as a program, in the folder of the programs.
fn module(environment: &Path, name: &str, programs: &Path) -> Command {
    let mut command = Command::new(environment.join("bin/python"));
    command.args(["-m", name]).current_dir(programs);
    command
}
