//! The main job, end to end: train on real data, seal a bundle, predict with it from C.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::builds;
use crate::files::{copy, create_folder, read};
use crate::folders::{root, target};
use crate::run::{compiler, output, run};

/// Trains the reference model, predicts its rows by a C program and compares with Rust, bit by bit.
pub(crate) fn demo() -> Result<(), String> {
    let folder = target().join("demo");
    println!("1/4  build the library and the trainer");
    let programs = builds::release()?;
    println!("2/4  train, evaluate, seal, report");
    train(&mut Command::new(programs.join("wdbc")), &folder)?;
    let mut reporter = Command::new(programs.join("wdbc_report"));
    run(reporter
        .args([config(), data("wdbc.csv"), data("wdbc_reference_split.csv")])
        .arg(&folder))?;
    check_picture(&folder)?;
    println!("\n3/4  build examples/c/*.c and predict");
    copy_library(&programs, &folder)?;
    let first = compile(&root().join("examples/c/first.c"), &folder)?;
    print!("first.c: {}", output(Command::new(first).arg(folder.join("wdbc.nomo")))?);
    let program = compile(&root().join("examples/c/predict.c"), &folder)?;
    let (patients, expected) = test_rows(&folder)?;
    let out = output(Command::new(&program).arg(folder.join("wdbc.nomo")).arg(&patients))?;
    out.lines().filter(|line| !line.starts_with("# feature")).take(7).for_each(|l| println!("{l}"));
    println!("…");
    println!("4/4  compare the bits of Rust and C");
    let n_rows = compare(&out, &expected)?;
    println!("{n_rows} of {n_rows} test rows have the same bits in Rust and in C");
    println!("see {}", folder.canonicalize().unwrap_or(folder).display());
    Ok(())
}

/// Compares the nomogram with the one of the README; `NOMOGRAM_UPDATE=1` replaces that.
fn check_picture(folder: &Path) -> Result<(), String> {
    let (made, committed) = (folder.join("nomogram.svg"), root().join("docs/nomogram.svg"));
    if std::env::var_os("NOMOGRAM_UPDATE").is_some() {
        return copy(&made, &committed);
    }
    if read(&made)? == read(&committed)? {
        return Ok(());
    }
    Err(format!(
        "{} is not the committed {}; NOMOGRAM_UPDATE=1 cargo xtask demo replaces it",
        made.display(),
        committed.display()
    ))
}

/// Trains twice, without any optimisation and with it, and compares the bytes.
pub(crate) fn reproduce() -> Result<(), String> {
    let folder = target().join("reproduce");
    let debug = train(&mut Command::new(builds::unoptimised("wdbc")?), &folder.join("debug"))?;
    let release =
        train(&mut Command::new(builds::release()?.join("wdbc")), &folder.join("release"))?;
    if debug != release {
        return Err("the bundles trained in debug and in release differ".into());
    }
    println!("the bundles trained in debug and in release are the same");
    Ok(())
}

/// Prints every trial of the search for the settings of the reference model.
pub(crate) fn choose() -> Result<(), String> {
    let mut choose = Command::new(builds::release_example("choose")?);
    run(choose.args([config(), data("wdbc.csv"), data("wdbc_reference_split.csv")]))
}

/// Trains the reference model into `folder` by `trainer`, the program `wdbc`; returns the bundle.
pub(crate) fn train(trainer: &mut Command, folder: &Path) -> Result<Vec<u8>, String> {
    trainer.args([config(), data("wdbc.csv"), data("wdbc_reference_split.csv")]).arg(folder);
    run(trainer)?;
    let bundle = folder.join("wdbc.nomo");
    fs::read(&bundle).map_err(|error| format!("{}: {error}", bundle.display()))
}

fn config() -> PathBuf {
    root().join("examples/wdbc.yaml")
}

fn data(name: &str) -> PathBuf {
    root().join("examples/data").join(name)
}

/// Copies the shared library in `built` to `folder`, under the names that linking and loading look for.
pub(crate) fn copy_library(built: &Path, folder: &Path) -> Result<(), String> {
    create_folder(folder)?;
    for name in ["libnomogram.so", "libnomogram.so.1"] {
        copy(&built.join("libnomogram.so"), &folder.join(name))?;
    }
    Ok(())
}

/// Compiles a C program against the library in `folder`, with the system's compiler or `CC`.
pub(crate) fn compile(source: &Path, folder: &Path) -> Result<PathBuf, String> {
    let name = source.file_stem().ok_or("a C program without a name")?;
    let program = folder.join(name);
    let mut cc = compiler();
    cc.args(["-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-I"]).arg(root().join("include"));
    cc.arg(source).arg("-L").arg(folder);
    cc.args(["-lnomogram", "-lpthread", "-lm", "-Wl,-rpath,$ORIGIN", "-o"]).arg(&program);
    run(&mut cc)?;
    Ok(program)
}

/// Writes the test rows as the C program reads them; returns its path, and the lines of
/// `predictions.csv` that belong to them.
fn test_rows(folder: &Path) -> Result<(PathBuf, Vec<String>), String> {
    let predictions = read(&folder.join("predictions.csv"))?;
    let is_test_row = |line: &&str| line.split(',').nth(1) == Some("test");
    let expected: Vec<String> = predictions.lines().filter(is_test_row).map(Into::into).collect();
    let rows = read(&data("wdbc.csv"))?;
    let mut patients = String::new();
    for (index, line) in rows.lines().enumerate() {
        // The columns are: row id, diagnosis, features. The diagnosis is not for the model to see.
        let mut cells = line.splitn(3, ',');
        let (Some(id), Some(_), Some(features)) = (cells.next(), cells.next(), cells.next()) else {
            return Err(format!("wdbc.csv: line {}: fewer than 3 cells", index + 1));
        };
        let is_wanted = expected.iter().any(|row| row.split(',').next() == Some(id));
        if index == 0 || is_wanted {
            patients.push_str(&format!("{id},{features}\n"));
        }
    }
    let path = folder.join("patients.csv");
    fs::write(&path, patients).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((path, expected))
}

/// Compares id, class and bits of the C program's lines with those of `predictions.csv`.
fn compare(out: &str, expected: &[String]) -> Result<usize, String> {
    let c_lines: Vec<&str> = out.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
    if c_lines.len() != expected.len() {
        return Err(format!("C predicted {} rows, expected {}", c_lines.len(), expected.len()));
    }
    for (c_line, line) in c_lines.iter().zip(expected) {
        let from_c: Vec<&str> = c_line.split(',').collect();
        let from_rust: Vec<&str> = line.split(',').collect();
        let ([id, class, _, bits], [expected_id, _, _, expected_bits, expected_class]) =
            (from_c.as_slice(), from_rust.as_slice())
        else {
            return Err(format!("found the lines `{c_line}` and `{line}`, expected 4 and 5 cells"));
        };
        if (id, class, bits) != (expected_id, expected_class, expected_bits) {
            return Err(format!("C predicts `{c_line}`, Rust predicts `{line}`"));
        }
    }
    Ok(expected.len())
}
