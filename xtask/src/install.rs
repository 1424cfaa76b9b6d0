//! Installs header, libraries, and what pkg-config and CMake need to find them.

use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::files::{Content, NewFile, create_folder, place, read};
use crate::folders::{root, target};
use crate::run::{output, run};
use crate::symbols::{self, Symbol};
use crate::{archive, arguments, builds};

/// What a static library needs beside itself: the answer of `rustc --print native-static-libs`
/// without `-lgcc_s` and `-lc`, which C compilers add in the form that fits.
pub(crate) const SYSTEM_LIBRARIES: [&str; 5] = ["-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];

/// Where an installation goes.
#[derive(Debug, PartialEq)]
pub(crate) struct Destination {
    /// The folder that the program will run from, with `destdir` before it.
    pub(crate) folder: PathBuf,
    /// The folder of libraries, relative to the prefix.
    pub(crate) libdir: PathBuf,
}

/// Installs to the folders that the command line names.
pub(crate) fn install() -> Result<(), String> {
    let [prefix, destdir, libdir] = arguments::options(["--prefix", "--destdir", "--libdir"])?;
    let prefix = prefix.ok_or("expected --prefix DIR, for example --prefix /usr/local")?;
    let destination = Destination::new(&prefix, destdir.as_deref(), libdir.as_deref())?;
    for path in install_to(&builds::c_library()?, &destination)? {
        println!("{}", path.display());
    }
    Ok(())
}

/// Installs the libraries in the folder `built`; returns the paths of all files.
pub(crate) fn install_to(built: &Path, destination: &Destination) -> Result<Vec<PathBuf>, String> {
    let library = Library::finish(built)?;
    let files = files(&library, &destination.libdir)?;
    place(&destination.folder, &files)?;
    Ok(files.iter().map(|file| destination.folder.join(&file.path)).collect())
}

impl Destination {
    pub(crate) fn new(
        prefix: &str,
        destdir: Option<&str>,
        libdir: Option<&str>,
    ) -> Result<Self, String> {
        let absolute =
            |path: &str| std::path::absolute(path).map_err(|error| format!("`{path}`: {error}"));
        let prefix = absolute(prefix)?;
        let folder = match destdir {
            Some(_) if prefix.components().any(|part| part == Component::ParentDir) => {
                return Err(format!("--prefix: found `{}`, expected no `..`", prefix.display()));
            }
            Some(destdir) => {
                let inner: PathBuf = prefix.components().filter(is_normal).collect();
                absolute(destdir)?.join(inner)
            }
            None => prefix,
        };
        let libdir = PathBuf::from(libdir.unwrap_or("lib"));
        if !libdir.components().all(|part| is_normal(&part)) {
            let libdir = libdir.display();
            return Err(format!("--libdir: found `{libdir}`, expected a folder inside the prefix"));
        }
        Ok(Self { folder, libdir })
    }
}

fn is_normal(part: &Component) -> bool {
    matches!(part, Component::Normal(_))
}

/// The two libraries as they are installed, and their names.
struct Library {
    shared: PathBuf,
    archive: PathBuf,
    /// The name that programs load: `libnomogram.so.` and the number of the ABI.
    soname: String,
    /// The soname and the version, so that of two with one soname the newer sorts last.
    real_name: String,
}

impl Library {
    /// Strips the shared library that was built, restricts the static one, and checks both.
    fn finish(built: &Path) -> Result<Self, String> {
        let scratch = target().join("install");
        create_folder(&scratch)?;
        let (shared, archive) = (scratch.join("libnomogram.so"), scratch.join("libnomogram.a"));
        let symbols = symbols::listed()?;

        let mut strip = Command::new("strip");
        strip.args(["--strip-unneeded", "-o"]).arg(&shared);
        run(strip.arg(built.join("libnomogram.so")))?;
        symbols::check_shared(&shared, &symbols)?;

        let names: Vec<&str> = symbols.iter().map(Symbol::name).collect();
        archive::restrict(&built.join("libnomogram.a"), &names, &archive, &scratch)?;
        symbols::check_static(&archive, &symbols)?;

        let soname = soname(&shared)?;
        let real_name = format!("{soname}.{}", env!("CARGO_PKG_VERSION"));
        Ok(Self { shared, archive, soname, real_name })
    }
}

/// The name under which programs load a shared library.
pub(crate) fn soname(shared: &Path) -> Result<String, String> {
    let [soname] = dynamic(shared, "SONAME")?
        .try_into()
        .map_err(|names| format!("{}: sonames {names:?}, expected one", shared.display()))?;
    Ok(soname)
}

/// The values of one kind in the dynamic section, for example `NEEDED`.
pub(crate) fn dynamic(binary: &Path, kind: &str) -> Result<Vec<String>, String> {
    let section = output(Command::new("readelf").args(["--dynamic", "--wide"]).arg(binary))?;
    let kind = format!("({kind})");
    let values = section
        .lines()
        .filter(|line| line.contains(&kind))
        .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_string()));
    Ok(values.collect())
}

