//! Failures, signals and limits: all outputs or none, and no part file is left.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use crate::folder::Run;
use crate::shell::{HEADER, Shell, WRONG_ROWS, send};

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_fails_leaves_no_other_output() {
    let folder = Shell::with_trained();
    folder.write("old.nomo", "old");
    for extension in ["html", "md", "json"] {
        symlink("/dev/full", folder.path(&format!("full.{extension}"))).unwrap();
    }
    folder.assert_refused(
        1,
        "
        nomogram train c.yaml t.csv -o new.nomo > /dev/full → standard output: No space left
        nomogram train c.yaml t.csv -o old.nomo --json > /dev/full → standard output: No space left
        nomogram train c.yaml t.csv -o old.nomo --report r.html --report full.md → full.md: No space left
        nomogram train c.yaml t.csv -o /dev/full --report r.html → /dev/full: No space left
        nomogram tune c.yaml t.csv -o best.json > /dev/full → standard output: No space left
        nomogram recalibrate b.nomo c.yaml t.csv -o new.nomo > /dev/full → standard output: No space left
        nomogram evaluate b.nomo t.csv --report r.json > /dev/full → standard output: No space left
        nomogram evaluate b.nomo t.csv --report r.json --report full.html → full.html: No space left
        nomogram report b.nomo t.csv -o full.json → full.json: No space left
        nomogram predict m.nomo p.csv --json -o o.csv --bad-rows w.csv > /dev/full → standard output: No space left
        nomogram predict m.nomo p.csv --bad-rows w.csv > /dev/full → standard output: No space left
        nomogram predict m.nomo p.csv -o o.csv --bad-rows /dev/full → /dev/full: No space left
        nomogram predict m.nomo p.csv -o /dev/full --output-format parquet --bad-rows w.csv → /dev/full: No space left
        nomogram schema infer t.csv > /dev/full → standard output: No space left
        nomogram inspect m.nomo > /dev/full → standard output: No space left
        nomogram completions bash > /dev/full → standard output: No space left
        nomogram man > /dev/full → standard output: No space left
        nomogram --help > /dev/full || { code=$?; echo failed >&2; exit $code; } → failed
        ",
    );
    // The same commands succeed otherwise.
    folder.sh("nomogram train c.yaml t.csv -o old.nomo --report r.html --report r.md").ok();
    assert_eq!(
        fs::read(folder.path("old.nomo")).unwrap(),
        fs::read(folder.path("b.nomo")).unwrap()
    );
    assert!(folder.path("r.html").exists() && folder.path("r.md").exists());
}

#[test]
fn a_file_that_cannot_be_renamed_leaves_the_others_as_they_were() {
    for old in [None, Some("old")] {
        let folder = Shell::new();
        if let Some(old) = old {
            folder.write("o.csv", old);
        }
        let mut child = folder.start("predict m.nomo -o o.csv --bad-rows w.csv");
        folder.wait_for_part_files(2);
        fs::create_dir(folder.path("w.csv")).unwrap();
        let rows = format!("{HEADER}{WRONG_ROWS}");
        child.stdin.take().unwrap().write_all(rows.as_bytes()).unwrap();
        let run = Run::of(&child.wait_with_output().unwrap());
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains("w.csv: "), "{run:?}");
        let contents = folder.contents();
        let left = contents.get("o.csv").map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        assert_eq!(left.as_deref(), old);
        assert!(contents.keys().all(|name| !name.starts_with('.')), "{:?}", contents.keys());
    }
}

#[test]
fn a_signal_leaves_no_part_file_and_no_output() {
    let folder = Shell::new();
    folder.write("old.csv", "old");
    let before = folder.contents();
    let signals =
        [("-HUP", 1), ("-INT", 2), ("-QUIT", 3), ("-USR1", 10), ("-TERM", 15), ("-XCPU", 24)];
    for (signal, number) in signals {
        if cfg!(not(target_os = "linux")) && matches!(number, 1 | 10) || is_ignored(number) {
            continue;
        }
        // Standard input stays open, so the program waits for rows.
        let script = "ulimit -c 0; exec \"$PROGRAM\" predict m.nomo -o old.csv --bad-rows w.csv";
        let mut child = folder.shell(script).stdin(Stdio::piped()).spawn().unwrap();
        // Waiting for the child would close it.
        let _stdin = child.stdin.take();
        folder.wait_for_part_files(2);
        send(signal, &child);
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(number), "{signal}: {status}");
        assert!(folder.contents() == before, "{signal}: {:?}", folder.contents().keys());
    }
}

