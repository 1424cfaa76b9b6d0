//! A model whose predictions can be explained by every method.

use nomogram::{Explanation, FeatureGroup, ForestShares, Parts, seal};

/// [`three_members`](crate::three_members) with background rows, two groups of features, and the shares
/// of training rows in its forest.
#[must_use]
pub fn explained() -> Parts {
    let group = |name: &str, features: &[u32]| FeatureGroup {
        name: name.into(),
        features: features.to_vec(),
    };
    let explanation = Explanation {
        background: vec![12.0, 17.5, 80.0, 14.5, 19.0, 95.0, 20.5, 24.0, 135.0],
        weights: vec![0.5, 0.3, 0.2],
        groups: vec![group("size", &[0, 2]), group("texture", &[1])],
        left_shares: vec![ForestShares { member: 1, shares: vec![0.625, 0.5, 0.7] }],
    };
    Parts { explanation: Some(explanation), ..crate::three_members() }
}

/// [`explained`], sealed with [`golden_rows`](crate::golden_rows).
#[must_use]
pub fn explained_bundle() -> Vec<u8> {
    crate::valid(seal(&explained(), crate::golden_rows().view()))
}
