//! The modules of a crate: who declares whom, and who uses whom.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{Import, paths};
use super::sources::{Source, before_tests, code};

/// The path of a module from the root of its crate, which is empty.
pub(super) type Path = Vec<String>;

/// The modules of one crate.
#[derive(Debug)]
pub(super) struct Modules(BTreeMap<Path, Module>);

#[derive(Debug)]
struct Module {
    /// Its file, inside the source folder of the crate.
    file: String,
    /// The modules that it declares, with their layers; the lowest is 0.
    children: Vec<(String, usize)>,
    imports: Vec<Import>,
    inline: Vec<Path>,
    code: String,
}

impl Modules {
    /// The declared modules among files whose root is `lib.rs` or else `main.rs`.
    pub(super) fn new(sources: &[Source]) -> Self {
        let root = if sources.iter().any(|(file, _)| file == "lib.rs") { "lib" } else { "main" };
        let mut modules = BTreeMap::new();
        for (file, text) in sources {
            let name = file.trim_end_matches(".rs");
            let path: Path = match name == root {
                true => Path::new(),
                false => name.split('/').map(str::to_owned).collect(),
            };
            let code = code(text);
            let (imports, inline) = paths(&code);
            let children = children(before_tests(text));
            modules.insert(path, Module { file: file.clone(), children, imports, inline, code });
        }
        let mut all = Self(modules);
        let undeclared: Vec<Path> =
            all.0.keys().filter(|path| !all.is_declared(path)).cloned().collect();
        for path in undeclared {
            all.0.remove(&path);
        }
        all
    }

    pub(super) fn n_modules(&self) -> usize {
        self.0.len()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys()
    }

    pub(super) fn file(&self, path: &[String]) -> &str {
        self.0.get(path).map_or("?", |module| module.file.as_str())
    }

    /// The layer of a child of a module.
    pub(super) fn layer(&self, module: &[String], child: &str) -> Option<usize> {
        let children = &self.0.get(module)?.children;
        children.iter().find(|(name, _)| name == child).map(|(_, layer)| *layer)
    }

    /// Whether every module on the way to this one is declared.
    fn is_declared(&self, path: &[String]) -> bool {
        (0..path.len()).all(|depth| self.layer(&path[..depth], &path[depth]).is_some())
    }

    /// Every pair of a module and another one that it uses.
    pub(super) fn edges(&self) -> BTreeSet<(Path, Path)> {
        let mut edges = BTreeSet::new();
        for (path, module) in &self.0 {
            let imports = module.imports.iter().map(|import| &import.path);
            for used in imports.chain(&module.inline) {
                let Some(absolute) = self.absolute(path, used) else { continue };
                let target = self.module_of(&absolute, 0);
                if target != *path {
                    edges.insert((path.clone(), target));
                }
            }
        }
        edges
    }

    /// A path from the root of the crate; `None` when it leads into another crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Path> {
        let first = path.first()?;
        let n_supers = path.iter().take_while(|word| *word == "super").count();
        let (base, rest) = match first.as_str() {
            "crate" => (&module[..0], &path[1..]),
            "self" => (module, &path[1..]),
            "super" => (&module[..module.len().checked_sub(n_supers)?], &path[n_supers..]),
            child if self.layer(module, child).is_some() => (module, path),
            name => {
                let imports = &self.0.get(module)?.imports;
                let import = imports.iter().find(|import| import.name == name)?;
                let first = import.path.first()?;
                let is_here = ["crate", "self", "super"].contains(&first.as_str())
                    || self.layer(module, first).is_some();
                let path = [&import.path, &path[1..]].concat();
                return is_here.then(|| self.absolute(module, &path)).flatten();
            }
        };
        Some([base, rest].concat())
    }

    /// The module that defines the item at an absolute path, through re-exports.
    fn module_of(&self, absolute: &[String], n_exports: usize) -> Path {
        let mut path = Path::new();
        for (depth, word) in absolute.iter().enumerate() {
            if self.layer(&path, word).is_some() {
                path.push(word.clone());
                continue;
            }
            let exported = self.exported(&path, word).filter(|_| n_exports < 8);
            return match exported {
                Some(target) => {
                    self.module_of(&[&target, &absolute[depth + 1..]].concat(), n_exports + 1)
                }
                None => path,
            };
        }
        path
    }

    /// The absolute path of a name that a module imports, and so may export.
    fn exported(&self, module: &[String], name: &str) -> Option<Path> {
        let imports = &self.0.get(module)?.imports;
        if let Some(import) = imports.iter().find(|import| import.name == name) {
            return self.absolute(module, &import.path);
        }
        let globs = imports.iter().filter(|import| import.name == "*");
        globs.filter_map(|import| self.absolute(module, &import.path)).find_map(|mut path| {
            path.pop();
            let defines = self.0.get(&path).is_some_and(|module| defines(&module.code, name));
            (defines && path != module).then(|| [path.as_slice(), &[name.to_owned()]].concat())
        })
    }
}

