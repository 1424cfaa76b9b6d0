use super::*;

const TYPE: &str = "http://example.com/HelloWorld";

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

#[test]
fn pae_is_that_of_the_specification() {
    assert_eq!(
        pae(TYPE, b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
    assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
}

/// The envelope, signature and key that the protocol of DSSE publishes; the key is on P-256.
#[test]
fn the_published_signature_verifies() {
    use p256::ecdsa::signature::Verifier as _;

    let json = r#"{"payload": "aGVsbG8gd29ybGQ=", "payloadType": "http://example.com/HelloWorld", "signatures": [{"sig":
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}"#;
    let point = "0467cd390f77aa359cb08c2235f652270493a9ed832b0abcc01f70954c0390d238\
                 0c782bd54e269125a44f4433aff1432ce94e12bca73aa67ac80cea12608ddf74";
    let bytes: Vec<u8> = (0..point.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(&point[place..place + 2], 16).unwrap())
        .collect();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&bytes).unwrap();
    let envelope = Envelope::from_json(json.as_bytes()).unwrap();
    let payload = envelope.unverified_payload().unwrap();
    assert_eq!(payload, b"hello world");
    let signatures = envelope.unverified_signatures().unwrap();
    let signature = p256::ecdsa::Signature::from_slice(&signatures[0].1).unwrap();
    key.verify(&pae(envelope.payload_type(), &payload), &signature).unwrap();
    assert!(key.verify(&pae("text/plain", &payload), &signature).is_err());
}

#[test]
fn pae_counts_bytes() {
    assert_eq!(pae("ä", "µ".as_bytes()), "DSSEv1 2 ä 2 µ".as_bytes());
}

#[test]
fn an_envelope_round_trips_with_two_signers() {
    let mut envelope = Envelope::sign(TYPE, b"hello world", &key(1)).unwrap();
    envelope.add_signature(&key(2)).unwrap();
    let json = envelope.to_json().unwrap();
    assert!(json.starts_with(
        r#"{"payload":"aGVsbG8gd29ybGQ=","payloadType":"http://example.com/HelloWorld","#
    ));
    let read = Envelope::from_json(json.as_bytes()).unwrap();
    let keys = [key(2).public_key(), key(3).public_key(), key(1).public_key(), key(2).public_key()];
    let (payload, signers) = read.verify(TYPE, &keys).unwrap();
    assert_eq!(payload, b"hello world");
    assert_eq!(signers, [key(2).id(), key(1).id()]);
}

#[test]
fn refuses_what_was_not_signed() {
    let envelope = Envelope::sign(TYPE, b"hello world", &key(1)).unwrap();
    let trusted = [key(1).public_key()];
    assert!(matches!(envelope.verify("other", &trusted), Err(Error::Envelope(_))));
    assert!(matches!(envelope.verify(TYPE, &[key(2).public_key()]), Err(Error::Signature(_))));
    assert!(matches!(envelope.verify(TYPE, &[]), Err(Error::Signature(_))));
    let other_payload = Envelope { payload: STANDARD.encode("hello"), ..envelope.clone() };
    assert!(matches!(other_payload.verify(TYPE, &trusted), Err(Error::Signature(_))));
    let other_type = Envelope { payload_type: "other".into(), ..envelope };
    assert!(matches!(other_type.verify("other", &trusted), Err(Error::Signature(_))));
}

#[test]
fn a_false_hint_of_a_key_changes_nothing() {
    let mut envelope = Envelope::sign(TYPE, b"x", &key(1)).unwrap();
    envelope.signatures[0].keyid = Some(key(2).id().to_string());
    assert_eq!(envelope.verify(TYPE, &[key(1).public_key()]).unwrap().1, [key(1).id()]);
    assert!(envelope.verify(TYPE, &[key(2).public_key()]).is_err());
}

#[test]
fn base64_of_urls_is_read_too() {
    let envelope = Envelope::sign(TYPE, &[0xfb, 0xff, 0xfe], &key(1)).unwrap();
    let url = Envelope { payload: "-__-".into(), ..envelope };
    assert_eq!(url.verify(TYPE, &[key(1).public_key()]).unwrap().0, [0xfb, 0xff, 0xfe]);
}
