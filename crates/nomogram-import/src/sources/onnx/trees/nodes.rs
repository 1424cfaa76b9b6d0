//! Nodes of tree ensembles: lists of attributes, to trees.

use std::collections::BTreeMap;

use super::super::node::Node;
use super::super::tensor::Tensor;
use super::{Mode, Split, TreeSource};
use crate::error::{Error, Place};
use crate::limits::{self, Limits};

/// What the leaves add to: pairs of target and weight, by tree and node.
type Leaves = BTreeMap<(i64, i64), Vec<(usize, f64)>>;

/// The trees of `TreeEnsembleClassifier` and `TreeEnsembleRegressor`. `prefix` is that of the attributes of
/// their leaves.
///
/// # Errors
///
/// `Malformed`, `Unsupported`, `TooLarge`.
pub(super) fn of_lists(
    node: &Node<'_>,
    prefix: &str,
    limits: &Limits,
) -> Result<Vec<TreeSource>, Error> {
    let trees = node.integers("nodes_treeids");
    let ids = node.integers("nodes_nodeids");
    limits.check_nodes(trees.len())?;
    let features = node.integers("nodes_featureids");
    let modes = node.texts("nodes_modes")?;
    let values = node.numbers("nodes_values")?;
    let (left, right) = (node.integers("nodes_truenodeids"), node.integers("nodes_falsenodeids"));
    let missing = node.integers("nodes_missing_value_tracks_true");
    for (name, found) in [
        ("nodes_nodeids", ids.len()),
        ("nodes_featureids", features.len()),
        ("nodes_modes", modes.len()),
        ("nodes_values", values.len()),
        ("nodes_truenodeids", left.len()),
        ("nodes_falsenodeids", right.len()),
    ] {
        check_len(name, found, trees.len())?;
    }
    if !missing.is_empty() {
        check_len("nodes_missing_value_tracks_true", missing.len(), trees.len())?;
    }
    let leaves = leaves(node, prefix, limits)?;
    // The position of each node in its tree.
    let mut sources: Vec<TreeSource> = Vec::new();
    let mut nth_of_tree: BTreeMap<i64, usize> = BTreeMap::new();
    let mut position: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for (tree, id) in trees.iter().zip(ids) {
        let n_trees = nth_of_tree.len();
        let nth = *nth_of_tree.entry(*tree).or_insert(n_trees);
        if nth == sources.len() {
            sources.push(TreeSource::default());
        }
        let Some(source) = sources.get_mut(nth) else { continue };
        if position.insert((*tree, *id), source.splits.len()).is_some() {
            return Err(Error::malformed(format!("node {id} appears twice in tree {tree}")));
        }
        source.splits.push(None);
        source.leaves.push(Vec::new());
        source.numbers.push(u32::try_from(*id).unwrap_or(u32::MAX));
    }
    for (index, (tree, id)) in trees.iter().zip(ids).enumerate() {
        let nth = nth_of_tree.get(tree).copied().unwrap_or_default();
        let at = position.get(&(*tree, *id)).copied().unwrap_or_default();
        let here = |error: Error| error.within(Place::Node(at)).within(Place::Tree(nth));
        let Some(source) = sources.get_mut(nth) else { continue };
        let list = |list: &[i64]| list.get(index).copied().unwrap_or_default();
        let mode = modes.get(index).copied().unwrap_or_default();
        if mode == "LEAF" {
            let of_leaf = leaves.get(&(*tree, *id)).cloned().unwrap_or_default();
            source.leaves.iter_mut().skip(at).take(1).for_each(|leaf| leaf.clone_from(&of_leaf));
            continue;
        }
        let child = |id: i64| {
            let child = position.get(&(*tree, id)).copied();
            child.ok_or_else(|| here(Error::malformed(format!("no node {id}, expected a child"))))
        };
        let split = Split {
            column: usize::try_from(list(features))
                .map_err(|_| here(Error::malformed("a negative feature")))?,
            mode: Mode::of_name(mode).map_err(here)?,
            threshold: values.get(index).copied().unwrap_or_default(),
            members: Vec::new(),
            if_true: child(list(left))?,
            if_false: child(list(right))?,
            missing_is_true: list(missing) != 0,
        };
        source.splits.iter_mut().skip(at).take(1).for_each(|place| *place = Some(split.clone()));
    }
    Ok(sources)
}

fn leaves(node: &Node<'_>, prefix: &str, limits: &Limits) -> Result<Leaves, Error> {
    let list = |what: &str| node.integers(&format!("{prefix}_{what}"));
    let (trees, nodes, targets) = (list("treeids"), list("nodeids"), list("ids"));
    let weights = node.numbers(&format!("{prefix}_weights"))?;
    limits::check(weights.len(), limits.max_values, "leaf weights")?;
    for (name, found) in
        [("treeids", trees.len()), ("nodeids", nodes.len()), ("ids", targets.len())]
    {
        check_len(&format!("{prefix}_{name}"), found, weights.len())?;
    }
    let mut leaves = Leaves::new();
    for (((tree, node), target), weight) in trees.iter().zip(nodes).zip(targets).zip(&weights) {
        let target = usize::try_from(*target).map_err(|_| Error::malformed("a negative target"))?;
        leaves.entry((*tree, *node)).or_default().push((target, *weight));
    }
    Ok(leaves)
}

