//! Goals: what a row needs of its features to reach a target.

use nomogram::{Error, FeatureKind, Forest, Member, Node, Parts, Points, PointsItem, Range, Side};
use nomogram_describe::reach::{IntervalKind, Intervals, Reach, Target, goes_left, is_above};

use super::answers::{Answer, Encoder, Missing, Question};
use super::space::{Allowed, Needs, Space, Values, add};

/// A target, and ways to reach it.
#[derive(Clone, Debug)]
pub(super) struct Goal {
    pub(super) target: Target,
    pub(super) ways: Vec<Needs>,
    pub(super) n_ways_tried: usize,
}

/// What decides whether a row reaches a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecidedBy {
    /// The value of one feature.
    OneFeature,
    /// Features one by one: those on the way through a tree, or a value next to a threshold.
    Features,
    /// The whole row. Such a target has no goal.
    Row,
}

impl DecidedBy {
    pub(super) fn of(target: &Target) -> Self {
        match target {
            Target::Level { .. }
            | Target::Missing { .. }
            | Target::OutOfRange { .. }
            | Target::Interval { .. }
            | Target::Points { .. } => Self::OneFeature,
            Target::BinEdge { .. }
            | Target::Leaf { .. }
            | Target::Threshold { .. }
            | Target::SplitInput { .. }
            | Target::SplitLevel { .. }
            | Target::DefaultChild { .. }
            | Target::PointsThreshold { .. } => Self::Features,
            Target::Rule { .. }
            | Target::Total { .. }
            | Target::CalibrationInterval { .. }
            | Target::Cutoff { .. } => Self::Row,
        }
    }
}

/// The most ways to a node of a tree that are followed: they differ in which features are missing.
const MAX_WAYS: usize = 4;

/// Goals for all targets that depend on features one by one. Others have none: rules, totals, cutoffs,
/// intervals of calibrators, and values that steps compute from several features.
pub(super) fn goals(
    parts: &Parts,
    reach: &Reach<'_>,
    spaces: &[Space],
    encoder: &Encoder<'_>,
) -> Result<Vec<Goal>, Error> {
    let mut goals = of_features(parts, spaces);
    goals.extend(of_intervals(reach.intervals(), spaces, encoder)?);
    for (index, placed) in parts.members.iter().enumerate() {
        let branch = placed.branch as usize;
        let stage = parts.branches.get(branch).map_or(0, |branch| branch.steps.len());
        let at = Place { member: index, branch, stage };
        match &placed.member {
            Member::Forest(forest) => goals.extend(of_forest(at, forest, spaces, encoder)?),
            Member::LinearForest(linear) => {
                goals.extend(of_forest(at, linear.forest(), spaces, encoder)?);
            }
            Member::PointsScore(score) => {
                for (item, line) in score.items().iter().enumerate() {
                    goals.extend(of_item(at, item, line, spaces, encoder)?);
                }
            }
            Member::Linear(_)
            | Member::LinearSingle(_)
            | Member::Network(_)
            | Member::NaiveBayes(_)
            | Member::SupportVectors(_)
            | Member::Neighbours(_) => {}
        }
    }
    goals.retain(|goal| reach.targets().contains(&goal.target) && !goal.ways.is_empty());
    Ok(goals)
}

/// A member, and where its inputs are.
#[derive(Clone, Copy)]
struct Place {
    member: usize,
    branch: usize,
    stage: usize,
}

impl Goal {
    fn new(target: Target, ways: impl IntoIterator<Item = Needs>) -> Self {
        Self { target, ways: ways.into_iter().collect(), n_ways_tried: 0 }
    }
}

/// What one feature is needed to be.
fn one(feature: usize, allowed: Allowed) -> Option<Needs> {
    Some(Needs::from([(feature, allowed)]))
}

fn of_features(parts: &Parts, spaces: &[Space]) -> Vec<Goal> {
    let mut goals = Vec::new();
    for (feature, (described, space)) in parts.schema.features().iter().zip(spaces).enumerate() {
        if let Values::Levels(n_levels) = space.values {
            for level in 0..n_levels {
                let only = (0..n_levels).map(|other| other == level).collect();
                let needs = one(feature, Allowed::Levels(only));
                goals.push(Goal::new(Target::Level { feature, level }, needs));
            }
        }
        if space.may_be_missing {
            goals.push(Goal::new(Target::Missing { feature }, one(feature, Allowed::Missing)));
        }
        for (value, is_above) in space.beyond.into_iter().flatten().zip([false, true]) {
            let allowed = Allowed::Numbers(Range { low: value, high: value });
            let is_number = !matches!(described.kind, FeatureKind::Boolean);
            let needs = one(feature, allowed).filter(|_| is_number);
            goals.push(Goal::new(Target::OutOfRange { feature, is_above }, needs));
        }
    }
    goals
}

