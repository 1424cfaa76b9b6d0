//! Shapley values of forests against their definition: every coalition of the players.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::budget::Budget;
use crate::explanation::coalition_weight;
use crate::link::Link;
use crate::member::forest::{Comparison, Forest, LeftShares, Node, Precision, Side, Tree};

const N_INPUTS: u32 = 6;

/// A fixed sequence of numbers: Knuth's MMIX.
struct Numbers(u64);

impl Numbers {
    fn unit(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / 4_294_967_296.0
    }

    fn below(&mut self, n: u32) -> u32 {
        let n = f64::from(n);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below n")]
        let below = (self.unit() * n) as u32;
        below
    }

    /// A value of an encoded row: missing, a level, or a number.
    fn value(&mut self, input: u32) -> f64 {
        match (self.unit() < 0.15, input) {
            (true, _) => f64::NAN,
            (false, 0) => f64::from(self.below(6)),
            (false, _) => self.unit() * 4.0 - 2.0,
        }
    }

    fn row(&mut self) -> Vec<f64> {
        (0..N_INPUTS).map(|input| self.value(input)).collect()
    }

    /// Appends a subtree. Input 0 holds levels.
    fn grow(&mut self, depth: u32, nodes: &mut Vec<Node>, n_leaves: &mut u32) -> u32 {
        let at = nodes.len();
        nodes.push(Node::Leaf { leaf: *n_leaves });
        if depth == 0 || (at > 0 && self.unit() < 0.2) {
            *n_leaves += 1;
            return u32::try_from(at).unwrap();
        }
        let input = self.below(N_INPUTS);
        let default_child = if self.unit() < 0.5 { Side::Left } else { Side::Right };
        let threshold = self.unit() * 4.0 - 2.0;
        let levels: Vec<u32> = (0..6).filter(|_| self.unit() < 0.5).collect();
        let left = self.grow(depth - 1, nodes, n_leaves);
        let right = self.grow(depth - 1, nodes, n_leaves);
        nodes[at] = if input == 0 && !levels.is_empty() {
            Node::SplitLevels { input, levels, left, right, default_child }
        } else {
            Node::Split { input, threshold, left, right, default_child }
        };
        u32::try_from(at).unwrap()
    }

    fn forest(&mut self, n_margins: u32) -> (Forest, Vec<f64>) {
        self.forest_of(n_margins, [0, 1, 2, 3, 4, 6, 9, 12])
    }

    /// Trees that are at most so deep.
    fn forest_of(&mut self, n_margins: u32, depths: [u32; 8]) -> (Forest, Vec<f64>) {
        let mut shares = Vec::new();
        let trees = (0..8).map(|nth| {
            let (mut nodes, mut n_leaves) = (Vec::new(), 0);
            self.grow(depths[nth], &mut nodes, &mut n_leaves);
            let splits = nodes.iter().filter(|node| !matches!(node, Node::Leaf { .. }));
            let few = [0.0, 1.0];
            shares.extend(splits.map(|_| match self.below(12) {
                edge @ 0..2 => few[edge as usize],
                _ => self.unit(),
            }));
            let is_shared = n_margins > 1 && nth % 2 == 0;
            let margin = (!is_shared).then(|| u32::try_from(nth).unwrap() % n_margins);
            let n_values = n_leaves * if is_shared { n_margins } else { 1 };
            let leaves = (0..n_values).map(|_| self.unit() - 0.5).collect();
            Tree { margin, nodes, leaves }
        });
        let trees = trees.collect();
        let bases = (0..n_margins).map(|_| self.unit()).collect();
        let link = if n_margins == 1 { Link::Logit } else { Link::Softmax };
        let mut forest = Forest::new(link, N_INPUTS, bases, trees).unwrap();
        forest.aggregate = [Aggregate::Sum, Aggregate::Mean][self.below(2) as usize];
        forest.comparison = [Comparison::AtMost, Comparison::Below][self.below(2) as usize];
        forest.precision =
            [Precision::Double, Precision::SingleInputs, Precision::Single][self.below(3) as usize];
        (forest, shares)
    }
}

