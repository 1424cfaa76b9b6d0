//! The decimal mark of the numbers of a table.

use std::fmt;

use nomogram_table::shown_value;

use super::cut::Cut;
use crate::data::draft::column::MISSING_TEXTS;
use crate::table::{DecimalMark, TableFormat};

/// Numbers with one of the marks.
#[derive(Default)]
struct Marked {
    /// The first one that cannot have a separator of thousands, otherwise the first one.
    example: Option<String>,
    is_proof: bool,
}

impl Marked {
    fn add(&mut self, text: &str, place: impl fmt::Display, mark: char) {
        let is_proof = !is_in_thousands(text, mark);
        if self.example.is_none() || (is_proof && !self.is_proof) {
            self.example = Some(format!("{place}: `{}`", shown_value(text)));
            self.is_proof = is_proof;
        }
    }
}

/// The decimal mark of the numbers, and one of them.
///
/// Where commas separate cells, numbers with decimal commas are within quotes, as are lists such as
/// `"1,2"`. So a column shows the mark there only if each of its numbers has a comma, and what is
/// not certain is a point: the notes of the draft point out the other columns with commas.
pub(super) fn decimal_mark(cut: &Cut) -> Result<(DecimalMark, Option<String>), String> {
    let is_quoted = cut.delimiter == ',';
    let [point, comma] = [DecimalMark::Point, DecimalMark::Comma].map(|decimal_mark| TableFormat {
        decimal_mark,
        missing: MISSING_TEXTS.map(str::to_owned).to_vec(),
        ..TableFormat::default()
    });
    let mut of_table = [Marked::default(), Marked::default()];
    for index in 0..cut.table.columns().len() {
        let mut of_column = [Marked::default(), Marked::default()];
        let (mut n_known, mut n_numbers, mut n_commas) = (0, 0, 0);
        for cell in cut.table.column_at(index).filter(|cell| !cell.cell.is_missing(&point)) {
            n_known += 1;
            let are_numbers = [&point, &comma].map(|format| cell.cell.finite(format).is_some());
            n_numbers += usize::from(are_numbers.contains(&true));
            let text = cell.text();
            n_commas += usize::from(text.contains(','));
            for ((marked, mark), is_number) in of_column.iter_mut().zip(['.', ',']).zip(are_numbers)
            {
                if is_number && text.contains(mark) {
                    marked.add(&text, cell.place, mark);
                }
            }
        }
        // A column of texts may have a few that look like numbers.
        if n_numbers * 10 < n_known * 9 {
            continue;
        }
        if is_quoted && n_commas < n_known {
            let [_, commas] = &mut of_column;
            *commas = Marked::default();
        }
        for (of_table, of_column) in of_table.iter_mut().zip(of_column) {
            if of_table.example.is_none() || (of_column.is_proof && !of_table.is_proof) {
                *of_table = of_column;
            }
        }
    }
    let [points, commas] = of_table;
    let state = "the decimal mark is ambiguous: state `--decimal-mark`";
    match (points.example, commas.example) {
        (None, Some(comma)) if is_quoted && commas.is_proof => {
            Ok((DecimalMark::Comma, Some(comma)))
        }
        (_, _) if is_quoted => Ok((DecimalMark::Point, None)),
        (None, None) => Ok((DecimalMark::Point, None)),
        (Some(point), Some(comma)) => {
            Err(format!("numbers have both points ({point}) and commas ({comma}); {state}"))
        }
        (Some(point), None) if points.is_proof => Ok((DecimalMark::Point, Some(point))),
        (None, Some(comma)) if commas.is_proof => Ok((DecimalMark::Comma, Some(comma))),
        (Some(example), None) | (None, Some(example)) => {
            Err(format!("{example} could be in thousands, as could all others; {state}"))
        }
    }
}

/// Whether a number with this mark could be a whole one with a separator of thousands: `1,234`.
fn is_in_thousands(number: &str, mark: char) -> bool {
    let digits = number.trim_start_matches(['+', '-']);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits.split_once(mark).is_some_and(|(first, last)| {
        (1..=3).contains(&first.len())
            && !first.starts_with('0')
            && last.len() == 3
            && is_digits(first)
            && is_digits(last)
    })
}
