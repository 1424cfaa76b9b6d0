//! Times as FHIR and logs write them. UTC, without leap seconds.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A time in whole seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(i64);

impl Instant {
    /// The time of this computer.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self(i64::try_from(since).unwrap_or(i64::MAX))
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn of_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The time of a FHIR `date`, `dateTime` or `instant`; the first second of what is not precise. A
    /// time without a zone is taken as UTC.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let (date, time) =
            text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
        let mut fields = date.split('-');
        let year = digits(fields.next()?, 4)?;
        let month = fields.next().map_or(Some(1), |month| digits(month, 2))?;
        let day = fields.next().map_or(Some(1), |day| digits(day, 2))?;
        let is_date = (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day)
            && fields.next().is_none();
        if !is_date {
            return None;
        }
        Some(Self(days(year, month, day) * DAY + time.map_or(Some(0), seconds_of_day)?))
    }

    /// Whole years from this time to another.
    #[must_use]
    pub fn years_until(self, other: Self) -> i64 {
        let ((year, month, day), (to_year, to_month, to_day)) = (self.date(), other.date());
        to_year - year - i64::from((to_month, to_day) < (month, day))
    }

    /// As RFC 3339 writes it, for example `2026-11-28T16:04:05Z`.
    #[must_use]
    pub fn to_text(self) -> String {
        let ((year, month, day), second) = (self.date(), self.0.rem_euclid(DAY));
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Year, month and day, by counting the days of 400, 100, 4 and 1 years from the first of March.
    fn date(self) -> (i64, i64, i64) {
        let day = self.0.div_euclid(DAY) + 719_468;
        let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day_of_month = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (year + era * 400 + i64::from(month <= 2), month, day_of_month)
    }
}

/// Days from 1970 to a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Seconds of `hh:mm:ss`, perhaps with a fraction and a zone, relative to midnight in UTC.
fn seconds_of_day(time: &str) -> Option<i64> {
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone)?;
    let (hour, rest) = clock.split_once(':')?;
    let (minute, second) = rest.split_once(':').unwrap_or((rest, "00"));
    let second = second.split_once('.').map_or(second, |(whole, _)| whole);
    let [hour, minute, second] = [digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?];
    let is_time = hour < 24 && minute < 60 && second < 61;
    is_time.then_some(hour * 3600 + minute * 60 + second - seconds_of_zone(zone)?)
}

fn seconds_of_zone(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z") {
        return Some(0);
    }
    let (sign, zone) = zone.split_at_checked(1)?;
    let (hour, minute) = zone.split_once(':')?;
    let seconds = digits(hour, 2)? * 3600 + digits(minute, 2)? * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

fn digits(text: &str, length: usize) -> Option<i64> {
    let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_fhir_are_read() {
        let cases = [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("1969-12", -2_678_400),
            ("2026", 1_767_225_600),
            ("2026-11-28T16:04:05Z", 1_795_881_845),
            ("2026-11-28T16:04:05.123+01:00", 1_795_878_245),
            ("2026-11-28T10:04-06:00", 1_795_881_840),
        ];
        for (text, seconds) in cases {
            assert_eq!(Instant::of_text(text), Some(Instant(seconds)), "{text}");
        }
        for text in ["", "26", "2026-13-01", "2025-02-29", "2026-01-01T25:00:00Z", "2026-1-1"] {
            assert_eq!(Instant::of_text(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_written_as_they_are_read() {
        for day in (-200_000..200_000).step_by(137) {
            let instant = Instant(day * 86_400 + 3_723);
            assert_eq!(Instant::of_text(&instant.to_text()), Some(instant), "day {day}");
        }
    }

    #[test]
    fn an_age_is_in_whole_years() {
        let years =
            |from, to| Instant::of_text(from).unwrap().years_until(Instant::of_text(to).unwrap());
        assert_eq!(years("1960-06-15", "2026-06-14"), 65);
        assert_eq!(years("1960-06-15", "2026-06-15"), 66);
        assert_eq!(years("1960-02-29", "2025-02-28"), 64);
    }
}
