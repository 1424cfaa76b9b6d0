//! Models of the shapes that benchmarks compare: made up, but as large and as deep as real ones.

use ndarray::Array2;
use nomogram::{
    Activation, Combiner, EnsembleMember, Feature, Forest, Inputs, Layer, Linear, Link, Member,
    Network, Node, Parts, Precision, Schema, Side, StandardScaler, Step, Target, Tree, seal,
};

use crate::{branch, manifest, member, valid};

/// A model for benchmarks.
#[derive(Debug)]
pub struct Shape {
    /// What it is, for example `100 trees of depth 3`.
    pub name: &'static str,
    /// The sealed model.
    pub bundle: Vec<u8>,
    /// How many features it has.
    pub n_features: usize,
}

impl Shape {
    /// Rows whose values lie where the thresholds do, in a fixed order. A `missing` share of the values
    /// is NaN; only forests take those.
    #[must_use]
    pub fn rows(&self, n_rows: usize, missing: f64) -> Array2<f64> {
        let mut numbers = Numbers(7);
        Array2::from_shape_simple_fn((n_rows, self.n_features), || {
            let value = numbers.between(-2.0, 2.0);
            if numbers.between(0.0, 1.0) < missing { f64::NAN } else { value }
        })
    }
}

/// One model per shape.
#[must_use]
pub fn shapes() -> Vec<Shape> {
    let mut numbers = Numbers(1);
    let shallow = forest(&mut numbers, 30, &[3; 100]);
    let uneven: Vec<u32> = (0..500_u32).map(|tree| 6 + tree % 5).collect();
    let single = |forest: Forest, precision| Member::Forest(Forest { precision, ..forest });
    vec![
        shape(
            "scaled linear model, 100 trees of depth 3 and a 64-32 network",
            30,
            vec![
                ("linear", 1, Member::Linear(linear(&mut numbers, 30))),
                ("trees", 0, Member::Forest(shallow.clone())),
                ("network", 1, Member::Network(network(&mut numbers, &[30, 64, 32, 1]))),
            ],
        ),
        shape("100 trees of depth 3", 30, vec![("trees", 0, Member::Forest(shallow.clone()))]),
        shape(
            "100 trees of depth 3 in single precision",
            30,
            vec![("trees", 0, single(shallow, Precision::Single))],
        ),
        shape("linear model", 30, vec![("linear", 1, Member::Linear(linear(&mut numbers, 30)))]),
        shape(
            "30-64-32-1 network",
            30,
            vec![("network", 1, Member::Network(network(&mut numbers, &[30, 64, 32, 1])))],
        ),
        shape(
            "500 uneven trees of 64 leaves",
            100,
            vec![("trees", 0, Member::Forest(forest(&mut numbers, 100, &uneven)))],
        ),
        shape(
            "500 trees of depth 8 in single precision",
            100,
            vec![("trees", 0, single(forest(&mut numbers, 100, &[8; 500]), Precision::Single))],
        ),
        shape(
            "200 trees of depth 12",
            30,
            vec![("trees", 0, Member::Forest(forest(&mut numbers, 30, &[12; 200])))],
        ),
    ]
}

/// Forests of 100 trees over 30 features, of depth 3 and with 31 leaves, with 32 background rows and the
/// shares of training rows at their splits: what explaining them costs.
#[must_use]
pub fn explained_forests() -> [Shape; 2] {
    let mut numbers = Numbers(7);
    let shallow = forest(&mut numbers, 30, &[3; 100]);
    [
        explained("100 trees of depth 3", shallow, &mut numbers),
        explained("100 trees of 31 leaves", leafwise(&mut numbers, 30, 100, 31), &mut numbers),
    ]
}

/// A forest that can be explained.
fn explained(name: &'static str, trees: Forest, numbers: &mut Numbers) -> Shape {
    let splits = trees.trees.iter().flat_map(|tree| &tree.nodes);
    let n_splits = splits.filter(|node| !matches!(node, Node::Leaf { .. })).count();
    let shares = (0..n_splits).map(|_| numbers.between(0.1, 0.9)).collect();
    let mut made = shape(name, 30, vec![("trees", 0, Member::Forest(trees))]);
    let (mut parts, golden) = valid(nomogram::unseal(&made.bundle));
    parts.explanation = Some(nomogram::Explanation {
        background: made.rows(32, 0.0).into_iter().collect(),
        weights: vec![1.0; 32],
        groups: vec![],
        left_shares: vec![nomogram::ForestShares { member: 0, shares }],
    });
    made.bundle = valid(seal(&parts, golden.view()));
    made
}

/// Members that read the row (branch 0) or the scaled row (branch 1).
fn shape(name: &'static str, n_features: u32, members: Vec<(&str, u32, Member)>) -> Shape {
    let width = n_features as usize;
    let scaler = StandardScaler::new(Inputs::all(n_features), vec![0.1; width], vec![1.5; width]);
    let mut features: Vec<Feature> =
        (1..=width).map(|nth| Feature::number(format!("x{nth}"))).collect();
    let takes_missing = members.iter().all(|(_, _, member)| matches!(member, Member::Forest(_)));
    for feature in &mut features {
        feature.range = Some(nomogram::Range { low: -100.0, high: 100.0 });
        if takes_missing {
            feature.policy.missing = nomogram::Action::Impute;
        }
    }
    let target = Target::of_classes("outcome", ["no", "yes"]);
    let members: Vec<EnsembleMember> =
        members.into_iter().map(|(name, branch, kind)| member(name, branch, kind)).collect();
    let parts = Parts {
        manifest: manifest(name, "1"),
        schema: valid(Schema::new(features, target)),
        branches: vec![
            branch("raw", vec![]),
            branch(
                "scaled",
                if takes_missing { vec![] } else { vec![Step::StandardScale(valid(scaler))] },
            ),
        ],
        combiner: Combiner::SoftVote { weights: vec![1.0; members.len()] },
        members,
        calibrator: None,
        profile: None,
        cutoffs: vec![],
        uncertainty: None,
        card: None,
        explanation: None,
    };
    let mut shape = Shape { name, bundle: vec![], n_features: width };
    let golden = shape.rows(nomogram::MIN_GOLDEN_CASES, 0.0);
    shape.bundle = valid(seal(&parts, golden.view()));
    shape
}

