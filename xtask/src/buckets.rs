//! The registry in a bucket, and writers that are killed: on a disk, and in a bucket.

use std::process::Command;

use crate::folders::{root, target};
use crate::run::{self, cargo, run};

/// Runs `tests/reference/s3.sh` of the registry, which starts a server of the interface of S3 in a new
/// environment, and then kills a writer at every system call that changes the disk.
pub(crate) fn buckets() -> Result<(), String> {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let mut probe = Command::new(&python);
    probe.args(["-c", "import venv, ensurepip"]);
    if run::output(&mut probe).is_err() {
        return run::skip("no Python with venv: apt-get install python3-venv");
    }
    if let Some(program) = ["curl", "strace"].into_iter().find(|program| !run::is_there(program)) {
        return run::skip(&format!("no {program}: apt-get install {program}"));
    }
    let mut script = Command::new(root().join("crates/nomogram-registry/tests/reference/s3.sh"));
    script.current_dir(root()).env("CARGO_TARGET_DIR", target());
    run::forget_package(&mut script);
    run(&mut script)?;
    // The script has built the writer, and the test with these features.
    let test = ["test", "--package", "nomogram-registry", "--features", "s3"];
    run(cargo().args(test).args(["--test", "integration", "--", "--ignored", "killed"]))
}
