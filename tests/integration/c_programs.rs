//! The C ABI as C programs see it, built with the system's compilers against the shared library.
//!
//! `CC` and `CXX` name other compilers than `cc` and `c++`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nomogram_testkit::bundle_of_three_members;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn compiler(variable: &str, default: &str) -> Command {
    Command::new(std::env::var(variable).unwrap_or_else(|_| default.into()))
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs and expects success; returns what was printed.
fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out
}

/// A folder of its own for a test, with the shared library under the name that programs load.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(&folder).unwrap();
    // Cargo puts the library beside the test programs.
    let built = std::env::current_exe().unwrap().with_file_name("libnomogram.so");
    for name in ["libnomogram.so", "libnomogram.so.1"] {
        fs::copy(&built, folder.join(name)).unwrap_or_else(|e| panic!("{}: {e}", built.display()));
    }
    fs::write(folder.join("three_members.nomo"), bundle_of_three_members()).unwrap();
    folder
}

/// Compiles a C file of the project, with every warning an error.
fn compile(source: &str, folder: &Path) -> PathBuf {
    let program = folder.join(Path::new(source).file_stem().unwrap());
    succeed(
        compiler("CC", "cc")
            .args(["-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I"])
            .arg(root().join("include"))
            .arg(root().join(source))
            .arg("-L")
            .arg(folder)
            .args(["-lnomogram", "-lpthread", "-Wl,-rpath,$ORIGIN", "-o"])
            .arg(&program),
    );
    program
}

/// Flips every byte of the bundle and cuts it at every length, among much else.
#[test]
fn every_export_keeps_the_promises_of_the_header() {
    let folder = folder("contract");
    let program = compile("tests/c/contract.c", &folder);
    let reference = root().join("tests/data/bundles/v1/wdbc.nomo");
    for bundle in [folder.join("three_members.nomo"), reference] {
        let out = succeed(Command::new(&program).arg(bundle).current_dir(&folder));
        assert!(out.contains(", 0 failed"), "{out}");
    }
}

#[test]
fn threads_share_a_model_and_a_busy_session_says_so() {
    let folder = folder("threads");
    let program = compile("tests/c/threads.c", &folder);
    let out = succeed(Command::new(program).arg("three_members.nomo").current_dir(&folder));
    assert!(out.contains(", 0 failed"), "{out}");
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
    for (variable, default, suffix, standards) in [
        ("CC", "cc", "c", &["c89", "c99", "c11", "c17", "c2x"][..]),
        ("CXX", "c++", "cpp", &["c++98", "c++11", "c++14", "c++17", "c++20"][..]),
    ] {
        let source = folder.join("header").with_extension(suffix);
        fs::write(&source, text).unwrap();
        for standard in standards {
            let mut compiler = compiler(variable, default);
            compiler.args(warnings).arg(format!("-std={standard}")).arg("-I");
            succeed(compiler.arg(root().join("include")).arg(&source));
        }
    }
}

#[test]
fn only_the_names_of_the_header_are_exported() {
    let folder = folder("exports");
    let mut nm = Command::new("nm");
    nm.args(["--dynamic", "--defined-only", "--format=just-symbols"]);
    let exported = succeed(nm.arg(folder.join("libnomogram.so")));
    let mut exported: Vec<&str> = exported.lines().collect();
    exported.sort_unstable();
    let header = fs::read_to_string(root().join("include/nomogram.h")).unwrap();
    let mut declared: Vec<&str> = header
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains("nomo_"))
        .filter_map(|line| line.split('(').next()?.split([' ', '*']).next_back())
        .filter(|name| name.starts_with("nomo_"))
        .filter(|name| header.contains(&format!("{name}(")))
        .collect();
    declared.sort_unstable();
    declared.dedup();
    assert_eq!(exported, declared);
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