fn linear(numbers: &mut Numbers, n_inputs: usize) -> Linear {
    let weights = (0..n_inputs).map(|_| numbers.between(-0.5, 0.5)).collect();
    valid(Linear::new(Link::Logit, vec![0.1], weights))
}

fn network(numbers: &mut Numbers, widths: &[usize]) -> Network {
    let layers = widths.windows(2).enumerate().filter_map(|(index, pair)| {
        let [n_inputs, n_outputs] = *pair else { return None };
        let is_last = index + 2 == widths.len();
        Some(Layer {
            activation: if is_last { Activation::Identity } else { Activation::Relu },
            biases: (0..n_outputs).map(|_| numbers.between(-0.2, 0.2)).collect(),
            weights: (0..n_inputs * n_outputs).map(|_| numbers.between(-0.3, 0.3)).collect(),
        })
    });
    valid(Network::new(Link::Logit, layers.collect()))
}

/// One tree per depth. A tree that is deeper than 6 levels has about 64 leaves, unless all have the same
/// depth: then they are complete up to level 8, and every second branch ends above level 12.
fn forest(numbers: &mut Numbers, n_inputs: u32, depths: &[u32]) -> Forest {
    let is_even = depths.windows(2).all(|pair| pair.first() == pair.last());
    let trees = depths.iter().map(|depth| {
        let (mut nodes, mut leaves) = (Vec::new(), Vec::new());
        let full = if is_even { *depth } else { 5 };
        grow(numbers, n_inputs, (0, full.min(9), *depth), &mut nodes, &mut leaves);
        Tree { margin: Some(0), nodes, leaves }
    });
    valid(Forest::new(Link::Logit, n_inputs, vec![0.2], trees.collect()))
}

/// Appends the subtree that begins at a level, and returns the position of its first node. It is complete
/// up to level `full`, and thins out until level `deepest`.
fn grow(
    numbers: &mut Numbers,
    n_inputs: u32,
    (level, full, deepest): (u32, u32, u32),
    nodes: &mut Vec<Node>,
    leaves: &mut Vec<f64>,
) -> u32 {
    let position = nodes.len();
    let ends = level >= full && (level >= deepest || numbers.between(0.0, 1.0) < 0.4);
    if ends {
        nodes.push(Node::Leaf { leaf: u32::try_from(leaves.len()).unwrap_or(0) });
        leaves.push(numbers.between(-0.1, 0.1));
        return u32::try_from(position).unwrap_or(0);
    }
    nodes.push(Node::Leaf { leaf: 0 });
    let input = numbers.below(n_inputs);
    let threshold = numbers.between(-1.5, 1.5);
    let left = grow(numbers, n_inputs, (level + 1, full, deepest), nodes, leaves);
    let right = grow(numbers, n_inputs, (level + 1, full, deepest), nodes, leaves);
    if let Some(node) = nodes.get_mut(position) {
        *node = Node::Split { input, threshold, left, right, default_child: Side::Left };
    }
    u32::try_from(position).unwrap_or(0)
}

/// Trees of so many leaves, as boosting grows them leaf after leaf: some branches are deeper than others.
fn leafwise(numbers: &mut Numbers, n_inputs: u32, n_trees: usize, n_leaves: u32) -> Forest {
    let tree = |_| {
        let (mut nodes, mut leaves) = (Vec::new(), Vec::new());
        grow_leaves(numbers, n_inputs, n_leaves, &mut nodes, &mut leaves);
        Tree { margin: Some(0), nodes, leaves }
    };
    let trees = (0..n_trees).map(tree).collect();
    valid(Forest::new(Link::Logit, n_inputs, vec![0.2], trees))
}

/// Appends a subtree of so many leaves, of which the left branch gets between a quarter and three quarters.
/// Returns the position of its first node.
fn grow_leaves(
    numbers: &mut Numbers,
    n_inputs: u32,
    n_leaves: u32,
    nodes: &mut Vec<Node>,
    leaves: &mut Vec<f64>,
) -> u32 {
    let position = nodes.len();
    nodes.push(Node::Leaf { leaf: u32::try_from(leaves.len()).unwrap_or(0) });
    if n_leaves <= 1 {
        leaves.push(numbers.between(-0.1, 0.1));
        return u32::try_from(position).unwrap_or(0);
    }
    let n_left = (n_leaves.div_ceil(4) + numbers.below(n_leaves / 2 + 1)).min(n_leaves - 1);
    let (input, threshold) = (numbers.below(n_inputs), numbers.between(-1.5, 1.5));
    let left = grow_leaves(numbers, n_inputs, n_left, nodes, leaves);
    let right = grow_leaves(numbers, n_inputs, n_leaves - n_left, nodes, leaves);
    if let Some(node) = nodes.get_mut(position) {
        *node = Node::Split { input, threshold, left, right, default_child: Side::Left };
    }
    u32::try_from(position).unwrap_or(0)
}

/// A fixed sequence of numbers: a linear congruential generator (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (f64::from(self.next()) / 4_294_967_296.0)
    }

    fn below(&mut self, n: u32) -> u32 {
        self.next() % n
    }
}
