//! Writes the bundle of every kind of feature to a file, for tests in other languages.

fn main() -> std::io::Result<()> {
    let path = std::env::args_os().nth(1).unwrap_or_else(|| "every_kind.nomo".into());
    std::fs::write(path, nomogram_testkit::bundle_of_every_kind())
}
