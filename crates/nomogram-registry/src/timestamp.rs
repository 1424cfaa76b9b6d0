//! Points in time: whole seconds, in UTC.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// A point in time in whole seconds; prints as `2026-03-01T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time of the clock of this machine.
    #[must_use]
    pub fn now() -> Self {
        Self(OffsetDateTime::now_utc().unix_timestamp())
    }

    /// A number of seconds since 1970; `None` outside the years 1 to 9999.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        let year = OffsetDateTime::from_unix_timestamp(seconds).ok()?.year();
        (1..=9999).contains(&year).then_some(Self(seconds))
    }

    /// The number of seconds since 1970.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// This time, `seconds` later.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

impl FromStr for Timestamp {
    type Err = String;

    /// Reads a time of RFC 3339. Seconds may be left out, and so may the time of day.
    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("found `{text}`, expected a time such as `2026-03-01T00:00:00Z`");
        let whole = match text.len() {
            // `2026-03-01`
            10 => format!("{text}T00:00:00Z"),
            // `2026-03-01T00:00Z`
            17 => text.strip_suffix('Z').map(|t| format!("{t}:00Z")).ok_or_else(refused)?,
            _ => text.to_owned(),
        };
        let time = OffsetDateTime::parse(&whole, &Rfc3339).map_err(|_| refused())?;
        Self::from_unix(time.to_offset(UtcOffset::UTC).unix_timestamp()).ok_or_else(refused)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = OffsetDateTime::from_unix_timestamp(self.0).map_err(|_| fmt::Error)?;
        let (date, clock) = (time.date(), time.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second()
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn times_are_read_without_seconds_and_with_an_offset() {
        for (text, expected) in [
            ("2026-03-01T00:00Z", "2026-03-01T00:00:00Z"),
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), expected);
        }
        for text in ["yesterday", "2026-13-01", "2026-03-01T00:00"] {
            assert!(text.parse::<Timestamp>().unwrap_err().contains("expected a time"), "{text}");
        }
    }
}
