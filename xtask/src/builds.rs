//! Every build that several tasks need, so that nothing is compiled twice.
//!
//! Cargo shares what has the same profile, features and target. Features are united over the packages
//! of one command, so each profile here has one set of packages and features: a command with another
//! set would compile most dependencies anew.

use std::path::PathBuf;

use crate::folders::target;
use crate::run::{cargo, run};

/// The packages and features of all that is built with the profile `dev`, or checked.
pub(crate) const WORKSPACE: [&str; 3] =
    ["--workspace", "--features", "nomogram/header,nomogram-serve/otlp"];

/// The profile of the C library as it is installed: small, and slow to build.
const C_LIBRARY: &str = "capi";

/// Inlines less than the profile would: a tenth smaller, predictions as fast. All that kernels call is
/// inlined by attribute. A profile cannot hold this.
const SMALL: [&str; 3] = ["--", "-C", "llvm-args=-inline-threshold=20"];

/// Verifies signatures without vector instructions: 15 KB smaller. Hashes without instructions for it by
/// loops that are not unrolled: 23 KB smaller, as fast.
const COMPACT: [&str; 2] = [
    "--config",
    r#"build.rustflags = ["--cfg", 'curve25519_dalek_backend="serial"', "--cfg", 'sha2_backend_soft="compact"']"#,
];

/// Builds the C libraries as they are installed; returns their folder.
///
/// They are built alone: beside a Rust library, cargo would leave link-time optimisation out.
pub(crate) fn c_library() -> Result<PathBuf, String> {
    let core = ["rustc", "--profile", C_LIBRARY, "--package", "nomogram", "--lib"];
    run(cargo().args(core).args(COMPACT).args(["--crate-type", "cdylib,staticlib"]).args(SMALL))?;
    Ok(target().join(C_LIBRARY))
}

/// The package of the programs that train and report the reference model. Its dependencies are built
/// without what tests need.
pub(crate) const EXAMPLES: &str = "nomogram-examples";

/// Builds the programs of [`EXAMPLES`], optimised, and the C libraries; returns their folder.
///
/// These C libraries are quick to build and larger than the installed ones.
pub(crate) fn release() -> Result<PathBuf, String> {
    let packages = ["--package", "nomogram", "--package", EXAMPLES];
    run(cargo().args(["build", "--release", "--lib", "--bins"]).args(packages))?;
    Ok(target().join("release"))
}

/// Builds an example of nomogram-train, optimised; returns it.
pub(crate) fn release_example(example: &str) -> Result<PathBuf, String> {
    run(cargo().args(["build", "--release", "--package", "nomogram-train", "--example", example]))?;
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

/// Builds a program of [`EXAMPLES`] as the tests are built, but with no optimisation at all of the
/// project's own crates; returns it.
pub(crate) fn unoptimised(program: &str) -> Result<PathBuf, String> {
    let mut cargo = cargo();
    cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0");
    run(cargo.arg("build").args(WORKSPACE).args(["--bin", program]))?;
    Ok(target().join("debug").join(program))
}