/// Whether this process ignores a signal, as under `nohup`: then so do the programs that it starts.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

#[test]
fn a_signal_during_training_leaves_no_part_file() {
    let folder = Shell::new();
    let before = folder.contents();
    let mut child = folder.start("train /dev/stdin t.csv -o new.nomo --report r.html");
    // The program waits for the rest of the configuration.
    let _stdin = child.stdin.take();
    folder.wait_for_part_files(2);
    send("-TERM", &child);
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert!(folder.contents() == before, "{:?}", folder.contents().keys());
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let folder = Shell::new();
    let script = "trap '' HUP INT; exec \"$PROGRAM\" predict m.nomo -o o.csv";
    let mut child = folder.shell(script).stdin(Stdio::piped()).spawn().unwrap();
    folder.wait_for_part_files(1);
    send("-HUP", &child);
    send("-INT", &child);
    child.stdin.take().unwrap().write_all(folder.read("p.csv").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(folder.read("o.csv").starts_with("probability_"));
}

#[test]
fn part_files_of_a_killed_run_are_removed_by_the_next_one() {
    let folder = Shell::new();
    let mut child = folder.start("predict m.nomo -o o.csv --bad-rows w.csv");
    folder.wait_for_part_files(2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(folder.part_files().len(), 2);
    // Another run is still writing this one.
    folder.write(".nomogram-1-7.part", "");
    let locked = fs::File::open(folder.path(".nomogram-1-7.part")).unwrap();
    locked.lock().unwrap();
    // A name that only resembles ours, and a pipe that opening would wait for.
    folder.write("nomogram-1-7.part", "");
    assert!(
        Command::new("mkfifo").arg(folder.path(".nomogram-1-8.part")).status().unwrap().success()
    );
    folder.sh("nomogram predict m.nomo p.csv -o o.csv --bad-rows w.csv").ok();
    assert_eq!(
        folder.part_files(),
        [".nomogram-1-7.part", ".nomogram-1-8.part", "nomogram-1-7.part"]
    );
    assert!(folder.path("o.csv").exists() && folder.path("w.csv").exists());
}

#[test]
fn two_runs_that_write_the_same_file_leave_one_whole_file() {
    let folder = Shell::new();
    let mut first = folder.start("predict m.nomo -o o.csv");
    folder.wait_for_part_files(1);
    folder.sh("nomogram predict m.nomo wrong.csv -o o.csv --bad-rows w.csv; test $? = 3").ok();
    first.stdin.take().unwrap().write_all(folder.read("p.csv").as_bytes()).unwrap();
    assert!(first.wait().unwrap().success());
    folder.sh("nomogram predict m.nomo p.csv -o alone.csv").ok();
    assert_eq!(folder.read("o.csv"), folder.read("alone.csv"));
    assert!(folder.part_files().is_empty());
}

#[test]
fn a_limit_on_the_size_of_files_is_a_failure_that_leaves_nothing() {
    let folder = Shell::new();
    let rows: String = std::iter::repeat_n("50,1,0,I,5\n", 20_000).collect();
    folder.write("long.csv", format!("{HEADER}{rows}"));
    folder.assert_refused(
        1,
        "
        ulimit -f 16; nomogram predict m.nomo long.csv -o o.csv → o.csv: File too large
        ulimit -f 16; nomogram predict m.nomo long.csv -o o.csv --bad-rows w.csv → o.csv: File too large
        ulimit -f 16; nomogram predict m.nomo long.csv -o o.arrow → o.arrow: File too large
        ulimit -f 1; nomogram predict m.nomo long.csv -o o.parquet → o.parquet: File too large
        ulimit -f 1; nomogram train c.yaml t.csv -o new.nomo --report r.html → File too large
        ",
    );
}

#[test]
fn a_journal_is_kept_when_the_bundle_is_not() {
    let folder = Shell::new();
    symlink("/dev/full", folder.path("full.html")).unwrap();
    let script = "nomogram train c.yaml t.csv -o n.nomo --tune --journal j --report full.html";
    if cfg!(target_os = "linux") {
        assert_eq!(folder.sh(script).code, 1);
    }
    folder.sh("nomogram train c.yaml t.csv -o n.nomo --tune --journal j").ok();
    let journal = folder.read("j");
    folder.sh("nomogram train c.yaml t.csv -o n.nomo --tune --journal j").ok();
    assert_eq!(folder.read("j"), journal);
}
