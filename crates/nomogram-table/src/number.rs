//! Numbers as texts: one grammar for every command.
//!
//! `[+-] digits [mark digits] [e [+-] digits]`, where one of the two digit groups may be empty, and
//! `inf`, `infinity` and `nan` in any case. The nearest double is taken. There are no separators of
//! thousands, no hexadecimal digits and no locale.

use crate::format::DecimalMark;

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

/// The whole number of a text of digits. Digits first: as a double, 2^53 + 1 would become its
/// neighbour unseen.
pub(crate) fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
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