/// The trees of `TreeEnsemble`, of opset 5.
///
/// # Errors
///
/// `Malformed`, `Unsupported`, `TooLarge`.
pub(super) fn of_opset_5(node: &Node<'_>, limits: &Limits) -> Result<Vec<TreeSource>, Error> {
    let features = node.integers("nodes_featureids");
    let n = features.len();
    limits.check_nodes(n)?;
    let absent = |name: &str| Error::malformed(format!("`{name}` is absent"));
    let tensor = |name: &str| node.tensor(name)?.ok_or_else(|| absent(name));
    let (modes, splits) = (tensor("nodes_modes")?, tensor("nodes_splits")?);
    let weights = tensor("leaf_weights")?;
    let (modes, splits, weights) = (modes.numbers()?, splits.numbers()?, weights.numbers()?);
    let (left, left_leaf) = (node.integers("nodes_truenodeids"), node.integers("nodes_trueleafs"));
    let (right, right_leaf) =
        (node.integers("nodes_falsenodeids"), node.integers("nodes_falseleafs"));
    let targets = node.integers("leaf_targetids");
    let missing = node.integers("nodes_missing_value_tracks_true");
    for (name, found) in [
        ("nodes_modes", modes.len()),
        ("nodes_splits", splits.len()),
        ("nodes_truenodeids", left.len()),
        ("nodes_trueleafs", left_leaf.len()),
        ("nodes_falsenodeids", right.len()),
        ("nodes_falseleafs", right_leaf.len()),
    ] {
        check_len(name, found, n)?;
    }
    check_len("leaf_targetids", targets.len(), weights.len())?;
    let mut sets = sets(node, modes)?;
    let roots = node.integers("tree_roots");
    let mut is_taken = vec![false; n];
    let mut sources = Vec::new();
    for (nth, root) in roots.iter().enumerate() {
        let here = |error: Error| error.within(Place::Tree(nth));
        let mut source = TreeSource::default();
        // A node of the file, or a leaf, and where it goes.
        let mut pending = vec![(*root, false)];
        let mut position = 0;
        while let Some((index, is_leaf)) = pending.get(position).copied() {
            position += 1;
            let at = usize::try_from(index).unwrap_or(usize::MAX);
            source.numbers.push(u32::try_from(index).unwrap_or(u32::MAX));
            if is_leaf {
                let leaf = targets.get(at).zip(weights.get(at));
                let (target, weight) =
                    leaf.ok_or_else(|| here(Error::malformed(format!("no leaf {index}"))))?;
                let target = usize::try_from(*target)
                    .map_err(|_| here(Error::malformed("a negative target")))?;
                source.splits.push(None);
                source.leaves.push(vec![(target, *weight)]);
                continue;
            }
            match is_taken.get_mut(at) {
                Some(taken) if !*taken => *taken = true,
                _ => return Err(here(Error::malformed(format!("no free node {index}")))),
            }
            let list = |list: &[i64]| list.get(at).copied().unwrap_or_default();
            let (if_true, if_false) = (pending.len(), pending.len() + 1);
            pending.push((list(left), list(left_leaf) != 0));
            pending.push((list(right), list(right_leaf) != 0));
            source.splits.push(Some(Split {
                column: usize::try_from(list(features))
                    .map_err(|_| here(Error::malformed("a negative feature")))?,
                mode: Mode::of_number(modes.get(at).copied().unwrap_or_default()).map_err(here)?,
                threshold: splits.get(at).copied().unwrap_or_default(),
                // Each node is taken once.
                members: sets.get_mut(at).map(std::mem::take).unwrap_or_default(),
                if_true,
                if_false,
                missing_is_true: list(missing) != 0,
            }));
            source.leaves.push(Vec::new());
        }
        sources.push(source);
    }
    Ok(sources)
}

/// The set of each node; empty for those of other modes. NaN ends a set of the file.
fn sets(node: &Node<'_>, modes: &[f64]) -> Result<Vec<Vec<f64>>, Error> {
    let values = node.tensor("membership_values")?;
    let values = values.as_ref().map_or(Ok(&[][..]), Tensor::numbers)?;
    let mut of_file = values.split(|value| value.is_nan());
    let sets = modes.iter().map(|mode| match Mode::of_number(*mode) {
        Ok(Mode::Member) => of_file.next().unwrap_or_default().to_vec(),
        _ => Vec::new(),
    });
    Ok(sets.collect())
}

fn check_len(name: &str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::malformed(format!("{found} items in `{name}`, expected {expected}")))
}
