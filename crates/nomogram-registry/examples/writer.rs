//! A writer for the tests that kill it: `tests/reference/kills.sh`.
//!
//! ```text
//! writer LOCATION INDEX found          founds a registry
//! writer LOCATION INDEX register TEXT  registers a version for the reason TEXT and acknowledges it, then
//!                                      publishes a checkpoint
//! writer LOCATION INDEX audit TEXT     audits, and prints whether the log has an act for the reason TEXT
//! ```

#![allow(clippy::print_stdout)]

use std::error::Error;

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
            let registry = block_on(founded)?;
            let roles = vec![Role::Administrator, Role::Trainer];
            let act = Act::Person { person: "olga".into(), roles };
            block_on(registry.append(&author, |_| Ok(act.clone())))?;
        }
        "register" => {
            let registry = block_on(Registry::open(location, options))?;
            let version = NewVersion {
                model: "risk".into(),
                bundle: nomogram_testkit::bundle_of_three_members().into(),
                report: Some(text.to_owned().into()),
                ..NewVersion::default()
            };
            println!("registered {}", block_on(registry.register(&author, version))?);
            block_on(registry.publish_checkpoint(&key))?;
        }
        "audit" => {
            let registry = block_on(Registry::open(location, options))?;
            let audit = block_on(registry.audit())?;
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
