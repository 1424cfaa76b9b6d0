//! Compares the C ABI with that of the last release, `packaging/nomogram.abi`.
//!
//! What is compared is the header, compiled: its functions with the types that they reach, and its
//! constants. The Rust library's own debug information would not do: it also holds the private types
//! of Rust, five times as much, and every change inside the library would look like a change of the
//! ABI. That header and library agree is shown elsewhere: the header is generated from the exports,
//! and the exports are compared with the same list.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arguments;
use crate::files::{copy, create_folder, read, write};
use crate::folders::{root, target};
use crate::run::{compiler, is_there, output, run, skip};
use crate::symbols::{self, LIST, Symbol};

/// Checks that programs built against the last release run with this library.
pub(crate) fn abi() -> Result<(), String> {
    let is_update = arguments::has_flag("--update")?;
    for tool in ["abidw", "abidiff"] {
        if !is_there(tool) {
            return skip(&format!("{tool} is not installed: apt-get install abigail-tools"));
        }
    }
    let folder = std::path::absolute(target().join("abi")).map_err(|e| e.to_string())?;
    prove_that_changes_are_seen(&folder.join("changes"))?;
    let baseline = root().join("packaging/nomogram.abi");
    let symbols = symbols::listed()?;
    let names: Vec<&str> = symbols.iter().map(Symbol::name).collect();
    let current = describe(&root().join("include"), &names, &folder)?;
    if is_update {
        copy(&current, &baseline)?;
    }
    check_since(&symbols, &read(&baseline)?)?;
    compare(&baseline, &current).map_err(|report| {
        format!(
            "{report}\nthe C ABI is not that of the last release. Fields that were added at the \
             end of a struct are no break: accept them with `cargo xtask abi --update`. All else \
             needs a new number in the soname, see build.rs"
        )
    })?;
    println!("the C ABI has all {} functions that it should and changed none", names.len());
    Ok(())
}

/// Writes the ABI of the header in a folder as libabigail's XML; returns its path.
fn describe(include: &Path, names: &[&str], folder: &Path) -> Result<PathBuf, String> {
    create_folder(folder)?;
    let [source, library, description] =
        ["interface.c", "interface.so", "nomogram.abi"].map(|name| folder.join(name));
    write(&source, &interface(include, names)?)?;
    let mut cc = compiler();
    cc.args(["-g", "-gdwarf-4", "-w", "-shared", "-fPIC", "-nostdlib", "-I"]).arg(include);
    // From within the folder, since the description holds the path as it was given to the compiler.
    run(cc.arg("interface.c").arg("-o").arg("interface.so").current_dir(folder))?;
    let mut abidw = Command::new("abidw");
    // Nothing that depends on the machine.
    abidw.args(["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed"]);
    abidw.args(["--no-architecture", "--out-file"]).arg(&description);
    run(abidw.arg(&library))?;
    Ok(description)
}

/// A C file that defines every function of the header, and an enum of its constants.
fn interface(include: &Path, names: &[&str]) -> Result<String, String> {
    let preprocess = |what: &[&str]| {
        output(compiler().args(["-E", "-x", "c"]).args(what).arg(include.join("nomogram.h")))
    };
    let declarations = preprocess(&["-P"])?;
    let declarations: Vec<&str> = declarations.split(';').map(str::trim).collect();
    let mut source = "#include \"nomogram.h\"\n".to_string();
    for name in names {
        let Some(declaration) = declarations.iter().find(|text| declares(text, name)) else {
            return Err(format!("nomogram.h does not declare `{name}`, which {LIST} lists"));
        };
        let _ = writeln!(source, "{declaration} {{ __builtin_trap(); }}");
    }
    source.push_str("enum nomo_constants {\n");
    for line in preprocess(&["-dM"])?.lines() {
        if let Some(name) = constant(line) {
            let _ = writeln!(source, "  value_of_{name} = ({name}),");
        }
    }
    source.push_str("} nomo_constants;\n");
    Ok(source)
}

fn declares(text: &str, name: &str) -> bool {
    text.split_once(&format!("{name}(")).is_some_and(|(before, _)| before.ends_with([' ', '*']))
}

/// The name of a macro, if it is a number that must not change.
fn constant(line: &str) -> Option<&str> {
    let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
    let is_number = !name.contains('(') && !value.starts_with(['{', '"']) && !value.is_empty();
    let stays = name.starts_with("NOMO_") && !name.starts_with("NOMO_VERSION");
    Some(name).filter(|_| is_number && stays)
}

/// Functions that the last release lacks came with this version.
fn check_since(symbols: &[Symbol], baseline: &str) -> Result<(), String> {
    let current = symbols::current()?;
    for Symbol { name, since } in symbols {
        if *since != current && !baseline.contains(&format!("<elf-symbol name='{name}'")) {
            return Err(format!(
                "`{name}`: not in the last release, so expected since {current:?}, found {since:?}"
            ));
        }
    }
    Ok(())
}

