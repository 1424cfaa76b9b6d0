//! Merkle trees of RFC 6962: roots, inclusion proofs and consistency proofs.
//!
//! All functions take the hashes of leaves, in order.

use nomogram::Digest;
use sha2::{Digest as _, Sha256};

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Digest {
    hash(&[&[0], entry])
}

/// The hash of an inner node.
fn node_hash(left: &Digest, right: &Digest) -> Digest {
    hash(&[&[1], left.as_bytes(), right.as_bytes()])
}

fn hash(pieces: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    pieces.iter().for_each(|piece| hasher.update(piece));
    Digest::from_bytes(hasher.finalize().into())
}

/// The root of the tree over `leaves`.
#[must_use]
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => hash(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The largest power of two below `len`, which is at least 2.
fn split(len: usize) -> usize {
    len.div_ceil(2).next_power_of_two()
}

/// The proof that leaf `index` is in the tree over `leaves`, from the leaf's sibling up; `None` when
/// there is no such leaf.
#[must_use]
pub fn inclusion_proof(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    if leaves.len() == 1 {
        return Some(Vec::new());
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (inside, index, sibling) =
        if index < middle { (left, index, right) } else { (right, index - middle, left) };
    let mut proof = inclusion_proof(inside, index)?;
    proof.push(root(sibling));
    Some(proof)
}

/// The root that follows from an inclusion proof; `None` when its length does not fit.
#[must_use]
pub fn root_of_inclusion(
    leaf: Digest,
    index: usize,
    size: usize,
    proof: &[Digest],
) -> Option<Digest> {
    if index >= size {
        return None;
    }
    if size == 1 {
        return proof.is_empty().then_some(leaf);
    }
    let (sibling, below) = proof.split_last()?;
    let middle = split(size);
    if index < middle {
        Some(node_hash(&root_of_inclusion(leaf, index, middle, below)?, sibling))
    } else {
        let right = root_of_inclusion(leaf, index - middle, size - middle, below)?;
        Some(node_hash(sibling, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(n: u8) -> Vec<Digest> {
        (0..n).map(|byte| leaf_hash(&[byte])).collect()
    }

    #[test]
    fn roots_are_those_of_the_rfc() {
        // The empty tree and the leaf of the empty entry, as Certificate Transparency's tests have them.
        assert_eq!(
            root(&[]).to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            leaf_hash(b"").to_string(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }

    #[test]
    fn every_inclusion_proof_leads_to_the_root_and_to_no_other_leaf() {
        for n in 1..=20 {
            let leaves = leaves(n);
            let (size, expected) = (leaves.len(), root(&leaves));
            for (index, leaf) in leaves.iter().enumerate() {
                let proof = inclusion_proof(&leaves, index).unwrap();
                assert_eq!(root_of_inclusion(*leaf, index, size, &proof), Some(expected));
                let other = leaf_hash(b"other");
                assert_ne!(root_of_inclusion(other, index, size, &proof), Some(expected));
                let mut long = proof.clone();
                long.push(other);
                assert_eq!(root_of_inclusion(*leaf, index, size, &long), None);
            }
            assert_eq!(inclusion_proof(&leaves, size), None);
        }
    }
}
