//! Makes the keys of a decision log, verifies one, and reads one.
//!
//! ```sh
//! cargo run -p nomogram-serve --example decision_log -- keys
//! cargo run -p nomogram-serve --example decision_log -- verify FOLDER
//! cargo run -p nomogram-serve --example decision_log -- read FOLDER PRIVATE-KEY-FILE
//! ```

use std::path::Path;
use std::process::ExitCode;

use nomogram_serve::decisions::{Decision, PrivateKey, Verified, new_keys, verify};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["keys"] => {
            let (private, public) = new_keys();
            println!("{}\n{}", public.to_text(), private.to_text());
            Ok(())
        }
        ["verify", folder] => verify(Path::new(folder), None, |_| {}).map(report),
        ["read", folder, key] => read(Path::new(folder), Path::new(key)).map(report),
        _ => Err("expected `keys`, `verify FOLDER` or `read FOLDER PRIVATE-KEY-FILE`".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn read(folder: &Path, key: &Path) -> Result<Verified, String> {
    let text = std::fs::read_to_string(key).map_err(|error| error.to_string())?;
    let key = PrivateKey::of_text(&text)?;
    verify(folder, Some(&key), print)
}

/// A decision as a line of JSON.
fn print(decision: Decision) {
    match serde_json::to_string(&decision) {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("{error}"),
    }
}

fn report(verified: Verified) {
    let Verified { n_segments, n_records, head, cut } = verified;
    eprintln!("{n_records} records in {n_segments} segments, head {head}");
    for segment in cut {
        eprintln!("{segment} ends within a record, as after a crash");
    }
}
