//! The C programs under valgrind and the sanitizers, which must notice the faults of `faulty.c`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::files::create_folder;
use crate::folders::{root, target};
use crate::run::{output, run, skip};
use crate::{builds, demo};

/// Every test program, with its arguments. The reference bundle is left out: flipping each of its
/// bytes takes long here, and shows no more than the small ones do.
const PROGRAMS: [(&str, &[&str]); 13] = [
    ("contract_open", &["three_members.nomo"]),
    ("contract_inspect", &[]),
    ("contract_explain", &EXPLAINED),
    ("contract_session", &[]),
    ("contract_sign", &[]),
    ("contract_monitor", &[]),
    ("contract_policies", &[]),
    ("contract_outputs", &[]),
    ("contract_matrix", &["three_members.nomo", "number.nomo"]),
    ("contract_columns", &[]),
    ("contract_arrow", &[]),
    ("fuzz_arguments", &["100000"]),
    ("threads", &[]),
];

/// The models of `tests/data/explanations`.
const EXPLAINED: [&str; 4] = [
    "explanations/levels_and_missing",
    "explanations/number",
    "explanations/three_classes",
    "explanations/three_features",
];

/// A sanitizer of LLVM: how to compile Rust and C for it, and what it must notice.
struct Sanitizer {
    name: &'static str,
    rust_flags: &'static str,
    c_flags: &'static [&'static str],
    faults: &'static [&'static str],
}

const SANITIZERS: [Sanitizer; 2] = [
    Sanitizer {
        name: "address",
        rust_flags: "-Zsanitizer=address",
        c_flags: &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
        faults: &["read", "leak", "overflow"],
    },
    Sanitizer {
        name: "thread",
        rust_flags: "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer",
        c_flags: &["-fsanitize=thread"],
        faults: &["race"],
    },
];

/// Runs every program under valgrind, against the shared library as it is released.
pub(crate) fn memory() -> Result<(), String> {
    let folder = target().join("memory");
    demo::copy_library(&builds::c_library()?, &folder)?;
    write_inputs(&folder)?;
    let valgrind = |program: &Path| {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--leak-check=full", "--error-exitcode=99"]).arg(program);
        valgrind
    };
    let compile = |name: &str| demo::compile(&source(name), &folder);
    watch("valgrind", &folder, compile, valgrind, &["read", "leak"])
}

/// Builds the library and every program with each sanitizer, and runs them.
pub(crate) fn sanitize() -> Result<(), String> {
    if !has_nightly() {
        return skip("there is no nightly toolchain: rustup toolchain install nightly");
    }
    let Some(clang) = ["clang-16", "clang"].into_iter().find(|name| can_sanitize(name)) else {
        return skip("no clang with sanitizers: apt-get install clang-16 libclang-rt-16-dev");
    };
    for sanitizer in &SANITIZERS {
        let folder = target().join("sanitize").join(sanitizer.name);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        write_inputs(&folder)?;
        let library = sanitizer.build_library(&target().join("sanitize"))?;
        let compile = |name: &str| sanitizer.compile(clang, name, &library, &folder);
        watch(sanitizer.name, &folder, compile, |p: &Path| Command::new(p), sanitizer.faults)?;
    }
    Ok(())
}

/// Runs the programs, all of which must succeed, and then the faults, all of which must not.
fn watch(
    tool: &str,
    folder: &Path,
    compile: impl Fn(&str) -> Result<PathBuf, String> + Sync,
    command: impl Fn(&Path) -> Command + Sync,
    faults: &[&str],
) -> Result<(), String> {
    check_programs()?;
    let watch_program = |name: &str, arguments: &[&str]| {
        let mut command = command(&compile(name)?);
        let out = command.args(arguments).current_dir(folder).output();
        let out = out.map_err(|error| format!("{command:?}: {error}"))?;
        let text = String::from_utf8_lossy(&out.stdout);
        if !out.status.success() {
            let found = String::from_utf8_lossy(&out.stderr);
            return Err(format!("{command:?}: {}\n{text}\n{found}", out.status));
        }
        Ok(text.lines().last().unwrap_or_default().to_owned())
    };
    // At the same time: each of them keeps one processor busy for long.
    let watch_program = &watch_program;
    let reports = thread::scope(|scope| {
        let started =
            PROGRAMS.map(|(name, arguments)| scope.spawn(move || watch_program(name, arguments)));
        started.map(|program| {
            program.join().unwrap_or_else(|_| Err(format!("{tool}: a thread has panicked")))
        })
    });
    for ((name, _), report) in PROGRAMS.iter().zip(reports) {
        println!("{tool}: {name}: {}", report?);
    }
    let faulty = compile("faulty")?;
    for fault in faults {
        if output(command(&faulty).arg(fault).current_dir(folder)).is_ok() {
            return Err(format!("{tool}: faulty {fault}: not noticed"));
        }
        println!("{tool}: faulty {fault}: noticed");
    }
    Ok(())
}

