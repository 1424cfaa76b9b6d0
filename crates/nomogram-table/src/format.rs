//! How a table is written: what a bundle keeps, so that later tables are read as the first one was.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::number::{DecimalMark, Wholeness, number, wholeness};

/// The key of the note in a bundle's manifest that holds the [`TableFormat`] as JSON.
pub const TABLE_FORMAT: &str = "table format";

/// How a table is written. What is left at its default is not written as JSON, and a bundle without
/// the note [`TABLE_FORMAT`] has the default: so defaults never change.
///
/// ```
/// use nomogram_table::{DecimalMark, TableFormat};
///
/// let json = r#"{"delimiter":";","decimal_mark":",","missing":["NA"]}"#;
/// let format = TableFormat::from_json(json)?;
/// assert_eq!(format.decimal_mark, DecimalMark::Comma);
/// assert_eq!(format.to_json(), json);
/// // A character cannot both separate cells and enclose them.
/// let format = TableFormat { delimiter: Some('"'), ..format };
/// assert!(format.check().is_err());
/// # Ok::<(), nomogram_table::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TableFormat {
    /// Separates the cells of a text, an ASCII character. Without one, a tab in files called `.tsv`
    /// or `.tab`, and a comma in all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Encloses cells that hold the delimiter, a line end or itself, which is then doubled; an ASCII
    /// character.
    #[serde(skip_serializing_if = "is_double_quote")]
    pub quote: char,
    /// What the bytes of a text mean.
    #[serde(skip_serializing_if = "is_default")]
    pub encoding: Encoding,
    /// Separates the whole part of a number from its fraction.
    #[serde(skip_serializing_if = "is_default")]
    pub decimal_mark: DecimalMark,
    /// The texts that mean that there is no value, besides the empty text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The texts of booleans, besides `false` and `true` in any case and the numbers 0 and 1.
    #[serde(skip_serializing_if = "is_default")]
    pub booleans: BooleanTexts,
    /// By feature, the only texts of its false and true.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub feature_booleans: BTreeMap<String, [String; 2]>,
}

/// Texts of booleans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BooleanTexts {
    /// Texts that mean true.
    #[serde(rename = "true", skip_serializing_if = "Vec::is_empty")]
    pub true_texts: Vec<String>,
    /// Texts that mean false.
    #[serde(rename = "false", skip_serializing_if = "Vec::is_empty")]
    pub false_texts: Vec<String>,
}

/// What the bytes of a text mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, with a byte order mark.
    #[serde(rename = "utf-16")]
    Utf16,
    /// ISO 8859-1: each byte is the character of the same number.
    #[serde(rename = "latin1")]
    Latin1,
    /// Windows code page 1252.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// What kind of file a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Text with a header.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// The file format of Arrow IPC, also called Feather.
    Arrow,
    /// The stream format of Arrow IPC.
    ArrowStream,
}

/// How one text is cut into cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Punctuation {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
}