/// The mean margins when the players of a coalition are known: splits of others are left to the shares
/// of the training rows.
fn conditional(
    (forest, shares): (&Forest, &[f64]),
    row: &[f64],
    is_known: impl Fn(usize) -> bool,
) -> Vec<f64> {
    let round = |value: f64| forest.precision.round(value);
    let n_margins = forest.base_margins.len();
    let (mut sums, mut n_trees) = (vec![0.0; n_margins], vec![0.0_f64; n_margins]);
    let mut shares = shares.iter();
    for tree in &forest.trees {
        let of_nodes: Vec<f64> = tree
            .nodes
            .iter()
            .map(|node| match node {
                Node::Leaf { .. } => 1.0,
                Node::Split { .. } | Node::SplitLevels { .. } => *shares.next().unwrap(),
            })
            .collect();
        let mut pending = vec![(0_usize, 1.0)];
        while let Some((at, weight)) = pending.pop() {
            let (input, goes_left, left, right) = match &tree.nodes[at] {
                Node::Leaf { leaf } => {
                    for (margin, sum) in sums.iter_mut().enumerate() {
                        let value = match tree.margin {
                            Some(of_tree) if of_tree as usize != margin => continue,
                            Some(_) => tree.leaves[*leaf as usize],
                            None => tree.leaves[*leaf as usize * n_margins + margin],
                        };
                        *sum += weight * round(value);
                    }
                    continue;
                }
                Node::Split { input, threshold, left, right, default_child } => {
                    let value = match forest.precision {
                        Precision::Double => row[*input as usize],
                        #[allow(
                            clippy::cast_possible_truncation,
                            reason = "rounding is the purpose"
                        )]
                        Precision::SingleInputs | Precision::Single => {
                            f64::from(row[*input as usize] as f32)
                        }
                    };
                    let is_left = match forest.comparison {
                        Comparison::AtMost => value <= *threshold,
                        Comparison::Below => value < *threshold,
                    };
                    let is_default = value.is_nan() && *default_child == Side::Left;
                    (*input, is_left || is_default, *left, *right)
                }
                Node::SplitLevels { input, levels, left, right, default_child } => {
                    let value = row[*input as usize];
                    let is_left = levels.iter().any(|level| f64::from(*level) == value);
                    let is_default = value.is_nan() && *default_child == Side::Left;
                    (*input, is_left || is_default, *left, *right)
                }
            };
            if is_known(input as usize) {
                pending.push((if goes_left { left } else { right } as usize, weight));
                continue;
            }
            pending.push((left as usize, weight * of_nodes[at]));
            pending.push((right as usize, weight * (1.0 - of_nodes[at])));
        }
        match tree.margin {
            Some(margin) => n_trees[margin as usize] += 1.0,
            None => n_trees.iter_mut().for_each(|n| *n += 1.0),
        }
    }
    for ((sum, n), base) in sums.iter_mut().zip(n_trees).zip(&forest.base_margins) {
        if forest.aggregate == Aggregate::Mean {
            *sum /= n.max(1.0);
        }
        *sum += round(*base);
    }
    sums
}

/// Shapley values by their definition, shape `(n_margins, n_players)`.
fn enumerated(n_players: usize, n_margins: usize, v: impl Fn(u32) -> Vec<f64>) -> Vec<f64> {
    let means: Vec<Vec<f64>> = (0..1_u32 << n_players).map(&v).collect();
    let mut values = vec![0.0; n_margins * n_players];
    for player in 0..n_players {
        for without in (0..1_usize << n_players).filter(|mask| mask >> player & 1 == 0) {
            let weight = coalition_weight(n_players, without.count_ones() as usize);
            for margin in 0..n_margins {
                let gain = means[without | 1 << player][margin] - means[without][margin];
                values[margin * n_players + player] += weight * gain;
            }
        }
    }
    values
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{what}: {found}, expected {expected}");
    }
}

fn flat(
    forest: &Forest,
    players: &[u32],
    shares: Option<&LeftShares>,
) -> (FlatForest, ForestPaths) {
    let flat = FlatForest::new(forest).unwrap();
    let paths = flat.paths(players, shares).unwrap();
    (flat, paths)
}

/// Two inputs may belong to one player.
fn players(numbers: &mut Numbers) -> (Vec<u32>, usize) {
    let n_players = 3 + numbers.below(4);
    ((0..N_INPUTS).map(|input| input % n_players).collect(), n_players as usize)
}

