//! Dates and times as ISO 8601 writes them.

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

/// Seconds since 1970 began as ISO 8601 writes them, to the microsecond, in UTC.
pub(crate) fn to_iso(seconds: f64) -> String {
    if !(-6.3e10..2.6e11).contains(&seconds) {
        return format!("{seconds} s after 1970 began");
    }
    let days = (seconds / 86_400.0).floor();
    #[allow(clippy::cast_possible_truncation, reason = "within the bounds above")]
    let (days, micros) =
        (days as i64, ((seconds - days * 86_400.0) * 1e6).round().min(86_399_999_999.0) as i64);
    // Days of eras of 400 years that begin in March (Hinnant, `civil_from_days`).
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, is_next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + is_next_year;
    let (second, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = match format!("{fraction:06}").trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
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
            assert_eq!(seconds(&to_iso(expected)), Some(expected), "{text}");
        }
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
