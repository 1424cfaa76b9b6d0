//! Signatures inside a bundle.

use nomogram::{Digest, Signature, add_signature, signatures};

use crate::SecretKey;

/// Adds a signature to the bytes of a bundle. One by the same key in the same role is replaced; the digest of the
/// bundle stays.
///
/// Times are in seconds since 1970. Open the bundle first: this checks its digests alone, and does not predict.
///
/// # Errors
///
/// As [`nomogram::add_signature`].
pub fn sign_bundle(
    bundle: &[u8],
    key: &SecretKey,
    role: &str,
    signed_at: u64,
    expires_at: Option<u64>,
) -> Result<Vec<u8>, nomogram::Error> {
    let (digest, _) = signatures(bundle)?;
    let key_id = Digest::from_bytes(*key.id().as_bytes());
    let message = Signature::message(&digest, &key_id, role, signed_at, expires_at)?;
    let signature = Signature::new(key_id, role.into(), signed_at, expires_at, &key.sign(&message));
    add_signature(bundle, signature)
}

#[cfg(test)]
mod tests {
    use nomogram::{ErrorKind, Limits, MAX_SIGNATURES, Model, Trust, strip_signatures};
    use nomogram_testkit::{bundle_of_a_number, bundle_of_three_members};

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    fn open(bundle: &[u8], required: &str, time: u64) -> Result<Model, nomogram::Error> {
        let digits = |seed: u8| -> String {
            key(seed).public_key().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let keys = format!("key {} trainer\nkey {} reviewer\n", digits(1), digits(2));
        let trust = Trust::from_text(&(keys + required), time)?;
        Model::open_trusted(bundle, &Limits::default(), &trust)
    }

    #[test]
    fn two_signers_are_added_and_stripped_and_the_model_keeps_its_name() {
        let sealed = bundle_of_three_members();
        let signed = sign_bundle(&sealed, &key(1), "trainer", NOW, None).unwrap();
        let required = "require trainer\nrequire reviewer\ndistinct";
        assert_eq!(open(&signed, required, NOW).unwrap_err().kind(), ErrorKind::MissingSignature);
        let signed = sign_bundle(&signed, &key(2), "reviewer", NOW, Some(NOW + 9)).unwrap();
        let model = open(&signed, required, NOW).unwrap();
        assert_eq!(model.digest(), Model::open(&sealed).unwrap().digest());
        assert_eq!(model.signatures().len(), 2);
        assert_eq!(
            open(&signed, required, NOW + 9).unwrap_err().kind(),
            ErrorKind::ExpiredSignature
        );
        let again = sign_bundle(&signed, &key(2), "reviewer", NOW, None).unwrap();
        assert_eq!(open(&again, required, NOW + 9).unwrap().signatures().len(), 2);
        assert_eq!(strip_signatures(&again).unwrap(), sealed);
    }

    #[test]
    fn the_signature_of_another_bundle_is_refused() {
        let other = sign_bundle(&bundle_of_a_number(), &key(2), "reviewer", NOW, None).unwrap();
        let (_, taken) = signatures(&other).unwrap();
        let replayed = add_signature(&bundle_of_three_members(), taken[0].clone()).unwrap();
        let error = open(&replayed, "require reviewer", NOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSignature);
        assert!(error.to_string().contains(&key(2).id().to_string()), "{error}");
    }

    #[test]
    fn a_bundle_has_a_bounded_number_of_signatures_with_roles_of_one_word() {
        let mut bundle = bundle_of_three_members();
        for index in 0..MAX_SIGNATURES {
            bundle = sign_bundle(&bundle, &key(1), &format!("role{index}"), NOW, None).unwrap();
        }
        let refused = sign_bundle(&bundle, &key(1), "one-more", NOW, None).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidModel);
        bundle = bundle_of_three_members();
        for role in ["", "two words", "a,b", "\u{1b}[2J", &"x".repeat(65)] {
            let error = sign_bundle(&bundle, &key(1), role, NOW, None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidModel, "{role:?}");
        }
    }
}
