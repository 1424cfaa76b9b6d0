//! Output files: all or none, never an input, whatever ends the program.
//!
//! Scripts run in a shell, which redirects, limits and signals as a user's shell does.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const MEMBERS: &str = r#"
model: { name: small, version: "1" }
seed: 5
splits: { test: { share: 0.25 }, folds: { n: 3, by: stratified } }
validation: { n_folds: 3, min_auc: 0.5 }
members:
  - name: linear
    input: scaled
    weight: 1.0
    learner:
      logistic_regression: { c: 1.0, class_weight: equal }
combiner: soft_vote
tuning:
  n_trials: 2
  rungs: [2]
  space:
    members.linear.learner.logistic_regression.c: { log_uniform: [0.01, 10.0] }
"#;

/// The rows of `wrong.csv` after the header: the second one is refused.
const WRONG_ROWS: &str = "50,1,0,I,5\n50,1,0,I,x\n";
const HEADER: &str = "age,visits,smoker,stage,dose\n";

struct Folder(PathBuf);

impl Folder {
    /// A bundle `m.nomo`, tables that it predicts, and a configuration with its table.
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = Self(path.join(format!("files-{test}-{}", std::process::id())));
        let _absent = fs::remove_dir_all(&folder.0);
        fs::create_dir_all(&folder.0).unwrap();
        folder.write("m.nomo", nomogram_testkit::bundle_of_every_kind());
        folder.write("p.csv", format!("{HEADER}50,1,0,I,5\n"));
        folder.write("wrong.csv", format!("{HEADER}{WRONG_ROWS}"));
        let mut table = String::from("id,age,stage,died\n");
        for row in 0..120_u32 {
            let mixed = row.wrapping_mul(2_654_435_761) >> 16;
            let (age, noise) = (30 + mixed % 50, mixed / 64 % 7);
            let stage = ["I", "II", "III"][(mixed / 512 % 3) as usize];
            let died = if age + 10 * noise > 75 { "yes" } else { "no" };
            writeln!(table, "p{row},{age}.5,{stage},{died}").unwrap();
        }
        folder.write("t.csv", table);
        let draft = folder.run("nomogram schema infer t.csv --target died").ok().stdout;
        folder.write("c.yaml", format!("{draft}{MEMBERS}"));
        folder
    }

    /// As [`Self::new`], with a bundle `b.nomo` that was trained from `c.yaml` and `t.csv`.
    fn with_trained(test: &str) -> Self {
        let folder = Self::new(test);
        folder.run("nomogram train c.yaml t.csv -o b.nomo").ok();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The names and contents of all files; pipes and devices are not read.
    fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(&self.0).unwrap().map(Result::unwrap);
        let content = |path: PathBuf| match path.is_file() {
            true => fs::read(path).unwrap(),
            false => Vec::new(),
        };
        entries
            .map(|entry| (entry.file_name().into_string().unwrap(), content(entry.path())))
            .collect()
    }

    fn part_files(&self) -> Vec<String> {
        self.contents().into_keys().filter(|name| name.ends_with(".part")).collect()
    }

    /// A shell in the folder, in which `nomogram` is the program.
    fn shell(&self, script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("nomogram() {{ \"$PROGRAM\" \"$@\"; }}\n{script}")]);
        shell.env("PROGRAM", env!("CARGO_BIN_EXE_nomogram")).env_remove("NOMOGRAM_THREADS");
        shell.current_dir(&self.0).stdin(Stdio::null());
        shell
    }

    fn run(&self, script: &str) -> Run {
        Run::new(script, &self.shell(script).output().unwrap())
    }

    /// Starts the program itself, with pipes.
    fn start(&self, arguments: &str) -> Child {
        let mut program = Command::new(env!("CARGO_BIN_EXE_nomogram"));
        program.args(arguments.split(' ')).current_dir(&self.0);
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        program.spawn().unwrap()
    }

    /// Waits until a running program has created `n` part files.
    fn wait_for_part_files(&self, n: usize) {
        let start = Instant::now();
        while self.part_files().len() < n {
            assert!(start.elapsed() < Duration::from_secs(60), "{:?}", self.contents().keys());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Each line of `cases` is `script → message; message`. Every script fails with `code` and all
    /// messages, and changes no file.
    #[track_caller]
    fn assert_refused(&self, code: i32, cases: &str) {
        let before = self.contents();
        for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (script, messages) = line.split_once(" → ").expect(line);
            let run = self.run(script);
            assert_eq!(run.code, code, "{run:?}");
            for message in messages.split("; ") {
                assert!(run.stderr.contains(message), "{message:?} is not in {run:?}");
            }
            assert_eq!(
                self.contents().keys().collect::<Vec<_>>(),
                before.keys().collect::<Vec<_>>(),
                "{script}"
            );
            assert!(self.contents() == before, "{script} changed a file");
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[derive(Debug)]
struct Run {
    #[expect(dead_code, reason = "printed when an assertion fails")]
    script: String,
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    fn new(script: &str, output: &Output) -> Self {
        Self {
            script: script.to_owned(),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn an_output_that_is_an_input_is_refused_and_both_are_named() {
    let folder = Folder::with_trained("inputs");
    symlink("m.nomo", folder.path("link.nomo")).unwrap();
    symlink("link.nomo", folder.path("link-to-link.nomo")).unwrap();
    symlink(".", folder.path("here")).unwrap();
    fs::hard_link(folder.path("t.csv"), folder.path("hard.csv")).unwrap();
    folder.assert_refused(
        2,
        "
        nomogram predict m.nomo p.csv -o m.nomo → --output m.nomo: BUNDLE is read from the same file
        nomogram predict m.nomo p.csv -o ./m.nomo → --output ./m.nomo: BUNDLE is
        nomogram predict m.nomo p.csv -o $PWD/m.nomo → m.nomo: BUNDLE is
        nomogram predict m.nomo p.csv -o here/m.nomo → --output here/m.nomo: BUNDLE is
        nomogram predict m.nomo p.csv -o link.nomo → --output link.nomo: BUNDLE is
        nomogram predict link-to-link.nomo p.csv -o m.nomo → --output m.nomo: BUNDLE is
        nomogram predict m.nomo p.csv -o p.csv → --output p.csv: INPUT is
        nomogram predict m.nomo p.csv --bad-rows p.csv → --bad-rows p.csv: INPUT is
        nomogram predict m.nomo p.csv -o o.csv --bad-rows m.nomo → --bad-rows m.nomo: BUNDLE is
        nomogram predict m.nomo -o p.csv < p.csv → --output p.csv: INPUT is
        nomogram predict m.nomo - --bad-rows p.csv < p.csv → --bad-rows p.csv: INPUT is
        nomogram predict m.nomo p.csv >> p.csv → standard output: INPUT is
        nomogram predict m.nomo < p.csv >> p.csv → standard output: INPUT is
        nomogram predict m.nomo p.csv -o /dev/stdout >> p.csv → standard output: INPUT is
        nomogram predict m.nomo absent.csv -o absent.csv → --output absent.csv: INPUT is
        nomogram verify m.nomo >> m.nomo → standard output: BUNDLES is
        nomogram train c.yaml t.csv -o c.yaml → --output c.yaml: CONFIG is
        nomogram train c.yaml t.csv -o t.csv → --output t.csv: DATA is
        nomogram train c.yaml hard.csv -o t.csv → --output t.csv: DATA is
        nomogram train c.yaml t.csv -o new.nomo --report r.html --report t.csv → --report t.csv: DATA is
        nomogram train c.yaml t.csv -o new.nomo --tune --journal t.csv → --journal t.csv: DATA is
        nomogram tune c.yaml t.csv -o c.yaml → --output c.yaml: CONFIG is
        nomogram tune c.yaml t.csv -o best.json --journal c.yaml → --journal c.yaml: CONFIG is
        nomogram evaluate b.nomo c.yaml t.csv --report b.nomo → --report b.nomo: BUNDLE is
        nomogram report b.nomo c.yaml t.csv -o t.csv --format json → --output t.csv: DATA is
        nomogram recalibrate b.nomo c.yaml t.csv -o b.nomo → --output b.nomo: PARENT is
        nomogram schema infer t.csv -o hard.csv → --output hard.csv: DATA is
        ",
    );
}

#[test]
fn an_output_that_is_another_output_is_refused_and_both_are_named() {
    let folder = Folder::new("outputs");
    symlink("new.csv", folder.path("dangling.csv")).unwrap();
    folder.write("log", "kept\n");
    folder.write("old.csv", "kept\n");
    fs::hard_link(folder.path("old.csv"), folder.path("hard.csv")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    folder.assert_refused(
        2,
        "
        nomogram train c.yaml t.csv -o x.json --report x.json → --report x.json: --output is written to the same file
        nomogram train c.yaml t.csv -o x --report a.html --report ./a.html → --report ./a.html: --report is
        nomogram train c.yaml t.csv -o x --tune --journal x → --journal x: --output is
        nomogram tune c.yaml t.csv -o x --journal ./x → --journal ./x: --output is
        nomogram predict m.nomo p.csv -o o.csv --bad-rows o.csv → --bad-rows o.csv: --output is
        nomogram predict m.nomo p.csv -o new.csv --bad-rows dangling.csv → --bad-rows dangling.csv: --output is
        nomogram predict m.nomo p.csv -o old.csv --bad-rows hard.csv → --bad-rows hard.csv: --output is
        nomogram predict m.nomo p.csv -o pipe --bad-rows ./pipe → --bad-rows ./pipe: --output is
        nomogram predict m.nomo p.csv --bad-rows - → --bad-rows -: another option writes to the same stream
        nomogram predict m.nomo p.csv -o /dev/stdout --bad-rows - → --bad-rows -: another option
        nomogram predict m.nomo p.csv --bad-rows log >> log → --bad-rows log: standard output is written to the same file
        nomogram train c.yaml t.csv -o log >> log → --output log: standard output is
        ",
    );
    let run = folder.run("nomogram train c.yaml t.csv -o log 2>> log");
    assert_eq!(run.code, 2, "{run:?}");
    let message = "--output log: standard error is written to the same file";
    assert!(folder.read("log").starts_with("kept\n") && folder.read("log").contains(message));
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_the_inputs_are_read() {
    let folder = Folder::new("unwritable");
    fs::create_dir_all(folder.path("folder/inner")).unwrap();
    symlink("missing/new.csv", folder.path("astray.csv")).unwrap();
    symlink("circle.csv", folder.path("circle.csv")).unwrap();
    // The bundles do not exist: what is reported is reported first.
    folder.assert_refused(
        1,
        "
        nomogram predict no.nomo p.csv -o missing/deep/o.csv → --output missing/deep/o.csv: the folder `missing` does not exist; expected an existing folder
        nomogram predict no.nomo p.csv -o folder/missing/o.csv → the folder `folder/missing` does not exist
        nomogram predict no.nomo p.csv -o o.csv --bad-rows missing/b.csv → --bad-rows missing/b.csv: the folder `missing`
        nomogram predict no.nomo p.csv -o p.csv/o.csv → --output p.csv/o.csv: `p.csv` is not a folder
        nomogram predict no.nomo p.csv -o folder → --output folder: is a folder; expected a file
        nomogram predict no.nomo p.csv -o folder/ → --output folder/: is a folder
        nomogram predict no.nomo p.csv -o new/ → --output new/: is the name of a folder; expected a file
        nomogram predict no.nomo p.csv -o . → --output .: is a folder
        nomogram predict no.nomo p.csv -o astray.csv → --output astray.csv: the folder `missing` does not exist
        nomogram predict no.nomo p.csv -o circle.csv → --output circle.csv: cannot be written
        nomogram predict no.nomo p.csv -o /dev/stdin → --output /dev/stdin: is standard input; expected a file
        nomogram train no.yaml t.csv -o missing/m.nomo → --output missing/m.nomo: the folder `missing`
        nomogram train no.yaml t.csv -o new.nomo --report missing/r.html → --report missing/r.html: the folder
        nomogram train no.yaml t.csv -o new.nomo --tune --journal missing/j → --journal missing/j: the folder
        nomogram train no.yaml t.csv -o new.nomo --tune --journal /dev/null → --journal /dev/null: is a pipe or a device
        nomogram tune no.yaml t.csv -o folder → --output folder: is a folder
        nomogram evaluate no.nomo c.yaml t.csv --report folder → --report folder: is a folder
        nomogram report no.nomo c.yaml t.csv -o missing/r.html → --output missing/r.html: the folder
        nomogram recalibrate no.nomo c.yaml t.csv -o folder → --output folder: is a folder
        nomogram schema infer no.csv -o missing/c.yaml → --output missing/c.yaml: the folder
        nomogram man p.csv → p.csv
        ",
    );
    folder.assert_refused(
        2,
        "
        nomogram evaluate no.nomo c.yaml t.csv --report r.pdf → r.pdf: expected .html
        nomogram report no.nomo c.yaml t.csv -o r.pdf → r.pdf: expected .html
        nomogram train no.yaml t.csv -o new.nomo --report r.pdf → r.pdf: expected .html
        ",
    );
    if cfg!(target_os = "linux") {
        // No one may create a file there, not even an administrator.
        folder.assert_refused(1, "nomogram predict no.nomo p.csv -o /proc/o.csv → --output /proc/o.csv: cannot be written");
    }
    folder.write("protected.csv", "kept");
    folder.set_mode("protected.csv", 0o444);
    let is_administrator =
        fs::OpenOptions::new().write(true).open(folder.path("protected.csv")).is_ok();
    if !is_administrator {
        folder.assert_refused(1, "nomogram predict no.nomo p.csv -o protected.csv → cannot be written: Permission denied");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_fails_leaves_no_other_output() {
    let folder = Folder::with_trained("full");
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
        nomogram evaluate b.nomo c.yaml t.csv --report r.json > /dev/full → standard output: No space left
        nomogram evaluate b.nomo c.yaml t.csv --report r.json --report full.html → full.html: No space left
        nomogram report b.nomo c.yaml t.csv -o full.json → full.json: No space left
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
    folder.run("nomogram train c.yaml t.csv -o old.nomo --report r.html --report r.md").ok();
    assert_eq!(
        fs::read(folder.path("old.nomo")).unwrap(),
        fs::read(folder.path("b.nomo")).unwrap()
    );
    assert!(folder.path("r.html").exists() && folder.path("r.md").exists());
}

#[test]
fn a_file_that_cannot_be_renamed_leaves_the_others_as_they_were() {
    for old in [None, Some("old")] {
        let folder = Folder::new("rename");
        if let Some(old) = old {
            folder.write("o.csv", old);
        }
        let mut child = folder.start("predict m.nomo -o o.csv --bad-rows w.csv");
        folder.wait_for_part_files(2);
        fs::create_dir(folder.path("w.csv")).unwrap();
        let rows = format!("{HEADER}{WRONG_ROWS}");
        child.stdin.take().unwrap().write_all(rows.as_bytes()).unwrap();
        let run = Run::new("rename", &child.wait_with_output().unwrap());
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
    let folder = Folder::new("signals");
    folder.write("old.csv", "old");
    let before = folder.contents();
    let signals =
        [("-HUP", 1), ("-INT", 2), ("-QUIT", 3), ("-USR1", 10), ("-TERM", 15), ("-XCPU", 24)];
    for (signal, number) in signals {
        if cfg!(not(target_os = "linux")) && matches!(number, 1 | 10) {
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

#[test]
fn a_signal_during_training_leaves_no_part_file() {
    let folder = Folder::new("training");
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
    let folder = Folder::new("nohup");
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
    let folder = Folder::new("killed");
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
    folder.run("nomogram predict m.nomo p.csv -o o.csv --bad-rows w.csv").ok();
    assert_eq!(
        folder.part_files(),
        [".nomogram-1-7.part", ".nomogram-1-8.part", "nomogram-1-7.part"]
    );
    assert!(folder.path("o.csv").exists() && folder.path("w.csv").exists());
}

#[test]
fn two_runs_that_write_the_same_file_leave_one_whole_file() {
    let folder = Folder::new("twice");
    let mut first = folder.start("predict m.nomo -o o.csv");
    folder.wait_for_part_files(1);
    folder.run("nomogram predict m.nomo wrong.csv -o o.csv --bad-rows w.csv; test $? = 3").ok();
    first.stdin.take().unwrap().write_all(folder.read("p.csv").as_bytes()).unwrap();
    assert!(first.wait().unwrap().success());
    folder.run("nomogram predict m.nomo p.csv -o alone.csv").ok();
    assert_eq!(folder.read("o.csv"), folder.read("alone.csv"));
    assert!(folder.part_files().is_empty());
}

#[test]
fn a_limit_on_the_size_of_files_is_a_failure_that_leaves_nothing() {
    let folder = Folder::new("limit");
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
fn a_replaced_file_keeps_its_mode_and_new_refused_rows_are_private() {
    let folder = Folder::new("mode");
    let predict =
        "umask 022; nomogram predict m.nomo wrong.csv -o o.csv --bad-rows w.csv; test $? = 3";
    folder.run(predict).ok();
    assert_eq!((folder.mode("o.csv"), folder.mode("w.csv")), (0o644, 0o600));
    for (output, bad_rows) in [(0o600, 0o640), (0o664, 0o644)] {
        folder.set_mode("o.csv", output);
        folder.set_mode("w.csv", bad_rows);
        folder.run(predict).ok();
        assert_eq!((folder.mode("o.csv"), folder.mode("w.csv")), (output, bad_rows));
    }
    folder.run("umask 077; nomogram train c.yaml t.csv -o n.nomo --report r.html").ok();
    assert_eq!((folder.mode("n.nomo"), folder.mode("r.html")), (0o600, 0o600));

    // The part file is as private as the file that it replaces, from the beginning.
    folder.set_mode("o.csv", 0o600);
    let mut child = folder.start("predict m.nomo -o o.csv --bad-rows new.csv");
    folder.wait_for_part_files(2);
    let modes: Vec<u32> = folder.part_files().iter().map(|name| folder.mode(name)).collect();
    assert_eq!(modes, [0o600, 0o600]);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_file_behind_a_link_is_replaced_and_the_link_stays() {
    let folder = Folder::new("links");
    fs::create_dir(folder.path("data")).unwrap();
    folder.write("data/old.csv", "old");
    folder.set_mode("data/old.csv", 0o600);
    for (link, target) in
        [("one.csv", "data/old.csv"), ("two.csv", "one.csv"), ("new.csv", "data/new.csv")]
    {
        symlink(target, folder.path(link)).unwrap();
    }
    for output in ["one.csv", "two.csv", "new.csv"] {
        folder.run(&format!("nomogram predict m.nomo p.csv -o {output}")).ok();
        assert!(folder.path(output).is_symlink(), "{output}");
        assert!(folder.read(output).starts_with("probability_"), "{output}");
    }
    assert_eq!(folder.mode("data/old.csv"), 0o600);
    assert!(!folder.path("data/new.csv").is_symlink());
    assert_eq!(fs::read_dir(folder.path("data")).unwrap().count(), 2);
}

#[test]
fn the_longest_name_of_a_file_is_possible() {
    let folder = Folder::new("name");
    let name = format!("{}.csv", "o".repeat(251));
    folder.run(&format!("nomogram predict m.nomo p.csv -o {name}")).ok();
    assert!(folder.read(&name).starts_with("probability_"));
}

#[test]
fn streams_are_written_directly() {
    let folder = Folder::new("streams");
    let table = folder.run("nomogram predict m.nomo p.csv").ok().stdout;
    assert!(table.starts_with("probability_"));
    for output in ["-", "/dev/stdout", "/dev/fd/1"] {
        let run = folder.run(&format!("nomogram predict m.nomo p.csv -q -o {output}")).ok();
        assert_eq!((run.stdout, run.stderr.as_str()), (table.clone(), ""), "{output}");
        // What is in the file already stays there.
        folder.write("log", "before\n");
        folder.run(&format!("nomogram predict m.nomo p.csv -o {output} >> log")).ok();
        assert_eq!(folder.read("log"), format!("before\n{table}"), "{output}");
    }
    let run = folder.run("nomogram predict m.nomo p.csv -q -o /dev/stderr").ok();
    assert_eq!((run.stdout.as_str(), run.stderr), ("", table.clone()));
    folder.run("nomogram predict m.nomo p.csv -o /dev/null --bad-rows /dev/null").ok();

    assert!(Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    let child = folder.start("predict m.nomo p.csv -o pipe");
    let mut received = String::new();
    fs::File::open(folder.path("pipe")).unwrap().read_to_string(&mut received).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(received, table);
    assert!(folder.part_files().is_empty());
}

#[test]
fn nothing_is_printed_between_the_bytes_of_an_output() {
    let folder = Folder::with_trained("taken");
    for script in ["nomogram train c.yaml t.csv -o -", "nomogram train c.yaml t.csv -o /dev/stdout"]
    {
        folder.run(&format!("{script} > piped.nomo")).ok();
        let piped = fs::read(folder.path("piped.nomo")).unwrap();
        assert!(piped == fs::read(folder.path("b.nomo")).unwrap(), "{script}");
    }
    let run = folder.run("nomogram train c.yaml t.csv -q -o - --json 2>&1 > /dev/null").ok();
    let printed: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(printed["bundle"], "-");
    folder.run("nomogram verify piped.nomo").ok();
}

#[test]
fn a_reader_that_leaves_does_not_cost_a_file() {
    let folder = Folder::with_trained("closed");
    let mut child = folder.start("train c.yaml t.csv -q -o new.nomo --report r.html");
    drop(child.stdout.take());
    let run = Run::new("train", &child.wait_with_output().unwrap()).ok();
    assert_eq!(run.stderr, "");
    assert!(folder.path("new.nomo").exists() && folder.path("r.html").exists());

    // A table that was not read to its end is no reason to write its refused rows.
    let rows: String = std::iter::repeat_n("50,1,0,I,5\n", 50_000).collect();
    folder.write("long.csv", format!("{HEADER}{rows}"));
    let mut child = folder.start("predict m.nomo long.csv --bad-rows w.csv");
    drop(child.stdout.take());
    let run = Run::new("predict", &child.wait_with_output().unwrap());
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("standard output: closed by its reader"), "{run:?}");
    assert!(!folder.path("w.csv").exists());
}

#[test]
fn a_journal_is_kept_when_the_bundle_is_not() {
    let folder = Folder::new("journal");
    symlink("/dev/full", folder.path("full.html")).unwrap();
    let script = "nomogram train c.yaml t.csv -o n.nomo --tune --journal j --report full.html";
    if cfg!(target_os = "linux") {
        assert_eq!(folder.run(script).code, 1);
    }
    folder.run("nomogram train c.yaml t.csv -o n.nomo --tune --journal j").ok();
    let journal = folder.read("j");
    folder.run("nomogram train c.yaml t.csv -o n.nomo --tune --journal j").ok();
    assert_eq!(folder.read("j"), journal);
}

#[test]
fn the_pages_of_the_manual_are_written_together() {
    let folder = Folder::new("manual");
    folder.run("nomogram man pages/man1").ok();
    let pages = folder.contents();
    assert!(pages.contains_key("pages"));
    let names: Vec<_> = fs::read_dir(folder.path("pages/man1")).unwrap().collect();
    assert!(names.len() > 14, "{names:?}");
    // One page cannot be replaced, so none is.
    fs::remove_file(folder.path("pages/man1/nomogram.1")).unwrap();
    fs::create_dir(folder.path("pages/man1/nomogram.1")).unwrap();
    folder.write("pages/man1/nomogram-train.1", "old");
    let run = folder.run("nomogram man pages/man1");
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("nomogram.1: is a folder; expected a file"), "{run:?}");
    assert_eq!(folder.read("pages/man1/nomogram-train.1"), "old");
}
