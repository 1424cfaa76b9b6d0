//! Periods of the calendar.

use serde::{Deserialize, Serialize};

use crate::instant::Instant;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// How long a period is. Periods begin at midnight in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PeriodLength {
    /// A day.
    Day,
    /// From Monday to Sunday.
    #[default]
    Week,
}

impl PeriodLength {
    /// The name of the period of a time: the date of its first day, so names sort by time.
    #[must_use]
    pub fn name(self, time: Instant) -> String {
        let day = time.seconds().div_euclid(DAY);
        let first = match self {
            Self::Day => day,
            // The first of January 1970 was a Thursday.
            Self::Week => day - (day + 3).rem_euclid(7),
        };
        let mut text = Instant::of_seconds(first * DAY).to_text();
        text.truncate(10);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday() {
        let name = |text| {
            let time = Instant::of_text(text).unwrap();
            (PeriodLength::Day.name(time), PeriodLength::Week.name(time))
        };
        assert_eq!(name("2026-11-28T23:59:59Z"), ("2026-11-28".into(), "2026-11-23".into()));
        assert_eq!(name("2026-11-30T00:00:00Z"), ("2026-11-30".into(), "2026-11-30".into()));
        assert_eq!(name("1970-01-01"), ("1970-01-01".into(), "1969-12-29".into()));
    }
}