#[test]
fn path_dependent_values_are_those_of_every_coalition() {
    let mut numbers = Numbers(1);
    let (mut n_small, mut n_listed, mut n_cut) = (0, 0, 0);
    for round in 0..60 {
        let n_margins = 1 + numbers.below(3);
        // Deep trees, trees of few players, and trees of few splits have ways that differ.
        let depths =
            [[0, 1, 2, 3, 4, 6, 9, 12], [0, 1, 2, 4, 4, 3, 4, 4], [3, 3, 0, 2, 1, 3, 3, 3]];
        let (forest, shares) = numbers.forest_of(n_margins, depths[round % 3]);
        let laid_out = LeftShares::new(&forest, &shares, &mut Budget::unlimited()).unwrap();
        let (players, n_players) = players(&mut numbers);
        let (flat, paths) = flat(&forest, &players, Some(&laid_out));
        let mut memory = PathMemory::new(&paths).unwrap();
        let n_margins = n_margins as usize;
        let mut base = vec![0.0; n_margins];
        flat.expected_margins(&paths, &mut memory, &mut base);
        let tables = Tables::new(&paths, &mut memory, n_players).unwrap();
        n_small += usize::from(paths.trees.iter().all(|tree| tree.lanes == 2));
        let (listed, cut) = tables.n_listed();
        (n_listed, n_cut) = (n_listed + listed, n_cut + cut);
        for _ in 0..4 {
            let row = numbers.row();
            let v = |mask: u32| {
                let is_known = |input: usize| mask >> players[input] & 1 == 1;
                conditional((&forest, &shares), &row, is_known)
            };
            let (mut values, mut sums) = (vec![0.0; n_margins * n_players], vec![0.0; n_margins]);
            flat.attribute(&paths, &row, Against::Shares, &mut memory, &mut sums, &mut values);
            let mut margins = vec![0.0; n_margins];
            flat.double_margins(&row, &mut margins);
            assert_eq!(sums, margins);
            let expected = enumerated(n_players, n_margins, v);
            assert_close(&values, &expected, &alloc::format!("{round}: {forest:?}"));
            let against = Against::Listed(&tables);
            flat.attribute(&paths, &row, against, &mut memory, &mut sums, &mut values);
            assert_close(&values, &expected, &alloc::format!("listed, {round}: {forest:?}"));
            assert_eq!(sums, margins, "listed");
            assert_close(&base, &v(0), "base");
            assert_close(&margins, &v(u32::MAX), "margins");
        }
    }
    // Most of the 480 trees, without those of several margins at once.
    assert!(n_small >= 30 && n_listed >= 150 && n_cut >= 50, "{n_small}, {n_listed}, {n_cut}");
}

/// Of trees with up to 16 players on a path, most of what a row needs is computed once: to the same values
/// as for each row.
#[test]
fn what_is_computed_once_gives_the_values_of_each_row() {
    let mut numbers = Numbers(5);
    let mut n_trees_of = [0; 9];
    for _ in 0..20 {
        let (mut forest, shares) = numbers.forest_of(2, [2, 4, 6, 8, 10, 12, 14, 16]);
        forest.n_inputs = 17;
        for node in forest.trees.iter_mut().flat_map(|tree| &mut tree.nodes) {
            if let Node::Split { input, .. } = node {
                *input = 1 + numbers.below(16);
            }
        }
        let laid_out = LeftShares::new(&forest, &shares, &mut Budget::unlimited()).unwrap();
        let players: Vec<u32> = (0..17).collect();
        let (flat, mut paths) = flat(&forest, &players, Some(&laid_out));
        let mut memory = PathMemory::new(&paths).unwrap();
        paths.trees.iter().for_each(|tree| n_trees_of[tree.lanes] += 1);
        let mut row = || -> Vec<f64> { (0..17).map(|input| numbers.value(input)).collect() };
        let rows: Vec<Vec<f64>> = (0..10).map(|_| row()).collect();
        let mut values_of = |paths: &ForestPaths| -> Vec<f64> {
            let of_row = |row: &Vec<f64>| {
                let mut values = vec![0.0; 2 * players.len()];
                let sums = &mut [0.0; 2];
                flat.attribute(paths, row, Against::Shares, &mut memory, sums, &mut values);
                values
            };
            rows.iter().flat_map(of_row).collect()
        };
        let once = values_of(&paths);
        paths.trees.iter_mut().for_each(|tree| tree.lanes = 0);
        assert_close(&once, &values_of(&paths), "computed once");
    }
    let [_, _, two, _, four, _, _, _, eight] = n_trees_of;
    assert!(two > 10 && four > 10 && eight > 10, "{n_trees_of:?}");
}

