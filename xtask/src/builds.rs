//! Every build that several tasks need, so that nothing is compiled twice.
//!
//! Cargo shares what has the same profile, features and target. Features are united over the packages
//! of one command, so each profile here has one set of packages and features: a command with another
//! set would compile most dependencies anew.

use std::path::PathBuf;
use std::process::Command;

use crate::folders::target;
use crate::run::{cargo, output, run};

/// The packages and features of all that is built with the profile `dev`, or checked.
pub(crate) const WORKSPACE: [&str; 3] =
    ["--workspace", "--features", "nomogram/header,nomogram-serve/otlp"];

/// The profile of the C library as it is installed: small, and slow to build.
const C_LIBRARY: &str = "capi";

/// What makes code small that runs once, when a model is opened; predictions are as fast (`benches/peers/c/builds.c`).
/// All that kernels call is inlined by attribute. A profile cannot hold this.
///
/// - A tenth smaller: inlines less than the profile would.
/// - 17 KB: does not align loops.
/// - 29 KB: leaves loops alone whose number of steps is not known, but for vectors.
/// - 9 KB: copies fewer blocks, and shares more of them.
const SMALL: [&str; 3] = [
    "--",
    "-C",
    "llvm-args=-inline-threshold=20 \
     -align-loops=1 \
     -unroll-runtime=false -force-vector-interleave=1 \
     -rotation-max-header-size=4 -jump-threading-threshold=2 -tail-dup-placement=false -tail-dup-size=1 \
     -tail-merge-size=2 -tail-merge-threshold=1000",
];

/// 6 KB smaller: keeps one of several functions with the same code.
const FOLDED: [&str; 2] = ["-C", "link-arg=-Wl,--icf=all"];

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
    let mut cargo = cargo();
    cargo.args(core).args(COMPACT).args(["--crate-type", "cdylib,staticlib"]).args(SMALL);
    if links_with_lld()? {
        cargo.args(FOLDED);
    }
    run(&mut cargo)?;
    Ok(target().join(C_LIBRARY))
}

/// Whether the linker is LLD, as of rustc 1.90 and newer on x86-64 Linux.
fn links_with_lld() -> Result<bool, String> {
    let version = output(Command::new("rustc").arg("--version"))?;
    let minor = version.split(['.', ' ']).nth(2).and_then(|minor| minor.parse().ok());
    let is_linux = cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"));
    Ok(is_linux && minor.is_some_and(|minor: u32| minor >= 90))
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
