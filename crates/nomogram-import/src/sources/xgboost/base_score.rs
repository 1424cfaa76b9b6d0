//! `base_score`: one number, or since version 3.1 a list with one per class, as text.

use crate::document::Cursor;
use crate::error::Error;

/// One base score for each of `n_groups` margins.
///
/// # Errors
///
/// `Malformed` when the text holds no numbers, or neither 1 nor `n_groups` of them.
pub(super) fn of_groups(text: &Cursor<'_>, n_groups: usize) -> Result<Vec<f32>, Error> {
    let list = text.text()?.trim();
    let list = list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list);
    let mut scores = Vec::new();
    for score in list.split(',') {
        let number = score.trim().parse::<f32>().ok().filter(|score| score.is_finite());
        let number =
            number.ok_or_else(|| text.malformed(format!("`{score}`, expected a finite number")))?;
        scores.push(number);
        if scores.len() > n_groups {
            break;
        }
    }
    match scores.as_slice() {
        [score] => Ok(vec![*score; n_groups]),
        _ if scores.len() == n_groups => Ok(scores),
        _ => Err(text.malformed(format!("{} numbers, expected 1 or {n_groups}", scores.len()))),
    }
}
