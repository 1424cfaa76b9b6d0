//! A folder for each test, and the program that runs in it.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;

/// A folder that is gone when its test has passed.
pub(crate) struct Folder(PathBuf);

/// What a run left on the streams.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// With the bundle `m.nomo`, which has every kind of feature.
    pub(crate) fn with_model() -> Self {
        let folder = Self::new();
        folder.write("m.nomo", nomogram_testkit::bundle_of_every_kind());
        folder
    }

    /// With a table `t.csv` of patients, and a configuration `c.yaml`: the draft from this table,
    /// followed by `members`.
    pub(crate) fn with_patients(n_rows: u32, members: &str) -> Self {
        let folder = Self::new();
        let mut table = String::from("id,age,stage,marker,died\n");
        for row in 0..n_rows {
            let mixed = row.wrapping_mul(2_654_435_761) >> 16;
            let (age, noise) = (30 + mixed % 50, mixed / 64 % 7);
            let stage = ["I", "II", "III"][(mixed / 512 % 3) as usize];
            let died = if age + 10 * noise > 75 { "yes" } else { "no" };
            let marker = f64::from(noise) / 10.0;
            writeln!(table, "p{row},{age}.5,{stage},{marker},{died}").unwrap();
        }
        folder.write("t.csv", table);
        let draft = folder.ok("schema infer t.csv --target died");
        folder.write("c.yaml", format!("{draft}{members}"));
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of all files, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The program in the folder, with pipes; `arguments` are separated by spaces.
    pub(crate) fn program(&self, arguments: &str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_nomogram"));
        program.args(arguments.split_whitespace()).current_dir(&self.0);
        program.env_remove("NOMOGRAM_THREADS");
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        program
    }

    pub(crate) fn start(&self, arguments: &str) -> Child {
        self.program(arguments).spawn().unwrap()
    }

    pub(crate) fn run(&self, arguments: &str) -> Run {
        self.run_with(arguments, b"")
    }

    /// With `input` on standard input.
    pub(crate) fn run_with(&self, arguments: &str, input: &[u8]) -> Run {
        let mut child = self.start(arguments);
        // A program that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        Run::of(&child.wait_with_output().unwrap())
    }

    /// Runs, expects success, and returns standard output.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &str) -> String {
        self.run(arguments).ok().stdout
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &str) -> serde_json::Value {
        serde_json::from_str(&self.ok(&format!("{arguments} --json"))).unwrap()
    }

    /// Expects an ordinary failure that prints a message.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &str, message: &str) {
        let run = self.run(arguments);
        assert_ne!(run.code, 0, "{arguments}: {run:?}");
        let printed = format!("{}{}", run.stderr, run.stdout);
        assert!(printed.contains(message), "{arguments}: {message:?} is not in {printed:?}");
        assert!(!printed.contains("panicked") && !printed.contains("defect"), "{printed}");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

impl Run {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn fails_with(&self, code: i32, message: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stderr.contains(message), "{message:?} is not in {:?}", self.stderr);
    }
}

/// A Parquet file of these columns.
pub(crate) fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    parquet_of(&RecordBatch::try_from_iter_with_nullable(columns).unwrap())
}

/// A Parquet file of one batch.
pub(crate) fn parquet_of(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// An array as a column.
pub(crate) fn column_of(array: impl arrow_array::Array + 'static) -> ArrayRef {
    Arc::new(array)
}
