//! Measures a registry of 100,000 acts: the first start of a client, which verifies every entry, later
//! ones, and look-ups.
//!
//! ```sh
//! cargo run --release -p nomogram-registry --example fold
//! ```

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, reason = "an example")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use nomogram_registry::{
    Act, Author, Digest, NewVersion, Options, Policy, Reference, Registration, Registry, Role,
    Stage, State, Statement, Timestamp, VersionName, block_on,
};
use nomogram_signing::SecretKey;
use nomogram_signing::dsse::Envelope;

const N_ACTS: u64 = 100_000;
const N_MODELS: u64 = 1000;
const PAYLOAD_TYPE: &str = "application/vnd.nomogram.registry-entry+json";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("nomogram-fold-{}", std::process::id()));
    let location = folder.join("registry");
    write_log(&location)?;
    let location = location.to_str().ok_or("a path in UTF-8")?;
    let options = || Options { index: Some(folder.join("index.sqlite")), ..Options::default() };

    let (registry, seconds) = timed(|| block_on(Registry::open(location, options())));
    let n_entries = registry?.head()?.n_entries;
    println!("first start, which verifies {n_entries} entries and writes the index: {seconds}");

    let (registry, seconds) = timed(|| block_on(Registry::open(location, options())));
    let registry = registry?;
    println!("later start: {seconds}");
    let (state, seconds) = best(|| block_on(Registry::open(location, options()))?.state());
    let state = state?;
    println!("start and fold of {n_entries} acts from the index: {seconds}");
    let n_versions: usize = state.models().values().map(|model| model.versions.len()).sum();
    println!(
        "models {}, versions {n_versions}, refused {}",
        state.models().len(),
        state.refused().len()
    );
    let statements = registry.statements()?;
    let texts: Vec<Vec<u8>> =
        statements.iter().map(serde_json::to_vec).collect::<Result<_, _>>()?;
    let (refolded, seconds) = best(|| fold(&texts));
    println!("fold of {} statements, read from JSON: {seconds}", refolded?.n_entries());

    for text in ["model-17@champion", "model-999@3", "model-500@latest"] {
        let reference: Reference = text.parse()?;
        let each = repeated(|| registry.resolve(&reference).map(|_| ()));
        println!("look-up of {text}: {each}");
    }
    let each = repeated(|| block_on(registry.refresh()).map(|_| ()));
    println!("look for a new entry: {each}");
    let key = SecretKey::from_seed(&[1; 32]);
    let (message, public) = (serde_json::to_vec(&statements[17])?, key.public_key());
    let signature = key.sign(&message);
    let each = repeated(|| public.verify(&message, &signature));
    println!("verification of a signature: {each}");
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Founds a registry with two persons, and writes entries as two programs of these persons would, but
/// without waiting for the disk after each.
fn write_log(location: &Path) -> Result<(), Box<dyn Error>> {
    let keys = [SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32])];
    let author = Author::new(&keys[0]).because("measured");
    let text = location.to_str().ok_or("a path in UTF-8")?;
    let founded = Registry::found(text, "fold.example", "olga", &author, Options::default());
    let registry = block_on(founded)?;
    let stage = Stage {
        name: "candidate".into(),
        from: Vec::new(),
        movers: Vec::new(),
        approvals: Vec::new(),
        limits: false,
        alias: true,
    };
    let person = |person: &str, roles: Vec<Role>| Act::Person { person: person.into(), roles };
    for act in [
        person("olga", vec![Role::Administrator, Role::Trainer]),
        person("ben", vec![Role::Approver]),
        Act::AddKey {
            person: "ben".into(),
            public_key: keys[1].public_key().to_pem()?,
            expires: None,
        },
        Act::SetPolicy { model: None, policy: Policy { stages: vec![stage], limits: Vec::new() } },
    ] {
        block_on(registry.append(&author, |_| Ok(act.clone())))?;
    }
    let bundle = nomogram_testkit::bundle_of_three_members().into();
    let version = NewVersion { model: "model-0".into(), bundle, ..NewVersion::default() };
    block_on(registry.register(&author, version))?;
    let statements = registry.statements()?;
    let Some(Act::Register(registration)) = statements.last().map(|last| &last.act) else {
        return Err("the last act registers a version".into());
    };
    let mut previous = registry.head()?.digest;
    let n_before = statements.len() as u64;
    for seq in n_before..N_ACTS {
        let (act, key) = act(seq - n_before, registration);
        let key = &keys[key];
        let statement = Statement {
            seq,
            previous,
            time: Timestamp::now(),
            key: key.id().to_string(),
            nonce: format!("{seq:016x}"),
            act,
            reason: "measured".into(),
            evidence: Vec::new(),
        };
        let envelope = Envelope::sign(PAYLOAD_TYPE, &serde_json::to_vec(&statement)?, key)?;
        let file = envelope.to_json()? + "\n";
        previous = Some(Digest::of(file.as_bytes()));
        fs::write(location.join(format!("log/{seq:016}.json")), file)?;
    }
    Ok(())
}

