use super::*;

/// RFC 8032, section 7.1, test 2.
const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

fn hex(digits: &str) -> [u8; 32] {
    *digits.parse::<Digest>().unwrap().as_bytes()
}

fn key() -> SecretKey {
    SecretKey::from_seed(&hex(SEED))
}

#[test]
fn signs_as_rfc_8032() {
    let signature = key().sign(&[0x72]);
    assert_eq!(key().public_key().to_bytes(), hex(PUBLIC));
    assert_eq!(
        signature[..32],
        hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")
    );
    key().public_key().verify(&[0x72], &signature).unwrap();
}

#[test]
fn refuses_another_message_key_and_length() {
    let signature = key().sign(b"a");
    assert!(key().public_key().verify(b"b", &signature).is_err());
    assert!(key().public_key().verify(b"a", &signature[..63]).is_err());
    assert!(SecretKey::generate().unwrap().public_key().verify(b"a", &signature).is_err());
}

#[test]
fn refuses_a_public_key_of_small_order() {
    let mut identity = [0; 32];
    identity[0] = 1;
    assert!(PublicKey::from_bytes(&identity).unwrap_err().to_string().contains("small order"));
}

#[test]
fn pem_round_trips_and_debug_shows_no_secret() {
    let pem = key().to_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI"));
    assert_eq!(SecretKey::from_pem(&pem).unwrap().id(), key().id());
    let public = key().public_key();
    assert_eq!(PublicKey::from_pem(&public.to_pem().unwrap()).unwrap(), public);
    let debug = format!("{:?}", key());
    assert_eq!(debug, format!("SecretKey(of {})", key().id()));
    assert!(!debug.contains(&SEED[..8]));
    let error = SecretKey::from_pem(&pem.replace("MC4C", "MC4D")).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("BCIEI"));
}

#[test]
fn ids_are_hexadecimal() {
    let id = key().id();
    assert_eq!(id.to_string().parse::<KeyId>().unwrap(), id);
    assert!("12".parse::<KeyId>().is_err());
    assert!(format!("+{}", &id.to_string()[1..]).parse::<KeyId>().is_err());
}

#[cfg(unix)]
#[test]
fn files_are_private_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("nomogram-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("key.pem");
    let _ = std::fs::remove_file(&path);
    key().write_new(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(SecretKey::read(&path).unwrap().id(), key().id());
    assert!(matches!(key().write_new(&path), Err(Error::File { .. })));
    for mode in [0o640, 0o604, 0o620, 0o666] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert!(
            matches!(SecretKey::read(&path), Err(Error::Exposed { mode: found, .. }) if found == mode)
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
