//! Tiles of the Merkle tree, as auditors of C2SP tlog-tiles read them.

use std::ops::Range;

use bytes::Bytes;
use nomogram::Digest;

use crate::layout;
use crate::merkle;

/// The number of hashes in a full tile.
const WIDTH: u64 = 256;

/// A bundle of entries: its name, and the entries in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryBundle {
    pub(crate) name: String,
    pub(crate) entries: Range<u64>,
}

/// The tiles of a tree over `leaves` that the tree over its first `before` leaves does not have.
pub(crate) fn tiles(leaves: &[Digest], before: u64) -> Vec<(String, Bytes)> {
    let mut tiles = Vec::new();
    let mut hashes = leaves.to_vec();
    let mut before = before;
    let mut level = 0;
    while !hashes.is_empty() {
        for (index, tile) in (0_u64..).zip(hashes.chunks(256)) {
            let width = tile.len() as u64;
            if index * WIDTH + width > before {
                let bytes: Vec<u8> = tile.iter().flat_map(|hash| *hash.as_bytes()).collect();
                tiles.push((layout::tile(level, index, width), Bytes::from(bytes)));
            }
        }
        hashes = hashes.chunks_exact(256).map(merkle::root).collect();
        before /= WIDTH;
        level += 1;
    }
    tiles
}

/// The bundles of entries of a log of `size` entries that the log of `before` entries does not have.
pub(crate) fn entry_bundles(size: u64, before: u64) -> Vec<EntryBundle> {
    let bundle = |index: u64| {
        let entries = index * WIDTH..((index + 1) * WIDTH).min(size);
        let width = entries.end - entries.start;
        EntryBundle { name: layout::entry_bundle(index, width), entries }
    };
    (0..size.div_ceil(WIDTH)).map(bundle).filter(|bundle| bundle.entries.end > before).collect()
}

/// The bytes of a bundle: each entry behind its length.
pub(crate) fn bundle_bytes<'a>(entries: impl Iterator<Item = &'a Bytes>) -> Bytes {
    let mut bytes = Vec::new();
    for entry in entries {
        // The length of an entry was checked when it was written.
        let len = u16::try_from(entry.len()).unwrap_or(u16::MAX);
        bytes.extend(len.to_be_bytes());
        bytes.extend(entry);
    }
    Bytes::from(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(n: u32) -> Vec<Digest> {
        (0..n).map(|number| merkle::leaf_hash(&number.to_be_bytes())).collect()
    }

    #[test]
    fn a_tree_of_70000_has_the_tiles_of_the_specification() {
        let tiles = tiles(&leaves(70_000), 0);
        let names: Vec<&str> = tiles.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.iter().filter(|name| name.starts_with("tile/0/")).count(), 274);
        assert!(names.contains(&"tile/0/273.p/112"));
        assert!(names.contains(&"tile/1/000") && names.contains(&"tile/1/001.p/17"));
        assert_eq!(names.last(), Some(&"tile/2/000.p/1"));
        assert!(
            tiles.iter().filter(|(name, _)| !name.contains(".p/")).all(|(_, b)| b.len() == 8192)
        );
    }

    #[test]
    fn only_what_is_new_is_made() {
        let leaves = leaves(600);
        let all = tiles(&leaves, 0);
        for before in [0, 1, 255, 256, 511, 512, 599] {
            let n_before = usize::try_from(before).unwrap();
            let had = tiles(&leaves[..n_before], 0);
            let expected: Vec<_> = all.iter().filter(|tile| !had.contains(tile)).cloned().collect();
            assert_eq!(tiles(&leaves, before), expected, "{before}");
            let had = entry_bundles(before, 0);
            let mut expected = entry_bundles(600, 0);
            expected.retain(|bundle| !had.contains(bundle));
            assert_eq!(entry_bundles(600, before), expected, "{before}");
        }
        assert!(tiles(&leaves, 600).is_empty());
    }
}
