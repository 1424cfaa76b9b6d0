//! The libraries that models come from: imports, equations and the notebook, in a new environment.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::builds;
use crate::folders::{root, target};
use crate::install::{Destination, install_to};
use crate::run::{self, run};

/// The tests of the Python package that need such a library, or the program.
const TESTS: [&str; 6] = [
    "tests/test_sklearn.py",
    "tests/test_import.py",
    "tests/test_regression.py",
    "tests/test_service.py",
    "tests/test_analyse.py",
    "tests/test_pages.py",
];

/// Executes the notebook in the folder of the repository; an exception of a cell is an error.
const EXECUTE: &str = "\
import nbclient, nbformat
notebook = nbformat.read('examples/python/scikit_learn_to_c.ipynb', 4)
nbclient.NotebookClient(notebook, resources={'metadata': {'path': '.'}}).execute()
print(''.join(notebook.cells[-1].outputs[0].text))
";

/// Installs scikit-learn, XGBoost, LightGBM, CatBoost, statsmodels, lifelines and scikit-survival beside
/// the Python package, runs its tests of imports and those of `examples/equations`, and executes the
/// notebook of `examples/python`.
pub(crate) fn imports() -> Result<(), String> {
    let folder = fs::canonicalize(target()).map_err(|error| error.to_string())?.join("imports");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let mut probe = Command::new(&python);
    // The libraries of requirements.txt have wheels for these.
    probe.args(["-c", "import sys, venv, ensurepip; assert (3, 11) <= sys.version_info < (3, 14)"]);
    if run::output(&mut probe).is_err() {
        return run::skip("no Python 3.11 to 3.13 with venv: apt-get install python3-venv");
    }
    let environment = folder.join("environment");
    run(Command::new(&python).args(["-m", "venv"]).arg(&environment))?;
    let package = root().join("bindings/python");
    let requirements = root().join("examples/python/requirements.txt");
    let mut install = module(&environment, "pip", &root());
    run(install.args(["install", "--quiet", "--requirement"]).arg(requirements).arg(&package))?;
    // An example is built too, as other gates build it.
    let (program, _) = builds::program_and_example("python_cases")?;
    run(module(&environment, "pytest", &package).args(TESTS).env("NOMOGRAM_PROGRAM", &program))?;
    let prefix = folder.join("prefix");
    let destination = Destination::new(&prefix.to_string_lossy(), None, None)?;
    install_to(&builds::c_library()?, &destination)?;
    let installed = |command: &mut Command| {
        command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
        run(command.env("LD_LIBRARY_PATH", prefix.join("lib")).env("NOMOGRAM_PROGRAM", &program))
    };
    installed(module(&environment, "pytest", &root()).arg("examples/equations"))?;
    let mut notebook = Command::new(environment.join("bin/python"));
    installed(notebook.args(["-c", EXECUTE]).current_dir(root()))
}

/// A module of the environment as a program, in a folder.
fn module(environment: &Path, name: &str, folder: &Path) -> Command {
    let mut command = Command::new(environment.join("bin/python"));
    command.args(["-m", name]).current_dir(folder);
    command
}
