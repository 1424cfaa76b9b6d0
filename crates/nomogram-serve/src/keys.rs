//! API keys: `nomo_<id>_<secret>`, of which only a hash of the secret is kept.
//!
//! A secret has 256 random bits, so one SHA-256 is enough: a slow hash would only help those who want to
//! keep the service busy.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::caller::{Caller, Role, Roles};
use crate::rate::{Bucket, Rate};

const PREFIX: &str = "nomo_";
const HASH_PREFIX: &str = "sha256:";

/// An entry of the file of keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// The id: the text between the underscores, which is in logs.
    pub id: String,
    /// `sha256:` and the hash of the secret in hexadecimal digits.
    pub hash: String,
    /// What the key may do: `predict`, `read`, `monitor`, `admin`.
    pub roles: Vec<String>,
    /// Requests per second, if other than those of all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<u32>,
}

/// The file of keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The keys.
    pub keys: Vec<KeyEntry>,
}

/// The keys of a service.
#[derive(Debug, Default)]
pub struct Keys {
    keys: BTreeMap<String, Key>,
}

#[derive(Debug)]
struct Key {
    caller: Caller,
    hash: [u8; 32],
    bucket: Arc<Bucket>,
}

impl Keys {
    /// The keys of a file; `rate` is that of keys without one.
    ///
    /// # Errors
    ///
    /// A sentence with the number of the entry.
    pub fn new(file: &KeyFile, rate: Option<Rate>) -> Result<Self, String> {
        let mut keys = BTreeMap::new();
        for (position, entry) in file.keys.iter().enumerate() {
            let in_entry = |fault: &str| format!("key {}: {fault}", position + 1);
            let is_id = !entry.id.is_empty()
                && entry.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !is_id {
                return Err(in_entry("the id has other characters than letters, digits and `-`"));
            }
            let digits = entry.hash.strip_prefix(HASH_PREFIX).unwrap_or_default();
            let hash = of_hexadecimal(digits)
                .ok_or_else(|| in_entry("hash: expected `sha256:` and 64 hexadecimal digits"))?;
            let mut roles = Roles::NONE;
            for name in &entry.roles {
                let role = Role::of_name(name).ok_or_else(|| {
                    in_entry("roles: expected `predict`, `read`, `monitor` or `admin`")
                })?;
                roles = roles.with(role);
            }
            let caller = Caller { id: entry.id.as_str().into(), roles };
            let rate = entry.requests_per_second.map(Rate::per_second).or(rate);
            let key = Key { caller, hash, bucket: Arc::new(Bucket::new(rate)) };
            if keys.insert(entry.id.clone(), key).is_some() {
                return Err(in_entry("an id that another key has too"));
            }
        }
        Ok(Self { keys })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The caller who knows a key, and its bucket. The time does not depend on how much of the secret is
    /// right.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<(&Caller, &Arc<Bucket>)> {
        let (id, secret) = key.strip_prefix(PREFIX)?.split_once('_')?;
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let known = self.keys.get(id);
        let expected = known.map_or([0; 32], |key| key.hash);
        let is_equal = bool::from(hash.ct_eq(&expected));
        known.filter(|_| is_equal).map(|key| (&key.caller, &key.bucket))
    }

    /// Whether a text looks like a key, rather than a token.
    #[must_use]
    pub fn is_key(text: &str) -> bool {
        text.starts_with(PREFIX)
    }
}

/// Makes a key: the text for its owner, and the entry for the file.
///
/// # Errors
///
/// When the system has no random bits.
pub fn new_key(roles: &[Role]) -> Result<(String, KeyEntry), String> {
    let mut bytes = [0; 36];
    getrandom::fill(&mut bytes).map_err(|error| format!("no random bits: {error}"))?;
    let (id, secret) = bytes.split_at(4);
    let (id, secret) = (hexadecimal(id), hexadecimal(secret));
    let hash = format!("{HASH_PREFIX}{}", hexadecimal(&Sha256::digest(secret.as_bytes())));
    let roles = roles.iter().map(|role| role.name().to_owned()).collect();
    let key = format!("{PREFIX}{id}_{secret}");
    Ok((key, KeyEntry { id, hash, roles, requests_per_second: None }))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

fn of_hexadecimal(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (position, byte) in bytes.iter_mut().enumerate() {
        let pair = digits.get(2 * position..2 * position + 2)?;
        *byte = u8::from_str_radix(pair, 16).ok().filter(|_| !pair.starts_with('+'))?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_secret_only() {
        let (key, entry) = new_key(&[Role::Predict]).unwrap();
        let (other, _) = new_key(&[Role::Admin]).unwrap();
        let keys = Keys::new(&KeyFile { keys: vec![entry.clone()] }, None).unwrap();
        let (caller, _) = keys.find(&key).unwrap();
        assert_eq!((&*caller.id, caller.roles.has(Role::Predict)), (entry.id.as_str(), true));
        assert!(!caller.roles.has(Role::Admin));
        let secret = other.rsplit_once('_').unwrap().1;
        let wrong = [
            other.clone(),
            format!("nomo_{}_{secret}", entry.id),
            format!("nomo_{}_", entry.id),
            format!("{key}0"),
            key.replace("nomo_", ""),
            String::new(),
        ];
        for key in wrong {
            assert!(keys.find(&key).is_none(), "{key}");
        }
        assert!(!format!("{keys:?}{entry:?}").contains(key.rsplit_once('_').unwrap().1));
    }

    #[test]
    fn an_entry_that_is_wrong_is_named() {
        let (_, entry) = new_key(&[Role::Read]).unwrap();
        let refused = |change: &dyn Fn(&mut KeyEntry)| {
            let mut changed = entry.clone();
            changed.id = "b".into();
            change(&mut changed);
            Keys::new(&KeyFile { keys: vec![entry.clone(), changed] }, None).unwrap_err()
        };
        assert!(refused(&|e| e.hash.truncate(20)).starts_with("key 2: hash"));
        assert!(refused(&|e| e.roles.push("root".into())).starts_with("key 2: roles"));
        assert!(refused(&|e| e.id = "a_b".into()).starts_with("key 2: the id"));
        assert!(refused(&|e| e.id.clone_from(&entry.id)).contains("another key"));
    }
}
