//! The in-toto statement: the list of files that is signed.

use std::collections::BTreeMap;

use nomogram::Digest;
use serde::Deserialize;
use serde_json::json;

use super::files::FileList;
use crate::Error;

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://model_signing/signature/v1.0";

/// What a signature states of a model.
#[derive(Debug)]
pub(super) struct Statement(FileList);

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default)]
    subject: Vec<Subject>,
    #[serde(default)]
    predicate: Option<Predicate>,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    name: String,
    digest: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Predicate {
    serialization: Serialization,
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Serialization {
    method: String,
    hash_type: String,
    #[serde(default)]
    ignore_paths: Vec<String>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    algorithm: String,
    digest: String,
}

impl Statement {
    pub(super) fn new(files: FileList) -> Self {
        Self(files)
    }

    pub(super) fn to_json(&self) -> String {
        let FileList { name, files, ignored } = &self.0;
        let resources: Vec<_> = files
            .iter()
            .map(|(name, digest)| json!({ "name": name, "algorithm": "sha256", "digest": digest }))
            .collect();
        json!({
            "_type": STATEMENT,
            "subject": [{ "name": name, "digest": { "sha256": root(files) } }],
            "predicateType": PREDICATE,
            "predicate": {
                "serialization": {
                    "method": "files",
                    "hash_type": "sha256",
                    "allow_symlinks": false,
                    "ignore_paths": ignored,
                },
                "resources": resources,
            },
        })
        .to_string()
    }

    /// Reads a statement whose signature was verified, or only its form.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, Error> {
        let raw: Raw =
            serde_json::from_slice(json).map_err(|e| Error::Envelope(format!("statement: {e}")))?;
        expect("statement", &raw.kind, STATEMENT)?;
        expect("predicate", &raw.predicate_type, PREDICATE)?;
        let predicate =
            raw.predicate.ok_or_else(|| Error::Envelope("statement: no predicate".into()))?;
        expect("method of serialization", &predicate.serialization.method, "files")?;
        expect("hash", &predicate.serialization.hash_type, "sha256")?;
        let [subject] = raw.subject.as_slice() else {
            return Err(Error::Envelope(format!("{} subjects, expected 1", raw.subject.len())));
        };
        let mut files = Vec::with_capacity(predicate.resources.len());
        for resource in predicate.resources {
            expect("hash of a file", &resource.algorithm, "sha256")?;
            let digest = resource.digest.parse();
            let digest =
                digest.map_err(|_| Error::Envelope(format!("`{}`: no SHA-256", resource.name)))?;
            files.push((resource.name, digest));
        }
        let stated = subject.digest.get("sha256").map(String::as_str).unwrap_or_default();
        if stated.parse() != Ok(root(&files)) {
            let detail = format!("root digest `{stated}`, expected {} of the files", root(&files));
            return Err(Error::Envelope(detail));
        }
        let name = subject.name.clone();
        Ok(Self(FileList { name, files, ignored: predicate.serialization.ignore_paths }))
    }

    /// The paths that the signer left out, without any that leads out of the model.
    pub(super) fn ignored(&self) -> impl Iterator<Item = &str> {
        self.0.ignored.iter().map(String::as_str).filter(|path| !path.starts_with('/'))
    }

    /// Compares the files that were signed with those of a model.
    pub(super) fn compare(&self, found: &FileList) -> Result<(), Error> {
        let mut signed: BTreeMap<&str, &Digest> = BTreeMap::new();
        for (name, digest) in &self.0.files {
            if signed.insert(name, digest).is_some() {
                return Err(Error::Signature(format!("`{name}`: signed twice")));
            }
        }
        for (name, digest) in &found.files {
            match signed.remove(name.as_str()) {
                None => return Err(Error::Signature(format!("`{name}`: was not signed"))),
                Some(expected) if expected != digest => {
                    return Err(Error::Signature(format!(
                        "`{name}`: SHA-256 {digest}, expected {expected}"
                    )));
                }
                Some(_) => {}
            }
        }
        match signed.keys().next() {
            Some(name) => Err(Error::Signature(format!("`{name}`: was signed and is absent"))),
            None if found.files.is_empty() => {
                Err(Error::Signature("no file, expected at least one".into()))
            }
            None => Ok(()),
        }
    }
}

/// The digest over all files: SHA-256 over their digests in the order of the list.
fn root(files: &[(String, Digest)]) -> Digest {
    let digests: Vec<u8> = files.iter().flat_map(|(_, digest)| *digest.as_bytes()).collect();
    Digest::of(&digests)
}

fn expect(what: &str, found: &str, expected: &str) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Envelope(format!("{what} `{found}`, expected `{expected}`")))
}
