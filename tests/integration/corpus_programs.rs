//! The golden cases of `tests/data/corpus`, as programs in other languages state them.
//!
//! One runner per language, all on the same files. `CC`, `CXX` and `PYTHON` name other programs than
//! `cc`, `c++` and `python3`; without Python its runners are skipped.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn corpus() -> PathBuf {
    root().join("tests/data/corpus")
}

fn program(variable: &str, default: &str) -> Command {
    Command::new(std::env::var_os(variable).unwrap_or_else(|| default.into()))
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs, and expects that nothing failed.
fn succeed(command: &mut Command) {
    let output = run(command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    println!("{out}");
}

/// Runs, and expects that a case failed.
fn fail(command: &mut Command) {
    let output = run(command);
    let out = String::from_utf8_lossy(&output.stdout);
    let is_seen = output.status.code() == Some(1) && out.contains("the-cause-of-all-this");
    assert!(is_seen, "{command:?}: {}\n{out}", output.status);
}

/// A folder for one test, with the shared library under the name that programs load.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(&folder).unwrap();
    // Cargo puts the library beside the test programs.
    let built = std::env::current_exe().unwrap().with_file_name("libnomogram.so");
    for name in ["libnomogram.so", "libnomogram.so.1"] {
        fs::copy(&built, folder.join(name)).unwrap_or_else(|e| panic!("{}: {e}", built.display()));
    }
    folder
}

/// The models of a corpus, without the extensions of their files.
fn models(corpus: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path());
    let mut models: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "nomo"))
        .map(|path| path.with_extension(""))
        .collect();
    models.sort_unstable();
    models
}

/// A corpus of one model in which one bit of an expected output is wrong.
fn forged(folder: &Path) -> PathBuf {
    let forged = folder.join("forged");
    fs::create_dir_all(&forged).unwrap();
    for extension in ["json", "nomo"] {
        let original = corpus().join("linear-identity").with_extension(extension);
        fs::copy(original, forged.join("linear-identity").with_extension(extension)).unwrap();
    }
    let text = "case the-cause-of-all-this\nset a number 3\nset b number 4\nstatus NOMO_OK\n\
        outputs 0x3fefffffffffffff\nflags 0\nfeature-flags 0 0\n\
        members 0x3ff0000000000000\nmargins 0x3ff0000000000000\n";
    fs::write(forged.join("linear-identity.cases"), text).unwrap();
    forged
}

/// The runner in C, compiled with every warning an error.
fn c_runner(folder: &Path) -> PathBuf {
    let runner = folder.join("corpus");
    succeed(
        program("CC", "cc")
            .args(["-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I"])
            .arg(root().join("include"))
            .arg(root().join("tests/c/corpus.c"))
            .arg("-L")
            .arg(folder)
            .args(["-lnomogram", "-lm", "-Wl,-rpath,$ORIGIN", "-o"])
            .arg(&runner),
    );
    runner
}

/// The runner in C++, through `nomogram.hpp`.
fn cpp_runner(folder: &Path) -> PathBuf {
    let runner = folder.join("corpus_cpp");
    let mut compiler = program("CXX", "c++");
    compiler.args(["-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-pedantic", "-Werror"]);
    for include in ["include", "tests/c"] {
        compiler.arg("-I").arg(root().join(include));
    }
    compiler.arg(root().join("tests/cpp/corpus.cpp")).arg("-L").arg(folder);
    succeed(compiler.args(["-lnomogram", "-Wl,-rpath,$ORIGIN", "-o"]).arg(&runner));
    runner
}

/// A program in `tests/python`; `None` without Python.
fn python(script: &str) -> Option<Command> {
    let is_there = program("PYTHON", "python3").arg("--version").output().is_ok();
    if !is_there {
        println!("skipped: there is no python3");
        assert!(std::env::var_os("CI").is_none(), "CI requires Python");
        return None;
    }
    let mut python = program("PYTHON", "python3");
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(root().join("tests/python").join(script));
    Some(python)
}

#[test]
fn c_answers_every_case_in_every_way_to_state_it() {
    let folder = folder("corpus_c");
    succeed(Command::new(c_runner(&folder)).args(models(&corpus())));
}

#[test]
fn cpp_answers_every_case_in_every_way_to_state_it() {
    let folder = folder("corpus_cpp");
    succeed(Command::new(cpp_runner(&folder)).args(models(&corpus())));
}

#[test]
fn python_answers_every_case_through_the_c_abi() {
    let library: OsString = folder("corpus_python").join("libnomogram.so").into();
    if let Some(mut python) = python("run_corpus.py") {
        succeed(python.arg(library));
    }
}

#[test]
fn every_case_is_what_plain_python_works_out_by_hand() {
    if let Some(mut python) = python("check_corpus.py") {
        succeed(&mut python);
    }
}

fn explanations() -> PathBuf {
    root().join("tests/data/explanations")
}

/// The explanations of a model, one number of which is wrong.
fn forged_explanations(folder: &Path) -> PathBuf {
    let (name, forged) = ("three_features", folder.join("forged"));
    fs::create_dir_all(&forged).unwrap();
    let file = |extension: &str| Path::new(name).with_extension(extension);
    fs::copy(explanations().join(file("nomo")), forged.join(file("nomo"))).unwrap();
    let text = fs::read_to_string(explanations().join(file("cases"))).unwrap();
    fs::write(forged.join(file("cases")), text.replacen("values 0x3fa3", "values 0x3fa4", 1))
        .unwrap();
    forged
}

/// The runner of explanations in C++, through `nomogram.hpp`.
fn cpp_explainer(folder: &Path) -> PathBuf {
    let runner = folder.join("explanations_cpp");
    let mut compiler = program("CXX", "c++");
    compiler.args(["-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I"]);
    compiler.arg(root().join("include")).arg(root().join("tests/cpp/explanations.cpp"));
    compiler.arg("-L").arg(folder).args(["-lnomogram", "-Wl,-rpath,$ORIGIN", "-o"]).arg(&runner);
    succeed(&mut compiler);
    runner
}

#[test]
fn cpp_explains_every_row_in_every_way_to_state_it() {
    let folder = folder("explanations_cpp");
    let runner = cpp_explainer(&folder);
    succeed(Command::new(&runner).args(models(&explanations())));
    let forged = run(Command::new(runner).args(models(&forged_explanations(&folder))));
    let out = String::from_utf8_lossy(&forged.stdout);
    // The row is wrong in each of three ways to state it.
    assert!(forged.status.code() == Some(1) && out.ends_with(" checks, 3 failed\n"), "{out}");
}

#[test]
fn every_explanation_is_what_plain_python_works_out_by_its_definition() {
    let Some(mut python) = python("check_explanations.py") else { return };
    succeed(&mut python);
    // It sees one wrong number.
    let forged = forged_explanations(&folder("explanations_python"));
    assert_eq!(run(python.arg(&forged)).status.code(), Some(1));
}

#[test]
fn every_runner_sees_one_wrong_bit() {
    let folder = folder("corpus_forged");
    let forged = forged(&folder);
    fail(Command::new(c_runner(&folder)).args(models(&forged)));
    fail(Command::new(cpp_runner(&folder)).args(models(&forged)));
    if let Some(mut python) = python("run_corpus.py") {
        fail(python.arg(folder.join("libnomogram.so")).arg(&forged));
    }
    if let Some(mut python) = python("check_corpus.py") {
        fail(python.arg(&forged));
    }
}
