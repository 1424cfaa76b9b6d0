//! Writes the bundles that the C programs in `tests/c` open into a folder.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    for (name, bytes) in nomogram_testkit::bundles() {
        std::fs::write(Path::new(&folder).join(name), bytes)?;
    }
    Ok(())
}
