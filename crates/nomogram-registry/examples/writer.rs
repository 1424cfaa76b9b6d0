//! A writer for the tests that kill it: `tests/reference/kills.sh`.
//!
//! ```text
//! writer LOCATION INDEX found          founds a registry
//! writer LOCATION INDEX register TEXT  registers a version for the reason TEXT and acknowledges it; on a
//!                                      disk, then publishes a checkpoint
//! writer LOCATION INDEX audit TEXT     audits, and prints whether the log has an act for the reason TEXT
//! ```

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use nomogram_registry::{Act, Author, NewVersion, Options, Registry, Role, block_on};
use nomogram_signing::SecretKey;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [location, index, command, rest @ ..] = arguments.as_slice() else {
        return Err("usage: writer LOCATION INDEX found|register|audit [TEXT]".into());
    };
    let index = (index != "-").then(|| index.into());
    let options = Options { index, ..Options::default() };
    let text = rest.first().map_or("", String::as_str);
    let key = SecretKey::from_seed(&[1; 32]);
    let author = Author::new(&key).because(text);
    match command.as_str() {
        "found" => {
            let founded = Registry::found(location, "kills.example", "olga", &author, options);
            let registry = run(location, founded)?;
            let roles = vec![Role::Administrator, Role::Trainer];
            let act = Act::Person { person: "olga".into(), roles };
            run(location, registry.append(&author, |_| Ok(act.clone())))?;
        }
        "register" => {
            let registry = run(location, Registry::open(location, options))?;
            let version = NewVersion {
                model: "risk".into(),
                bundle: nomogram_testkit::bundle_of_three_members().into(),
                report: Some(text.to_owned().into()),
                ..NewVersion::default()
            };
            println!("registered {}", run(location, registry.register(&author, version))?);
            // In a bucket, the packets of a checkpoint grow with the log, and the log with every kill: the
            // test that kills the writer at each packet would not end.
            if is_on_disk(location) {
                run(location, registry.publish_checkpoint(&key))?;
            }
        }
        "audit" => {
            let registry = run(location, Registry::open(location, options))?;
            let audit = run(location, registry.audit())?;
            if !audit.findings.is_empty() {
                return Err(format!("{:?}", audit.findings).into());
            }
            let has_text = registry.statements()?.iter().any(|statement| statement.reason == text);
            println!("{} entries, {}", audit.n_entries, if has_text { "there" } else { "absent" });
        }
        other => return Err(format!("found `{other}`, expected found, register or audit").into()),
    }
    Ok(())
}

fn is_on_disk(location: &str) -> bool {
    !location.contains("://")
}

/// Runs a call to its end. On a disk it runs without a runtime, so that one thread makes all system calls:
/// strace counts those of each thread.
fn run<T>(
    location: &str,
    call: impl Future<Output = Result<T, nomogram_registry::Error>>,
) -> Result<T, nomogram_registry::Error> {
    if !is_on_disk(location) {
        return block_on(call);
    }
    let mut call = pin!(call);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = call.as_mut().poll(&mut context) {
            return result;
        }
    }
}
