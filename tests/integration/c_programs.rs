//! The C ABI in C programs, built with the system's compilers against the shared library.
//!
//! `CC` and `CXX` name other compilers than `cc` and `c++`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nomogram_testkit::{bundle_of_every_kind, bundle_of_three_members, bundles};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn compiler(variable: &str, default: &str) -> Command {
    Command::new(std::env::var(variable).unwrap_or_else(|_| default.into()))
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Whether a compiler is installed.
pub(crate) fn is_there(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").output().is_ok()
}

/// Runs and expects success; returns what was printed.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out
}

/// A folder for one test, with the shared library under the name that programs load, and the bundles.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(&folder).unwrap();
    // Cargo puts the library beside the test programs.
    let built = std::env::current_exe().unwrap().with_file_name("libnomogram.so");
    for name in ["libnomogram.so", "libnomogram.so.1"] {
        fs::copy(&built, folder.join(name)).unwrap_or_else(|e| panic!("{}: {e}", built.display()));
    }
    for (name, bytes) in bundles() {
        fs::write(folder.join(name), bytes).unwrap();
    }
    folder
}

const WARNINGS: [&str; 5] = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"];

/// Compiles a C file of the project, with every warning an error.
pub(crate) fn compile(source: &str, folder: &Path) -> PathBuf {
    let program = folder.join(Path::new(source).file_stem().unwrap());
    succeed(
        compiler("CC", "cc")
            .args(WARNINGS)
            .args(["-O1", "-g", "-I"])
            .arg(root().join("include"))
            .arg(root().join(source))
            .arg("-L")
            .arg(folder)
            .args(["-lnomogram", "-lpthread", "-lm", "-Wl,-rpath,$ORIGIN", "-o"])
            .arg(&program),
    );
    program
}

/// Compiles a test program and runs it in a folder with the bundles; expects many checks and no
/// failure.
fn keeps_promises(name: &str, bundles: &[&str]) {
    keeps_some_promises(name, bundles, 300);
}

/// [`keeps_promises`] of a program with more than `n_least` checks.
fn keeps_some_promises(name: &str, bundles: &[&str], n_least: u64) {
    let folder = folder(name);
    let program = compile(&format!("tests/c/{name}.c"), &folder);
    let out = succeed(Command::new(program).args(bundles).current_dir(&folder));
    let last = out.lines().last().unwrap();
    let n_checks: u64 = last.split(' ').next().unwrap().parse().unwrap();
    assert!(n_checks > n_least && last.ends_with(" checks, 0 failed"), "{out}");
}

const SMALL: &str = "three_members.nomo";
const SMALL_1: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/bundles/v1/three-members.nomo");
const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/bundles/v1/wdbc.nomo");

/// Flips every byte of the bundles and cuts them at every length, among much else.
#[test]
fn opening_keeps_the_promises_of_the_header() {
    keeps_promises("contract_open", &[SMALL, "policies.nomo", SMALL_1, REFERENCE]);
}

#[test]
fn the_description_of_a_model_keeps_the_promises_of_the_header() {
    keeps_promises("contract_inspect", &[SMALL_1, REFERENCE]);
}

#[test]
fn signatures_keep_the_promises_of_the_header() {
    keeps_some_promises("contract_sign", &[], 60);
}

#[test]
fn sessions_and_single_rows_keep_the_promises_of_the_header() {
    keeps_promises("contract_session", &[]);
}

#[test]
fn monitors_keep_the_promises_of_the_header() {
    keeps_promises("contract_monitor", &[]);
}

#[test]
fn a_policy_applies_equally_to_every_way_of_passing_a_value() {
    keeps_promises("contract_policies", &[]);
}

#[test]
fn every_output_keeps_the_promises_of_the_header() {
    keeps_promises("contract_outputs", &[]);
}

