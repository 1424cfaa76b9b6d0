//! Every way to link with an installation gives a program that predicts the same bits.

use std::path::Path;
use std::process::Command;

use super::{Installation, bundle, checks, compile};
use crate::archive;
use crate::files::{create_folder, remove};
use crate::folders::root;
use crate::install::{SYSTEM_LIBRARIES, dynamic};
use crate::run::{compiler, output};

/// Whether a program loads the library or holds it.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Shared,
    Static,
}

/// Links C and C++ programs with the shared and the static library, and runs them.
pub(super) fn check(installation: &Installation, folder: &Path) -> Result<(), String> {
    create_folder(folder)?;
    let reference = shared_by_pkg_config(installation, folder)?;
    let mut found = vec![("pkg-config --static", static_by_pkg_config(installation, folder)?)];
    let version = env!("CARGO_PKG_VERSION");
    output(&mut cmake(installation, folder, version))?;
    output(Command::new("cmake").arg("--build").arg(folder.join("cmake")))?;
    for (name, kind) in [
        ("shared_c", Kind::Shared),
        ("shared_cpp", Kind::Shared),
        ("static_c", Kind::Static),
        ("static_cpp", Kind::Static),
    ] {
        found.push((name, predicted(&folder.join("cmake").join(name), kind)?));
    }
    for (way, probabilities) in &found {
        if *probabilities != reference {
            return Err(format!("{way}: predicts {probabilities:?}, shared {reference:?}"));
        }
    }
    println!("{} ways to link give {}", found.len() + 1, reference.join(" "));
    for newer in ["0.999", "999"] {
        must_fail(&mut cmake(installation, folder, newer), "compatible with requested version")?;
    }
    Ok(())
}

/// CMake reports what an installation lacks.
pub(super) fn check_that_gaps_are_found(
    installation: &Installation,
    folder: &Path,
) -> Result<(), String> {
    remove(&installation.libdir.join("libnomogram.a"))?;
    let mut cmake = cmake(installation, folder, env!("CARGO_PKG_VERSION"));
    must_fail(&mut cmake, "the installation lacks")
}

/// Puts the static library into one program with another one made by Rust, every object of both.
pub(super) fn check_two_rust_libraries(
    installation: &Installation,
    built: &Path,
    folder: &Path,
) -> Result<(), String> {
    create_folder(folder)?;
    let second = folder.join("libsecond.a");
    second_library(&second)?;
    let installed = installation.libdir.join("libnomogram.a");
    let restricted = folder.join("libsecond_restricted.a");
    archive::restrict(&second, &["second_catches_a_panic"], &restricted, folder)?;
    for other in [&second, &restricted] {
        let program = folder.join("two_libraries");
        output(&mut both(installation, &installed, other, &program)?)?;
        let found = output(Command::new(&program).arg(bundle("three-members.nomo")))?;
        if found != "7 NOMO_OK\n" {
            return Err(format!("two_libraries: expected `7 NOMO_OK`, found `{found}`"));
        }
    }
    println!("both libraries work in one program, panics included");
    // Rust's own archive would not do, and the linker says so.
    let built = built.join("libnomogram.a");
    let mut refused = both(installation, &built, &second, &folder.join("refused"))?;
    must_fail(&mut refused, "multiple definition")
}

fn shared_by_pkg_config(installation: &Installation, folder: &Path) -> Result<Vec<String>, String> {
    let program = folder.join("shared");
    let mut arguments = installation.pkg_config(&["--cflags", "--libs"])?;
    arguments.push(format!("-Wl,-rpath,{}", installation.libdir.display()));
    compile("predict_row.c", &program, &arguments)?;
    predicted(&program, Kind::Shared)
}

/// Without any shared library, not even the C library.
fn static_by_pkg_config(installation: &Installation, folder: &Path) -> Result<Vec<String>, String> {
    let program = folder.join("static");
    let mut arguments = installation.pkg_config(&["--static", "--cflags", "--libs"])?;
    arguments.push("-static".into());
    compile("predict_row.c", &program, &arguments)?;
    let needed = dynamic(&program, "NEEDED")?;
    if !needed.is_empty() {
        return Err(format!("pkg-config --static: the program needs {needed:?}, expected nothing"));
    }
    predicted(&program, Kind::Static)
}

/// Sets up the CMake project; it asks for a version of the library.
fn cmake(installation: &Installation, folder: &Path, version: &str) -> Command {
    let mut cmake = Command::new("cmake");
    cmake.arg("-S").arg(checks()).arg("-B").arg(folder.join("cmake"));
    cmake.arg(&installation.cmake_hint).arg(format!("-DNOMOGRAM_VERSION={version}"));
    cmake
}

/// The probabilities that a program prints, after a look at how it was linked.
fn predicted(program: &Path, expected: Kind) -> Result<Vec<String>, String> {
    let needed = dynamic(program, "NEEDED")?;
    let is_shared = needed.iter().any(|name| name.starts_with("libnomogram"));
    if is_shared != (expected == Kind::Shared) {
        return Err(format!("{}: linked in the other way, needs {needed:?}", program.display()));
    }
    let printed = output(Command::new(program).arg(bundle("three-members.nomo")))?;
    let probabilities = printed.lines().filter(|line| !line.starts_with("VmHWM:"));
    let probabilities: Vec<String> = probabilities.map(Into::into).collect();
    if probabilities.len() < 2 {
        return Err(format!("{}: expected probabilities, found `{printed}`", program.display()));
    }
    Ok(probabilities)
}

/// Builds the second library, and compares what it needs with what is installed as needed.
fn second_library(archive: &Path) -> Result<(), String> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(root()).args(["--edition", "2024", "--crate-type", "staticlib"]);
    rustc.args(["--print", "native-static-libs", "-O", "-o"]).arg(archive);
    let ended = rustc.arg(checks().join("second.rs")).output();
    let ended = ended.map_err(|error| format!("{rustc:?}: {error}"))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    let needed = said.lines().find_map(|line| line.strip_prefix("note: native-static-libs: "));
    let needed = needed.ok_or_else(|| format!("{rustc:?}: expected libraries, found {said}"))?;
    let of_the_compiler = ["-lgcc_s", "-lc"];
    let needed: Vec<&str> =
        needed.split_whitespace().filter(|library| !of_the_compiler.contains(library)).collect();
    if needed != SYSTEM_LIBRARIES {
        return Err(format!("rustc says {needed:?}, install.rs says {SYSTEM_LIBRARIES:?}"));
    }
    Ok(())
}

fn both(
    installation: &Installation,
    first: &Path,
    second: &Path,
    program: &Path,
) -> Result<Command, String> {
    let mut cc = compiler();
    cc.arg(checks().join("two_libraries.c")).args(installation.pkg_config(&["--cflags"])?);
    cc.arg("-Wl,--whole-archive").arg(first).arg(second).arg("-Wl,--no-whole-archive");
    cc.args(SYSTEM_LIBRARIES).arg("-o").arg(program);
    Ok(cc)
}

/// Runs a command that has to fail, with this text in its output.
fn must_fail(command: &mut Command, reason: &str) -> Result<(), String> {
    match output(command) {
        Err(error) if error.contains(reason) => Ok(()),
        Err(error) => Err(format!("failed as it should, but not with `{reason}`: {error}")),
        Ok(_) => Err(format!("{command:?}: succeeded, expected `{reason}`")),
    }
}