/// Goals of bounds between intervals: `answers[k]` is about bound `k`, and yes is above it.
fn of_bounds(
    answers: &[Option<Answer>],
    spaces: &[Space],
    interval: impl Fn(usize) -> Target,
    edge: impl Fn(usize, bool) -> Option<Target>,
) -> Vec<Goal> {
    let mut goals = Vec::new();
    for nth in 0..=answers.len() {
        let above = nth.checked_sub(1).and_then(|below| answers.get(below));
        let sides = [(above, true), (answers.get(nth), false)];
        let mut needs = Some(Needs::new());
        for (answer, is_yes) in sides.into_iter().filter_map(|(a, yes)| Some((a?, yes))) {
            let allowed =
                answer.as_ref().and_then(|a| Some((a.feature, side(&a.allowed, is_yes)?)));
            needs = needs.zip(allowed).and_then(|(mut needs, (feature, allowed))| {
                add(spaces, &mut needs, feature, allowed)?;
                Some(needs)
            });
        }
        goals.push(Goal::new(interval(nth), needs));
    }
    for (nth, answer) in answers.iter().enumerate() {
        for is_yes in [false, true] {
            let Some(target) = edge(nth, is_yes) else { continue };
            let near = answer.as_ref().and_then(|a| Some((a.feature, side(&a.nearest, is_yes)?)));
            let needs = near.and_then(|(feature, near)| one(feature, near.clone()));
            goals.push(Goal::new(target, needs));
        }
    }
    goals
}

fn side(allowed: &[Option<Allowed>; 2], is_yes: bool) -> Option<&Allowed> {
    let [no, yes] = allowed;
    if is_yes { yes.as_ref() } else { no.as_ref() }
}

fn of_intervals(
    intervals: &[Intervals],
    spaces: &[Space],
    encoder: &Encoder<'_>,
) -> Result<Vec<Goal>, Error> {
    let mut goals = Vec::new();
    for found in intervals {
        let Intervals { branch, step, nth, position, kind, .. } = *found;
        let ask =
            |is_true: Box<dyn Fn(f64) -> bool>| Question { branch, stage: step, position, is_true };
        let questions: Vec<Question<'_>> = match kind {
            IntervalKind::Impute => vec![ask(Box::new(|_| true))],
            IntervalKind::Clip => match found.bounds.as_slice() {
                [low, high] => {
                    let (low, high) = (*low, *high);
                    vec![ask(Box::new(move |v| v >= low)), ask(Box::new(move |v| v > high))]
                }
                _ => Vec::new(),
            },
            IntervalKind::Bin | IntervalKind::Spline => {
                let bounds = found.bounds.iter().copied();
                bounds.map(|bound| ask(Box::new(move |v| v >= bound))).collect()
            }
        };
        let answers = encoder.answers(&questions)?;
        let interval = |interval| Target::Interval { branch, step, nth, interval };
        if kind == IntervalKind::Impute {
            let missing = answers.into_iter().flatten().next();
            let missing = missing.filter(|answer| answer.if_missing == Missing::Stays);
            let needs = missing.and_then(|answer| one(answer.feature, Allowed::Missing));
            goals.push(Goal::new(interval(0), needs));
            continue;
        }
        goals.extend(of_bounds(&answers, spaces, interval, |edge, is_above| {
            let target = Target::BinEdge { branch, step, nth, edge, is_above };
            (kind == IntervalKind::Bin).then_some(target)
        }));
    }
    Ok(goals)
}

fn of_item(
    at: Place,
    item: usize,
    line: &PointsItem,
    spaces: &[Space],
    encoder: &Encoder<'_>,
) -> Result<Vec<Goal>, Error> {
    let Place { member, branch, stage } = at;
    let ask = |is_true: Box<dyn Fn(f64) -> bool>| Question {
        branch,
        stage,
        position: line.input as usize,
        is_true,
    };
    let points = |bin| Target::Points { member, item, bin };
    let (answers, n_bins, has_edges) = match &line.points {
        Points::Levels { points } => {
            let bounds = (1..points.len()).map(crate::count::number);
            let questions: Vec<_> =
                bounds.map(|bound| ask(Box::new(move |v| v >= bound))).collect();
            (encoder.answers(&questions)?, points.len(), false)
        }
        Points::Bins { thresholds, tie, points } => {
            let tie = *tie;
            let questions: Vec<_> = thresholds
                .iter()
                .copied()
                .map(|bound| ask(Box::new(move |v| is_above(v, bound, tie))))
                .collect();
            (encoder.answers(&questions)?, points.len(), true)
        }
    };
    let mut goals = of_bounds(&answers, spaces, points, |threshold, is_above| {
        let target = Target::PointsThreshold { member, item, threshold, is_above };
        has_edges.then_some(target)
    });
    let missing = answers.iter().flatten().find(|answer| answer.if_missing == Missing::Stays);
    let needs = missing.and_then(|answer| one(answer.feature, Allowed::Missing));
    goals.push(Goal::new(points(n_bins), needs));
    Ok(goals)
}