#[test]
fn a_matrix_of_any_layout_gives_the_bits_of_single_rows() {
    keeps_promises("contract_matrix", &[SMALL, "number.nomo", REFERENCE]);
}

#[test]
fn columns_keep_the_promises_of_the_header() {
    keeps_promises("contract_columns", &[]);
}

/// The blocks of one language in a page, one after the other.
fn blocks(page: &str, language: &str) -> String {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_program_of_the_guide_prints_the_output_of_the_guide() {
    let folder = folder("guide");
    let page = fs::read_to_string(root().join("docs/c-abi.md")).unwrap();
    let source = folder.join("guide.c");
    fs::write(&source, blocks(&page, "c")).unwrap();
    fs::write(folder.join("risk.nomo"), bundle_of_every_kind()).unwrap();
    let program = compile(source.to_str().unwrap(), &folder);
    let out = succeed(Command::new(program).arg("risk.nomo").current_dir(&folder));
    assert_eq!(out, blocks(&page, "text"));
}

#[test]
fn the_program_of_the_page_about_explanations_prints_its_output() {
    let folder = folder("explanation_page");
    let page = fs::read_to_string(root().join("docs/explanation.md")).unwrap();
    let source = folder.join("explain_page.c");
    fs::write(&source, blocks(&page, "c")).unwrap();
    let program = compile(source.to_str().unwrap(), &folder);
    let out = succeed(Command::new(program).current_dir(&folder));
    let (_, after) = page.split_once("## C\n").unwrap();
    let (of_c, _) = after.split_once("## Python\n").unwrap();
    assert_eq!(out, blocks(of_c, "text"));
}

/// Runs the C program of a page beside a bundle of the corpus, and expects the output of the page, which
/// is the first block after the program.
fn prints_the_output_of_its_page(page: &str, bundle: &str) -> PathBuf {
    let folder = folder(&format!("{page}_page"));
    let text = fs::read_to_string(root().join(format!("docs/{page}.md"))).unwrap();
    let source = folder.join(format!("{page}.c"));
    fs::write(&source, blocks(&text, "c")).unwrap();
    fs::copy(root().join("tests/data/corpus").join(bundle), folder.join("ward.nomo")).unwrap();
    let program = compile(source.to_str().unwrap(), &folder);
    let out = succeed(Command::new(program).current_dir(&folder));
    let (_, after) = text.split_once("```c\n").unwrap();
    let (_, output) = after.split_once("```text\n").unwrap();
    assert_eq!(out, output.split("```").next().unwrap());
    folder
}

#[test]
fn the_program_of_the_page_about_monitoring_writes_counts() {
    let folder = prints_the_output_of_its_page("monitoring", "counters.nomo");
    let model = nomogram::Model::open(&fs::read(folder.join("ward.nomo")).unwrap()).unwrap();
    let counts = fs::read(folder.join("week-01.counts")).unwrap();
    assert_eq!(nomogram::Monitor::of_bytes(model.into(), &counts).unwrap().n_rows(), 2);
}

#[test]
fn the_program_of_the_page_about_uncertainty_prints_its_output() {
    prints_the_output_of_its_page("uncertainty", "uncertainty.nomo");
}

#[test]
fn arrow_arrays_keep_the_promises_of_the_header() {
    keeps_promises("contract_arrow", &[]);
}

#[test]
fn explanations_keep_the_promises_of_the_header() {
    let folder = root().join("tests/data/explanations");
    let names = ["levels_and_missing", "number", "three_classes", "three_features"];
    let files = names.map(|name| folder.join(name).display().to_string());
    keeps_promises("contract_explain", &files.each_ref().map(String::as_str));
}

#[test]
fn any_arguments_end_with_a_status_of_the_header() {
    keeps_promises("fuzz_arguments", &[]);
}

#[test]
fn threads_share_a_model_and_a_busy_session_is_refused() {
    keeps_promises("threads", &[]);
}

#[test]
fn the_programs_compile_without_warnings_with_clang_too() {
    let Some(clang) = ["clang", "clang-16"].iter().find(|name| is_there(name)) else {
        println!("skipped: clang is not installed");
        return;
    };
    for file in fs::read_dir(root().join("tests/c")).unwrap() {
        let path = file.unwrap().path();
        // A header declares functions that it does not use itself.
        if path.extension().is_none_or(|suffix| suffix != "c") {
            continue;
        }
        let mut clang = Command::new(clang);
        clang.args(WARNINGS).args(["-fsyntax-only", "-I"]).arg(root().join("include"));
        succeed(clang.arg(path));
    }
}

#[test]
fn the_header_compiles_alone_and_twice_in_every_standard() {
    let folder = folder("header");
    let text = "#include \"nomogram.h\"\n#include \"nomogram.h\"\n\
        nomo_error error = NOMO_ERROR_INIT;\n\
        nomo_open_options options = NOMO_OPEN_OPTIONS_INIT;\n\
        nomo_feature feature = NOMO_FEATURE_INIT;\n\
        nomo_matrix matrix = NOMO_MATRIX_INIT;\n\
        nomo_outputs outputs = NOMO_OUTPUTS_INIT;\n\
        int main(void) { return NOMO_STATUS_CLASS(NOMO_EARGUMENT_NULL) != NOMO_EARGUMENT; }\n";
    let warnings = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-Wno-long-long", "-fsyntax-only"];
    let c = ["c89", "c99", "c11", "c17", "c2x"];
    let cpp = ["c++98", "c++11", "c++14", "c++17", "c++20"];
    for (compilers, suffix, standards) in
        [(["cc", "clang", "clang-16"], "c", c), (["c++", "clang++", "clang++-16"], "cpp", cpp)]
    {
        let source = folder.join("header").with_extension(suffix);
        fs::write(&source, text).unwrap();
        for compiler in compilers.into_iter().filter(|name| is_there(name)) {
            for standard in standards {
                let mut compiler = Command::new(compiler);
                compiler.args(warnings).arg(format!("-std={standard}")).arg("-I");
                succeed(compiler.arg(root().join("include")).arg(&source));
            }
        }
    }
}

#[test]
fn the_example_predicts_and_refuses() {
    let folder = folder("predict");
    let program = compile("examples/c/predict.c", &folder);
    let patients = folder.join("patients.csv");
    let predict = |text: &str| {
        fs::write(&patients, text).unwrap();
        run(Command::new(&program)
            .args(["three_members.nomo", "patients.csv"])
            .current_dir(&folder))
    };
    let output = predict("row_id,texture,radius,perimeter\n7,10.38,17.99,122.8\n");
    let out = String::from_utf8_lossy(&output.stdout);
    let model = nomogram::Model::open(&bundle_of_three_members()).unwrap();
    let mut session = nomogram::Session::new(model.into());
    let p = session.predict_row(&[17.99, 10.38, 122.8]).unwrap().probabilities()[1];
    let line = format!("0x{:016x}", p.to_bits());
    let last = out.lines().last().unwrap();
    assert!(output.status.success() && last.starts_with("7,M,") && last.ends_with(&line), "{out}");

    let cases = [
        ("", ""),
        ("radius,texture\n1,2\n", "perimeter"),
        ("radius,texture,perimeter,age\n1,2,3,4\n", "age"),
        ("radius,radius,texture,perimeter\n1,1,2,3\n", "radius"),
        ("radius,texture,perimeter\n1,x,3\n", "texture"),
        ("radius,texture,perimeter\n1,2\n", ""),
        ("radius,texture,perimeter\n1,inf,3\n", "infinite"),
        ("radius,texture,perimeter\n1,,3\n", "missing"),
    ];
    for (text, message) in cases {
        let output = predict(text);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text:?}: {err}");
        assert!(!err.is_empty() && err.contains(message), "{text:?}: {err}");
    }
}
