//! The static library with the exports of the list alone.
//!
//! Rust's own archive holds the standard library with global names, so that two of them in one program
//! define everything twice. Here all is linked into one object, what no export needs is dropped, and
//! every other name becomes local.

use std::path::Path;
use std::process::Command;

use crate::files::{create_folder, remove};
use crate::run::run;

/// Writes `archive`, which defines `names` only, from Rust's archive `built`; needs the folder `scratch`.
pub(crate) fn restrict(
    built: &Path,
    names: &[&str],
    archive: &Path,
    scratch: &Path,
) -> Result<(), String> {
    create_folder(scratch)?;
    let [all, object] = ["all.o", "nomogram.o"].map(|name| scratch.join(name));
    let mut link = Command::new("ld");
    link.args(["-r", "--gc-sections", "--force-group-allocation"]);
    for name in names {
        link.args(["--require-defined", name]);
    }
    run(link.arg(built).arg("-o").arg(&all))?;

    let mut hide = Command::new("objcopy");
    // The standard library brings its bitcode along, nine tenths of all bytes.
    hide.args(["--strip-unneeded", "--remove-section=.llvmbc", "--remove-section=.llvmcmd"]);
    for name in names {
        hide.arg(format!("--keep-global-symbol={name}"));
    }
    run(hide.arg(&all).arg(&object))?;

    // To a file that exists, ar would add.
    remove(archive)?;
    // D: without times and users, so that the same objects give the same bytes.
    run(Command::new("ar").arg("rcsD").arg(archive).arg(&object))
}