/// All that is installed, in the order in which it appears: links after what they point to, the files
/// by which others find the library last.
fn files(library: &Library, libdir: &Path) -> Result<Vec<NewFile>, String> {
    let copy = |path: PathBuf, from: PathBuf| NewFile { path, content: Content::CopyOf(from) };
    let link = |name: &str, to: &str| NewFile {
        path: libdir.join(name),
        content: Content::LinkTo(to.into()),
    };
    let mut files = vec![
        copy(libdir.join(&library.real_name), library.shared.clone()),
        copy(libdir.join("libnomogram.a"), library.archive.clone()),
        link(&library.soname, &library.real_name),
        link("libnomogram.so", &library.soname),
    ];
    for header in ["include/nomogram.h", "include/nomogram.hpp"] {
        files.push(copy(header.into(), root().join(header)));
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        files.push(copy(Path::new("share/doc/nomogram").join(licence), root().join(licence)));
    }
    for (folder, name) in [
        ("pkgconfig", "nomogram.pc"),
        ("cmake/nomogram", "nomogram-config-version.cmake"),
        ("cmake/nomogram", "nomogram-config.cmake"),
    ] {
        let path = libdir.join(folder).join(name);
        files.push(NewFile { path, content: Content::Text(filled(name, library, libdir)?) });
    }
    Ok(files)
}

/// A template of `packaging/`, filled in.
fn filled(name: &str, library: &Library, libdir: &Path) -> Result<String, String> {
    let template = format!("packaging/{name}.in");
    let up = vec![".."; libdir.components().count()].join("/");
    let values = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("major", env!("CARGO_PKG_VERSION_MAJOR")),
        ("soname", &library.soname),
        ("real_name", &library.real_name),
        ("libdir", &libdir.to_string_lossy()),
        ("up", &up),
        ("pointer_size", &size_of::<usize>().to_string()),
        ("system_libraries", &SYSTEM_LIBRARIES.join(" ")),
        ("system_libraries_of_cmake", &SYSTEM_LIBRARIES.join(";")),
    ];
    let mut text = read(&root().join(&template))?;
    for (key, value) in values {
        text = text.replace(&format!("@{key}@"), value);
    }
    match text.lines().find(|line| line.contains('@')) {
        Some(line) => Err(format!("{template}: nothing is known for `{line}`")),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(prefix: &str, destdir: Option<&str>, libdir: Option<&str>) -> (String, String) {
        let Destination { folder, libdir } = Destination::new(prefix, destdir, libdir).unwrap();
        (folder.display().to_string(), libdir.display().to_string())
    }

    #[test]
    fn destdir_stands_before_the_prefix() {
        assert_eq!(destination("/usr", None, None), ("/usr".into(), "lib".into()));
        let staged = destination("/usr", Some("/stage"), Some("lib/x86_64-linux-gnu"));
        assert_eq!(staged, ("/stage/usr".into(), "lib/x86_64-linux-gnu".into()));
    }

    #[test]
    fn a_prefix_that_goes_up_cannot_be_staged() {
        let error = Destination::new("/usr/../opt", Some("/stage"), None).unwrap_err();
        assert!(error.contains("found `/usr/../opt`"), "{error}");
    }

    #[test]
    fn libraries_are_installed_inside_the_prefix_only() {
        for libdir in ["/usr/lib", "../lib", "lib/../../x"] {
            let error = Destination::new("/usr", None, Some(libdir)).unwrap_err();
            assert!(error.contains(&format!("found `{libdir}`")), "{error}");
        }
    }
}