/// The act of that number, and the index of its author's key: each version is registered, approved, put
/// into use and commented on.
fn act(number: u64, registration: &Registration) -> (Act, usize) {
    let model = number / 4 % N_MODELS;
    // Model 0 has a version already.
    let number_of_version = number / 4 / N_MODELS + 1 + u64::from(model == 0);
    let version = VersionName {
        model: format!("model-{model}"),
        number: u32::try_from(number_of_version).unwrap_or(u32::MAX),
    };
    let VersionName { model, number: last } = version.clone();
    match number % 4 {
        0 => (Act::Register(Box::new(Registration { version, ..registration.clone() })), 0),
        1 => (Act::Approve { version, report: None }, 1),
        2 => (Act::SetAlias { model, alias: "champion".into(), number: Some(last) }, 1),
        _ => (Act::Comment { model, number: Some(last) }, 0),
    }
}

/// Folds statements as the index keeps them.
fn fold(texts: &[Vec<u8>]) -> Result<State, serde_json::Error> {
    let mut state = State::default();
    for text in texts {
        let statement: Statement = serde_json::from_slice(text)?;
        state.apply(&statement, Digest::from_bytes([0; 32]));
    }
    Ok(state)
}

/// What a call returns, with the time until its end and that on the processor: others may compete.
fn timed<T>(call: impl FnOnce() -> T) -> (T, String) {
    let (result, elapsed, computed) = measured(call);
    (result, format!("{elapsed:.3} s, {computed:.3} s on the processor"))
}

/// The same for the fastest of five calls.
fn best<T>(call: impl Fn() -> T) -> (T, String) {
    let mut calls: Vec<_> = (0..5).map(|_| measured(&call)).collect();
    calls.sort_by(|a, b| a.2.total_cmp(&b.2));
    let (result, elapsed, computed) = calls.swap_remove(0);
    (result, format!("{elapsed:.3} s, {computed:.3} s on the processor, the best of 5"))
}

fn measured<T>(call: impl FnOnce() -> T) -> (T, f64, f64) {
    let (start, computed) = (Instant::now(), on_processor());
    let result = call();
    (result, start.elapsed().as_secs_f64(), on_processor() - computed)
}

/// The time of a call, which is repeated.
fn repeated<E: std::fmt::Debug>(mut call: impl FnMut() -> Result<(), E>) -> String {
    const N: u32 = 1000;
    let ((), elapsed, computed) =
        measured(|| (0..N).for_each(|_| call().expect("the call succeeded before")));
    let of_each = |seconds: f64| 1e6 * seconds / f64::from(N);
    format!("{:.1} µs, {:.1} µs on the processor", of_each(elapsed), of_each(computed))
}

/// The seconds that this thread was on a processor, where the system counts them.
fn on_processor() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds: Option<f64> = text.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.map_or(f64::NAN, |nanoseconds| nanoseconds / 1e9)
}
