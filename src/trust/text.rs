//! A policy as text, which C, Python and the command line read alike.
//!
//! ```text
//! # one statement per line
//! key 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c reviewer,trainer
//! revoked 9c982ccf2ec4968cc0cd55f12af4660c3d4017c3e843895a92b70aa74d1b7ebc
//! require reviewer 2
//! distinct
//! digest 5be0cd19137e2179a54ff53a510e527f1f83d9abfb41bd6b9b05688c2b3e6c1f
//! ```

use alloc::vec::Vec;

use super::{Requirement, Trust, TrustedKey};
use crate::bundle::{Digest, MAX_SIGNATURES};
use crate::error::{Error, ErrorKind};
use crate::memory;

/// The most keys and requirements of a policy.
const MAX_KEYS: usize = 1024;
const MAX_REQUIREMENTS: usize = 64;

impl Trust {
    /// Reads a policy. `time` is now, in seconds since 1970.
    ///
    /// A line is `key <64 hexadecimal digits> <role>[,<role>…]`, `revoked <digits>` (of a public key),
    /// `require <role> [<number of keys>]`, `distinct` (a key counts for one role only),
    /// `digest <digits>`, or a comment after `#`.
    ///
    /// # Errors
    ///
    /// `Trust`, with the line; also for a policy that requires nothing, which any bundle would pass.
    pub fn from_text(text: &str, time: u64) -> Result<Self, Error> {
        let mut trust = Self { time, ..Self::default() };
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            trust.read_line(line).map_err(|detail| {
                let number = index + 1;
                match detail {
                    Refused::Line(expected) => Error::new(
                        ErrorKind::Trust,
                        format_args!("policy: line {number}: expected {expected}"),
                    ),
                    Refused::Memory(error) => error,
                }
            })?;
        }
        if trust.requirements.is_empty() && trust.digest.is_none() {
            let detail = "policy: requires nothing, expected `require` or `digest`";
            return Err(Error::new(ErrorKind::Trust, detail));
        }
        Ok(trust)
    }

    fn read_line(&mut self, line: &str) -> Result<(), Refused> {
        let mut words = line.split_whitespace();
        let Some(statement) = words.next() else { return Ok(()) };
        let (first, second, rest) = (words.next(), words.next(), words.next());
        match (statement, first, second, rest) {
            ("key", Some(key), Some(roles), None) => self.add_key(digits(key)?, Some(roles)),
            ("revoked", Some(key), None, None) => self.add_key(digits(key)?, None),
            ("require", Some(role), n_keys, None) => {
                let n_keys: usize = n_keys.unwrap_or("1").parse().unwrap_or(0);
                if n_keys == 0
                    || n_keys > MAX_SIGNATURES
                    || self.requirements.len() >= MAX_REQUIREMENTS
                {
                    return Err(Refused::Line("a number of keys from 1 to 32, at most 64 times"));
                }
                if self.requirements.iter().any(|requirement| requirement.role == role) {
                    return Err(Refused::Line("each role to be required once"));
                }
                let requirement = Requirement { role: memory::text(role)?, n_keys };
                Ok(memory::push(&mut self.requirements, requirement)?)
            }
            ("distinct", None, None, None) => {
                self.is_distinct = true;
                Ok(())
            }
            ("digest", Some(digest), None, None) if self.digest.is_none() => {
                self.digest = Some(Digest::from_bytes(digits(digest)?));
                Ok(())
            }
            _ => Err(Refused::Line(
                "`key`, `revoked`, `require`, `distinct` or one `digest`, with its values",
            )),
        }
    }

    /// Adds a key with its roles, or a revoked one. A key that is revoked on any line is revoked.
    fn add_key(&mut self, key: [u8; 32], roles: Option<&str>) -> Result<(), Refused> {
        let mut names = Vec::new();
        for role in roles.unwrap_or_default().split(',').filter(|role| !role.is_empty()) {
            memory::push(&mut names, memory::text(role)?)?;
        }
        if let Some(known) = self.keys.iter_mut().find(|known| known.key == key) {
            if roles.is_some() && !known.roles.is_empty() {
                return Err(Refused::Line("each key once"));
            }
            known.is_revoked |= roles.is_none();
            return names
                .into_iter()
                .try_for_each(|name| Ok(memory::push(&mut known.roles, name)?));
        }
        if self.keys.len() >= MAX_KEYS {
            return Err(Refused::Line("at most 1,024 keys"));
        }
        let key = TrustedKey { key, roles: names, is_revoked: roles.is_none() };
        Ok(memory::push(&mut self.keys, key)?)
    }
}

/// Why a line was refused.
enum Refused {
    Line(&'static str),
    Memory(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Memory(error)
    }
}

/// Reads the digits of a key or a digest.
fn digits(text: &str) -> Result<[u8; 32], Refused> {
    let digits: Result<Digest, _> = text.parse();
    digits.map(|bytes| *bytes.as_bytes()).map_err(|_| Refused::Line("64 hexadecimal digits"))
}
