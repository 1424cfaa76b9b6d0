//! The content of a column: what its cells have in common.

mod odd;

use std::collections::BTreeMap;

use nomogram::numeric::powi;
use nomogram_stats::count::number;
use nomogram_table::{Cell, Place, shown_value, split_unit};

use crate::error::Error;
use crate::table::{BooleanTexts, DecimalMark, Moment, PlacedCell, Table, TableFormat};
use odd::{OddKind, OddTexts};

/// Texts that usually mean that there is no value. Words that may be levels, such as `none` and
/// `unknown`, are not among them.
pub(super) const MISSING_TEXTS: [&str; 14] =
    ["", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "?", ".", "-", "--"];
/// How false and true are often written.
const BOOLEANS: [[&str; 2]; 15] = [
    ["false", "true"],
    ["0", "1"],
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
    ["-", "+"],
];
/// The pairs of [`BOOLEANS`] that a table without types needs no texts for.
const USUAL_BOOLEANS: [[&str; 2]; 2] = [["false", "true"], ["0", "1"]];
/// Whole numbers up to here are exact as doubles.
const MAX_WHOLE: u64 = 1 << 53;
/// Numbers up to here are accepted by the core.
const MAX_MAGNITUDE: f64 = 1e100;

/// A summary of a column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// The name of a feature of this column: without the unit in `name [unit]`, where the column is
    /// one of numbers and no other column has that name.
    pub(super) feature_name: String,
    /// The unit that the name or the header of a typed column states.
    pub(super) unit: Option<String>,
    /// The unit in the name and that in the header, where they differ.
    pub(super) two_units: Option<[String; 2]>,
    /// The number of cells with a value.
    pub(super) n_known: usize,
    /// The different texts of those, and how often each occurs.
    pub(super) counts: BTreeMap<String, usize>,
    /// How often each text occurs that means that there is no value.
    pub(super) missing: BTreeMap<String, usize>,
    /// The first cell without a value.
    pub(super) first_missing: Option<Place>,
    /// Whether some of the cells without a value are NaN in a column of numbers.
    pub(super) has_nan: bool,
    /// The cells of a column of numbers that are not numbers.
    pub(super) odd: OddTexts,
    /// The number of cells with a number.
    pub(super) n_numbers: usize,
    /// Whether its texts would be numbers with a decimal comma.
    pub(super) has_decimal_commas: bool,
    /// How many cells have digits, and other than these only what numbers are written with.
    pub(super) n_like_numbers: usize,
    /// The first cell that is not a number, and its place.
    pub(super) first_text: Option<(Place, String)>,
    pub(super) content: Content,
}

/// What the values of a column are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Nothing,
    /// False and true; with their texts, unless they are the usual ones.
    Boolean(Option<[String; 2]>),
    Integer {
        low: f64,
        high: f64,
    },
    Number {
        low: f64,
        high: f64,
    },
    /// Whole numbers, some beyond 2^53: two of them may be the same double.
    LargeIntegers,
    Dates,
    Texts,
}

/// What is counted while a column is read.
struct Tally {
    are_dates: bool,
    are_typed_texts: bool,
    are_whole: bool,
    n_numbers: usize,
    n_large: usize,
    n_commas: usize,
    low: f64,
    high: f64,
}

impl Column {
    /// Looks at all cells of a column; `format` has the texts that mean that there is no value.
    pub(super) fn of(table: &Table, name: &str, format: &TableFormat) -> Result<Self, Error> {
        let header = table.headers().iter().find(|header| header.name == name);
        let mut column = Self {
            name: name.into(),
            feature_name: name.into(),
            unit: header.and_then(|header| header.unit.clone()),
            two_units: None,
            n_known: 0,
            counts: BTreeMap::new(),
            missing: BTreeMap::new(),
            first_missing: None,
            has_nan: false,
            odd: OddTexts::default(),
            n_numbers: 0,
            has_decimal_commas: false,
            n_like_numbers: 0,
            first_text: None,
            content: Content::Nothing,
        };
        let commas = TableFormat { decimal_mark: DecimalMark::Comma, ..format.clone() };
        let mut tally = Tally::new();
        for cell in table.column(name)? {
            let text = cell.text().into_owned();
            let is_nan = matches!(cell.cell, Cell::Number(number) if number.is_nan());
            column.has_nan |= is_nan;
            if is_nan || cell.cell.is_missing(format) {
                *column.missing.entry(text).or_insert(0) += 1;
                column.first_missing = column.first_missing.or(Some(cell.place));
                continue;
            }
            column.n_known += 1;
            tally.n_commas += usize::from(cell.cell.finite(&commas).is_some());
            column.n_like_numbers += usize::from(is_like_a_number(&text));
            if let Some(kind) = tally.add(&cell, &text, format) {
                column.odd.add(&text, kind, cell.place);
                column.first_text.get_or_insert_with(|| (cell.place, text.clone()));
            }
            *column.counts.entry(text).or_insert(0) += 1;
        }
        column.n_numbers = tally.n_numbers;
        column.content = column.content(&tally, format);
        column.has_decimal_commas =
            column.content == Content::Texts && tally.n_commas * 10 >= column.n_known * 9;
        if column.is_number() {
            column.take_unit_from_name(table.columns());
        } else {
            column.odd = OddTexts::default();
        }
        Ok(column)
    }