impl TableFormat {
    /// Reads the note of a bundle, and checks it.
    ///
    /// # Errors
    ///
    /// `Format` when it is no such JSON, or as [`Self::check`].
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let format: Self = serde_json::from_str(json)
            .map_err(|e| Error::Format(format!("{TABLE_FORMAT}: {e}")))?;
        format.check()?;
        Ok(format)
    }

    /// The note of a bundle.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The format that a bundle keeps; the default where it keeps none.
    ///
    /// # Errors
    ///
    /// As [`Self::from_json`].
    pub fn of_notes(notes: &BTreeMap<String, String>) -> Result<Self, Error> {
        notes.get(TABLE_FORMAT).map_or_else(|| Ok(Self::default()), |json| Self::from_json(json))
    }

    /// The same, with what is left at its default taken from another one.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let default = Self::default();
        let Self { quote, encoding, decimal_mark, .. } = self;
        Self {
            delimiter: self.delimiter.or(other.delimiter),
            quote: if quote == default.quote { other.quote } else { quote },
            encoding: if encoding == default.encoding { other.encoding } else { encoding },
            decimal_mark: match decimal_mark {
                DecimalMark::Point => other.decimal_mark,
                DecimalMark::Comma => DecimalMark::Comma,
            },
            missing: if self.missing.is_empty() { other.missing } else { self.missing },
            booleans: if is_default(&self.booleans) { other.booleans } else { self.booleans },
            feature_booleans: other
                .feature_booleans
                .into_iter()
                .chain(self.feature_booleans)
                .collect(),
        }
    }

    /// Refuses a format that contradicts itself, or in which a text would have two meanings.
    ///
    /// # Errors
    ///
    /// `Format`.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |detail: String| Err(Error::Format(detail));
        let is_mark = |c: char| c.is_ascii_punctuation() || c == ' ' || c == '\t';
        if let Some(c) = self.delimiter.filter(|c| !is_mark(*c) || ".+-".contains(*c)) {
            return refuse(format!("delimiter: {c:?}, {EXPECTED_DELIMITER}"));
        }
        if !self.quote.is_ascii_punctuation() || ".+-".contains(self.quote) {
            let quote = self.quote;
            return refuse(format!("quote: {quote:?}, expected an ASCII punctuation character"));
        }
        if self.delimiter == Some(self.quote) {
            return refuse(format!("both delimiter and quote are {:?}", self.quote));
        }
        let BooleanTexts { true_texts, false_texts } = &self.booleans;
        if let Some(text) = true_texts.iter().find(|text| false_texts.contains(text)) {
            return refuse(format!("booleans: `{text}` is both true and false"));
        }
        let texts = true_texts.iter().chain(false_texts);
        let texts = texts.chain(self.feature_booleans.values().flatten());
        if let Some(text) = texts.clone().find(|text| self.missing.contains(text)) {
            return refuse(format!("`{text}` is both a boolean and missing"));
        }
        if let Some(text) = texts.clone().find(|text| text.trim().is_empty()) {
            return refuse(format!("booleans: {text:?}, expected a text that is not empty"));
        }
        let usual = [(true_texts, false), (false_texts, true)];
        for (texts, other) in usual {
            let means_other =
                |text: &&String| usual_boolean(text, self.decimal_mark) == Some(other);
            if let Some(text) = texts.iter().find(means_other) {
                return refuse(format!("booleans: `{text}` always means {other}"));
            }
        }
        if let Some(text) = texts.chain(&self.missing).find(|t| t.chars().any(char::is_control)) {
            return refuse(format!("{text:?}, expected a text without control characters"));
        }
        let texts = true_texts.iter().chain(false_texts).chain(&self.missing);
        let texts = texts.chain(self.feature_booleans.values().flatten());
        if let Some(text) = texts.clone().find(|text| trim(text).len() != text.len()) {
            return refuse(format!(
                "{text:?}, expected a text without spaces around it, as cells are read without them"
            ));
        }
        Ok(())
    }

    /// How a text of this name is cut into cells.
    ///
    /// # Errors
    ///
    /// As [`Self::check`].
    pub(crate) fn punctuation(&self, path: Option<&Path>) -> Result<Punctuation, Error> {
        self.check()?;
        let delimiter = self.delimiter_of(path);
        if delimiter == self.quote {
            return Err(Error::Format(format!("both delimiter and quote are {delimiter:?}")));
        }
        let byte = |c: char| u8::try_from(c).unwrap_or_default();
        Ok(Punctuation { delimiter: byte(delimiter), quote: byte(self.quote) })
    }

    /// The delimiter of a text of this name.
    #[must_use]
    pub fn delimiter_of(&self, path: Option<&Path>) -> char {
        let is_tsv = path.and_then(ending).is_some_and(|ending| ending == "tsv" || ending == "tab");
        self.delimiter.unwrap_or(if is_tsv { '\t' } else { ',' })
    }

    /// Whether a text means that there is no value. Spaces around it do not count.
    #[must_use]
    pub fn is_missing(&self, text: &str) -> bool {
        let text = trim(text);
        text.is_empty() || self.missing.iter().any(|missing| missing == text)
    }

    /// The boolean that a text without spaces around it means for a feature.
    pub(crate) fn boolean(&self, feature: &str, text: &str) -> Option<bool> {
        let stated = self.stated_boolean(feature, text);
        if stated.is_some() || self.feature_booleans.contains_key(feature) {
            return stated;
        }
        usual_boolean(text, self.decimal_mark)
    }

    /// The same by the texts that are stated here alone, for columns of texts.
    pub(crate) fn stated_boolean(&self, feature: &str, text: &str) -> Option<bool> {
        let is = |texts: &[String]| texts.iter().any(|known| known == text);
        match self.feature_booleans.get(feature) {
            Some([no, _]) if no == text => Some(false),
            Some([_, yes]) if yes == text => Some(true),
            Some(_) => None,
            None if is(&self.booleans.true_texts) => Some(true),
            None if is(&self.booleans.false_texts) => Some(false),
            None => None,
        }
    }
}

const EXPECTED_DELIMITER: &str =
    "expected an ASCII punctuation character, a space or a tab, none of `.`, `+` and `-`";

impl FileKind {
    /// The kind by the ending of a name: `.parquet`, `.pq`; `.arrow`, `.feather`, `.ipc`; `.arrows`;
    /// text for every other one.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        match ending(path).as_deref() {
            Some("parquet" | "pq") => Self::Parquet,
            Some("arrow" | "feather" | "ipc") => Self::Arrow,
            Some("arrows") => Self::ArrowStream,
            _ => Self::Csv,
        }
    }
}

impl Default for TableFormat {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: '"',
            encoding: Encoding::Utf8,
            decimal_mark: DecimalMark::Point,
            missing: Vec::new(),
            booleans: BooleanTexts::default(),
            feature_booleans: BTreeMap::new(),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Latin1 => "latin1",
            Self::Windows1252 => "windows-1252",
        })
    }
}

/// `false` and `true` in any case, and the numbers 0 and 1, however they are written.
fn usual_boolean(text: &str, mark: DecimalMark) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ => {
            let number = number(text, mark).filter(|number| [0.0, 1.0].contains(number))?;
            (wholeness(text, mark) == Wholeness::Whole).then_some(number > 0.0)
        }
    }
}

/// A text without the spaces around it, of every alphabet.
#[inline]
pub(crate) fn trim(text: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(|byte| (b'!'..=b'~').contains(byte));
    let bytes = text.as_bytes();
    if is_plain(bytes.first()) && is_plain(bytes.last()) { text } else { text.trim() }
}

fn ending(path: &Path) -> Option<String> {
    path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase)
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_double_quote(quote: &char) -> bool {
    *quote == '"'
}