/// Fails, with the report, when something that was there is gone or changed.
fn compare(old: &Path, new: &Path) -> Result<(), String> {
    let mut abidiff = Command::new("abidiff");
    abidiff.arg("--no-added-syms").arg(old).arg(new);
    let ended = abidiff.output().map_err(|error| format!("{abidiff:?}: {error}"))?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    // Bits: 1 and 2 mean that abidiff failed, 4 and 8 that the ABI changed.
    match ended.status.code() {
        Some(0) => Ok(()),
        Some(code) if code & 3 == 0 => Err(text(&ended.stdout)),
        _ => Err(format!("{abidiff:?}: {}\n{}", ended.status, text(&ended.stderr))),
    }
}

/// Compares a small header with changes of itself, since a comparison that finds nothing proves
/// nothing.
fn prove_that_changes_are_seen(folder: &Path) -> Result<(), String> {
    const HEADER: &str = "\
        #define NOMO_PLACE_NONE (~(unsigned long long)0)\n\
        #define NOMO_ONE 257\n\
        #define NOMO_ONE_INIT { 0, 0 }\n\
        typedef struct nomo_one { int a; int b; } nomo_one;\n\
        const char *nomo_first(const nomo_one *one, int number);\n\
        int nomo_second(void);\n";
    /// What changes, from what, to what, and the words of the report; none if it is no break.
    const CHANGES: [(&str, &str, &str, Option<&str>); 8] = [
        ("nothing", "", "", None),
        ("a new constant", "257\n", "257\n#define NOMO_TWO 513\n", None),
        ("a new function", "int nomo_second", "int nomo_new(void);\nint nomo_second", None),
        ("a removed function", "int nomo_second(void);\n", "", Some("1 Removed function")),
        ("a changed parameter", "int number", "long number", Some("parameter 2 of type")),
        ("a changed field", "int b;", "double b;", Some("data member change")),
        ("an inserted field", "int a;", "int new; int a;", Some("1 data member insertion")),
        ("a changed constant", "257", "258", Some("from value '257' to '258'")),
    ];
    let describe = |name: &str, header: &str| {
        let folder = folder.join(name);
        create_folder(&folder)?;
        write(&folder.join("nomogram.h"), header)?;
        let names = ["nomo_first", "nomo_new", "nomo_second"];
        let declared = names.into_iter().filter(|name| header.contains(name));
        describe(&folder, &declared.collect::<Vec<_>>(), &folder)
    };
    let old = describe("old", HEADER)?;
    for (name, from, to, expected) in CHANGES {
        let found = compare(&old, &describe(name, &HEADER.replacen(from, to, 1))?);
        let is_right = match (&found, expected) {
            (Ok(()), None) => true,
            (Err(report), Some(words)) => report.contains(words),
            _ => false,
        };
        if !is_right {
            return Err(format!("{name}: expected the report {expected:?}, found {found:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_numbers_that_stay() {
        assert_eq!(constant("#define NOMO_OK 0"), Some("NOMO_OK"));
        assert_eq!(constant("#define NOMO_PLACE_NONE (~(uint64_t)0)"), Some("NOMO_PLACE_NONE"));
        for line in [
            "#define NOMO_H ",
            "#define NOMO_VERSION_MAJOR 0",
            "#define NOMO_STATUS_CLASS(status) ((status) & 0xff)",
            "#define NOMO_ERROR_INIT { 0, 0 }",
            "#define NOMO_NAME \"nomogram\"",
            "#define INT32_MAX (2147483647)",
        ] {
            assert_eq!(constant(line), None, "{line}");
        }
    }

    #[test]
    fn a_declaration_is_found_by_its_whole_name() {
        assert!(declares("int nomo_a(void)", "nomo_a"));
        assert!(declares("const char *nomo_a(void)", "nomo_a"));
        assert!(!declares("int nomo_a_b(void)", "nomo_a"));
        assert!(!declares("int b_nomo_a(void)", "nomo_a"));
    }

    #[test]
    fn what_the_last_release_lacks_came_with_this_version() {
        let symbol = |since| [Symbol { name: "nomo_a".into(), since }];
        let current = symbols::current().unwrap();
        let released = "<elf-symbol name='nomo_a' size='6'/>";
        assert_eq!(check_since(&symbol(current), ""), Ok(()));
        assert_eq!(check_since(&symbol([0, 0, 1]), released), Ok(()));
        let error = check_since(&symbol([0, 0, 1]), "<elf-symbol name='nomo_a_b'/>").unwrap_err();
        assert!(error.contains("`nomo_a`: not in the last release"), "{error}");
    }
}
