//! `nomogram.hpp` in C++ programs: every standard and compiler, with and without exceptions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::c_coverage::{functions, mentions, text};
use crate::c_programs::{compile, folder, is_there, root, succeed};

const WARNINGS: [&str; 6] =
    ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"];
const STANDARDS: [&str; 3] = ["-std=c++17", "-std=c++20", "-std=c++2b"];

/// Compiles C++ files to one program, every warning an error.
fn compile_cpp(compiler: &str, flags: &[&str], sources: &[PathBuf], folder: &Path) -> PathBuf {
    let program = folder.join(sources[0].file_stem().unwrap()).with_extension("cpp.out");
    let mut command = Command::new(compiler);
    command.args(WARNINGS).args(flags).arg("-I").arg(root().join("include")).args(sources);
    command.arg("-L").arg(folder);
    command.args(["-lnomogram", "-lpthread", "-Wl,-rpath,$ORIGIN", "-o"]).arg(&program);
    succeed(&mut command);
    program
}

#[test]
fn the_wrapper_forwards_its_arguments() {
    let folder = folder("wrapper");
    let source = root().join("tests/cpp/wrapper.cpp");
    let default: &[&str] = &["-std=c++17"];
    for flags in [default, &["-std=c++20"], &["-std=c++17", "-fno-exceptions"]] {
        let program = compile_cpp("c++", flags, std::slice::from_ref(&source), &folder);
        let out = succeed(Command::new(program).current_dir(&folder));
        let last = out.lines().last().unwrap();
        let n_checks: u64 = last.split(' ').next().unwrap().parse().unwrap();
        assert!(n_checks > 200 && last.ends_with(" checks, 0 failed"), "{out}");
    }
}

#[test]
fn the_wrapper_compiles_in_every_standard_and_links_from_two_files() {
    let folder = folder("wrapper_standards");
    let (one, two) = (folder.join("one.cpp"), folder.join("two.cpp"));
    let include = "#include \"nomogram.hpp\"\n#include \"nomogram.hpp\"\n";
    let declared = "nomogram::result<nomogram::model> open(nomogram::text path);\n";
    let body = "{ return nomogram::model::try_open_file(path); }\n";
    let main = "int main() { return open(\"none\").error().status() != NOMO_EIO_NOT_FOUND; }\n";
    fs::write(&one, format!("{include}{declared}{main}")).unwrap();
    fs::write(&two, format!("{include}{}{body}", declared.replace(';', " "))).unwrap();
    for compiler in ["c++", "clang++", "clang++-16"].into_iter().filter(|name| is_there(name)) {
        for standard in STANDARDS {
            for exceptions in ["-fexceptions", "-fno-exceptions"] {
                let sources = [one.clone(), two.clone()];
                let program = compile_cpp(compiler, &[standard, exceptions], &sources, &folder);
                succeed(&mut Command::new(program));
            }
        }
    }
}

#[test]
fn the_examples_in_c_and_cpp_print_the_same() {
    let folder = folder("predict_cpp");
    let source = root().join("examples/cpp/predict.cpp");
    let programs = [
        compile_cpp("c++", &["-std=c++17"], &[source], &folder),
        compile("examples/c/predict.c", &folder),
    ];
    let print = |patients: &str, program: &PathBuf| {
        fs::write(folder.join("patients.csv"), patients).unwrap();
        let mut command = Command::new(program);
        command.args(["three_members.nomo", "patients.csv"]).current_dir(&folder);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    for (patients, code) in [
        ("row_id,texture,radius,perimeter\n7,10.38,17.99,122.8\n8,20,14,90\n", 0),
        ("radius,texture,perimeter\n17.99,10.38,122.8\n1,inf,3\n", 1),
        ("radius,texture,perimeter\n1,,3\n", 1),
        ("radius,texture\n1,2\n", 1),
    ] {
        let [cpp, c] = programs.each_ref().map(|program| print(patients, program));
        assert_eq!(cpp, c, "{patients}");
        assert_eq!(cpp.0, Some(code), "{patients}");
    }
}

#[test]
fn the_wrapper_uses_every_function_of_the_header() {
    let (header, wrapper) = (text("include/nomogram.h"), text("include/nomogram.hpp"));
    let is_used = |name: &String| mentions(&wrapper, name, "(") || mentions(&wrapper, name, ",");
    let unused: Vec<_> = functions(&header).into_iter().filter(|name| !is_used(name)).collect();
    assert_eq!(unused, Vec::<String>::new());
}
