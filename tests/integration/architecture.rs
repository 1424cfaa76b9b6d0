//! The rules of the source tree, checked in every crate of the workspace.
//!
//! A module uses only modules of lower layers. A layer is a block of `mod` lines between blank lines,
//! the lowest first, in `lib.rs`, in `main.rs` and in every file that declares modules. Files import each
//! other in a circle only if they are a module and its children. A crate depends only on the crates
//! of a table. Each rule has a test that sees it fail.

mod bans;
mod crates;
mod cycles;
mod layers;
mod modules;
mod paths;
mod sources;

use modules::Modules;

/// The modules of every crate, with its folder. Programs of one file each have none.
fn crates_of_the_workspace() -> Vec<(String, Modules)> {
    let crates = crates::members().into_iter().filter_map(|member| {
        let folder = if member == "." { "src".to_owned() } else { format!("{member}/src") };
        let sources = sources::of_folder(&folder);
        let has_modules = sources.iter().any(|(name, _)| !name.starts_with("bin/"));
        has_modules.then(|| (folder, Modules::new(&sources)))
    });
    crates.collect()
}

/// The findings of a rule in all crates.
fn findings(rule: impl Fn(&Modules) -> Vec<String>) -> Vec<String> {
    let mut findings = Vec::new();
    for (folder, modules) in crates_of_the_workspace() {
        findings.extend(rule(&modules).into_iter().map(|finding| format!("{folder}/{finding}")));
    }
    findings
}

#[test]
fn modules_use_only_lower_layers() {
    let findings = findings(layers::wrong_uses);
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn only_a_module_and_its_children_import_each_other() {
    let findings = findings(cycles::wrong_cycles);
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn crates_depend_only_on_the_crates_of_the_table() {
    let findings = crates::wrong_dependencies_of_the_workspace();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn every_crate_is_checked() {
    let crates = crates_of_the_workspace();
    assert!(crates.len() >= 6, "{:?}", crates.iter().map(|(folder, _)| folder).collect::<Vec<_>>());
    for (folder, modules) in &crates {
        assert!(modules.n_modules() > 1, "{folder}: no module was read");
    }
    let (_, core) = &crates[0];
    assert!(core.n_modules() > 60 && core.edges().len() > 200, "the core was not read");
}
