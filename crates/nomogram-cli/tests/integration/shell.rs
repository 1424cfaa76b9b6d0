//! Scripts in a shell, which redirects, limits and signals as a user's shell does.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::folder::{Folder, Run};

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
pub(crate) const WRONG_ROWS: &str = "50,1,0,I,5\n50,1,0,I,x\n";
pub(crate) const HEADER: &str = "age,visits,smoker,stage,dose\n";

/// A folder for scripts: with a bundle `m.nomo`, tables that it predicts, and a configuration with
/// its table.
pub(crate) struct Shell(Folder);

impl Deref for Shell {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Shell {
    pub(crate) fn new() -> Self {
        let folder = Folder::with_patients(120, MEMBERS);
        folder.write("m.nomo", nomogram_testkit::bundle_of_every_kind());
        folder.write("p.csv", format!("{HEADER}50,1,0,I,5\n"));
        folder.write("wrong.csv", format!("{HEADER}{WRONG_ROWS}"));
        Self(folder)
    }

    /// As [`Self::new`], with a bundle `b.nomo` that was trained from `c.yaml` and `t.csv`.
    pub(crate) fn with_trained() -> Self {
        let folder = Self::new();
        folder.ok("train c.yaml t.csv -o b.nomo");
        folder
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o777
    }

    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The names and contents of all files; pipes and devices are not read.
    pub(crate) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.path("")).unwrap().map(Result::unwrap);
        let content = |path: PathBuf| match path.is_file() {
            true => fs::read(path).unwrap(),
            false => Vec::new(),
        };
        entries
            .map(|entry| (entry.file_name().into_string().unwrap(), content(entry.path())))
            .collect()
    }

    pub(crate) fn part_files(&self) -> Vec<String> {
        self.contents().into_keys().filter(|name| name.ends_with(".part")).collect()
    }

    /// A shell in the folder, in which `nomogram` is the program.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("nomogram() {{ \"$PROGRAM\" \"$@\"; }}\n{script}")]);
        shell.env("PROGRAM", env!("CARGO_BIN_EXE_nomogram")).env_remove("NOMOGRAM_THREADS");
        shell.current_dir(self.path("")).stdin(Stdio::null());
        shell
    }

    /// Runs a script.
    pub(crate) fn sh(&self, script: &str) -> Run {
        Run::of(&self.shell(script).output().unwrap())
    }

    /// Waits until a running program has created `n` part files.
    pub(crate) fn wait_for_part_files(&self, n: usize) {
        let start = Instant::now();
        while self.part_files().len() < n {
            assert!(start.elapsed() < Duration::from_secs(60), "{:?}", self.contents().keys());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Each line of `cases` is `script → message; message`. Every script fails with `code` and all
    /// messages, and changes no file.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: i32, cases: &str) {
        let before = self.contents();
        for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (script, messages) = line.split_once(" → ").expect(line);
            let run = self.sh(script);
            assert_eq!(run.code, code, "{script}: {run:?}");
            for message in messages.split("; ") {
                assert!(run.stderr.contains(message), "{message:?} is not in {script}: {run:?}");
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

pub(crate) fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}
