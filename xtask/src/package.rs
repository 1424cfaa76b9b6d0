//! Installs the library and uses the installation in every way that is offered.

mod limits;
mod links;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::builds;
use crate::files::{create_folder, read, remove, rename};
use crate::folders::{root, target};
use crate::install::{Destination, install_to};
use crate::run::{compiler, is_there, output, skip};

/// An installed library, found through its own files.
struct Installation {
    /// The folder of libraries, absolute.
    libdir: PathBuf,
    /// The CMake option with the path to search.
    cmake_hint: String,
}

/// Checks an installation, and another one that was staged and moved.
pub(crate) fn package() -> Result<(), String> {
    for tool in ["pkg-config", "cmake"] {
        if !is_there(tool) {
            return skip(&format!("{tool} is not installed: apt-get install {tool}"));
        }
    }
    let built = builds::c_library()?;
    let folder = target().join("package");
    remove(&folder)?;
    create_folder(&folder)?;
    let folder = folder.canonicalize().map_err(|e| format!("{}: {e}", folder.display()))?;

    println!("1/4  install, and use it through pkg-config and CMake");
    let plain = Installation::plain(&built, &folder)?;
    links::check(&plain, &folder.join("plain"))?;
    println!("2/4  stage an installation, move it, and use it");
    let moved = Installation::staged_and_moved(&built, &folder)?;
    links::check(&moved, &folder.join("moved"))?;
    links::check_that_gaps_are_found(&moved, &folder.join("moved"))?;
    println!("3/4  link with a second static library made by Rust");
    links::check_two_rust_libraries(&plain, &built, &folder.join("two"))?;
    println!("4/4  measure");
    limits::check(&plain, &built, &folder.join("measured"))
}

impl Installation {
    fn plain(built: &Path, folder: &Path) -> Result<Self, String> {
        let prefix = folder.join("prefix");
        let destination = Destination::new(&prefix.to_string_lossy(), None, None)?;
        // Twice, since an installation replaces the one before.
        install_to(built, &destination)?;
        install_to(built, &destination)?;
        let cmake_hint = format!("-DCMAKE_PREFIX_PATH={}", prefix.display());
        Ok(Self { libdir: prefix.join(destination.libdir), cmake_hint })
    }

    /// As those who make packages do it, with a folder of libraries for each processor.
    fn staged_and_moved(built: &Path, folder: &Path) -> Result<Self, String> {
        let (stage, prefix) = (folder.join("stage"), folder.join("elsewhere"));
        let stage_name = stage.to_string_lossy();
        let libdir = format!("lib/{}-linux-gnu", std::env::consts::ARCH);
        let destination = Destination::new("/opt/nomogram", Some(&stage_name), Some(&libdir))?;
        install_to(built, &destination)?;
        rename(&stage.join("opt/nomogram"), &prefix)?;
        let libdir = prefix.join(libdir);
        for file in ["pkgconfig/nomogram.pc", "cmake/nomogram/nomogram-config.cmake"] {
            let file = libdir.join(file);
            let text = read(&file)?;
            if let Some(path) = [&*stage_name, "/opt"].iter().find(|path| text.contains(**path)) {
                return Err(format!("{}: names the folder {path}", file.display()));
            }
        }
        let cmake_hint = format!("-Dnomogram_DIR={}", libdir.join("cmake/nomogram").display());
        Ok(Self { libdir, cmake_hint })
    }

    /// What pkg-config answers with this installation's files alone.
    fn pkg_config(&self, arguments: &[&str]) -> Result<Vec<String>, String> {
        let mut pkg_config = Command::new("pkg-config");
        pkg_config.env("PKG_CONFIG_LIBDIR", self.libdir.join("pkgconfig"));
        let answer = output(pkg_config.args(arguments).arg("nomogram"))?;
        Ok(answer.split_whitespace().map(Into::into).collect())
    }
}

/// Compiles a C program of `packaging/check`; the arguments make it find the library.
fn compile(name: &str, program: &Path, arguments: &[String]) -> Result<(), String> {
    let mut cc = compiler();
    cc.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror"]);
    cc.arg(checks().join(name)).args(arguments).arg("-o").arg(program);
    output(&mut cc).map(drop)
}

/// The programs that use an installation.
fn checks() -> PathBuf {
    root().join("packaging/check")
}

/// A bundle that the tests keep.
fn bundle(name: &str) -> PathBuf {
    root().join("tests/data/bundles/v1").join(name)
}