fn of_forest(
    at: Place,
    forest: &Forest,
    spaces: &[Space],
    encoder: &Encoder<'_>,
) -> Result<Vec<Goal>, Error> {
    let mut questions = Vec::new();
    for node in forest.trees.iter().flat_map(|tree| &tree.nodes) {
        let (position, is_true): (u32, Box<dyn Fn(f64) -> bool + '_>) = match node {
            Node::Split { input, threshold, .. } => {
                (*input, Box::new(|value| !goes_left(forest, value, *threshold)))
            }
            Node::SplitLevels { input, levels, .. } => (
                *input,
                Box::new(|value| {
                    let is_it = |level: &u32| f64::from(*level).total_cmp(&value).is_eq();
                    !levels.iter().any(is_it)
                }),
            ),
            // A leaf asks nothing; its answer is not used.
            Node::Leaf { .. } => (0, Box::new(|_| true)),
        };
        let position = position as usize;
        questions.push(Question { branch: at.branch, stage: at.stage, position, is_true });
    }
    let answers = encoder.answers(&questions)?;
    let mut goals = Vec::new();
    let mut answers = answers.as_slice();
    for (tree, nodes) in forest.trees.iter().enumerate() {
        let (of_tree, rest) = answers.split_at(nodes.nodes.len());
        answers = rest;
        of_nodes(at.member, tree, &nodes.nodes, of_tree, spaces, &mut goals);
    }
    Ok(goals)
}

/// Follows a tree from its root, with what each node needs.
fn of_nodes(
    member: usize,
    tree: usize,
    nodes: &[Node],
    answers: &[Option<Answer>],
    spaces: &[Space],
    goals: &mut Vec<Goal>,
) {
    let mut ways: Vec<Vec<Needs>> = vec![Vec::new(); nodes.len()];
    if let Some(root) = ways.first_mut() {
        root.push(Needs::new());
    }
    for (node, (split, answer)) in nodes.iter().zip(answers).enumerate() {
        let here = ways.get_mut(node).map(std::mem::take).unwrap_or_default();
        let (left, right, default_child) = match split {
            Node::Split { left, right, default_child, .. }
            | Node::SplitLevels { left, right, default_child, .. } => {
                (*left, *right, *default_child)
            }
            Node::Leaf { .. } => {
                goals.push(Goal::new(Target::Leaf { member, tree, node }, here));
                continue;
            }
        };
        let Some(answer) = answer else { continue };
        let with = |allowed: &Allowed| -> Vec<Needs> {
            let add_to = |needs: &Needs| {
                let mut needs = needs.clone();
                add(spaces, &mut needs, answer.feature, allowed).map(|()| needs)
            };
            here.iter().filter_map(add_to).collect()
        };
        if let Node::SplitLevels { levels, .. } = split {
            for level in levels.iter().map(|level| *level as usize) {
                let is_level = |other: usize| other == level;
                let Some(Values::Levels(n)) = spaces.get(answer.feature).map(|s| s.values) else {
                    continue;
                };
                let ways = with(&Allowed::Levels((0..n).map(is_level).collect()));
                goals.push(Goal::new(Target::SplitLevel { member, tree, node, level }, ways));
            }
        }
        for is_next in [false, true] {
            let target = Target::SplitInput { member, tree, node, is_next };
            goals.push(Goal::new(target, here.clone()));
        }
        for (child, is_right) in [(left, false), (right, true)] {
            let near = side(&answer.nearest, is_right).map(&with).unwrap_or_default();
            if matches!(split, Node::Split { .. }) {
                let target = Target::Threshold { member, tree, node, is_right };
                goals.push(Goal::new(target, near));
            }
            let mut next = side(&answer.allowed, is_right).map(&with).unwrap_or_default();
            let goes_here = match answer.if_missing {
                Missing::Never => false,
                Missing::Stays => (default_child == Side::Right) == is_right,
                Missing::Answer(yes) => yes == is_right,
            };
            if goes_here {
                let missing = with(&Allowed::Missing);
                if answer.if_missing == Missing::Stays {
                    let target = Target::DefaultChild { member, tree, node };
                    goals.push(Goal::new(target, missing.clone()));
                }
                next.extend(missing);
            }
            next.truncate(MAX_WAYS);
            ways.iter_mut().skip(child as usize).take(1).for_each(|ways| ways.clone_from(&next));
        }
    }
}
