//! The graph of crates: which crates a crate may depend on.

use std::fs;

use super::sources::root;

/// Every crate of the workspace, with the crates that it may depend on.
const ALLOWED: [(&str, &[&str]); 16] = [
    ("nomogram", &[]),
    ("nomogram-table", &["nomogram"]),
    ("nomogram-stats", &["nomogram"]),
    ("nomogram-describe", &["nomogram"]),
    ("nomogram-import", &["nomogram"]),
    ("nomogram-export", &["nomogram", "nomogram-import"]),
    ("nomogram-monitor", &["nomogram", "nomogram-stats"]),
    ("nomogram-signing", &["nomogram"]),
    ("nomogram-registry", &["nomogram", "nomogram-describe", "nomogram-signing"]),
    (
        "nomogram-serve",
        &[
            "nomogram",
            "nomogram-describe",
            "nomogram-monitor",
            "nomogram-registry",
            "nomogram-signing",
            "nomogram-stats",
            "nomogram-table",
        ],
    ),
    ("nomogram-train", &["nomogram", "nomogram-table", "nomogram-stats", "nomogram-describe"]),
    (
        "nomogram-report",
        &[
            "nomogram",
            "nomogram-train",
            "nomogram-stats",
            "nomogram-describe",
            "nomogram-monitor",
            "nomogram-table",
        ],
    ),
    (
        "nomogram-cli",
        &[
            "nomogram",
            "nomogram-table",
            "nomogram-stats",
            "nomogram-describe",
            "nomogram-monitor",
            "nomogram-train",
            "nomogram-report",
            "nomogram-import",
            "nomogram-export",
            "nomogram-registry",
            "nomogram-serve",
            "nomogram-signing",
        ],
    ),
    (TESTKIT, &["nomogram"]),
    ("nomogram-examples", &["nomogram", "nomogram-train", "nomogram-report"]),
    ("xtask", &[]),
];

/// What all others may use in their tests, and only there.
const TESTKIT: &str = "nomogram-testkit";

/// The folders of the workspace's crates.
pub(super) fn members() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let list = manifest.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Every dependency of a crate of the workspace that the table does not allow.
pub(super) fn wrong_dependencies_of_the_workspace() -> Vec<String> {
    let manifests = members().into_iter().map(|member| root().join(member).join("Cargo.toml"));
    manifests.flat_map(|path| wrong_dependencies(&fs::read_to_string(path).unwrap())).collect()
}

/// Every dependency on a crate of the workspace that the table does not allow.
fn wrong_dependencies(manifest: &str) -> Vec<String> {
    let name = package_name(manifest);
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
        return vec![format!("{name}: not in the table of crates")];
    };
    let mut wrong = Vec::new();
    let mut section = "";
    for line in manifest.lines() {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            // A dependency may have a section of its own: [dependencies.nomogram].
            if let Some((table, dependency)) = section.rsplit_once("dependencies.") {
                let is_dev = table.ends_with("dev-");
                wrong.extend(check(name, allowed, dependency, is_dev));
            }
            continue;
        }
        if section.ends_with("dependencies") && !section.starts_with("workspace") {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            wrong.extend(check(name, allowed, dependency, section.ends_with("dev-dependencies")));
        }
    }
    wrong
}

fn package_name(manifest: &str) -> &str {
    let package = manifest.split_once("[package]").map_or("", |(_, package)| package);
    let name = package.lines().find_map(|line| line.strip_prefix("name = \""));
    name.map_or("", |name| name.trim_end_matches('"'))
}

fn check(name: &str, allowed: &[&str], dependency: &str, is_dev: bool) -> Option<String> {
    let is_ours =
        ALLOWED.iter().any(|(known, _)| *known == dependency) || dependency.starts_with("nomogram");
    let is_allowed = allowed.contains(&dependency) || is_dev && dependency == TESTKIT;
    (is_ours && !is_allowed).then(|| format!("{name}: must not depend on {dependency}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: &str, dependencies: &str) -> Vec<String> {
        wrong_dependencies(&format!("[package]\nname = \"{name}\"\n\n{dependencies}"))
    }

    #[test]
    fn a_dependency_upwards_is_seen_in_every_form() {
        for dependencies in [
            "[dependencies]\nnomogram-train = { path = \"x\" }",
            "[dependencies]\nnomogram-train.workspace = true",
            "[dependencies.nomogram-train]\nworkspace = true",
            "[target.'cfg(unix)'.dependencies]\nnomogram-train.workspace = true",
            "[build-dependencies]\nnomogram-train.workspace = true",
        ] {
            let expected = ["nomogram-stats: must not depend on nomogram-train"];
            assert_eq!(wrong("nomogram-stats", dependencies), expected, "{dependencies}");
        }
        assert!(
            wrong("nomogram-train", "[dependencies]\nnomogram-stats.workspace = true").is_empty()
        );
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        let testkit = "nomogram-testkit.workspace = true";
        assert!(wrong("nomogram", &format!("[dev-dependencies]\n{testkit}")).is_empty());
        assert_eq!(wrong("nomogram", &format!("[dependencies]\n{testkit}")).len(), 1);
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_is_seen() {
        assert_eq!(wrong("nomogram-new", ""), ["nomogram-new: not in the table of crates"]);
        let unknown = wrong("nomogram-cli", "[dependencies]\nnomogram-new.workspace = true");
        assert_eq!(unknown, ["nomogram-cli: must not depend on nomogram-new"]);
    }
}
