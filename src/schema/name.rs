//! Names and texts of a schema or a bundle: printable, and unique where they name something.

use crate::error::{Error, Place, is_printable};
use crate::memory;

/// Refuses names that are not printable, and a name that an earlier item has.
pub(crate) fn check_names<T>(
    items: &[T],
    name: impl Fn(&T) -> &str,
    place: impl Fn(usize) -> Place,
) -> Result<(), Error> {
    for (index, item) in items.iter().enumerate() {
        check_text(name(item), "name").map_err(|e| e.within(place(index)))?;
    }
    let name_at = |index: u32| items.get(index as usize).map_or("", &name);
    match first_repeated(items.len(), &name_at)? {
        None => Ok(()),
        Some(index) => {
            let error = Error::invalid_model(format_args!("duplicate name `{}`", name_at(index)));
            Err(error.within(place(index as usize)))
        }
    }
}

/// The first item whose name an earlier one has. Not generic: kinds of items are many.
fn first_repeated<'n>(
    n_items: usize,
    name_at: &dyn Fn(u32) -> &'n str,
) -> Result<Option<u32>, Error> {
    let order = memory::order(n_items, &|a, b| name_at(a).cmp(name_at(b)))?;
    let neighbours = order.iter().zip(order.iter().skip(1));
    let repeated = neighbours.filter(|(a, b)| name_at(**a) == name_at(**b));
    Ok(repeated.map(|(_, index)| *index).min())
}

/// Texts are handed to C, so no NUL; and printed in tables, so nothing that moves the cursor or changes
/// the direction of what follows.
pub(crate) fn check_text(text: &str, what: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::invalid_model(format_args!("the {what} is empty")));
    }
    match text.chars().find(|c| !is_printable(*c)) {
        None => Ok(()),
        Some(stray) => {
            let holds =
                if stray.is_control() { "a control character" } else { "a mark of direction" };
            Err(Error::invalid_model(format_args!("the {what} {text:?} holds {holds}")))
        }
    }
}

/// Refuses a name that people could take for another one: with characters that have no width, or with
/// white space at an end. Only on sealing: bundles that were sealed before open as they are.
pub(crate) fn check_looks(name: &str, what: &str) -> Result<(), Error> {
    if let Some(stray) = name.chars().find(|c| has_no_width(*c)) {
        let code = u32::from(stray);
        let detail = format_args!("the {what} {name:?} holds U+{code:04X}, which has no width");
        return Err(Error::invalid_model(detail));
    }
    if name.trim() != name {
        let detail = format_args!("the {what} {name:?} begins or ends with white space");
        return Err(Error::invalid_model(detail));
    }
    Ok(())
}

/// Characters that are not shown: joiners and other format characters, fillers, and selectors of
/// variants (Unicode's `Default_Ignorable_Code_Point`).
fn has_no_width(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_first_name_that_repeats_another_is_refused() {
        let refused =
            |names: &[&str]| check_names(names, |name| name, Place::Level).unwrap_err().to_string();
        assert_eq!(refused(&["b", "a", "c", "a", "b"]), "level 4: duplicate name `a`");
        assert_eq!(refused(&["b", "b", "b"]), "level 2: duplicate name `b`");
        assert!(check_names(&["b", "a", "c"], |name| name, Place::Level).is_ok());
        assert!(check_names(&[], |name: &&str| name, Place::Level).is_ok());
    }

    #[test]
    fn texts_that_change_how_others_are_shown_are_refused() {
        let refused = |text: &str| check_text(text, "name").unwrap_err().to_string();
        assert_eq!(refused("a\u{1b}[2J"), "the name \"a\\u{1b}[2J\" holds a control character");
        assert_eq!(refused("\u{202e}ab"), "the name \"\\u{202e}ab\" holds a mark of direction");
        assert!(check_text("créatinine (µmol/l) 年齢", "name").is_ok());
    }

    #[test]
    fn names_that_look_alike_are_refused_on_sealing() {
        let refused = |text: &str| check_looks(text, "name").unwrap_err().to_string();
        let expected = "the name \"do\\u{200b}se\" holds U+200B, which has no width";
        assert_eq!(refused("do\u{200b}se"), expected);
        assert_eq!(refused("dose "), "the name \"dose \" begins or ends with white space");
        assert_eq!(
            refused("\u{a0}dose"),
            "the name \"\\u{a0}dose\" begins or ends with white space"
        );
        assert!(refused("\u{feff}dose").contains("U+FEFF"));
        assert!(check_looks("dose of day 1", "name").is_ok());
    }
}
