//! Why something could not be read, written or done.

use std::fmt;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk or the bucket failed.
    #[error("{place}: {detail}")]
    Store {
        /// The object or the store.
        place: String,
        /// What it answered.
        detail: String,
    },
    /// Stored bytes are not those that were written: a byte changed, a file is gone or foreign.
    #[error("{place}: {detail}")]
    Damaged {
        /// The object, relative to the registry.
        place: String,
        /// What was found, and what was expected.
        detail: String,
    },
    /// The log is shorter than, or differs from, the one that was seen before.
    #[error("the log was rolled back: {detail}")]
    RolledBack {
        /// What was seen before, and what is there now.
        detail: String,
    },
    /// A rule of the registry forbids the act, or a version may not be used.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such model, version, alias or entry.
    #[error("{place}: {detail}")]
    NotFound {
        /// What was asked for.
        place: String,
        /// What there is.
        detail: String,
    },
    /// The caller's input is invalid.
    #[error("{place}: {detail}")]
    Invalid {
        /// The input.
        place: String,
        /// What was found, and what was expected.
        detail: String,
    },
    /// The index of this client cannot be read or written.
    #[error("index {place}: {detail}; it can be deleted, and is then built anew from the log")]
    Index {
        /// The file.
        place: String,
        /// What SQLite answered.
        detail: String,
    },
}

impl Error {
    pub(crate) fn store(place: impl fmt::Display, cause: impl fmt::Display) -> Self {
        Self::Store { place: place.to_string(), detail: cause.to_string() }
    }

    pub(crate) fn damaged(place: impl fmt::Display, detail: impl Into<String>) -> Self {
        Self::Damaged { place: place.to_string(), detail: detail.into() }
    }

    pub(crate) fn not_found(place: impl fmt::Display, detail: impl Into<String>) -> Self {
        Self::NotFound { place: place.to_string(), detail: detail.into() }
    }

    pub(crate) fn invalid(place: impl fmt::Display, detail: impl Into<String>) -> Self {
        Self::Invalid { place: place.to_string(), detail: detail.into() }
    }
}

/// An act, or the use of a version, that a rule forbids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused ({rule}): {detail}")]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// Who or what broke it, and what was expected.
    pub detail: String,
}

impl Refusal {
    pub(crate) fn new(rule: Rule, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into() }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $name:literal,)*) => {
        /// A rule of the registry; prints as its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule { $($(#[$doc])* $rule,)* }

        impl fmt::Display for Rule {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$rule => $name,)* })
            }
        }
    };
}

rules! {
    /// A registry is founded once, by its first entry.
    Founded = "founded",
    /// The time of an entry is not before that of the entry before it.
    ClockSetBack = "clock-set-back",
    /// A key signs only until it expires.
    ExpiredKey = "expired-key",
    /// A revoked key no longer signs.
    RevokedKey = "revoked-key",
    /// A key belongs to one person, and is added once.
    KnownKey = "known-key",
    /// An act needs a role.
    Role = "role",
    /// The last administrator cannot be removed.
    LastAdministrator = "last-administrator",
    /// A name has a form that files and URLs can hold.
    Name = "name",
    /// Nothing of that name exists.
    Unknown = "unknown",
    /// Versions are numbered without gaps.
    VersionNumber = "version-number",
    /// An author does not review their own version.
    Author = "author",
    /// A person is counted once, however many keys they have.
    SamePerson = "same-person",
    /// A reviewer states the report that they were shown.
    Report = "report",
    /// Stages follow each other as the policy allows.
    Transition = "transition",
    /// A stage needs approvals of distinct persons.
    Approvals = "approvals",
    /// A version that somebody rejects is not promoted.
    Rejected = "rejected",
    /// The attached evaluation lies within the limits.
    Limits = "limits",
    /// Only some stages may carry an alias.
    AliasStage = "alias-stage",
    /// An alias is rolled back to a version that it had before.
    RollBack = "roll-back",
    /// A revoked version is not used.
    RevokedVersion = "revoked-version",
    /// A bundle satisfies the policy of trust of the client.
    Trust = "trust",
    /// An erased blob is gone.
    Erased = "erased",
    /// A policy can be followed.
    Policy = "policy",
    /// An act states its reason.
    Reason = "reason",
}