impl Sanitizer {
    fn build_library(&self, folder: &Path) -> Result<PathBuf, String> {
        let about = output(Command::new("rustc").arg("-vV"))?;
        let host = about.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.ok_or("rustc does not report its host")?;
        let mut build = Command::new("rustup");
        build.args(["run", "nightly", "cargo", "build", "--package", "nomogram"]);
        // With a target, build scripts and macros are built without the sanitizer, and once for both.
        build.args(["--target", host, "--target-dir"]).arg(folder);
        run(build.env("RUSTFLAGS", self.rust_flags).current_dir(root()))?;
        Ok(folder.join(host).join("debug/libnomogram.a"))
    }

    fn compile(
        &self,
        clang: &str,
        name: &str,
        library: &Path,
        folder: &Path,
    ) -> Result<PathBuf, String> {
        let program = folder.join(name);
        let mut clang = Command::new(clang);
        clang.args(["-std=c99", "-O1", "-g", "-fno-omit-frame-pointer", "-Wall", "-Wextra"]);
        clang.args(self.c_flags).arg("-I").arg(root().join("include"));
        clang.arg(source(name)).arg(library).args(["-lpthread", "-ldl", "-lm", "-o"]).arg(&program);
        run(&mut clang)?;
        Ok(program)
    }
}

fn source(name: &str) -> PathBuf {
    root().join("tests/c").join(name).with_extension("c")
}

/// Writes the bundles and the cases that the programs open.
fn write_inputs(folder: &Path) -> Result<(), String> {
    // In a folder of their own: other bundles have the same names.
    create_folder(&folder.join("explanations"))?;
    for name in EXPLAINED {
        for extension in ["cases", "nomo"] {
            let file = Path::new(name).with_extension(extension);
            let from = root().join("tests/data").join(&file);
            let failed = |error| format!("{}: {error}", from.display());
            fs::copy(&from, folder.join(file)).map_err(failed)?;
        }
    }
    run(Command::new(builds::development("bundles")?).arg(folder))
}

/// Every contract that is tested is one of the programs.
fn check_programs() -> Result<(), String> {
    let folder = root().join("tests/c");
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("contract_") && PROGRAMS.iter().all(|(program, _)| *program != name) {
            return Err(format!("{}: not in the list of programs to watch", path.display()));
        }
    }
    Ok(())
}

/// Whether there is a nightly toolchain, or one can be had.
fn has_nightly() -> bool {
    let rustup = |arguments: &[&str]| output(Command::new("rustup").args(arguments)).is_ok();
    rustup(&["run", "nightly", "rustc", "-V"])
        || rustup(&["toolchain", "install", "nightly", "--profile", "minimal"])
}

/// Whether a clang is there with the runtimes of the sanitizers.
fn can_sanitize(clang: &str) -> bool {
    let folder = target().join("sanitize");
    let (source, program) = (folder.join("empty.c"), folder.join("empty"));
    let is_written = fs::create_dir_all(&folder).is_ok()
        && fs::write(&source, "int main(void) { return 0; }\n").is_ok();
    is_written
        && SANITIZERS.iter().all(|sanitizer| {
            let mut compile = Command::new(clang);
            compile.args(sanitizer.c_flags).arg(&source).arg("-o").arg(&program);
            output(&mut compile).is_ok() && output(&mut Command::new(&program)).is_ok()
        })
}
