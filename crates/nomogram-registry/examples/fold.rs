//! Measures how long it takes to fold 100,000 acts, to rebuild their index, and to look up a version.
//!
//! ```sh
//! cargo run --release -p nomogram-registry --example fold
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::time::Instant;

use nomogram_registry::{
    Act, Author, Digest, NewVersion, Options, Registry, Role, State, Statement, VersionName,
    block_on,
};
use nomogram_signing::SecretKey;

const N_ACTS: u64 = 100_000;

fn main() {
    let folder = std::env::temp_dir().join(format!("nomogram-fold-{}", std::process::id()));
    let location = folder.join("registry");
    let key = SecretKey::from_seed(&[1; 32]);
    let author = Author::new(&key).because("measured");
    let founded = Registry::found(
        location.to_str().expect("a path in UTF-8"),
        "fold.example",
        "olga",
        &author,
        Options::default(),
    );
    let registry = block_on(founded).unwrap();
    let roles = vec![Role::Administrator, Role::Trainer, Role::Approver];
    let person = Act::Person { person: "olga".into(), roles };
    block_on(registry.append(&author, |_| Ok(person.clone()))).unwrap();
    let bundle = nomogram_testkit::bundle_of_three_members().into();
    let version = NewVersion { model: "risk".into(), bundle, ..NewVersion::default() };
    block_on(registry.register(&author, version)).unwrap();

    // The acts of a registry with 1,000 models, as they were read: signatures are not verified again.
    let first = registry.statements().unwrap();
    let Act::Register(registration) = &first.last().unwrap().act else { unreachable!() };
    let mut texts: Vec<Vec<u8>> =
        first.iter().map(|statement| serde_json::to_vec(statement).unwrap()).collect();
    let template = first.last().unwrap().clone();
    for seq in texts.len() as u64..N_ACTS {
        let model = format!("model-{}", seq / 2 % 1000);
        let number = u32::try_from(seq / 2000 + 1).unwrap();
        let version = VersionName { model, number };
        let act = if seq % 2 == 0 {
            let registration =
                nomogram_registry::Registration { version, ..(**registration).clone() };
            Act::Register(Box::new(registration))
        } else {
            Act::Move { version, stage: "shadow".into() }
        };
        texts.push(serde_json::to_vec(&Statement { seq, act, ..template.clone() }).unwrap());
    }
    let (start, computed) = (Instant::now(), on_processor());
    let mut state = State::default();
    for text in &texts {
        let statement: Statement = serde_json::from_slice(text).unwrap();
        state.apply(&statement, Digest::of(text));
    }
    let (elapsed, computed) = (start.elapsed().as_secs_f64(), on_processor() - computed);
    println!(
        "fold of {N_ACTS} acts, read from JSON: {elapsed:.3} s, {computed:.3} s on the processor"
    );
    assert_eq!(state.n_entries(), N_ACTS);
    println!("models {}, acts that a rule refused {}", state.models().len(), state.refused().len());

    let n = 1000;
    let reference = "risk@latest".parse().unwrap();
    let start = Instant::now();
    for _ in 0..n {
        registry.resolve(&reference).unwrap();
    }
    println!("look-up in the index: {:.1} µs", start.elapsed().as_secs_f64() * 1e6 / f64::from(n));
    let start = Instant::now();
    for _ in 0..n {
        block_on(registry.refresh()).unwrap();
    }
    println!("check for new entries: {:.1} µs", start.elapsed().as_secs_f64() * 1e6 / f64::from(n));
    let message = texts.last().unwrap();
    let signature = key.sign(message);
    let start = Instant::now();
    for _ in 0..n {
        key.public_key().verify(message, &signature).unwrap();
    }
    println!("signature verified: {:.1} µs", start.elapsed().as_secs_f64() * 1e6 / f64::from(n));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The seconds that this thread was on a processor, where the system counts them: others may compete.
fn on_processor() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds: Option<f64> = text.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.map_or(f64::NAN, |nanoseconds| nanoseconds / 1e9)
}
