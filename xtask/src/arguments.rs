//! The arguments that follow the task on the command line.

/// What was given of the flags and options that a task knows, in the order of their names.
#[derive(Debug, PartialEq)]
pub(crate) struct Arguments<const F: usize, const O: usize> {
    /// Whether each flag was given.
    pub(crate) flags: [bool; F],
    /// The value of each option.
    pub(crate) options: [Option<String>; O],
}

/// Reads `--flag`, `--option value` and `--option=value`, in any order.
///
/// # Errors
///
/// When an argument is neither a flag nor an option, appears twice or has no value.
pub(crate) fn arguments<const F: usize, const O: usize>(
    flags: [&str; F],
    options: [&str; O],
) -> Result<Arguments<F, O>, String> {
    parse(flags, options, std::env::args().skip(2))
}

/// The values of `--name value` (or `--name=value`), in the order of `names`.
///
/// # Errors
///
/// As [`arguments`].
pub(crate) fn options<const N: usize>(names: [&str; N]) -> Result<[Option<String>; N], String> {
    arguments([], names).map(|arguments| arguments.options)
}

/// Whether the only argument, `flag`, is there.
pub(crate) fn has_flag(flag: &str) -> Result<bool, String> {
    arguments([flag], []).map(|arguments| arguments.flags == [true])
}

fn parse<const F: usize, const O: usize>(
    flag_names: [&str; F],
    option_names: [&str; O],
    mut arguments: impl Iterator<Item = String>,
) -> Result<Arguments<F, O>, String> {
    let mut flags = [false; F];
    let mut options = option_names.map(|_| None);
    while let Some(argument) = arguments.next() {
        let twice = || format!("duplicate `{argument}`");
        if let Some((_, flag)) = slot(&flag_names, &mut flags, &argument) {
            if std::mem::replace(flag, true) {
                return Err(twice());
            }
            continue;
        }
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (argument.as_str(), None),
        };
        let Some((name, option)) = slot(&option_names, &mut options, name) else {
            let known = [flag_names.as_slice(), &option_names].concat().join(", ");
            return Err(format!("found `{argument}`, expected {known}"));
        };
        let value = value.or_else(|| arguments.next()).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| format!("`{name}` has no value"))?;
        if option.replace(value).is_some() {
            return Err(format!("duplicate `{name}`"));
        }
    }
    Ok(Arguments { flags, options })
}

/// A known name, with where its value goes.
fn slot<'n, 's, T>(
    names: &[&'n str],
    slots: &'s mut [T],
    name: &str,
) -> Option<(&'n str, &'s mut T)> {
    names.iter().copied().zip(slots).find(|(known, _)| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments<2, 2>, String> {
        let words = line.split_whitespace().map(Into::into);
        parse(["--all", "--list"], ["--prefix", "--libdir"], words)
    }

    #[test]
    fn arguments_come_in_any_order_and_both_spellings() {
        let options = [Some("/usr".into()), Some("lib64".into())];
        let expected = Arguments { flags: [false, true], options };
        assert_eq!(parsed("--prefix /usr --list --libdir=lib64").as_ref(), Ok(&expected));
        assert_eq!(parsed("--libdir lib64 --prefix=/usr --list").as_ref(), Ok(&expected));
        assert_eq!(parsed(""), Ok(Arguments { flags: [false; 2], options: [None, None] }));
    }

    #[test]
    fn arguments_that_are_not_understood_are_refused() {
        for case in [
            "--perfix /usr → found `--perfix`, expected --all, --list, --prefix, --libdir",
            "/usr → found `/usr`, expected --all",
            "--prefix → `--prefix` has no value",
            "--prefix= → `--prefix` has no value",
            "--prefix /a --prefix /b → duplicate `--prefix`",
            "--all --all → duplicate `--all`",
            "--all=yes → found `--all=yes`",
        ] {
            let (line, expected) = case.split_once(" → ").unwrap();
            let error = parsed(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
