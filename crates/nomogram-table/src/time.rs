//! Dates and times as ISO 8601 writes them.

use std::fmt;

/// Seconds since 1970 began in UTC, of `2024-02-29`, `2024-02-29T13:05`, `2024-02-29 13:05:59.25` or
/// the same with `Z` or an offset such as `+01:00`. A date is its first moment; without an offset
/// the time is in UTC.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let (date, rest) = text.split_at_checked(10)?;
    let days = days(date)?;
    if rest.is_empty() {
        return Some(days * 86_400.0);
    }
    let time = rest.strip_prefix(['T', ' '])?;
    let (time, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at_checked(at)?,
        None => (time, ""),
    };
    Some(days * 86_400.0 + time_of_day(time)? - offset_seconds(offset)?)
}

/// A time of a typed column, as exact as it is stored. Displayed as ISO 8601 writes it: a date
/// without a time of day, and `Z` only where the column has a time zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time {
    /// Since 1970 began.
    count: i64,
    /// How many of them are a second, at most 10^9.
    per_second: i64,
    form: TimeForm,
}

/// What a time is written with.
#[cfg_attr(not(feature = "columnar"), allow(dead_code, reason = "of typed columns only"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeForm {
    Date,
    WithoutZone,
    Utc,
}

#[cfg_attr(not(feature = "columnar"), allow(dead_code, reason = "of typed columns only"))]
impl Time {
    /// The first moment of a day, counted from 1970-01-01.
    pub(crate) fn of_day(day: i32) -> Self {
        Self { count: i64::from(day) * SECONDS_PER_DAY, per_second: 1, form: TimeForm::Date }
    }

    /// So many seconds or parts of seconds after 1970 began.
    pub(crate) fn of_count(count: i64, per_second: i64, form: TimeForm) -> Self {
        Self { count, per_second: per_second.clamp(1, 1_000_000_000), form }
    }

    /// Seconds since 1970 began, in UTC.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "microseconds of 285 years are exact")]
    pub fn seconds(&self) -> f64 {
        self.count as f64 / self.per_second as f64
    }

    /// Whether it is a date, without a time of day.
    #[must_use]
    pub fn is_date(&self) -> bool {
        self.form == TimeForm::Date && self.count.rem_euclid(SECONDS_PER_DAY * self.per_second) == 0
    }
}

const SECONDS_PER_DAY: i64 = 86_400;

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, per_second, form } = *self;
        let seconds = count.div_euclid(per_second);
        let (year, month, day) = civil(seconds.div_euclid(SECONDS_PER_DAY));
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        if self.is_date() {
            return Ok(());
        }
        let second = seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "T{hour:02}:{minute:02}:{second:02}")?;
        let nanos = count.rem_euclid(per_second) * (1_000_000_000 / per_second);
        if nanos > 0 {
            write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0'))?;
        }
        f.write_str(if form == TimeForm::Utc { "Z" } else { "" })
    }
}

/// Year, month and day, by the Gregorian calendar, of a day counted from 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    // Days of eras of 400 years that begin in March (Hinnant, `civil_from_days`).
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, is_next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + is_next_year, month, day)
}

/// Days since 1970-01-01 of `YYYY-MM-DD`, by the Gregorian calendar.
fn days(date: &str) -> Option<f64> {
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = digits(parts.next()?, 2)?;
    let day = digits(parts.next()?, 2)?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let n_days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1..=n_days).contains(&day) {
        return None;
    }
    // Years that begin in March, so that the leap day is the last (Hinnant, `days_from_civil`).
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    Some(f64::from(year * 365 + leap_days + day_of_year - 719_468))
}

/// Seconds of `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`.
fn time_of_day(time: &str) -> Option<f64> {
    let mut parts = time.split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let second = match parts.next() {
        None => 0.0,
        Some(second) => {
            let (whole, fraction) = second.split_once('.').unwrap_or((second, "0"));
            digits(whole, 2).filter(|second| *second < 60)?;
            fraction.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
            second.parse().ok()?
        }
    };
    parts.next().is_none().then_some(f64::from(hour * 3600 + minute * 60) + second)
}

/// Seconds of nothing, `Z`, `+HH:MM`, `-HH:MM` or the same without the colon.
fn offset_seconds(offset: &str) -> Option<f64> {
    let Some(sign) = offset.chars().next().filter(|sign| *sign != 'Z') else {
        return (offset.len() <= 1).then_some(0.0);
    };
    let (hour, minute) = offset.get(1..)?.split_at_checked(2)?;
    let hour = digits(hour, 2).filter(|hour| *hour < 24)?;
    let minute = digits(minute.strip_prefix(':').unwrap_or(minute), 2).filter(|m| *m < 60)?;
    let seconds = f64::from(hour * 3600 + minute * 60);
    Some(if sign == '-' { -seconds } else { seconds })
}

/// A whole number of exactly `n` digits.
fn digits(text: &str, n: usize) -> Option<i32> {
    let is_number = text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_read() {
        let cases = [
            ("1970-01-01", 0.0),
            ("1969-12-31", -86_400.0),
            ("2000-03-01", 951_868_800.0),
            ("2024-02-29T13:05", 1_709_211_900.0),
            ("2024-02-29 13:05:59.25", 1_709_211_959.25),
            ("2024-02-29T13:05:00Z", 1_709_211_900.0),
            ("2024-02-29T13:05:00+01:00", 1_709_208_300.0),
            ("2024-02-29T13:05-0130", 1_709_217_300.0),
            ("0001-01-01", -62_135_596_800.0),
            ("9999-12-31", 253_402_214_400.0),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_typed_time_is_written_as_exactly_as_it_is_stored() {
        use TimeForm::{Date, Utc, WithoutZone};
        let of = Time::of_count;
        let cases = [
            (Time::of_day(0), "1970-01-01"),
            (Time::of_day(-719_162), "0001-01-01"),
            (Time::of_day(2_932_896), "9999-12-31"),
            (of(1_709_164_800_000, 1000, Date), "2024-02-29"),
            (of(1_709_164_800_001, 1000, Date), "2024-02-29T00:00:00.001"),
            (of(1_709_211_900, 1, Utc), "2024-02-29T13:05:00Z"),
            (of(1_709_211_900_000, 1000, WithoutZone), "2024-02-29T13:05:00"),
            (of(-1, 1_000_000, Utc), "1969-12-31T23:59:59.999999Z"),
            (of(1_709_211_900_123_456_789, 1_000_000_000, Utc), "2024-02-29T13:05:00.123456789Z"),
        ];
        for (time, expected) in cases {
            assert_eq!(time.to_string(), expected);
            // Such a text is read as the same time, to the precision of a double.
            let difference = seconds(expected).unwrap() - time.seconds();
            assert!(difference.abs() < 1e-6, "{expected}: {difference}");
        }
        // Beyond the calendar of texts, but not beyond what a file may hold.
        assert!(!of(i64::MAX, 1, Utc).to_string().is_empty());
        assert!(!of(i64::MIN, 1_000_000_000, Utc).to_string().is_empty());
    }

    #[test]
    fn what_is_no_moment_is_not_read() {
        for text in [
            "",
            "2024",
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "01.02.2024",
            "2024-1-01",
            "2024-01-01T",
            "2024-01-01T24:00",
            "2024-01-01T10",
            "2024-01-01T10:60",
            "2024-01-01T10:00:61",
            "2024-01-01T10:00:00.1e3",
            "2024-01-01T10:00Zulu",
            "2024-01-01T10:00+1",
            "2024-01-01T10:00+25:00",
            "2024-01-01 x",
            "２０２４-01-01",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
