//! Which gates a changed path chooses.
//!
//! The gates that always run are not in the table. A path without a row chooses every gate, and so does
//! a row with `Every`: both are safe, and cost time.

use Gate::{
    Abi, Benches, Cross, Instructions, Memory, NoStd, Package, Python, Reproduce, Sanitize,
};

use super::gate::Gate;

/// What a row chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Affected {
    Every,
    /// These, beside the gates that always run.
    Only(&'static [Gate]),
}

use Affected::{Every, Only};

const CORE: Affected =
    Only(&[NoStd, Package, Memory, Instructions, Sanitize, Benches, Reproduce, Cross, Python]);
const FFI: Affected = Only(&[Abi, NoStd, Package, Memory, Instructions, Sanitize, Python]);
/// A change that can reach a trained bundle.
const TRAINING: Affected = Only(&[Reproduce, Cross]);
const NO_MORE: Affected = Only(&[]);

/// A folder, which ends with `/`, or a file; the first row that matches counts.
const ROWS: &[(&str, Affected)] = &[
    // How everything is built.
    (".cargo/", Every),
    (".ci/", Every),
    (".github/", Every),
    ("Cargo.lock", Every),
    ("Cargo.toml", Every),
    ("build.rs", Every),
    (".gitignore", NO_MORE),
    // Read by `lint` and `test` alone.
    ("cbindgen.toml", NO_MORE),
    ("clippy.toml", NO_MORE),
    ("rustfmt.toml", NO_MORE),
    // The core and its C ABI.
    ("src/ffi.rs", FFI),
    ("src/ffi/", FFI),
    ("src/", CORE),
    ("benches/instructions/", Only(&[Instructions])),
    ("benches/peers/", NO_MORE),
    ("benches/", Only(&[Benches])),
    ("include/", Only(&[Abi, Package, Memory, Sanitize, Python])),
    ("packaging/", Only(&[Abi, Package])),
    // The other crates. One without a row of its own chooses every gate.
    ("crates/nomogram-cli/", NO_MORE),
    ("crates/nomogram-describe/", NO_MORE),
    ("crates/nomogram-export/", NO_MORE),
    ("crates/nomogram-import/", NO_MORE),
    ("crates/nomogram-monitor/", NO_MORE),
    ("crates/nomogram-registry/", NO_MORE),
    ("crates/nomogram-report/", NO_MORE),
    ("crates/nomogram-serve/", NO_MORE),
    ("crates/nomogram-signing/", NO_MORE),
    ("crates/nomogram-stats/", TRAINING),
    ("crates/nomogram-table/", TRAINING),
    ("crates/nomogram-testkit/", Only(&[Memory, Instructions, Sanitize, Benches, Cross, Python])),
    ("crates/nomogram-train/", TRAINING),
    ("crates/", Every),
    // The other languages, likewise.
    ("bindings/python/", Only(&[Python])),
    ("bindings/", Every),
    // Programs and data of the tests.
    ("tests/README.md", NO_MORE),
    ("tests/allocations.rs", NO_MORE),
    ("tests/c/", Only(&[Memory, Sanitize])),
    ("tests/cpp/", NO_MORE),
    ("tests/data/", Only(&[Package, Cross, Python])),
    ("tests/integration/", Only(&[Cross])),
    ("tests/opening/", NO_MORE),
    ("tests/out_of_memory.rs", NO_MORE),
    ("tests/proptest-regressions/", Only(&[Cross])),
    ("tests/python/", Only(&[Python])),
    ("tests/reference/", Only(&[Cross])),
    ("examples/c/", NO_MORE),
    ("examples/cpp/", NO_MORE),
    ("examples/equations/", NO_MORE),
    ("examples/java/", NO_MORE),
    ("examples/python/", NO_MORE),
    ("examples/registry/", NO_MORE),
    ("examples/scale/", NO_MORE),
    ("examples/", TRAINING),
    // Each gate's own source, then what they share.
    ("xtask/src/abi.rs", Only(&[Abi])),
    ("xtask/src/bench_peers.rs", NO_MORE),
    ("xtask/src/buckets.rs", NO_MORE),
    ("xtask/src/cross.rs", Only(&[Cross])),
    ("xtask/src/engines.rs", NO_MORE),
    ("xtask/src/imports.rs", NO_MORE),
    ("xtask/src/instructions.rs", Only(&[Instructions])),
    ("xtask/src/package.rs", Only(&[Package])),
    ("xtask/src/package/", Only(&[Package])),
    ("xtask/src/python.rs", Only(&[Python])),
    ("xtask/src/sanitize.rs", Only(&[Memory, Sanitize])),
    ("xtask/", Every),
    // Documents; `package` installs the licences, `python` packs the core's readme.
    ("docs/", NO_MORE),
    ("CHANGELOG.md", NO_MORE),
    ("CONTRIBUTING.md", NO_MORE),
    ("LICENSE-APACHE", Only(&[Package, Python])),
    ("LICENSE-MIT", Only(&[Package, Python])),
    ("README.md", NO_MORE),
];

