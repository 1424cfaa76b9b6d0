//! Which gates run, and why.

use std::fmt;

use super::change::Change;
use super::gate::{Gate, Tier};
use super::paths::{Affected, affected};

/// Why a gate runs or is skipped.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reason {
    Always,
    /// Asked for on the command line.
    Asked,
    /// Others were asked for.
    NotAsked,
    /// A changed path that the gate reads.
    Changed(String),
    /// A changed path without a row in the table.
    NoRow(String),
    /// What has changed is not known.
    Unknown(String),
    InTurn,
    /// Nothing that the gate reads has changed since this commit.
    Skipped {
        base: String,
    },
}

impl Reason {
    pub(crate) fn is_skipped(&self) -> bool {
        matches!(self, Self::Skipped { .. } | Self::NotAsked)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => write!(f, "always runs"),
            Self::Asked => write!(f, "asked for"),
            Self::NotAsked => write!(f, "not asked for"),
            Self::Changed(path) => write!(f, "{path} has changed"),
            Self::NoRow(path) => {
                write!(f, "{path} has changed, and no row of the table matches it")
            }
            Self::Unknown(why) => write!(f, "what has changed is not known: {why}"),
            Self::InTurn => write!(f, "its turn in the rotation of long gates"),
            Self::Skipped { base } => {
                let base = base.get(..12).unwrap_or(base);
                write!(f, "nothing that it reads has changed since {base}")
            }
        }
    }
}

/// Every gate, with the reason that it was asked for.
pub(crate) fn all() -> Vec<(Gate, Reason)> {
    Gate::ALL.map(|gate| (gate, Reason::Asked)).into()
}

/// Runs the gates with these names, separated by commas, and skips the others.
///
/// # Errors
///
/// When no gate has one of the names.
pub(crate) fn only(names: &str) -> Result<Vec<(Gate, Reason)>, String> {
    let is_known = |name: &&str| Gate::ALL.iter().any(|gate| gate.name() == *name);
    if let Some(name) = names.split(',').find(|name| !is_known(name)) {
        let known = Gate::ALL.map(Gate::name).join(", ");
        return Err(format!("--only: found `{name}`, expected some of {known}"));
    }
    let is_asked = |gate: Gate| names.split(',').any(|name| name == gate.name());
    let reason = |gate| if is_asked(gate) { Reason::Asked } else { Reason::NotAsked };
    Ok(Gate::ALL.map(|gate| (gate, reason(gate))).into())
}

/// Every gate, with the reason that it runs or is skipped.
///
/// `turn` is the position in the rotation: equal turns choose equal gates.
pub(crate) fn choose(change: &Change, turn: usize) -> Vec<(Gate, Reason)> {
    let mut choice = Gate::ALL.map(|gate| (gate, reason(gate, change)));
    let is_idle = |(gate, reason): &(Gate, Reason)| {
        gate.tier() == Tier::AffectedOrInTurn && reason.is_skipped()
    };
    let n_idle = choice.iter().filter(|entry| is_idle(entry)).count();
    if let Some(nth) = turn.checked_rem(n_idle)
        && let Some((_, reason)) = choice.iter_mut().filter(|entry| is_idle(entry)).nth(nth)
    {
        *reason = Reason::InTurn;
    }
    choice.into()
}

fn reason(gate: Gate, change: &Change) -> Reason {
    match gate.tier() {
        Tier::Always => return Reason::Always,
        Tier::Asked => return Reason::NotAsked,
        Tier::Affected | Tier::AffectedOrInTurn => {}
    }
    let (base, paths) = match change {
        Change::Unknown(why) => return Reason::Unknown(why.clone()),
        Change::Since { base, paths } => (base, paths),
    };
    for path in paths {
        match affected(path) {
            None => return Reason::NoRow(path.clone()),
            Some(Affected::Every) => return Reason::Changed(path.clone()),
            Some(Affected::Only(gates)) if gates.contains(&gate) => {
                return Reason::Changed(path.clone());
            }
            Some(Affected::Only(_)) => {}
        }
    }
    Reason::Skipped { base: base.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(paths: &[&str]) -> Change {
        let paths = paths.iter().map(|path| (*path).into()).collect();
        Change::Since { base: "0123456789abcdef".into(), paths }
    }

    /// The names of the gates that run.
    fn running(change: &Change, turn: usize) -> Vec<&'static str> {
        let choice = choose(change, turn);
        choice
            .iter()
            .filter(|(_, reason)| !reason.is_skipped())
            .map(|(gate, _)| gate.name())
            .collect()
    }

    #[test]
    fn a_change_runs_its_gates_and_one_in_turn() {
        let turn_0 = |path| running(&change(&[path]), 0).join(" ");
        assert_eq!(turn_0("docs/training.md"), "demo test lint package");
        assert_eq!(turn_0("packaging/symbols.txt"), "demo test lint abi package memory");
        assert_eq!(
            turn_0("crates/nomogram-train/src/lib.rs"),
            "demo test lint package reproduce cross"
        );
    }

    #[test]
    fn the_gates_of_all_changed_paths_run() {
        let both = change(&["benches/predict.rs", "bindings/python/pyproject.toml"]);
        assert_eq!(running(&both, 0).join(" "), "demo test lint package benches python");
    }

    #[test]
    fn every_long_gate_gets_its_turn() {
        let documents = change(&["docs/training.md"]);
        let in_turn: Vec<&str> = (0..7).map(|turn| running(&documents, turn)[3]).collect();
        let expected = ["package", "memory", "sanitize", "reproduce", "cross", "python", "package"];
        assert_eq!(in_turn, expected);
        let expected_always = running(&documents, 2)[..3].to_vec();
        assert_eq!(expected_always, ["demo", "test", "lint"]);
    }

    #[test]
    fn a_path_without_a_row_runs_every_gate() {
        let choice = choose(&change(&["docs/training.md", "unheard/of.rs"]), 0);
        for (gate, reason) in choice {
            match gate.tier() {
                Tier::Always => assert_eq!(reason, Reason::Always),
                Tier::Asked => assert_eq!(reason, Reason::NotAsked),
                Tier::Affected | Tier::AffectedOrInTurn => {
                    assert_eq!(reason, Reason::NoRow("unheard/of.rs".into()), "{gate:?}");
                }
            }
        }
    }

    #[test]
    fn only_the_gates_that_were_asked_for_run() {
        let running = |names: &str| {
            let mut choice = only(names).unwrap();
            choice.retain(|(_, reason)| !reason.is_skipped());
            choice.iter().map(|(gate, _)| gate.name()).collect::<Vec<_>>()
        };
        assert_eq!(running("abi"), ["abi"]);
        assert_eq!(running("abi,no-std"), ["no-std", "abi"]);
        let error = only("abi,no-such").unwrap_err();
        assert!(error.contains("found `no-such`, expected some of demo, test"), "{error}");
    }

    #[test]
    fn an_unknown_change_runs_every_gate_but_those_on_request() {
        let unknown = Change::Unknown("the clone is shallow".into());
        let mut every = Gate::ALL.to_vec();
        every.retain(|gate| gate.tier() != Tier::Asked);
        let every: Vec<&str> = every.into_iter().map(Gate::name).collect();
        assert_eq!(running(&unknown, 3), every);
        assert_eq!(running(&change(&["Cargo.toml"]), 3), every);
    }

    #[test]
    fn a_skipped_gate_says_since_when_nothing_has_changed() {
        let (_, reason) = &choose(&change(&[]), 0)[10];
        assert_eq!(reason.to_string(), "nothing that it reads has changed since 0123456789ab");
    }
}
