//! Numbers as texts: one grammar for every command.
//!
//! `[+-] digits [mark digits] [e [+-] digits]`, where one of the two digit groups may be empty, and
//! `inf`, `infinity` and `nan` in any case. The nearest double is taken. There are no separators of
//! thousands, no hexadecimal digits and no locale.

use serde::{Deserialize, Serialize};

/// Separates the whole part of a number from its fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecimalMark {
    /// As in `1.5`.
    #[default]
    #[serde(rename = ".")]
    Point,
    /// As in `1,5`; where the delimiter is a comma too, such a number is within quotes.
    #[serde(rename = ",")]
    Comma,
}

/// The number of a text without spaces around it.
pub(crate) fn number(text: &str, mark: DecimalMark) -> Option<f64> {
    match mark {
        DecimalMark::Point => text.parse().ok(),
        DecimalMark::Comma if text.contains('.') => None,
        DecimalMark::Comma => match text.find(',') {
            None => text.parse().ok(),
            Some(_) => text.replacen(',', ".", 1).parse().ok(),
        },
    }
}

/// The whole number of a text of digits.
pub(crate) fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// The largest whole number up to which every smaller one differs from its neighbours as a double:
/// 2^53.
pub(crate) const MAX_WHOLE: u64 = 1 << 53;
/// No whole number of more digits is smaller than [`MAX_WHOLE`].
const MAX_WHOLE_DIGITS: i64 = 16;

/// What the digits of a number mean for a feature of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wholeness {
    /// Whole, and at most [`MAX_WHOLE`] in magnitude.
    Whole,
    /// Whole, and larger.
    TooLarge,
    /// With a fraction, however small.
    Fraction,
}

/// Whether a finite [`number`] is whole, by its digits: as a double, 2^53 + 1 and 1 + 10^-20 would
/// become their neighbours unseen.
pub(crate) fn wholeness(text: &str, mark: DecimalMark) -> Wholeness {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mantissa = mantissa.trim_start_matches(['+', '-']);
    let mark = match mark {
        DecimalMark::Point => '.',
        DecimalMark::Comma => ',',
    };
    let (before, after) = mantissa.split_once(mark).unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return Wholeness::Whole;
    }
    let Ok(exponent) = exponent.parse::<i64>() else {
        let is_small = exponent.starts_with('-');
        return if is_small { Wholeness::Fraction } else { Wholeness::TooLarge };
    };
    let len = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    // How many of the digits, and of the zeros that follow, are before the mark.
    let n_before = len(before).saturating_add(exponent);
    if len(digits) > n_before {
        return Wholeness::Fraction;
    }
    let significant = digits.trim_start_matches('0');
    let n_digits = n_before.saturating_sub(len(digits) - len(significant));
    let n_zeros = usize::try_from(n_digits - len(significant)).unwrap_or(usize::MAX);
    if n_digits > MAX_WHOLE_DIGITS {
        return Wholeness::TooLarge;
    }
    match format!("{significant}{}", "0".repeat(n_zeros)).parse::<u64>() {
        Ok(number) if number <= MAX_WHOLE => Wholeness::Whole,
        Ok(_) | Err(_) => Wholeness::TooLarge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_grammar() {
        let cases = "
            0       → 0        -0      → -0       +1      → 1       1e3     → 1000
            1.      → 1        .5      → 0.5      1E-2    → 0.01    -1.5e+2 → -150
            inf     → inf      -Inf    → -inf     infinity → inf    NaN     → NaN
            1_000   → refused  0x10    → refused  1,5     → refused 1e      → refused
            .       → refused  e5      → refused  --1     → refused 1.2.3   → refused
            ١       → refused  1d      → refused  1%      → refused <0.3    → refused
            1'000   → refused  $1      → refused  ½       → refused +       → refused";
        let words: Vec<&str> = cases.split_whitespace().filter(|word| *word != "→").collect();
        assert_eq!(words.len(), 56);
        for case in words.chunks(2) {
            let read = number(case[0], DecimalMark::Point);
            let read = read.map_or("refused".into(), |number| number.to_string());
            assert_eq!(read, case[1], "{}", case[0]);
        }
    }

    #[test]
    fn a_number_is_whole_by_its_digits() {
        let cases = "
            7.0                → Whole      0.70e1      → Whole      -12e3    → Whole
            00.0               → Whole      0e99999999999999999999   → Whole
            9007199254740992.0 → Whole      9007199254740993.0       → TooLarge
            9007199254740993   → TooLarge   -9007199254740993.000    → TooLarge
            900719925474099.3e1 → TooLarge  9.007199254740992e15     → Whole
            9223372036854775808 → TooLarge  1e17        → TooLarge   1e300    → TooLarge
            000000000000000000001.0 → Whole 0.5         → Fraction   15e-1    → Fraction
            1.00000000000000000001  → Fraction          9007199254740991.4    → Fraction
            1e-99999999999999999999 → Fraction          9007199254740992.5    → Fraction";
        let words: Vec<&str> = cases.split_whitespace().filter(|word| *word != "→").collect();
        assert_eq!(words.len(), 42);
        for case in words.chunks(2) {
            let wholeness = wholeness(case[0], DecimalMark::Point);
            assert_eq!(format!("{wholeness:?}"), case[1], "{}", case[0]);
        }
        assert_eq!(wholeness("9007199254740993,0", DecimalMark::Comma), Wholeness::TooLarge);
    }

    #[test]
    fn a_decimal_comma_takes_the_place_of_the_point() {
        let cases = [
            ("1,5", Some(1.5)),
            (",5", Some(0.5)),
            ("-1,5e-1", Some(-0.15)),
            ("7", Some(7.0)),
            ("1.5", None),
            ("1.000,5", None),
            ("1,000,5", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number(text, DecimalMark::Comma), expected, "{text}");
        }
    }
}
