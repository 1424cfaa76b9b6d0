//! The most signatures that a bundle can have, and a policy that needs all of them.

use std::fmt::Write as _;

use ed25519_dalek::{Signer, SigningKey};
use nomogram::{
    Digest, Error, ErrorKind, Limits, MAX_SIGNATURES, Model, Signature, Trust, add_signature,
    signatures,
};

use crate::{bound, peak_of};

const NOW: u64 = 1_800_000_000;
/// The most keys that a policy can have.
const N_KEYS: usize = 1024;

fn key(index: usize) -> SigningKey {
    let mut seed = [1; 32];
    seed[..8].copy_from_slice(&index.to_le_bytes());
    SigningKey::from_bytes(&seed)
}

/// A bundle that as many keys as possible have signed as `reviewer`.
fn signed() -> Vec<u8> {
    let mut bundle = nomogram_testkit::bundle_of_three_members();
    let (digest, _) = signatures(&bundle).unwrap();
    for index in 0..MAX_SIGNATURES {
        let key = key(index);
        let key_id = Digest::of(key.verifying_key().as_bytes());
        let message = Signature::message(&digest, &key_id, "reviewer", NOW, None).unwrap();
        let bytes = key.sign(&message).to_bytes();
        let signature = Signature::new(key_id, "reviewer".into(), NOW, None, &bytes);
        bundle = add_signature(&bundle, signature).unwrap();
    }
    bundle
}

/// Every signer is needed, and they are the last of as many keys as a policy can have.
fn policy() -> Trust {
    let mut text = format!("require reviewer {MAX_SIGNATURES}\ndistinct\n");
    for index in (0..N_KEYS).rev() {
        let public = Digest::from_bytes(*key(index).verifying_key().as_bytes());
        writeln!(text, "key {public} reviewer").unwrap();
    }
    Trust::from_text(&text, NOW).unwrap()
}

#[test]
fn a_bundle_with_the_most_signatures_opens_within_the_budget() {
    let (bundle, trust) = (signed(), policy());
    let mut opened: Option<Result<usize, Error>> = None;
    let peak = peak_of(|| {
        let model = Model::open_trusted(&bundle, &Limits::default(), &trust);
        opened = Some(model.map(|model| model.signatures().len()));
    });
    assert_eq!(opened.unwrap().unwrap(), MAX_SIGNATURES);
    assert!(peak <= bound(&bundle), "{} bytes took {peak}", bundle.len());
}

#[test]
fn every_verification_is_charged() {
    let (bundle, trust) = (signed(), policy());
    let opens = |max_work| {
        let limits = Limits { max_work: Some(max_work), ..Limits::default() };
        Model::open_trusted(&bundle, &limits, &trust).map(|_| ()).map_err(|error| error.kind())
    };
    // The least with which it opens without a policy.
    let without = |max_work| {
        let limits = Limits { max_work: Some(max_work), ..Limits::default() };
        Model::open_with(&bundle, &limits).is_ok()
    };
    let (mut low, mut high) = (0, 1 << 26);
    while low < high {
        let middle = (low + high) / 2;
        if without(middle) { high = middle } else { low = middle + 1 }
    }
    let of_signatures = MAX_SIGNATURES as u64 * VERIFICATION;
    assert_eq!(opens(low + of_signatures), Ok(()));
    assert_eq!(opens(low + of_signatures - 1), Err(ErrorKind::TooLarge));
}

/// As `src/trust.rs` and docs/bundle-format.md have it.
const VERIFICATION: u64 = 200_000;
