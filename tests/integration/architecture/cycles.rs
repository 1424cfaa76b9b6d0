//! Cycles: files that import each other are a module and its children.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::{Modules, Path};

/// Every group of files that import each other and are not one module and its own children.
pub(super) fn wrong_cycles(modules: &Modules) -> Vec<String> {
    let reached: BTreeMap<&Path, BTreeSet<Path>> = {
        let edges = modules.edges();
        modules.paths().map(|start| (start, reachable(&edges, start))).collect()
    };
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for (start, targets) in &reached {
        let group: Vec<&Path> =
            targets.iter().filter(|target| reached[target].contains(*start)).collect();
        if group.len() < 2 || !seen.insert(group.clone()) || is_family(&group) {
            continue;
        }
        let files: Vec<&str> = group.iter().map(|path| modules.file(path)).collect();
        wrong.push(format!("{}: imports itself through {}", files[0], files[1..].join(", ")));
    }
    wrong
}

/// Whether one module of a group is the parent of all others.
fn is_family(group: &[&Path]) -> bool {
    group.iter().any(|parent| {
        let mut others = group.iter().filter(|other| other != &parent);
        others.all(|other| other.split_last().is_some_and(|(_, above)| above == parent.as_slice()))
    })
}

/// All modules that `start` uses, directly or through others.
fn reachable(edges: &BTreeSet<(Path, Path)>, start: &Path) -> BTreeSet<Path> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start.clone()];
    while let Some(module) = open.pop() {
        for (_, target) in edges.iter().filter(|(from, _)| *from == module) {
            if reached.insert(target.clone()) {
                open.push(target.clone());
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::super::modules::modules;
    use super::*;

    #[test]
    fn a_circle_of_siblings_is_seen() {
        let lib = ("lib.rs", "mod a;\nmod b;\nmod c;\n");
        let a = ("a.rs", "use crate::b::Y;\npub struct X;");
        let b = ("b.rs", "use crate::c::Z;\npub struct Y;");
        let c = ("c.rs", "use super::a::X;\npub struct Z;");
        let expected = ["a.rs: imports itself through b.rs, c.rs"];
        assert_eq!(wrong_cycles(&modules(&[lib, a, b, c])), expected);
        assert!(wrong_cycles(&modules(&[lib, a, b, ("c.rs", "")])).is_empty());
    }

    #[test]
    fn a_module_and_its_children_may_import_each_other() {
        let lib = ("lib.rs", "mod a;\n");
        let parent = ("a.rs", "mod b;\nmod c;\nuse b::Y;\npub struct X;");
        let b = ("a/b.rs", "use super::X;\npub struct Y;");
        assert!(wrong_cycles(&modules(&[lib, parent, b, ("a/c.rs", "use super::X;")])).is_empty());
    }

    #[test]
    fn a_circle_through_a_call_without_an_import_is_seen() {
        let main = ("main.rs", "mod a;\nfn main() { a::run() }\nfn root() {}");
        let a = ("a.rs", "mod b;\npub fn run() { b::run() }");
        let b = |text| wrong_cycles(&modules(&[main, a, ("a/b.rs", text)]));
        assert_eq!(b("use crate::root;"), ["main.rs: imports itself through a.rs, a/b.rs"]);
        assert!(b("").is_empty());
    }

    #[test]
    fn a_circle_through_a_grandchild_is_seen() {
        let lib = ("lib.rs", "mod a;\n");
        let parent = ("a.rs", "mod b;\nuse b::Y;\npub struct X;");
        let b = ("a/b.rs", "mod c;\npub use c::Y;");
        let c = ("a/b/c.rs", "use crate::a::X;\npub struct Y;");
        assert_eq!(wrong_cycles(&modules(&[lib, parent, b, c])).len(), 1, "through a re-export");
        let c = ("a/b/c.rs", "use crate::a::X;\nuse super::Z;\npub struct Y;");
        let b = ("a/b.rs", "mod c;\nuse c::Y;\npub struct Z;");
        let parent = ("a.rs", "mod b;\nuse b::Z;\npub struct X;");
        assert_eq!(wrong_cycles(&modules(&[lib, parent, b, c])).len(), 1);
    }
}
