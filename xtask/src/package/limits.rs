//! What the library may take: bytes on disk, other libraries, memory.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Installation, bundle, compile};
use crate::files::create_folder;
use crate::install::{dynamic, soname};
use crate::run::output;

/// The largest shared library, stripped, in bytes.
const MOST_BYTES: u64 = 1_200_000;

/// The most memory of a program that opens a bundle and predicts a row: 4 MB in KiB.
const MOST_KIB: u64 = 3906;

const SONAME: &str = "libnomogram.so.1";

/// What the shared library may load: the C library and its parts, and what unwinds the stack.
const LOADED: [&str; 6] =
    ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "ld-linux-"];

/// Measures an installation of the libraries in `built`, and compares with the limits.
pub(super) fn check(
    installation: &Installation,
    built: &Path,
    folder: &Path,
) -> Result<(), String> {
    create_folder(folder)?;
    let shared = installation.libdir.join("libnomogram.so");
    check_shared(&shared)?;
    let installed = size(&installation.libdir.join("libnomogram.a"))?;
    let built = size(&built.join("libnomogram.a"))?;
    println!("static library: {installed} bytes, {built} as built");
    check_memory(installation, folder)
}

fn check_shared(shared: &Path) -> Result<(), String> {
    let n_bytes = size(shared)?;
    println!("shared library: {n_bytes} bytes, at most {MOST_BYTES}");
    if n_bytes > MOST_BYTES {
        return Err(format!(
            "the shared library has {n_bytes} bytes, at most {MOST_BYTES} expected"
        ));
    }
    let sections = output(Command::new("readelf").args(["--sections", "--wide"]).arg(shared))?;
    if let Some(section) = [".symtab", ".debug_"].iter().find(|name| sections.contains(**name)) {
        return Err(format!("the shared library is not stripped: it has {section}"));
    }
    let found = soname(shared)?;
    if found != SONAME {
        return Err(format!("the soname is {found}, expected {SONAME}"));
    }
    let needed = dynamic(shared, "NEEDED")?;
    println!("loads: {}", needed.join(" "));
    let is_allowed = |name: &String| LOADED.iter().any(|allowed| name.starts_with(allowed));
    match needed.iter().find(|name| !is_allowed(name)) {
        Some(name) => Err(format!("the shared library needs {name}, expected only {LOADED:?}")),
        None => Ok(()),
    }
}

/// Compares the peak of a program that predicts with that of one that does nothing.
fn check_memory(installation: &Installation, folder: &Path) -> Result<(), String> {
    let [predict, nothing] = ["predict_row", "nothing"].map(|name| folder.join(name));
    let mut arguments = installation.pkg_config(&["--cflags", "--libs"])?;
    arguments.push(format!("-Wl,-rpath,{}", installation.libdir.display()));
    compile("predict_row.c", &predict, &arguments)?;
    compile("nothing.c", &nothing, &[])?;
    let peak = peak(Command::new(predict).arg(bundle("wdbc.nomo")))?;
    let without = self::peak(&mut Command::new(nothing))?;
    println!(
        "memory: {peak} KiB at most resident after opening wdbc.nomo and predicting a row, \
         at most {MOST_KIB}; a C program that does nothing: {without} KiB"
    );
    if peak > MOST_KIB {
        return Err(format!("a program needs {peak} KiB of memory, at most {MOST_KIB} expected"));
    }
    Ok(())
}

/// The highest peak of ten runs, as the program reads it from its own account.
fn peak(program: &mut Command) -> Result<u64, String> {
    let mut highest = 0;
    for _ in 0..10 {
        let printed = output(program)?;
        let line = printed.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        let kib = kib.ok_or_else(|| format!("{program:?}: expected VmHWM, found `{printed}`"))?;
        highest = u64::max(highest, kib);
    }
    Ok(highest)
}

fn size(path: &Path) -> Result<u64, String> {
    let size = fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()));
    size.map(|metadata| metadata.len())
}
