//! Every build that several tasks need, so that nothing is compiled twice.
//!
//! Cargo shares what has the same profile, features and target. Features are united over the packages
//! of one command, so each profile here has one set of packages and features: a command with another
//! set would compile most dependencies anew.

use std::path::PathBuf;

use crate::folders::target;
use crate::run::{cargo, run};

/// The packages and features of all that is built with the profile `dev`, or checked.
pub(crate) const WORKSPACE: [&str; 3] = ["--workspace", "--features", "nomogram/header"];

/// The profile of the C library as it is installed: small, and slow to build.
const C_LIBRARY: &str = "capi";

/// Inlines less than the profile would: a tenth smaller, predictions as fast. All that kernels call is
/// inlined by attribute. A profile cannot hold this.
const SMALL: [&str; 3] = ["--", "-C", "llvm-args=-inline-threshold=20"];

/// Verifies signatures without vector instructions: 15 KB smaller.
const SERIAL: [&str; 2] =
    ["--config", r#"build.rustflags = ["--cfg", 'curve25519_dalek_backend="serial"']"#];

/// Builds the C libraries as they are installed; returns their folder.
///
/// They are built alone: beside a Rust library, cargo would leave link-time optimisation out.
pub(crate) fn c_library() -> Result<PathBuf, String> {
    let core = ["rustc", "--profile", C_LIBRARY, "--package", "nomogram", "--lib"];
    run(cargo().args(core).args(SERIAL).args(["--crate-type", "cdylib,staticlib"]).args(SMALL))?;
    Ok(target().join(C_LIBRARY))
}

/// Builds an example of nomogram-train, optimised, and the C libraries; returns the example.
pub(crate) fn release(example: &str) -> Result<PathBuf, String> {
    release_all(&[("nomogram-train", example)])
}

/// Builds examples of some packages, optimised, and the C libraries; returns the first example.
///
/// One command for all: they share their dependencies. These C libraries are quick to build and larger
/// than the installed ones.
pub(crate) fn release_all(examples: &[(&str, &str)]) -> Result<PathBuf, String> {
    let mut cargo = cargo();
    cargo.args(["build", "--release", "--lib", "--package", "nomogram"]);
    for (package, example) in examples {
        cargo.args(["--package", package, "--example", example]);
    }
    run(&mut cargo)?;
    let (_, example) = examples.first().ok_or("no example to build")?;
    Ok(target().join("release/examples").join(example))
}

/// Builds an example of any package as the tests are built; returns it.
pub(crate) fn development(example: &str) -> Result<PathBuf, String> {
    run(cargo().arg("build").args(WORKSPACE).args(["--example", example]))?;
    Ok(target().join("debug/examples").join(example))
}

/// Builds the program `nomogram` as the tests are built; returns it.
pub(crate) fn program() -> Result<PathBuf, String> {
    run(cargo().arg("build").args(WORKSPACE).args(["--bin", "nomogram"]))?;
    Ok(target().join("debug/nomogram"))
}

/// Builds the program `nomogram` and an example as the tests are built; returns both.
pub(crate) fn program_and_example(example: &str) -> Result<(PathBuf, PathBuf), String> {
    let mut cargo = cargo();
    run(cargo.arg("build").args(WORKSPACE).args(["--bin", "nomogram", "--example", example]))?;
    let folder = target().join("debug");
    Ok((folder.join("nomogram"), folder.join("examples").join(example)))
}

/// As [`development`], with no optimisation at all of the project's own crates.
pub(crate) fn unoptimised(example: &str) -> Result<PathBuf, String> {
    let mut cargo = cargo();
    cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0");
    run(cargo.arg("build").args(WORKSPACE).args(["--example", example]))?;
    Ok(target().join("debug/examples").join(example))
}
