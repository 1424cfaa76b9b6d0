//! Installs what gates need and the machine lacks: Debian packages, parts of the Rust toolchain.

use std::collections::BTreeSet;
use std::process::Command;

use super::gate::{Gate, Needs};
use crate::run::{output, run};

/// Installs what any of the gates needs.
pub(crate) fn install(gates: &[Gate]) -> Result<(), String> {
    install_packages(&union(gates, |needs| needs.packages))?;
    rustup(&["component", "add"], &union(gates, |needs| needs.components))?;
    rustup(&["target", "add"], &union(gates, |needs| needs.targets))
}

/// What the gates need of one kind, each name once.
fn union(
    gates: &[Gate],
    kind: impl Fn(Needs) -> &'static [&'static str],
) -> BTreeSet<&'static str> {
    gates.iter().flat_map(|gate| kind(gate.needs())).copied().collect()
}

fn install_packages(packages: &BTreeSet<&str>) -> Result<(), String> {
    let absent: Vec<&str> = packages.iter().copied().filter(|name| !is_installed(name)).collect();
    if absent.is_empty() {
        return Ok(());
    }
    println!("installing {}", absent.join(" "));
    run(apt_get()?.args(["update", "-qq"]))?;
    run(apt_get()?.args(["install", "-qq", "-y"]).args(&absent))
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${db:Status-Status}", package]);
    output(&mut query).is_ok_and(|status| status == "installed")
}

/// apt-get, which asks nothing; by sudo where the user is not root.
fn apt_get() -> Result<Command, String> {
    let is_root = output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = Command::new(if is_root { "env" } else { "sudo" });
    if !is_root {
        // sudo drops the environment.
        command.args(["--non-interactive", "env"]);
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    Ok(command)
}

fn rustup(command: &[&str], names: &BTreeSet<&str>) -> Result<(), String> {
    if names.is_empty() { Ok(()) } else { run(Command::new("rustup").args(command).args(names)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_need_their_own_packages_alone() {
        let packages = |gates: &[Gate]| Vec::from_iter(union(gates, |needs| needs.packages));
        assert_eq!(packages(&[Gate::Demo, Gate::Memory]), ["gcc", "valgrind"]);
        assert_eq!(packages(&[Gate::Lint, Gate::Benches]), [""; 0]);
        assert!(packages(&Gate::ALL).contains(&"qemu-user-static"));
    }

    #[test]
    fn a_package_that_does_not_exist_is_not_installed() {
        assert!(!is_installed("nomogram-does-not-exist"));
    }
}