/// The modules that a file declares, each with its layer: a block between blank lines.
fn children(text: &str) -> Vec<(String, usize)> {
    let mut children = Vec::new();
    let mut layer = 0;
    for line in text.lines() {
        let declared = line.split_once("mod ").filter(|(before, _)| {
            before.is_empty() || before.starts_with("pub ") || before.starts_with("pub(")
        });
        match declared.and_then(|(_, name)| name.strip_suffix(';')) {
            Some(name) => children.push((name.to_owned(), layer)),
            None if line.is_empty() => layer += 1,
            None => {}
        }
    }
    children
}

/// Whether code defines an item of this name.
fn defines(code: &str, name: &str) -> bool {
    let keywords = ["fn", "struct", "enum", "trait", "const", "static", "type", "union"];
    keywords.iter().any(|keyword| {
        code.match_indices(&format!("{keyword} {name}")).any(|(start, found)| {
            !code[start + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
        })
    })
}

/// Modules of files that are written here, for the tests of the rules.
#[cfg(test)]
pub(super) fn modules(files: &[(&str, &str)]) -> Modules {
    let sources = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
    Modules::new(&sources.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(files: &[(&str, &str)]) -> Vec<String> {
        let edges = modules(files).edges();
        edges.iter().map(|(from, to)| format!("{}>{}", from.join("/"), to.join("/"))).collect()
    }

    #[test]
    fn layers_are_blocks_of_mod_lines() {
        let text = "//! Top.\n\n// Low.\nmod a;\npub mod b;\n\n#[cfg(x)]\npub(crate) mod c;\n";
        let expected = [("a", 1), ("b", 1), ("c", 2)].map(|(name, layer)| (name.to_owned(), layer));
        assert_eq!(children(text), expected);
    }

    #[test]
    fn a_path_leads_to_the_module_that_defines_the_item() {
        let lib = ("lib.rs", "mod a;\nmod b;\npub use a::Top;\n");
        let a =
            ("a.rs", "mod deep;\npub(crate) use deep::Deep;\npub use deep::*;\npub struct Top;");
        let deep = ("a/deep.rs", "pub struct Deep;\npub fn other() {}");
        let b = |text| edges(&[lib, a, deep, ("b.rs", text)]);
        assert!(b("use crate::a::Deep;").contains(&"b>a/deep".to_owned()), "a re-export");
        assert!(b("use crate::a::other;").contains(&"b>a/deep".to_owned()), "a glob");
        assert!(b("use super::Top;").contains(&"b>a".to_owned()), "the root's re-export");
        assert!(b("fn f(_: crate::a::deep::Deep) {}").contains(&"b>a/deep".to_owned()), "inline");
        assert!(
            b("use crate::a;\nfn f(_: a::Deep) {}").contains(&"b>a/deep".to_owned()),
            "by module"
        );
        assert!(!b("use std::a::Deep;").iter().any(|edge| edge.starts_with("b>")), "elsewhere");
    }

    #[test]
    fn modules_of_tests_are_left_out() {
        let files =
            [("lib.rs", "mod a;\n#[cfg(test)]\nmod tests;\n"), ("tests.rs", ""), ("a.rs", "")];
        assert_eq!(modules(&files).n_modules(), 2);
    }
}
