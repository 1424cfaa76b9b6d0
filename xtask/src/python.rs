//! The Python package: installed as users install it, tested and type-checked.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::builds;
use crate::folders::{root, target};
use crate::run::{self, run};

/// Installs the package into a new environment; runs its tests, lints and type checks there.
pub(crate) fn python() -> Result<(), String> {
    let folder = target().join("python");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let mut probe = Command::new(&python);
    probe.args(["-c", "import sys, venv, ensurepip; assert sys.version_info >= (3, 10)"]);
    if run::output(&mut probe).is_err() {
        return run::skip("no Python 3.10 or newer with venv: apt-get install python3-venv");
    }
    let environment = folder.join("environment");
    run(Command::new(&python).args(["-m", "venv"]).arg(&environment))?;
    let package = root().join("bindings/python");
    run(in_package(&environment, "pip", &package).args(["install", "--quiet", ".[test]"]))?;
    run(&mut in_package(&environment, "pytest", &package))?;
    // Those tests call the library itself, with what pyarrow and polars export.
    let library = builds::c_library()?.join("libnomogram.so");
    let mut arrow = in_package(&environment, "pytest", &root());
    run(arrow.arg("tests/python/test_arrow_abi.py").env("NOMOGRAM_LIBRARY", library))?;
    run(&mut in_package(&environment, "mypy", &package))?;
    run(in_package(&environment, "ruff", &package).args(["format", "--check", "."]))?;
    run(in_package(&environment, "ruff", &package).args(["check", "."]))?;
    distribute(&environment, &package, &folder.join("dist"))
}

/// Builds the source distribution, a wheel from that alone, and tests the wheel.
fn distribute(environment: &Path, package: &Path, folder: &Path) -> Result<(), String> {
    let mut build = in_package(environment, "build", package);
    // Unpacked, the crate would have a target folder of its own, and build its dependencies anew.
    build.env("CARGO_TARGET_DIR", fs::canonicalize(target()).map_err(|e| e.to_string())?);
    run(build.arg("--outdir").arg(folder))?;
    let found = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let wheel = found
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or("no wheel was built")?;
    let mut install = in_package(environment, "pip", package);
    run(install.args(["install", "--quiet", "--force-reinstall", "--no-deps"]).arg(&wheel))?;
    run(in_package(environment, "pytest", package)
        .args(["tests/test_bits.py", "tests/test_package.py"]))
}

/// A module of the environment as a program, in the folder of the package.
fn in_package(environment: &Path, module: &str, package: &Path) -> Command {
    let mut command = Command::new(environment.join("bin/python"));
    command.args(["-m", module]).current_dir(package);
    command
}
