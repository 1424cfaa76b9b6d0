//! The paths in a file: of `use` items, and inline from a module or from `crate`, `super` or `self`.

/// A name that a `use` item brings into scope, and the path that it names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Import {
    pub(super) name: String,
    pub(super) path: Vec<String>,
}

/// Every name that a `use` item brings into scope, and every inline path.
pub(super) fn paths(code: &str) -> (Vec<Import>, Vec<Vec<String>>) {
    let tokens = tokens(code);
    let (mut imports, mut inline) = (Vec::new(), Vec::new());
    let mut position = 0;
    while let Some(token) = tokens.get(position) {
        let next = tokens.get(position + 1).copied().unwrap_or_default();
        let previous = position.checked_sub(1).map_or(";", |previous| tokens[previous]);
        match *token {
            // Not a word of a text: an item follows an item, an attribute or a visibility.
            "use" if [";", "{", "}", "]", ")", "pub"].contains(&previous) => {
                position = read_tree(&tokens, position + 1, &[], &mut imports)
            }
            // The scope of a visibility is not a use: `pub(in crate::a)`.
            "pub" if next == "(" => {
                let scope = tokens[position..].iter().position(|token| *token == ")");
                position += scope.unwrap_or(1);
            }
            "crate" | "super" | "self" if next == "::" => {
                let (path, end) = read_path(&tokens, position);
                inline.push(path);
                position = end;
            }
            // A module that is declared or imported here, or a crate: `codec::read`.
            word if next == "::" && previous != "::" && word.starts_with(char::is_lowercase) => {
                let (path, end) = read_path(&tokens, position);
                inline.push(path);
                position = end;
            }
            _ => position += 1,
        }
    }
    (imports, inline)
}

/// Words, `::`, and every other character by itself.
fn tokens(code: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let len = match first {
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// Reads `a::b::c` from `start`; returns the position after it.
fn read_path(tokens: &[&str], start: usize) -> (Vec<String>, usize) {
    let mut path = vec![tokens[start].to_owned()];
    let mut position = start + 1;
    while tokens.get(position) == Some(&"::")
        && let Some(word) = tokens.get(position + 1)
        && word.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    {
        path.push((*word).to_owned());
        position += 2;
    }
    (path, position)
}

/// Reads one tree of a `use` item; returns the position after it.
fn read_tree(tokens: &[&str], start: usize, above: &[String], imports: &mut Vec<Import>) -> usize {
    let mut path = above.to_vec();
    let mut position = start;
    while let Some(token) = tokens.get(position) {
        match *token {
            "::" => position += 1,
            "{" => {
                position += 1;
                while !matches!(tokens.get(position), Some(&"}" | &";") | None) {
                    position = read_tree(tokens, position, &path, imports);
                    position += usize::from(tokens.get(position) == Some(&","));
                }
                return position + 1;
            }
            "self" if !path.is_empty() => position += 1,
            "as" | "," | "}" | ";" => break,
            word => {
                path.push(word.to_owned());
                position += 1;
            }
        }
    }
    let mut name = path.last().cloned().unwrap_or_default();
    if tokens.get(position) == Some(&"as") {
        name = tokens[position + 1].to_owned();
        position += 2;
    }
    imports.push(Import { name, path });
    position
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str) -> Vec<String> {
        let (imports, inline) = paths(code);
        let imports = imports.iter().map(|i| format!("{} = {}", i.name, i.path.join("::")));
        imports.chain(inline.iter().map(|path| path.join("::"))).collect()
    }

    #[test]
    fn every_form_of_use_is_read() {
        assert_eq!(read("use crate::a::B;"), ["B = crate::a::B"]);
        assert_eq!(
            read("pub(crate) use super::{a, b::{self, C}};"),
            ["a = super::a", "b = super::b", "C = super::b::C"]
        );
        assert_eq!(read("use crate::{a::B as D, c::*};"), ["D = crate::a::B", "* = crate::c::*"]);
        assert_eq!(read("use super::super::a;"), ["a = super::super::a"]);
    }

    #[test]
    fn inline_paths_are_read_and_scopes_of_visibility_are_not() {
        assert_eq!(read("fn f() { crate::a::g(super::b::C) }"), ["crate::a::g", "super::b::C"]);
        assert_eq!(read("fn f() { a::b::g(c::H::new(), D::new()) }"), ["a::b::g", "c::H::new"]);
        assert_eq!(
            read("#[serde(deserialize_with = \"crate::codec::text\")]"),
            ["crate::codec::text"]
        );
        assert!(read("pub(in crate::a) fn f(self) {}").is_empty());
    }
}
