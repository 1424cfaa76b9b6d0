//! Blocks of PEM: what lies between `BEGIN` and `END`.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Error;

/// The bytes of every block with this label.
pub(super) fn blocks(text: &str, label: &str) -> Result<Vec<Vec<u8>>, Error> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let block = |block: &str| {
        let body: String =
            block.split(&end).next().unwrap_or_default().split_whitespace().collect();
        STANDARD.decode(body).map_err(|cause| Error::Key(format!("`BEGIN {label}`: {cause}")))
    };
    text.split(&begin).skip(1).map(block).collect()
}

/// The texts of files, one after the other.
pub(super) fn read(paths: &[impl AsRef<Path>]) -> Result<String, Error> {
    let mut all = String::new();
    for path in paths {
        let path = path.as_ref();
        all += &std::fs::read_to_string(path).map_err(Error::file(path))?;
        all.push('\n');
    }
    Ok(all)
}