/// What the first row that matches a path chooses; nothing without such a row.
pub(crate) fn affected(path: &str) -> Option<Affected> {
    let matches = |row: &str| path == row || row.ends_with('/') && path.starts_with(row);
    ROWS.iter().find(|(row, _)| matches(row)).map(|(_, affected)| *affected)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::folders::root;
    use crate::run::output;

    /// `path → gates`, as `affected` answers.
    fn chosen(path: &str) -> String {
        match affected(path) {
            None => "no row".into(),
            Some(Every) => "every".into(),
            Some(Only(gates)) => gates.iter().map(|gate| gate.name()).collect::<Vec<_>>().join(" "),
        }
    }

    #[test]
    fn a_path_chooses_the_gates_that_read_it() {
        for case in [
            "src/member/tree.rs → no-std package memory instructions sanitize benches reproduce cross python",
            "src/ffi/row.rs → abi no-std package memory instructions sanitize python",
            "src/ffi.rs → abi no-std package memory instructions sanitize python",
            "benches/predict.rs → benches",
            "benches/instructions/budget.txt → instructions",
            "benches/peers/run.py → ",
            "crates/nomogram-train/src/lib.rs → reproduce cross",
            "crates/nomogram-cli/Cargo.toml → ",
            "crates/nomogram-new/src/lib.rs → every",
            "bindings/python/src/nomogram/__init__.py → python",
            "bindings/new/main.go → every",
            "examples/c/predict.c → ",
            "examples/scale/on_spark.py → ",
            "examples/wdbc.yaml → reproduce cross",
            "xtask/src/package/links.rs → package",
            "xtask/src/run.rs → every",
            "docs/training.md → ",
            "Cargo.toml → every",
            "Cargo.toml.orig → no row",
            "srcs/lib.rs → no row",
            "src → no row",
            "new.txt → no row",
        ] {
            let (path, expected) = case.split_once(" → ").unwrap();
            assert_eq!(chosen(path), expected, "{path}");
        }
    }

    #[test]
    fn every_tracked_path_has_a_row() {
        if !root().join(".git").exists() {
            println!("skipped: not a git repository");
            return;
        }
        let tracked = output(Command::new("git").arg("ls-files").current_dir(root())).unwrap();
        assert!(tracked.lines().any(|path| path == "Cargo.toml"), "git lists no Cargo.toml");
        let unknown: Vec<&str> = tracked.lines().filter(|path| affected(path).is_none()).collect();
        assert!(unknown.is_empty(), "xtask/src/gates/paths.rs has no row for {unknown:?}");
    }

    #[test]
    fn no_row_is_hidden_by_one_above_it() {
        for (index, (row, _)) in ROWS.iter().enumerate() {
            let first = ROWS.iter().position(|(above, _)| {
                above == row || above.ends_with('/') && row.starts_with(above)
            });
            assert_eq!(first, Some(index), "`{row}` is never reached");
        }
    }
}
