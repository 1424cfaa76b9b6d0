//! The names of a registry's objects.

use nomogram::Digest;

use crate::statement::Sequence;

/// The mutable copy of the newest checkpoint, where readers of C2SP tlog-tiles look for it.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// The entry of that number: `log/0000000000000017.json`.
pub(crate) fn entry(seq: Sequence) -> String {
    format!("log/{seq:016}.json")
}

/// A blob: `blobs/sha256/ab/abcd…`.
pub(crate) fn blob(digest: &Digest) -> String {
    let hex = digest.to_string();
    format!("blobs/sha256/{}/{hex}", hex.get(..2).unwrap_or_default())
}

/// The checkpoint of a log of that size: `checkpoints/0000000000000018`.
pub(crate) fn checkpoint(size: u64) -> String {
    format!("checkpoints/{size:016}")
}

/// A tile of hashes: `tile/0/x001/234`, or `tile/0/x001/234.p/17` of 17 hashes.
pub(crate) fn tile(level: u32, index: u64, width: u64) -> String {
    format!("tile/{level}/{}{}", path(index), partial(width))
}

/// A bundle of entries: `tile/entries/x001/234`.
pub(crate) fn entry_bundle(index: u64, width: u64) -> String {
    format!("tile/entries/{}{}", path(index), partial(width))
}

fn path(index: u64) -> String {
    let (above, last) = (index / 1000, index % 1000);
    let mut groups = vec![format!("{last:03}")];
    let mut rest = above;
    while rest > 0 {
        groups.insert(0, format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.join("/")
}

fn partial(width: u64) -> String {
    if width == 256 { String::new() } else { format!(".p/{width}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        assert_eq!(tile(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(tile(1, 0, 17), "tile/1/000.p/17");
        assert_eq!(entry_bundle(273, 112), "tile/entries/273.p/112");
        assert_eq!(entry(17), "log/0000000000000017.json");
    }
}
