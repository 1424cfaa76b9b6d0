//! What stands on the command line after the task.

/// The values of `--name value` (or `--name=value`), in the order of `names`.
///
/// # Errors
///
/// When an option is none of `names`, stands there twice or has no value.
pub(crate) fn options<const N: usize>(names: [&str; N]) -> Result<[Option<String>; N], String> {
    parse(names, std::env::args().skip(2))
}

/// Whether the only argument, `flag`, is there.
pub(crate) fn has_flag(flag: &str) -> Result<bool, String> {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    match arguments.as_slice() {
        [] => Ok(false),
        [only] if only == flag => Ok(true),
        _ => Err(format!("found `{}`, expected nothing or {flag}", arguments.join(" "))),
    }
}

fn parse<const N: usize>(
    names: [&str; N],
    mut arguments: impl Iterator<Item = String>,
) -> Result<[Option<String>; N], String> {
    let mut values = names.map(|_| None);
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (argument.as_str(), None),
        };
        let slot = names.iter().zip(&mut values).find(|(known, _)| **known == name);
        let Some((_, slot)) = slot else {
            return Err(format!("found `{argument}`, expected {}", names.join(", ")));
        };
        let value = value.or_else(|| arguments.next()).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| format!("`{name}` has no value"))?;
        if slot.replace(value).is_some() {
            return Err(format!("`{name}` stands there twice"));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<[Option<String>; 2], String> {
        parse(["--prefix", "--libdir"], line.split_whitespace().map(Into::into))
    }

    #[test]
    fn options_come_in_any_order_and_both_spellings() {
        let expected = [Some("/usr".into()), Some("lib64".into())];
        assert_eq!(parsed("--prefix /usr --libdir=lib64"), Ok(expected.clone()));
        assert_eq!(parsed("--libdir lib64 --prefix=/usr"), Ok(expected));
        assert_eq!(parsed(""), Ok([None, None]));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(
            parsed("--perfix /usr").unwrap_err().contains("found `--perfix`, expected --prefix")
        );
        assert!(parsed("/usr").unwrap_err().contains("found `/usr`"));
        assert!(parsed("--prefix").unwrap_err().contains("`--prefix` has no value"));
        assert!(parsed("--prefix=").unwrap_err().contains("`--prefix` has no value"));
        assert!(parsed("--prefix /a --prefix /b").unwrap_err().contains("twice"));
    }
}
