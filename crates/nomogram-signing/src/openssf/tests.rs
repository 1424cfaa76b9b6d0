use super::*;
use std::fs;

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("nomogram-openssf-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("a")).unwrap();
    fs::write(folder.join("a/1"), "one").unwrap();
    fs::write(folder.join("a.b"), "two").unwrap();
    folder
}

fn keys() -> [EcSecretKey; 3] {
    [
        EcSecretKey::P256(p256::ecdsa::SigningKey::from_slice(&[3; 32]).unwrap()),
        EcSecretKey::P384(p384::ecdsa::SigningKey::from_slice(&[3; 48]).unwrap()),
        EcSecretKey::P521(p521::ecdsa::SigningKey::from_slice(&[0, 3].repeat(33)).unwrap()),
    ]
}

#[test]
fn a_folder_and_a_file_are_signed_on_each_curve() {
    let folder = folder("curves");
    for key in keys() {
        let trusted = Trusted::Key(key.public_key());
        let signature = folder.join("model.sig");
        fs::write(&signature, sign(&folder, std::slice::from_ref(&signature), &key).unwrap())
            .unwrap();
        let json = fs::read(&signature).unwrap();
        assert_eq!(check_format(&json).unwrap(), Method::Key);
        assert_eq!(verify(&folder, &json, &[], &trusted).unwrap(), 2);
        let file = folder.join("a.b");
        let json = sign(&file, &[], &key).unwrap();
        assert_eq!(verify(&file, json.as_bytes(), &[], &trusted).unwrap(), 1);
        assert!(verify(&folder.join("a/1"), json.as_bytes(), &[], &trusted).is_err());
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn changed_added_and_removed_files_are_named() {
    let folder = folder("changes");
    let [key, other, _] = keys();
    let json = sign(&folder, &[], &key).unwrap();
    let refused = |trusted: &EcSecretKey| {
        verify(&folder, json.as_bytes(), &[], &Trusted::Key(trusted.public_key()))
            .unwrap_err()
            .to_string()
    };
    assert!(refused(&other).contains("by key"));
    fs::write(folder.join("a/1"), "ONE").unwrap();
    assert!(refused(&key).contains("`a/1`: SHA-256"));
    fs::write(folder.join("a/1"), "one").unwrap();
    fs::write(folder.join("a/2"), "more").unwrap();
    assert!(refused(&key).contains("`a/2`: was not signed"));
    fs::remove_file(folder.join("a/2")).unwrap();
    fs::remove_file(folder.join("a.b")).unwrap();
    assert!(refused(&key).contains("`a.b`: was signed and is absent"));
    fs::remove_dir_all(folder).unwrap();
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_refused() {
    let folder = folder("links");
    std::os::unix::fs::symlink(folder.join("a.b"), folder.join("link")).unwrap();
    assert!(sign(&folder, &[], &keys()[0]).unwrap_err().to_string().contains("link"));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn secret_keys_are_not_printed() {
    let text = format!("{:?}", keys());
    assert!(!text.contains("0303") && !text.contains("3, 3"), "{text}");
}

/// The folder of data that others published, if there is one.
fn vectors() -> Option<PathBuf> {
    let folder =
        std::env::var_os("NOMOGRAM_VECTORS").map(|folder| PathBuf::from(folder).join("signing"));
    if folder.is_none() {
        println!("skipped: NOMOGRAM_VECTORS is not set");
    }
    folder
}

#[test]
fn the_format_of_the_specifications_vectors() {
    let Some(vectors) = vectors() else { return };
    let mut n_read = 0;
    for (kind, is_valid) in [("valid", true), ("invalid", false)] {
        for entry in fs::read_dir(vectors.join("oms-v1.0").join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let checked = check_format(&fs::read(&path).unwrap());
            assert_eq!(checked.is_ok(), is_valid, "{}: {checked:?}", path.display());
            n_read += 1;
        }
    }
    assert!(n_read > 0);
}

#[test]
fn signatures_of_the_reference_program_verify() {
    let Some(vectors) = vectors() else { return };
    let folder = vectors.join("model-transparency");
    let keys = folder.join("keys");
    let mut n_read = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (trusted, wrong) = if name.ends_with("-elliptic-key") {
            let key = EcPublicKey::read(&keys.join("signing-key-pub.pem")).unwrap();
            let hint_of_another = EcSecretKey::generate().unwrap().public_key();
            (Trusted::Key(key), Trusted::Key(hint_of_another))
        } else if name.ends_with("-certificate") {
            let roots = Certificates::read(&[keys.join("ca-cert.pem")]).unwrap();
            let not_a_root = Certificates::read(&[keys.join("int-ca-cert.pem")]).unwrap();
            (
                Trusted::Roots(roots, RevocationLists::default()),
                Trusted::Roots(not_a_root, RevocationLists::default()),
            )
        } else {
            continue;
        };
        let signature = path.join("model.sig");
        let json = fs::read(&signature).unwrap();
        let ignored = [signature, path.join("ignore-me")];
        // Early versions of the reference program signed the only file itself.
        let files = fs::read_dir(&path).unwrap().count();
        let model = if files == 2 { path.join("signme-1") } else { path.clone() };
        let verified = verify(&model, &json, &ignored, &trusted);
        assert!(verified.is_ok(), "{name}: {verified:?}");
        assert!(verify(&model, &json, &ignored, &wrong).is_err(), "{name}");
        n_read += 1;
    }
    assert!(n_read > 0);
}

#[derive(serde::Deserialize)]
struct Vectors {
    files: std::collections::BTreeMap<String, String>,
    cases: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    curve: String,
    case: String,
    /// The verdict of the reference program.
    accepted: bool,
    signature: serde_json::Value,
    roots: String,
    lists: String,
}

/// Chains of `tests/reference/make_certificates.py`: with the verdict of the reference program where there is no
/// revocation list, which it does not read.
#[test]
fn chains_of_certificates_are_accepted_and_refused_on_each_curve() {
    let text = include_str!("../../tests/reference/certificates.json");
    let Vectors { files, cases } = serde_json::from_str(text).unwrap();
    let folder = folder("chains");
    let model = folder.join("model");
    for (name, content) in files {
        let path = model.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let reasons = [
        ("signer without any usage", "its key usage is not to sign"),
        ("signer for key agreement", "its key usage is not to sign"),
        ("signer for servers", "its key usage is not to sign"),
        ("expired issuer", "not valid when the signer's certificate begins"),
        ("issuer of a later time", "not valid when the signer's certificate begins"),
        ("expired root", "not valid when the signer's certificate begins"),
        ("another root of the same name", "did not issue `CN=Issuer`"),
        ("issuer of the same name and another key", "did not issue `CN=Signer`"),
        ("no issuer", "no issuer is among the certificates"),
        ("issuer that is no authority", "not a certificate authority"),
        ("issuer without basic constraints", "not a certificate authority"),
        ("issuer that may not issue", "may not issue certificates"),
        ("more issuers than allowed", "more certificates below it than it allows"),
        ("certificate of another key", "does not verify"),
        ("issuers in a circle", "issuers were tried"),
        ("revoked signer", "`CN=Signer`: was revoked by `CN=Issuer`"),
        ("revoked issuer", "`CN=Issuer`: was revoked by `CN=Root`"),
        ("list by another key", "did not sign its revocation list"),
    ];
    let mut n_cases = [0; 2];
    for Vector { curve, case, accepted, signature, roots, lists } in cases {
        let place = format!("{curve}: {case}");
        let roots = || Certificates::from_pem(&roots).unwrap();
        let json = serde_json::to_vec(&signature).unwrap();
        let verdict = |lists| verify(&model, &json, &[], &Trusted::Roots(roots(), lists));
        let without_lists = verdict(RevocationLists::default());
        assert_eq!(without_lists.is_ok(), accepted, "{place}: {without_lists:?}");
        let verified = match lists.as_str() {
            "" => without_lists,
            lists => verdict(RevocationLists::from_pem(lists).unwrap()),
        };
        match reasons.iter().find(|(refused, _)| *refused == case) {
            Some((_, reason)) => {
                let error = verified.unwrap_err().to_string();
                assert!(error.contains(reason), "{place}: {error}");
                n_cases[0] += 1;
            }
            None => {
                assert_eq!(verified.unwrap(), 2, "{place}");
                n_cases[1] += 1;
            }
        }
    }
    assert_eq!(n_cases, [3 * reasons.len(), 3 * 6]);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_text_that_is_no_revocation_list_is_refused() {
    for text in ["", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----"] {
        let error = RevocationLists::from_pem(text).unwrap_err().to_string();
        assert!(error.contains("revocation list"), "{error}");
    }
}
