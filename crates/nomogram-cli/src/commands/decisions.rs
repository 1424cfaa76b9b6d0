//! `nomogram decisions`: keys of a decision log, its verification, and its records.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use nomogram_serve::decisions::{Decision, PrivateKey, Verified, new_keys, verify};

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{InputPath, Output, Outputs, PrivateOutputPath};

/// Verify the decision log of a service, and read it with its private key.
///
/// The log has a record for every row that a service answered or refused: who asked which model when, with
/// which answer. Records are encrypted to a public key and chained by hashes.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the keys of a log: NAME.key, which reads it and does not belong on the computer of the service, and
    /// NAME.pub, for `decisions: public_key_file`
    NewKey {
        /// The beginning of both file names; no file is replaced
        name: String,
    },
    /// Verify that no record was changed, left out or moved. Needs no key, and reads no record
    Verify {
        #[command(flatten)]
        log: Log,
    },
    /// Write the records as lines of JSON, after each was verified
    Read {
        #[command(flatten)]
        log: Log,
        /// The private key of the log
        #[arg(long, value_name = "FILE")]
        key: InputPath,
        /// Write the records to this file; only you can read a new file. `-` is standard output
        #[arg(long, short, value_name = "FILE", default_value = "-")]
        output: PrivateOutputPath,
    },
}

/// A log, and what it is compared with.
#[derive(Args, Debug)]
struct Log {
    /// The folder of the log
    folder: InputPath,
    /// The head that was kept elsewhere: a log that was cut at its end, or made anew, has another one
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
}

pub(crate) fn run(
    arguments: Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    match arguments.command {
        Command::NewKey { name } => new_key(&name, console),
        Command::Verify { log } => {
            let verified = log.verify(None, |_| {})?;
            report(&verified, console)?;
            Ok(Exit::Done)
        }
        Command::Read { log, key, output } => read(&log, &key, outputs.create(&output)?, console),
    }
}

impl Log {
    fn verify(
        &self,
        key: Option<&PrivateKey>,
        each: impl FnMut(Decision),
    ) -> Result<Verified, Error> {
        let damaged =
            |detail: String| Error::Table { table: self.folder.display().to_string(), detail };
        let verified = verify(&self.folder, key, each).map_err(damaged)?;
        match self.head.as_deref().map(str::trim) {
            Some(expected) if expected != verified.head => {
                let found = &verified.head;
                Err(damaged(format!("the log has head {found}, expected {expected}")))
            }
            Some(_) | None => Ok(verified),
        }
    }
}

fn read(log: &Log, key: &InputPath, output: Output, console: &Console) -> Result<Exit, Error> {
    let failed = |cause| Error::file(key.display().to_string(), cause);
    let text = fs::read_to_string(key.as_path()).map_err(failed)?;
    let key = PrivateKey::of_text(&text)
        .map_err(|fault| Error::usage(format!("{}: {fault}", key.display())))?;
    let mut output = output;
    let mut failure = None;
    let verified = log.verify(Some(&key), |decision| {
        let written = serde_json::to_vec(&decision).map_err(std::io::Error::from);
        let written = written.and_then(|mut line| {
            line.push(b'\n');
            output.write_all(&line)
        });
        failure = failure.take().or(written.err());
    })?;
    if let Some(cause) = failure {
        return Err(output.failed(cause));
    }
    output.finish()?;
    console.note(summary(&verified));
    Ok(Exit::Done)
}

fn report(verified: &Verified, console: &Console) -> Result<(), Error> {
    let Verified { n_segments, n_records, head, cut } = verified;
    if console.is_json() {
        return console.json_result(&serde_json::json!({
            "records": n_records,
            "segments": n_segments,
            "head": head,
            "incomplete": cut,
        }));
    }
    console.result(summary(verified))
}

fn summary(verified: &Verified) -> String {
    let Verified { n_segments, n_records, head, cut } = verified;
    let mut text = format!("{n_records} records in {n_segments} segments, head {head}");
    for place in cut {
        text.push_str(&format!("\n{place}: incomplete, as after a crash"));
    }
    text
}

fn new_key(name: &str, console: &Console) -> Result<Exit, Error> {
    let private_path = PathBuf::from(format!("{name}.key"));
    let public_path = PathBuf::from(format!("{name}.pub"));
    // Before the private key is written, so that none is left without its public key.
    if public_path.exists() {
        return Err(Error::output(public_path.display().to_string(), "exists already"));
    }
    let (private, public) = new_keys();
    let failed = |path: &PathBuf, cause| Error::file(path.display().to_string(), cause);
    private.write_new(&private_path).map_err(|cause| failed(&private_path, cause))?;
    let text = format!("{}\n", public.to_text());
    fs::write(&public_path, text).map_err(|cause| failed(&public_path, cause))?;
    if console.is_json() {
        console.json_result(&serde_json::json!({
            "private_key": private_path.display().to_string(),
            "public_key": public_path.display().to_string(),
        }))?;
    } else {
        console.result(public.to_text())?;
        console.note(format_args!(
            "keep {} secret, away from the service; its configuration names {}",
            private_path.display(),
            public_path.display()
        ));
    }
    Ok(Exit::Done)
}
