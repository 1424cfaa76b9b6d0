use super::*;
use alloc::string::ToString;
use alloc::vec;
use ed25519_dalek::{Signer, SigningKey};

const NOW: u64 = 1_800_000_000;

fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

fn public(seed: u8) -> [u8; 32] {
    SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes()
}

fn signed(seed: u8, role: &str, of: &Digest, expires_at: Option<u64>) -> Signature {
    let key_id = Digest::of(&public(seed));
    let message = Signature::message(of, &key_id, role, NOW - 10, expires_at).unwrap();
    let bytes = SigningKey::from_bytes(&[seed; 32]).sign(&message).to_bytes();
    Signature::new(key_id, role.into(), NOW - 10, expires_at, &bytes)
}

fn hex(bytes: &[u8; 32]) -> String {
    Digest::from_bytes(*bytes).to_string()
}

/// Keys 1 and 2 may do both, 3 reviews only, 4 is revoked.
fn policy(requirements: &str) -> Trust {
    let mut text = String::new();
    for (seed, roles) in
        [(1, "trainer,reviewer"), (2, "trainer,reviewer"), (3, "reviewer"), (4, "reviewer")]
    {
        text += &alloc::format!("key {} {roles} # someone\n", hex(&public(seed)));
    }
    text += &alloc::format!("revoked {}\n{requirements}", hex(&public(4)));
    Trust::from_text(&text, NOW).unwrap()
}

fn verify(requirements: &str, signatures: &[Signature]) -> Result<(), (ErrorKind, String)> {
    let result = policy(requirements).verify(&digest(7), signatures, &mut Budget::unlimited());
    result.map_err(|error| (error.kind(), error.to_string()))
}

#[test]
fn required_roles_are_counted_by_key() {
    let of = digest(7);
    let two = [signed(1, "reviewer", &of, None), signed(3, "reviewer", &of, Some(NOW + 1))];
    assert_eq!(verify("require reviewer 2", &two), Ok(()));
    let (kind, text) = verify("require reviewer 2\nrequire trainer", &two).unwrap_err();
    assert_eq!(kind, ErrorKind::MissingSignature);
    assert_eq!(text, "role `trainer`: signed by 0 trusted keys, expected 1");
    // A duplicate of one signature, and another one by the same key.
    let mut twice = vec![two[0].clone(), two[0].clone(), signed(1, "reviewer", &of, Some(NOW + 5))];
    assert_eq!(verify("require reviewer 2", &twice).unwrap_err().0, ErrorKind::MissingSignature);
    twice.push(two[1].clone());
    assert_eq!(verify("require reviewer 2", &twice), Ok(()));
}

#[test]
fn a_distinct_key_counts_for_one_role_wherever_it_is_needed() {
    let of = digest(7);
    let both = [signed(1, "trainer", &of, None), signed(1, "reviewer", &of, None)];
    let required = "require reviewer\nrequire trainer\n";
    assert_eq!(verify(required, &both), Ok(()));
    let distinct = alloc::format!("{required}distinct");
    let (kind, text) = verify(&distinct, &both).unwrap_err();
    assert_eq!(kind, ErrorKind::MissingSignature);
    assert!(text.contains("each key for one role"), "{text}");
    // Key 1 was counted as reviewer first and has to become the trainer.
    let moved = [both.as_slice(), &[signed(3, "reviewer", &of, None)]].concat();
    assert_eq!(verify(&distinct, &moved), Ok(()));
    let three = "require reviewer 2\nrequire trainer\ndistinct";
    assert!(verify(three, &moved).is_err());
    let enough = [moved.as_slice(), &[signed(2, "reviewer", &of, None)]].concat();
    assert_eq!(verify(three, &enough), Ok(()));
}

