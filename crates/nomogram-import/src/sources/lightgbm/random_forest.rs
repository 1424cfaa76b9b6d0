//! Random forests: whether their leaves are margins or outputs.
//!
//! Before version 2.2.3, LightGBM turned every leaf of a forest into an output (a probability, or the
//! exponential) when it trained, and predicted the mean of the leaves. Since 2.2.3 leaves are margins, and the
//! mean of them is turned into the output (LightGBM#1906). Both wrote files of version `v2`; later
//! versions write `v3` and `v4`. A forest with the identity predicts the same either way.

use nomogram::{Aggregate, Forest, Link, Tree};

use super::objective::Objective;
use super::text::Text;
use crate::error::Error;

/// What the leaves of a model are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// Summands on the scale of the link.
    Margins,
    /// Probabilities, or values.
    Outputs,
}

/// What the leaves of a random forest are.
///
/// # Errors
///
/// `Unsupported` where the file leaves it open, and for more than two classes: means of outputs of
/// class after class do not sum to 1.
pub(super) fn leaves(
    text: &Text<'_>,
    objective: Objective,
    trees: &[Tree],
) -> Result<Leaves, Error> {
    let version = text.header.find("version").unwrap_or("v1");
    if !matches!(version, "v1" | "v2") || objective.link == Link::Identity {
        return Ok(Leaves::Margins);
    }
    let can_be_output = |leaf: &f64| match objective.link {
        Link::Log => *leaf > 0.0,
        _ => (0.0..=1.0).contains(leaf),
    };
    if !trees.iter().flat_map(|tree| &tree.leaves).all(can_be_output) {
        return Ok(Leaves::Margins);
    }
    if text.has_refit_decay_rate {
        let what = "a random forest whose leaves are outputs if LightGBM 2.2.0 to 2.2.2 trained it, \
                    and margins if 2.2.3 did; train it with version 2.3 or later";
        return Err(Error::unsupported(what));
    }
    match objective.link {
        Link::Softmax => Err(Error::unsupported(
            "a random forest of more than two classes that a version before 2.2.3 trained: its \
             probabilities do not sum to 1",
        )),
        _ => Ok(Leaves::Outputs),
    }
}

/// The forest whose leaves are outputs: distributions over two classes, or values.
///
/// # Errors
///
/// `Model` when the core refuses the trees.
pub(super) fn of_outputs(
    objective: Objective,
    n_inputs: u32,
    trees: Vec<Tree>,
) -> Result<Forest, Error> {
    if !objective.is_of_classes {
        return Ok(Forest::new(Link::Identity, n_inputs, vec![0.0], trees)?);
    }
    let distribution = |tree: Tree| Tree {
        margin: None,
        leaves: tree.leaves.iter().flat_map(|leaf| [1.0 - leaf, *leaf]).collect(),
        ..tree
    };
    let trees = trees.into_iter().map(distribution).collect();
    // The core accepts probabilities of a mean only.
    let forest = Forest::new(Link::Identity, n_inputs, vec![0.0; 2], trees)?;
    Ok(Forest { link: Link::Probability, aggregate: Aggregate::Mean, ..forest })
}
