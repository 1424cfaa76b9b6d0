//! What the texts of one column have in common.

use std::collections::{BTreeMap, BTreeSet};

use nomogram::numeric::powi;

use crate::error::Error;
use crate::table::{Moment, Table, TableFormat};

/// Texts that usually mean that there is no value. Words that may be levels, such as `none` and
/// `unknown`, are not among them.
pub(super) const MISSING_TEXTS: [&str; 14] =
    ["", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "?", ".", "-", "--"];
/// How false and true are often written.
const BOOLEANS: [[&str; 2]; 12] = [
    ["no", "yes"],
    ["No", "Yes"],
    ["NO", "YES"],
    ["n", "y"],
    ["N", "Y"],
    ["f", "t"],
    ["F", "T"],
    ["False", "True"],
    ["FALSE", "TRUE"],
    ["absent", "present"],
    ["negative", "positive"],
    ["off", "on"],
];
const MAX_WHOLE: u64 = 1 << 53;

/// What was seen in a column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// How many cells have a value.
    pub(super) n_known: usize,
    /// The different texts of those.
    pub(super) distinct: BTreeSet<String>,
    /// How often each text stands that means that there is no value.
    pub(super) missing: BTreeMap<String, usize>,
    pub(super) content: Content,
}

/// What all values of a column are.
#[derive(Debug)]
pub(super) enum Content {
    Nothing,
    /// False and true; with how they are written, unless that is usual.
    Boolean(Option<[String; 2]>),
    Integer {
        low: f64,
        high: f64,
    },
    Number {
        low: f64,
        high: f64,
    },
    Dates,
    Texts,
}

impl Column {
    pub(super) fn of(table: &Table, name: &str) -> Result<Self, Error> {
        let missing = MISSING_TEXTS.map(str::to_owned).to_vec();
        let format = &TableFormat { missing, ..table.format().clone() };
        let (mut n_known, mut missing) = (0, BTreeMap::new());
        let mut distinct = BTreeSet::new();
        let (mut are_dates, mut are_integers) = (true, true);
        let mut bounds = Some((f64::INFINITY, f64::NEG_INFINITY));
        for cell in table.column(name)? {
            let text = cell.text().into_owned();
            if cell.cell.is_missing(format) {
                *missing.entry(text).or_insert(0) += 1;
                continue;
            }
            n_known += 1;
            are_dates &= matches!(cell.moment(format), Some(Moment::Seconds(_)));
            let whole = text.parse::<i64>().ok();
            are_integers &= whole.is_some_and(|whole| whole.unsigned_abs() <= MAX_WHOLE);
            bounds = match (bounds, cell.cell.finite(format)) {
                (Some((low, high)), Some(value)) => {
                    Some((f64::min(low, value), f64::max(high, value)))
                }
                _ => None,
            };
            distinct.insert(text);
        }
        let content = match (bounds, boolean(&distinct)) {
            _ if n_known == 0 => Content::Nothing,
            _ if are_dates => Content::Dates,
            (_, Some(texts)) => Content::Boolean(texts),
            (Some((low, high)), None) if are_integers => Content::Integer { low, high },
            (Some((low, high)), None) => Content::Number { low, high },
            (None, None) => Content::Texts,
        };
        Ok(Self { name: name.into(), n_known, distinct, missing, content })
    }

    /// Whether its texts are those of parts of a split.
    pub(super) fn names_parts(&self) -> bool {
        let is_part = |text: &String| ["train", "calibration", "test"].contains(&text.as_str());
        self.missing.is_empty() && self.distinct.len() >= 2 && self.distinct.iter().all(is_part)
    }
}

/// Whether these are the two texts of a boolean.
fn boolean(distinct: &BTreeSet<String>) -> Option<Option<[String; 2]>> {
    let is =
        |pair: [&str; 2]| distinct.len() == 2 && pair.iter().all(|text| distinct.contains(*text));
    if is(["false", "true"]) || is(["0", "1"]) {
        return Some(None);
    }
    BOOLEANS.into_iter().find(|pair| is(*pair)).map(|pair| Some(pair.map(str::to_owned)))
}

/// The largest number of two significant digits that is not larger.
pub(super) fn rounded_down(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let (mut n_up, mut n_down) = (0, 0);
    while n_up < 300 && value.abs() * powi(10.0, n_up) < 10.0 {
        n_up += 1;
    }
    while n_down < 300 && value.abs() / powi(10.0, n_down) >= 100.0 {
        n_down += 1;
    }
    if n_up > 0 {
        (value * powi(10.0, n_up)).floor() / powi(10.0, n_up)
    } else {
        (value / powi(10.0, n_down)).floor() * powi(10.0, n_down)
    }
}
