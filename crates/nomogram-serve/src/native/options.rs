//! Options of a request: members of its body, or `?explanation=true` in its address.

use crate::json::{Fault, Reader};
use crate::problem::{Problem, ProblemKind};
use crate::scored::Options;

/// The options in the query of an address.
///
/// # Errors
///
/// `Malformed` for what is no option.
pub(crate) fn of_query(query: Option<&str>) -> Result<Options, Problem> {
    let mut options = Options::default();
    for part in query.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, "true"));
        let is_on = match value {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return Err(unknown()),
        };
        if !set(&mut options, name, is_on) {
            return Err(unknown());
        }
    }
    Ok(options)
}

/// Reads the member of a body with this name. Returns whether it is an option.
///
/// # Errors
///
/// When its value is not `true` or `false`.
pub(crate) fn read(
    options: &mut Options,
    reader: &mut Reader<'_>,
    name: &str,
) -> Result<bool, Fault> {
    match set(&mut options.clone(), name, true) {
        true => {
            let is_on = reader.boolean()?;
            Ok(set(options, name, is_on))
        }
        false => Ok(false),
    }
}

fn set(options: &mut Options, name: &str, is_on: bool) -> bool {
    match name {
        "uncertainty" => options.uncertainty = is_on,
        "explanation" => options.explanation = is_on,
        "members" => options.members = is_on,
        _ => return false,
    }
    true
}

fn unknown() -> Problem {
    let detail = "a query that is not known; expected `uncertainty`, `explanation` or `members`, \
                  each `true` or `false`";
    Problem::new(ProblemKind::Malformed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_from_a_query() {
        let options = of_query(Some("uncertainty=true&explanation=false&members")).unwrap();
        assert_eq!(options, Options { uncertainty: true, explanation: false, members: true });
        assert_eq!(of_query(None), Ok(Options::default()));
        for query in ["uncertainty=4711", "age=4711", "="] {
            let problem = of_query(Some(query)).unwrap_err();
            assert!(!problem.to_string().contains("4711"));
        }
    }
}
