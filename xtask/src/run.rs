//! Starts other programs and reports how they ended.

use std::process::Command;

use crate::folders::{root, target};

/// Cargo, in the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // A relative folder in the environment would mean another one in the root.
    cargo.current_dir(root()).env("CARGO_TARGET_DIR", target());
    forget_package(&mut cargo);
    cargo
}

/// Leaves out what `cargo run` sets for this program alone. Build scripts such as that of `ring` depend on
/// it: with and without it, Cargo would compile all that uses TLS again.
pub(crate) fn forget_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
}

/// The system's C compiler, or the one that `CC` names.
pub(crate) fn compiler() -> Command {
    Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
}

/// Whether a program can be started.
pub(crate) fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// Runs a program that prints for itself.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}

/// Runs a program and returns what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = |bytes| String::from_utf8(bytes).map_err(|error| format!("{command:?}: {error}"));
    if output.status.success() {
        return text(output.stdout);
    }
    Err(format!("{command:?}: {}\n{}", output.status, text(output.stderr)?))
}

/// Whether the toolchain can build for `target`.
pub(crate) fn is_installed(target: &str) -> Result<bool, String> {
    let installed = output(Command::new("rustup").args(["target", "list", "--installed"]))?;
    Ok(installed.lines().any(|line| line == target))
}

/// Reports that something cannot be done on this machine, which is an error in CI alone.
pub(crate) fn skip(why: &str) -> Result<(), String> {
    println!("skipped: {why}");
    if std::env::var_os("CI").is_some() { Err("CI requires it".into()) } else { Ok(()) }
}