#[test]
fn interventional_values_are_those_of_every_coalition() {
    let mut numbers = Numbers(2);
    for _ in 0..40 {
        let n_margins = 1 + numbers.below(3);
        let (forest, _) = numbers.forest(n_margins);
        let (players, n_players) = players(&mut numbers);
        let (flat, paths) = flat(&forest, &players, None);
        let mut memory = PathMemory::new(&paths).unwrap();
        let n_margins = n_margins as usize;
        let rows: Vec<Vec<f64>> = (0..3).map(|_| numbers.row()).collect();
        let weights = [0.5, 0.25, 0.25];
        let row = numbers.row();
        let v = |mask: u32| {
            let mut mean = vec![0.0; n_margins];
            let mut margins = mean.clone();
            for (background, weight) in rows.iter().zip(weights) {
                let known = |input: usize| mask >> players[input] & 1 == 1;
                let hybrid: Vec<f64> = (0..row.len())
                    .map(|input| if known(input) { row[input] } else { background[input] })
                    .collect();
                flat.double_margins(&hybrid, &mut margins);
                mean.iter_mut().zip(&margins).for_each(|(mean, margin)| *mean += weight * margin);
            }
            mean
        };
        let mut values = vec![0.0; n_margins * n_players];
        let against = Against::Rows(&rows.concat(), &weights);
        let mut sums = vec![0.0; n_margins];
        flat.attribute(&paths, &row, against, &mut memory, &mut sums, &mut values);
        assert_close(&values, &enumerated(n_players, n_margins, v), "interventional");
    }
}

/// A chain of splits that all read other inputs: as many players as it is deep.
#[test]
fn a_tree_of_depth_80_is_additive() {
    let mut numbers = Numbers(3);
    let depth = 80;
    let (mut nodes, mut leaves) = (Vec::new(), Vec::new());
    for level in 0..depth {
        let (leaf, next) = (2 * level + 1, 2 * level + 2);
        nodes.push(Node::Split {
            input: level,
            threshold: 0.0,
            left: leaf,
            right: next,
            default_child: Side::Left,
        });
        nodes.push(Node::Leaf { leaf: level });
        leaves.push(numbers.unit());
    }
    nodes.push(Node::Leaf { leaf: depth });
    leaves.push(numbers.unit());
    let tree = Tree { margin: Some(0), nodes, leaves };
    let forest = Forest::new(Link::Logit, depth, vec![0.0], vec![tree]).unwrap();
    let shares: Vec<f64> = (0..depth).map(|_| 0.02 + 0.05 * numbers.unit()).collect();
    let laid_out = LeftShares::new(&forest, &shares, &mut Budget::unlimited()).unwrap();
    let players: Vec<u32> = (0..depth).collect();
    let (flat, paths) = flat(&forest, &players, Some(&laid_out));
    let mut memory = PathMemory::new(&paths).unwrap();
    let mut base = [0.0];
    flat.expected_margins(&paths, &mut memory, &mut base);
    for _ in 0..20 {
        let row: Vec<f64> = (0..depth).map(|_| numbers.unit() - 0.1).collect();
        let (mut values, mut margins) = (vec![0.0; depth as usize], [0.0]);
        flat.attribute(&paths, &row, Against::Shares, &mut memory, &mut margins, &mut values);
        let sum = base[0] + values.iter().sum::<f64>();
        assert!((sum - margins[0]).abs() < 1e-14, "{sum}, expected {}", margins[0]);
    }
}

#[test]
fn shares_that_do_not_fit_the_trees_are_refused() {
    let (forest, mut shares) = Numbers(4).forest(1);
    let refused =
        |shares: &[f64]| LeftShares::new(&forest, shares, &mut Budget::unlimited()).unwrap_err();
    shares[1] = 1.5;
    assert_eq!(
        alloc::string::ToString::to_string(&refused(&shares)),
        "share 2 is outside of 0 to 1"
    );
    shares.pop();
    assert!(alloc::string::ToString::to_string(&refused(&shares)).contains("one per split"));
}