    /// A column `age [a]` is read as the feature `age` in the unit `a`.
    fn take_unit_from_name(&mut self, columns: &[String]) {
        let Some((name, unit)) = split_unit(&self.name) else { return };
        let has_name = |column: &&String| {
            *column == name || split_unit(column).is_some_and(|(other, _)| other == name)
        };
        if name.is_empty() || unit.is_empty() || columns.iter().filter(has_name).count() != 1 {
            return;
        }
        match &self.unit {
            Some(other) if other != unit => {
                self.two_units = Some([unit.to_owned(), other.clone()]);
            }
            Some(_) | None => {
                self.unit = Some(unit.to_owned());
                self.feature_name = name.to_owned();
            }
        }
    }

    /// For example ``line 2: `0.503%` ``.
    pub(super) fn example(&self) -> Option<String> {
        let (place, text) = self.first_text.as_ref()?;
        Some(format!("{place}: `{}`", shown_value(text)))
    }

    fn content(&self, tally: &Tally, format: &TableFormat) -> Content {
        let Tally { low, high, n_numbers, .. } = *tally;
        let are_numbers = n_numbers == self.n_known || self.odd.are_few(n_numbers);
        match self.boolean(tally.are_typed_texts, format) {
            _ if self.n_known == 0 => Content::Nothing,
            _ if tally.are_dates => Content::Dates,
            Some(texts) => Content::Boolean(texts),
            None if are_numbers && tally.are_whole && tally.n_large > 0 => Content::LargeIntegers,
            None if are_numbers && tally.are_whole => Content::Integer { low, high },
            None if are_numbers => Content::Number { low, high },
            None => Content::Texts,
        }
    }

    /// Whether its texts are the two of a boolean, stated ones or usual ones.
    fn boolean(&self, are_typed_texts: bool, format: &TableFormat) -> Option<Option<[String; 2]>> {
        let texts: Vec<&String> = self.counts.keys().collect();
        let [first, second] = texts.as_slice() else { return None };
        let BooleanTexts { true_texts, false_texts } = &format.booleans;
        for (no, yes) in [(*first, *second), (*second, *first)] {
            if false_texts.contains(no) && true_texts.contains(yes) {
                return Some(Some([no.clone(), yes.clone()]));
            }
        }
        let is = |pair: &&[&str; 2]| pair.iter().all(|text| self.counts.contains_key(*text));
        let pair = BOOLEANS.iter().find(is)?;
        let is_usual = USUAL_BOOLEANS.contains(pair) && !are_typed_texts;
        Some((!is_usual).then(|| pair.map(str::to_owned)))
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self.content, Content::Integer { .. } | Content::Number { .. })
    }

    /// The number of different values.
    pub(super) fn n_distinct(&self) -> usize {
        self.counts.len()
    }

    /// Whether every row has a value of its own.
    pub(super) fn is_unique(&self) -> bool {
        self.missing.is_empty() && self.n_distinct() == self.n_known
    }

    /// Whether these are all whole numbers from the lowest to the highest, one in each row.
    pub(super) fn is_sequence(&self) -> bool {
        match self.content {
            Content::Integer { low, high } => {
                self.is_unique() && self.odd.is_empty() && high - low + 1.0 == number(self.n_known)
            }
            _ => false,
        }
    }

    /// Whether its texts name the partitions of a split.
    pub(super) fn names_partitions(&self) -> bool {
        let is_name = |text: &String| ["train", "calibration", "test"].contains(&text.as_str());
        self.missing.is_empty() && self.n_distinct() >= 2 && self.counts.keys().all(is_name)
    }

    /// The number of cells without a value.
    pub(super) fn n_missing(&self) -> usize {
        self.missing.values().sum()
    }
}

impl Tally {
    fn new() -> Self {
        Self {
            are_dates: true,
            are_typed_texts: false,
            are_whole: true,
            n_numbers: 0,
            n_large: 0,
            n_commas: 0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        }
    }

    /// Counts a cell; returns the reason if it is not a number that a model accepts.
    fn add(&mut self, cell: &PlacedCell<'_>, text: &str, format: &TableFormat) -> Option<OddKind> {
        self.are_dates &= matches!(cell.moment(format), Some(Moment::Seconds(_)));
        let is_typed_text = matches!(cell.cell, Cell::Text(_));
        self.are_typed_texts |= is_typed_text;
        if is_large(text) && !is_typed_text {
            self.n_large += 1;
            self.n_numbers += 1;
            return None;
        }
        let Some(number) = cell.cell.finite(format) else {
            let number: Option<f64> = text.parse().ok().filter(|_| !is_typed_text);
            return Some(match number {
                Some(number) if number.is_nan() => OddKind::NotANumber,
                Some(number) if number.is_infinite() => OddKind::Infinite,
                Some(_) | None => OddKind::Text,
            });
        };
        if number.abs() > MAX_MAGNITUDE {
            return Some(OddKind::TooLarge);
        }
        self.n_numbers += 1;
        self.are_whole &= text.parse::<i64>().is_ok();
        self.low = f64::min(self.low, number);
        self.high = f64::max(self.high, number);
        None
    }
}

/// Whether a text has digits, and other than these only what numbers are written with: marks,
/// separators of thousands, signs, `<` and `%`.
fn is_like_a_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-', '−', '<', '>', '≤', '≥', '=', '~', '±', ' ']);
    let is_part = |c: char| c.is_ascii_digit() || c.is_whitespace() || ".,'’%‰".contains(c);
    unsigned.contains(|c: char| c.is_ascii_digit()) && unsigned.chars().all(is_part)
}

/// Whether a text is a whole number beyond 2^53, however long.
fn is_large(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_whole && digits.parse::<u64>().map_or(true, |number| number > MAX_WHOLE)
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
