//! Names and texts of a schema or a bundle: printable, and unique where they name something.

use alloc::collections::BTreeSet;
use alloc::format;

use crate::error::Error;

/// Refuses a name that is not printable, or that was seen before.
pub(crate) fn check_name<'a>(name: &'a str, seen: &mut BTreeSet<&'a str>) -> Result<(), Error> {
    check_text(name, "name")?;
    if !seen.insert(name) {
        return Err(Error::invalid_model(format!("duplicate name `{name}`")));
    }
    Ok(())
}

/// Texts are handed to C, so no NUL; and printed in tables, so nothing that moves the cursor.
pub(crate) fn check_text(text: &str, what: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::invalid_model(format!("the {what} is empty")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid_model(format!("the {what} {text:?} holds a control character")));
    }
    Ok(())
}
