//! Speed beside other libraries, in two new Python environments.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::builds;
use crate::folders::{root, target};
use crate::run::{self, run};

/// Trains the models of `benches/peers` with other libraries, imports them, compares the predictions,
/// times everybody in turn, and writes `docs/benchmarks.md`.
///
/// `NOMOGRAM_PROGRAM` and `NOMOGRAM_LIBRARY` name a program and a folder with the C library that are
/// built already.
pub(crate) fn bench_peers() -> Result<(), String> {
    let folder = fs::canonicalize(target()).map_err(|error| error.to_string())?.join("bench-peers");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let mut probe = Command::new(&python);
    // llvmlite 0.43 has no wheels for newer ones.
    probe.args(["-c", "import sys, venv, ensurepip; assert (3, 11) <= sys.version_info < (3, 13)"]);
    if run::output(&mut probe).is_err() {
        return run::skip("no Python 3.11 or 3.12 with venv: apt-get install python3-venv");
    }
    let scripts = root().join("benches/peers");
    let peers = folder.join("peers");
    let lleaves = folder.join("lleaves");
    for (environment, requirements) in
        [(&peers, "requirements.txt"), (&lleaves, "requirements-lleaves.txt")]
    {
        run(Command::new(&python).args(["-m", "venv"]).arg(environment))?;
        let mut install = Command::new(environment.join("bin/python"));
        install.args(["-m", "pip", "install", "--quiet", "--requirement"]);
        run(install.arg(scripts.join(requirements)))?;
    }
    let library = match std::env::var_os("NOMOGRAM_LIBRARY") {
        Some(built) => PathBuf::from(built),
        None => builds::c_library()?,
    };
    let program = match std::env::var_os("NOMOGRAM_PROGRAM") {
        Some(built) => PathBuf::from(built),
        None => builds::program()?,
    };
    run(script(&peers, &scripts, "install_package.py").arg(library.join("libnomogram.so")))?;
    let results = scripts.join("results.json");
    let mut time = script(&peers, &scripts, "run.py");
    time.env("NOMOGRAM_PROGRAM", program).arg("--library").arg(library);
    time.arg("--lleaves").arg(lleaves).arg("--work").arg(folder.join("work"));
    run(time.arg("--output").arg(&results))?;
    run(script(&peers, &scripts, "document.py").arg(results).arg(root().join("docs")))
}

/// A script, in an environment.
fn script(environment: &Path, scripts: &Path, name: &str) -> Command {
    let mut command = Command::new(environment.join("bin/python"));
    command.arg(scripts.join(name));
    command
}
