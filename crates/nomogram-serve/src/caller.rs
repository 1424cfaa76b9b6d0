//! Who calls: the id of a request, its caller and the caller's roles.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;

/// The id of a request: made by the service, or a UUID of the caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(HeaderValue);

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The id of the key, the subject of the token, or `anonymous`.
    pub id: Arc<str>,
    /// What it may do.
    pub roles: Roles,
}

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ask for predictions and explanations.
    Predict,
    /// Read models, schemas and cards.
    Read,
    /// Read counters and metrics, and send outcomes.
    Monitor,
    /// Load and unload models.
    Admin,
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Predict, Self::Read, Self::Monitor, Self::Admin];

    /// Its name in keys, tokens and the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::Read => "read",
            Self::Monitor => "monitor",
            Self::Admin => "admin",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl Roles {
    /// No role.
    pub const NONE: Self = Self(0);
    /// Every role.
    pub const EVERY: Self = Self(15);

    /// These and one more.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role as u8)
    }

    /// Whether a role is among them.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & 1 << role as u8 != 0
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::with)
    }
}

impl Caller {
    /// A caller without a key, where none is needed.
    #[must_use]
    pub fn anonymous() -> Self {
        static ANONYMOUS: std::sync::OnceLock<Arc<str>> = std::sync::OnceLock::new();
        let id = ANONYMOUS.get_or_init(|| "anonymous".into());
        Self { id: Arc::clone(id), roles: Roles::EVERY }
    }
}

impl RequestId {
    /// The id that a caller chose, if it is a UUID. Any other text could be a patient's.
    #[must_use]
    pub fn of_caller(header: &HeaderValue) -> Option<Self> {
        let bytes = header.as_bytes();
        let is_uuid = bytes.len() == 36
            && bytes.iter().enumerate().all(|(position, byte)| match position {
                8 | 13 | 18 | 23 => *byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        is_uuid.then(|| Self(header.clone()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Its header.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes ids: 64 random bits of the process, then a count.
#[derive(Debug)]
pub struct RequestIds {
    process: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// Ids of a process; `process` is random.
    #[must_use]
    pub fn new(process: u64) -> Self {
        Self { process, next: AtomicU64::new(1) }
    }

    /// The next id.
    pub fn next(&self) -> RequestId {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = [b'-'; 33];
        let number = u128::from(self.process) << 64 | u128::from(count);
        for (position, byte) in text.iter_mut().enumerate() {
            let digit = match position {
                0..16 => 31 - position,
                16 => continue,
                _ => 32 - position,
            };
            let nibble = (number >> (4 * digit) & 15) as usize;
            *byte = DIGITS.get(nibble).copied().unwrap_or(b'0');
        }
        RequestId(HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("-")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_count_and_only_a_uuid_of_a_caller_is_taken() {
        let ids = RequestIds::new(0x0123_4567_89ab_cdef);
        assert_eq!(ids.next().as_str(), "0123456789abcdef-0000000000000001");
        assert_eq!(ids.next().as_str(), "0123456789abcdef-0000000000000002");
        let uuid = HeaderValue::from_static("0b3c1f0e-8e7c-4a4c-9a53-1f2f3a4b5c6d");
        assert!(RequestId::of_caller(&uuid).is_some());
        assert!(RequestId::of_caller(&HeaderValue::from_static("patient 4711")).is_none());
    }

    #[test]
    fn roles_are_a_set() {
        let roles = Roles::from_iter([Role::Predict, Role::Monitor]);
        let held: Vec<&str> =
            Role::ALL.into_iter().filter(|role| roles.has(*role)).map(Role::name).collect();
        assert_eq!(held, ["predict", "monitor"]);
        assert!(Role::ALL.into_iter().all(|role| Roles::EVERY.has(role)));
        assert_eq!(Role::of_name("admin"), Some(Role::Admin));
        assert_eq!(Role::of_name("root"), None);
    }
}
