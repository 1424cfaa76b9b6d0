//! The list of exports, `packaging/symbols.txt`, and whether a library keeps to it.
//!
//! rustc hands the linker an anonymous version script of its own, beside which GNU ld refuses and lld
//! ignores another one. So exports have no versions, and what a library exports is compared with the
//! list after it was linked.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::files::read;
use crate::folders::root;
use crate::run::output;

pub(crate) const LIST: &str = "packaging/symbols.txt";

/// Major, minor, patch.
pub(crate) type Version = [u32; 3];

/// A function of the C ABI.
#[derive(Debug, PartialEq)]
pub(crate) struct Symbol {
    pub(crate) name: String,
    /// The version of the library that it came with.
    pub(crate) since: Version,
}

impl Symbol {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// The functions of the C ABI, in alphabetical order.
pub(crate) fn listed() -> Result<Vec<Symbol>, String> {
    parse(&read(&root().join(LIST))?, current()?)
}

/// The version in Cargo.toml.
pub(crate) fn current() -> Result<Version, String> {
    version(env!("CARGO_PKG_VERSION"))
}

/// Checks that a shared library exports exactly the symbols of the list.
pub(crate) fn check_shared(library: &Path, symbols: &[Symbol]) -> Result<(), String> {
    check(library, "--dyn-syms", symbols)
}

/// Checks that the global symbols of a static library are those of the list, no more and no less.
pub(crate) fn check_static(archive: &Path, symbols: &[Symbol]) -> Result<(), String> {
    check(archive, "--symbols", symbols)
}

fn check(library: &Path, table: &str, symbols: &[Symbol]) -> Result<(), String> {
    // Not nm: where LLVM's plugin is installed, it fails at the bitcode in Rust's objects.
    let table = output(Command::new("readelf").args([table, "--wide"]).arg(library))?;
    let exported: BTreeSet<&str> = table.lines().filter_map(global).collect();
    let listed: BTreeSet<&str> = symbols.iter().map(Symbol::name).collect();
    if exported == listed {
        return Ok(());
    }
    let extra: Vec<_> = exported.difference(&listed).collect();
    let absent: Vec<_> = listed.difference(&exported).collect();
    let library = library.display();
    Err(format!(
        "{LIST} lacks {extra:?}, which {library} exports; {library} lacks {absent:?}, which {LIST} lists"
    ))
}

/// The name in a line of readelf, if it is defined and others can see it.
fn global(line: &str) -> Option<&str> {
    let mut cells = line.split_whitespace();
    let (binding, section) = (cells.nth(4)?, cells.nth(1)?);
    let is_global = ["GLOBAL", "WEAK", "UNIQUE"].contains(&binding) && section != "UND";
    cells.next().filter(|_| is_global)
}

fn parse(text: &str, current: Version) -> Result<Vec<Symbol>, String> {
    let mut symbols: Vec<Symbol> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            continue;
        }
        let symbol = parse_line(line, symbols.last(), current)
            .map_err(|error| format!("{LIST}: line {}: {error}", index + 1))?;
        symbols.push(symbol);
    }
    Ok(symbols)
}

fn parse_line(line: &str, last: Option<&Symbol>, current: Version) -> Result<Symbol, String> {
    let [name, since] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(format!("found `{line}`, expected a name and a version"));
    };
    if !name.starts_with("nomo_") {
        return Err(format!("`{name}` does not begin with nomo_"));
    }
    if let Some(last) = last.filter(|last| last.name.as_str() >= name) {
        return Err(format!(
            "`{name}` is listed after `{}`, expected alphabetical order",
            last.name
        ));
    }
    let since = version(since).map_err(|error| format!("`{name}`: {error}"))?;
    if since > current {
        return Err(format!("`{name}`: version {since:?} is newer than the library, {current:?}"));
    }
    Ok(Symbol { name: name.into(), since })
}

fn version(text: &str) -> Result<Version, String> {
    let numbers: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
    numbers
        .and_then(|numbers| numbers.try_into().ok())
        .ok_or_else(|| format!("found version `{text}`, expected three numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_well_formed() {
        assert!(!listed().unwrap().is_empty());
    }

    #[test]
    fn a_list_that_is_not_well_formed_is_refused() {
        let refused = |text| parse(text, [0, 2, 0]).unwrap_err();
        let cases = [
            ("nomo_a\n", "line 1: found `nomo_a`, expected a name and a version"),
            ("# list\n\n", "line 2: found ``, expected a name and a version"),
            ("nomo_a 0.1.0 0.2.0\n", "line 1: found `nomo_a 0.1.0 0.2.0`"),
            ("rust_a 0.1.0\n", "`rust_a` does not begin with nomo_"),
            ("nomo_b 0.1.0\nnomo_a 0.1.0\n", "line 2: `nomo_a` is listed after `nomo_b`"),
            ("nomo_a 0.1.0\nnomo_a 0.1.0\n", "line 2: `nomo_a` is listed after `nomo_a`"),
            ("nomo_a 0.1\n", "found version `0.1`, expected three numbers"),
            ("nomo_a 0.3.0\n", "version [0, 3, 0] is newer than the library, [0, 2, 0]"),
        ];
        for (text, message) in cases {
            assert!(refused(text).contains(message), "{text:?}: {}", refused(text));
        }
        let symbol = Symbol { name: "nomo_a".into(), since: [0, 2, 0] };
        assert_eq!(parse("# list\nnomo_a  0.2.0\n", [0, 2, 0]), Ok(vec![symbol]));
    }

    #[test]
    fn only_what_is_defined_and_global_counts() {
        let line = |binding, section| {
            format!("   18: 000000000005b450   990 FUNC    {binding} DEFAULT   {section} nomo_a")
        };
        assert_eq!(global(&line("GLOBAL", "15")), Some("nomo_a"));
        assert_eq!(global(&line("WEAK", "15")), Some("nomo_a"));
        assert_eq!(global(&line("LOCAL", "15")), None);
        assert_eq!(global(&line("GLOBAL", "UND")), None);
    }
}
