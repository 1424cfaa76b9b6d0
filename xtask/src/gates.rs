//! Runs the gates that a change must pass, and reports how long each took.
//!
//! `.ci/run` is this task. Nothing is decided by hand: `gates/paths.rs` maps paths to gates.

mod change;
mod gate;

mod paths;
mod tools;

mod choice;

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::arguments::{Arguments, arguments};
use crate::folders::root;
use crate::run::{output, run};
use change::Change;
use choice::Reason;
use gate::Gate;

/// How a gate ended.
enum Outcome {
    Passed(Duration),
    Failed(Duration),
    Skipped,
    /// An earlier gate has failed.
    NotReached,
}

/// Runs the gates that the change needs, until one fails.
///
/// `--all` runs every gate, `--only NAMES` the named ones, and `--list` none. `--base REV` names what
/// the change is compared with, and `--install` installs what the gates need first.
pub(crate) fn gates() -> Result<(), String> {
    let Arguments { flags: [all, list, install], options: [only, base] } =
        arguments(["--all", "--list", "--install"], ["--only", "--base"])?;
    let choice = match only {
        Some(_) if all => return Err("expected --all or --only, found both".into()),
        Some(names) => choice::only(&names)?,
        None if all => choice::all(),
        None => choose(base.as_deref()),
    };
    print_plan(&choice);
    if list {
        return Ok(());
    }
    let chosen: Vec<Gate> =
        choice.iter().filter(|(_, reason)| !reason.is_skipped()).map(|(gate, _)| *gate).collect();
    if install {
        tools::install(&chosen)?;
    }
    run_all(&choice)
}

/// The choice for the change in the work tree.
fn choose(base: Option<&str>) -> Vec<(Gate, Reason)> {
    let git = |arguments: &[&str]| output(Command::new("git").args(arguments).current_dir(root()));
    // A clock before 1970 makes every commit too new, so the change unknown.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let change = Change::read(git, base, now);
    // The same commit gives the same turn, and the next commit the next one.
    let n_commits = git(&["rev-list", "--count", "--first-parent", "HEAD"]);
    let turn = n_commits.ok().and_then(|count| count.trim().parse().ok()).unwrap_or_default();
    choice::choose(&change, turn)
}

fn print_plan(choice: &[(Gate, Reason)]) {
    for (gate, reason) in choice {
        let verb = if reason.is_skipped() { "skip" } else { "run" };
        println!("{verb:5} {:10} {reason}", gate.name());
    }
}

/// Runs each gate in a process of its own: tasks read the arguments of theirs.
fn run_all(choice: &[(Gate, Reason)]) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("xtask: {error}"))?;
    let start = Instant::now();
    let mut outcomes = Vec::new();
    let mut failure = None;
    for (gate, reason) in choice {
        let outcome = if reason.is_skipped() {
            Outcome::Skipped
        } else if failure.is_some() {
            Outcome::NotReached
        } else {
            println!("\n== {} (after {} s)", gate.name(), start.elapsed().as_secs());
            let gate_start = Instant::now();
            match run(Command::new(&program).arg(gate.name())) {
                Ok(()) => Outcome::Passed(gate_start.elapsed()),
                Err(error) => {
                    failure = Some(format!("{}: {error}", gate.name()));
                    Outcome::Failed(gate_start.elapsed())
                }
            }
        };
        outcomes.push(outcome);
    }
    println!("\n{}", summary(choice, &outcomes));
    println!("{:10} {:>7}", "total", start.elapsed().as_secs());
    failure.map_or(Ok(()), Err)
}

/// A line for each gate: name, seconds, and why it ran, failed or was skipped.
fn summary(choice: &[(Gate, Reason)], outcomes: &[Outcome]) -> String {
    let mut lines = vec![format!("{:10} {:>7}", "gate", "seconds")];
    for ((gate, reason), outcome) in choice.iter().zip(outcomes) {
        let seconds = |duration: &Duration| duration.as_secs().to_string();
        let (seconds, remark) = match outcome {
            Outcome::Passed(duration) => (seconds(duration), "passed".to_owned()),
            Outcome::Failed(duration) => (seconds(duration), "FAILED".to_owned()),
            Outcome::Skipped => ("-".to_owned(), format!("skipped: {reason}")),
            Outcome::NotReached => {
                ("-".to_owned(), "not run: an earlier gate has failed".to_owned())
            }
        };
        lines.push(format!("{:10} {seconds:>7}  {remark}", gate.name()));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_a_line_for_each_gate() {
        let skipped = Reason::Skipped { base: "0123456789abcdef".into() };
        let choice = [
            (Gate::Demo, Reason::Always),
            (Gate::Test, Reason::Always),
            (Gate::Lint, Reason::Always),
            (Gate::Cross, skipped),
        ];
        let outcomes = [
            Outcome::Passed(Duration::from_millis(61_900)),
            Outcome::Failed(Duration::from_secs(600)),
            Outcome::NotReached,
            Outcome::Skipped,
        ];
        let expected = "\
gate       seconds
demo            61  passed
test           600  FAILED
lint             -  not run: an earlier gate has failed
cross            -  skipped: nothing that it reads has changed since 0123456789ab";
        assert_eq!(summary(&choice, &outcomes), expected);
    }
}