#[test]
fn a_replayed_or_changed_signature_by_a_trusted_key_is_refused() {
    let replayed = signed(3, "reviewer", &digest(8), None);
    let (kind, text) = verify("require reviewer", &[replayed]).unwrap_err();
    assert_eq!(kind, ErrorKind::InvalidSignature);
    assert!(
        text.contains(&hex(Digest::of(&public(3)).as_bytes())) && text.contains("`reviewer`"),
        "{text}"
    );
    let of = digest(7);
    let good = signed(3, "reviewer", &of, Some(NOW + 9));
    assert_eq!(verify("require reviewer", core::slice::from_ref(&good)), Ok(()));
    let changes: [fn(&mut Signature); 5] = [
        |signature| signature.signed_at -= 1,
        |signature| signature.expires_at = Some(NOW + 10),
        |signature| signature.expires_at = None,
        |signature| signature.key_id = Digest::of(&public(1)),
        |signature| (signature.key_id, signature.role) = (Digest::of(&public(1)), "trainer".into()),
    ];
    for change in changes {
        let mut signature = good.clone();
        change(&mut signature);
        let required = alloc::format!("require {}", signature.role);
        assert_eq!(verify(&required, &[signature]).unwrap_err().0, ErrorKind::InvalidSignature);
    }
    let mut as_trainer = signed(1, "reviewer", &of, None);
    as_trainer.role = "trainer".into();
    assert_eq!(
        verify("require trainer", &[as_trainer]).unwrap_err().0,
        ErrorKind::InvalidSignature
    );
    for bit in 0..512 {
        let mut bytes = good.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let flipped =
            Signature::new(good.key_id, "reviewer".into(), NOW - 10, Some(NOW + 9), &bytes);
        assert_eq!(
            verify("require reviewer", &[flipped]).unwrap_err().0,
            ErrorKind::InvalidSignature,
            "{bit}"
        );
    }
}

#[test]
fn expired_revoked_early_and_unknown_signers_do_not_count() {
    let of = digest(7);
    let id = |seed| hex(Digest::of(&public(seed)).as_bytes());
    let mut early = signed(3, "reviewer", &of, None);
    early.signed_at = NOW + CLOCK_TOLERANCE + 1;
    let cases = [
        (signed(3, "reviewer", &of, Some(NOW)), ErrorKind::ExpiredSignature, "has expired"),
        (early, ErrorKind::ExpiredSignature, "in the future"),
        (signed(4, "reviewer", &of, None), ErrorKind::RevokedKey, "is revoked"),
        (signed(3, "trainer", &of, None), ErrorKind::MissingSignature, "signed by 0"),
        (signed(9, "reviewer", &of, None), ErrorKind::MissingSignature, "signed by 0"),
    ];
    for (signature, kind, why) in cases {
        let key = signature.key_id;
        let (found, text) =
            verify("require reviewer", core::slice::from_ref(&signature)).unwrap_err();
        assert_eq!(found, kind, "{text}");
        assert!(text.contains("role `reviewer`") && text.contains(why), "{text}");
        assert!(
            kind == ErrorKind::MissingSignature || text.contains(&hex(key.as_bytes())),
            "{text}"
        );
        // It does no harm beside a signature that counts.
        assert_eq!(
            verify("require reviewer", &[signature, signed(1, "reviewer", &of, None)]),
            Ok(())
        );
    }
    let (_, text) = verify("require trainer", &[signed(3, "trainer", &of, None)]).unwrap_err();
    assert!(text.contains(&id(3)) && text.contains("may not sign in this role"), "{text}");
}

#[test]
fn a_pinned_digest_needs_no_signature() {
    let pin = |byte| alloc::format!("digest {}", digest(byte));
    assert_eq!(verify(&pin(7), &[]), Ok(()));
    assert_eq!(verify(&pin(8), &[]).unwrap_err().0, ErrorKind::OtherDigest);
}

#[test]
fn verifying_is_charged() {
    let of = digest(7);
    let signatures = [signed(1, "reviewer", &of, None), signed(2, "reviewer", &of, None)];
    let mut budget = Budget::new(u64::MAX, 2 * VERIFICATION - 1);
    let error = policy("require reviewer").verify(&of, &signatures, &mut budget).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn a_policy_that_cannot_be_read_is_refused_with_its_line() {
    let key = hex(&public(1));
    let cases = [
        ("", "requires nothing"),
        ("# digest", "requires nothing"),
        ("\nkey 12 reviewer", "line 2: expected 64 hexadecimal digits"),
        ("require reviewer 0", "line 1"),
        ("require reviewer 33", "line 1"),
        ("require a\nrequire a 2", "line 2: expected each role to be required once"),
        ("trust everyone", "line 1"),
        ("distinct yes", "line 1"),
        ("KEY\nROLE", "line 2: expected each key once"),
    ];
    for (text, expected) in cases {
        let text = text.replace("KEY\nROLE", &alloc::format!("key {key} a\nkey {key} b"));
        let error = Trust::from_text(&text, NOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Trust);
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
    let twice = alloc::format!("digest {0}\ndigest {0}", digest(1));
    assert!(Trust::from_text(&twice, NOW).is_err());
}
