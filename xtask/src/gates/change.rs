//! What has changed, as git reports it, since a commit that is older than the change.
//!
//! A base that is too new would hide a change, one that is too old only costs time. So whatever is
//! doubtful makes the change unknown, and an unknown change chooses every gate.

use std::collections::BTreeSet;

/// A commit that is this many seconds old was there before the change: 12 hours.
const OLD: u64 = 12 * 60 * 60;

/// The paths that may differ from what the gates last passed.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    Since {
        base: String,
        paths: BTreeSet<String>,
    },
    /// Why no base is known.
    Unknown(String),
}

impl Change {
    /// Compares the work tree with `base`, or else with the newest old commit.
    ///
    /// `git` runs git with arguments and returns what it printed; `now` counts seconds as git does.
    pub(crate) fn read(
        git: impl Fn(&[&str]) -> Result<String, String>,
        base: Option<&str>,
        now: u64,
    ) -> Self {
        Self::try_read(git, base, now).unwrap_or_else(Self::Unknown)
    }

    fn try_read(
        git: impl Fn(&[&str]) -> Result<String, String>,
        base: Option<&str>,
        now: u64,
    ) -> Result<Self, String> {
        if git(&["rev-parse", "--is-shallow-repository"])?.trim() != "false" {
            return Err("the clone is shallow".into());
        }
        // The first parents alone: a commit may be old, and its merge new.
        let log = git(&["log", "--first-parent", "--format=%H %ct"])?;
        let base = match base {
            Some(name) => {
                let commit = format!("{name}^{{commit}}");
                git(&["rev-parse", "--verify", "--end-of-options", &commit])?.trim().to_owned()
            }
            None => newest_old_commit(&log, now)?,
        };
        let differing = git(&["diff", "--name-only", "--no-renames", "-z", &base, "--"])?;
        let untracked = git(&["ls-files", "--others", "--exclude-standard", "-z"])?;
        let paths = differing.split('\0').chain(untracked.split('\0'));
        let paths: BTreeSet<String> =
            paths.filter(|path| !path.is_empty()).map(Into::into).collect();
        if paths.is_empty() && log.starts_with(&base) {
            return Err("the newest commit is the base, so its change is not known".into());
        }
        Ok(Self::Since { base, paths })
    }
}

/// The commit before the first one that is not yet old, in a log from new to old.
///
/// Not simply the newest old one: a clock that was wrong could have dated a new commit back.
fn newest_old_commit(log: &str, now: u64) -> Result<String, String> {
    let mut base = None;
    for line in log.lines() {
        let parsed = line.split_once(' ').and_then(|(id, time)| Some((id, time.parse().ok()?)));
        let (id, time): (&str, u64) = parsed
            .ok_or_else(|| format!("git log: found `{line}`, expected a commit and a time"))?;
        if now.saturating_sub(time) < OLD {
            base = None;
        } else {
            base = base.or(Some(id));
        }
    }
    base.map(Into::into).ok_or_else(|| "no commit is 12 hours old".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;
    const HOUR: u64 = 60 * 60;

    /// A log from new to old; `ages` are in hours, the commits `c0`, `c1`, ….
    fn log(ages: &[u64]) -> String {
        let line = |(index, age): (usize, &u64)| format!("c{index} {}\n", NOW - age * HOUR);
        ages.iter().enumerate().map(line).collect()
    }

    fn base(ages: &[u64]) -> Result<String, String> {
        newest_old_commit(&log(ages), NOW)
    }

    /// A git with that history, which lists `differing` against the commit `base`.
    fn git<'a>(
        ages: &'a [u64],
        base: &'a str,
        differing: &'a str,
    ) -> impl Fn(&[&str]) -> Result<String, String> + 'a {
        move |arguments| match arguments {
            ["rev-parse", "--is-shallow-repository"] => Ok("false\n".into()),
            ["rev-parse", .., name] => Ok(format!("{}\n", name.trim_end_matches("^{commit}"))),
            ["log", ..] => Ok(log(ages)),
            ["diff", .., commit, "--"] if *commit == base => Ok(differing.replace(' ', "\0")),
            ["ls-files", ..] => Ok("untracked\0".into()),
            _ => Err(format!("git {arguments:?}: not expected")),
        }
    }

    fn unknown(change: Change) -> String {
        match change {
            Change::Unknown(reason) => reason,
            Change::Since { .. } => panic!("expected an unknown change, found {change:?}"),
        }
    }

    #[test]
    fn the_base_is_the_newest_commit_of_at_least_12_hours() {
        assert_eq!(base(&[0, 1, 11, 12, 13]).unwrap(), "c3");
        assert_eq!(base(&[12]).unwrap(), "c0");
    }

    #[test]
    fn the_base_is_older_than_every_new_commit_whatever_their_dates() {
        assert_eq!(base(&[0, 50, 1, 40]).unwrap(), "c3");
        let from_the_future = format!("c0 {}\nc1 {}\n", NOW + HOUR, NOW - 20 * HOUR);
        assert_eq!(newest_old_commit(&from_the_future, NOW).unwrap(), "c1");
    }

    #[test]
    fn without_an_old_commit_there_is_no_base() {
        for ages in [&[0, 1, 2][..], &[50, 40, 1], &[]] {
            assert_eq!(base(ages).unwrap_err(), "no commit is 12 hours old", "{ages:?}");
        }
    }

    #[test]
    fn a_log_that_is_not_understood_is_refused() {
        for log in ["c0\n", "c0 yesterday\n", "c0 -5\n"] {
            assert!(newest_old_commit(log, NOW).unwrap_err().contains("found `c0"), "{log}");
        }
    }

    #[test]
    fn what_differs_from_the_base_and_what_is_not_tracked_has_changed() {
        let change = Change::read(git(&[1, 20], "c1", "src/a.rs b"), None, NOW);
        let paths = ["b", "src/a.rs", "untracked"].map(String::from).into();
        assert_eq!(change, Change::Since { base: "c1".into(), paths });
    }

    #[test]
    fn a_base_that_was_named_is_taken() {
        let change = Change::read(git(&[1, 20, 30], "c2", "a"), Some("c2"), NOW);
        let Change::Since { base, .. } = change else { panic!("found {change:?}") };
        assert_eq!(base, "c2");
    }

    #[test]
    fn a_change_is_unknown_in_a_shallow_clone_or_when_git_fails() {
        let shallow = |_: &[&str]| Ok("true\n".into());
        assert_eq!(unknown(Change::read(shallow, None, NOW)), "the clone is shallow");
        let absent = |_: &[&str]| Err("git: not found".to_owned());
        assert_eq!(unknown(Change::read(absent, None, NOW)), "git: not found");
        let without_diff = git(&[1, 20], "another", "a");
        assert!(unknown(Change::read(without_diff, None, NOW)).contains("not expected"));
    }

    #[test]
    fn a_change_is_unknown_when_the_newest_commit_is_old() {
        let clean = |arguments: &[&str]| match arguments {
            ["ls-files", ..] => Ok(String::new()),
            _ => git(&[20, 30], "c0", "")(arguments),
        };
        assert!(unknown(Change::read(clean, None, NOW)).contains("the newest commit is the base"));
    }
}
