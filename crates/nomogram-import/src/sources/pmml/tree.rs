//! Tree models: compiled to splits.
//!
//! A node's children are tried in their order. Which one is true depends on the row: the first open question
//! becomes a split, and both sides go on with its answer. Where a missing value goes the same way as an
//! answer, it is the split's default side.

use nomogram::{Node, Side, Tree};

use super::fields::Fields;
use super::predicate::{Facts, Predicate, Question};
use crate::document::xml::Element;
use crate::error::Error;
use crate::forests::number;

/// The most questions on one path.
const MAX_DEPTH: usize = 300;

/// How a tree is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MissingStrategy {
    None,
    LastPrediction,
    NullPrediction,
    DefaultChild,
}

/// A node of the document.
struct Branching<'e> {
    element: &'e Element,
    predicate: Predicate,
    children: Vec<Branching<'e>>,
    /// The value of each margin, if the node has a score.
    values: Option<Vec<f64>>,
    number: u32,
    default_child: Option<usize>,
}

/// What happens at a node.
#[derive(Clone, Debug, PartialEq)]
enum Next {
    Child(usize),
    Leaf,
    Nothing,
    Ask(Question),
}

/// A compiled tree.
pub(super) struct Compiled {
    pub(super) tree: Tree,
    /// The number of each leaf's node in the document, from 0.
    pub(super) leaf_numbers: Vec<u32>,
}

/// What a score means.
pub(super) enum Scores<'c> {
    /// A number.
    Value,
    /// The probabilities of these classes.
    Probabilities(&'c [String]),
    /// 1 for the class of the score.
    Vote(&'c [String]),
}

struct Compiler<'f> {
    fields: &'f Fields,
    missing: MissingStrategy,
    returns_last: bool,
    nodes: Vec<Node>,
    leaves: Vec<f64>,
    leaf_numbers: Vec<u32>,
}

/// Compiles a `TreeModel`.
///
/// # Errors
///
/// `Unsupported` with the element, `Malformed`, `TooLarge`.
pub(super) fn compile(
    model: &Element,
    fields: &Fields,
    scores: &Scores<'_>,
    margin: Option<u32>,
) -> Result<Compiled, Error> {
    let missing = match model.or("missingValueStrategy", "none") {
        "none" => MissingStrategy::None,
        "lastPrediction" => MissingStrategy::LastPrediction,
        "nullPrediction" => MissingStrategy::NullPrediction,
        "defaultChild" => MissingStrategy::DefaultChild,
        other => return Err(model.unsupported(format!("missingValueStrategy `{other}`"))),
    };
    if model.find_number("missingValuePenalty")?.is_some_and(|penalty| penalty != 1.0) {
        return Err(model.unsupported("a missingValuePenalty"));
    }
    let returns_last = match model.or("noTrueChildStrategy", "returnNullPrediction") {
        "returnNullPrediction" => false,
        "returnLastPrediction" => true,
        other => return Err(model.malformed(format!("noTrueChildStrategy `{other}`"))),
    };
    let root = model.needed("Node")?;
    let mut n_nodes = 0;
    let child = Branching::read(root, fields, scores, &mut n_nodes, 0)?;
    let above = Branching {
        element: root,
        predicate: Predicate::Constant(true),
        children: vec![child],
        values: None,
        number: 0,
        default_child: None,
    };
    compile_branching(&above, fields, missing, returns_last, margin)
}

/// Compiles cases that are tried in their order: (predicate, value). A row for which none is true is an
/// error, unless the last predicate is constant.
///
/// # Errors
///
/// As [`compile`].
pub(super) fn compile_cases(
    here: &Element,
    cases: Vec<(Predicate, f64)>,
    fields: &Fields,
    margin: u32,
) -> Result<Compiled, Error> {
    let leaf = |(index, (predicate, value)): (usize, (Predicate, f64))| Branching {
        element: here,
        predicate,
        children: Vec::new(),
        values: Some(vec![value]),
        number: u32::try_from(index).unwrap_or(u32::MAX),
        default_child: None,
    };
    let root = Branching {
        element: here,
        predicate: Predicate::Constant(true),
        children: cases.into_iter().enumerate().map(leaf).collect(),
        values: None,
        number: 0,
        default_child: None,
    };
    compile_branching(&root, fields, MissingStrategy::None, false, Some(margin))
}

fn compile_branching(
    root: &Branching<'_>,
    fields: &Fields,
    missing: MissingStrategy,
    returns_last: bool,
    margin: Option<u32>,
) -> Result<Compiled, Error> {
    let mut compiler = Compiler {
        fields,
        missing,
        returns_last,
        nodes: Vec::new(),
        leaves: Vec::new(),
        leaf_numbers: Vec::new(),
    };
    compiler.node(root, None, &Facts::default(), 0)?;
    let Compiler { nodes, leaves, leaf_numbers, .. } = compiler;
    Ok(Compiled { tree: Tree { margin, nodes, leaves }, leaf_numbers })
}

impl<'e> Branching<'e> {
    fn read(
        element: &'e Element,
        fields: &Fields,
        scores: &Scores<'_>,
        n_nodes: &mut u32,
        depth: usize,
    ) -> Result<Self, Error> {
        if depth > MAX_DEPTH {
            return Err(element.too_large(format!("a node deeper than {MAX_DEPTH}")));
        }
        let number = *n_nodes;
        *n_nodes += 1;
        if let Some(embedded) =
            ["Regression", "DecisionTree"].into_iter().find_map(|name| element.child(name))
        {
            return Err(embedded.unsupported("a model within a node"));
        }
        let children: Result<Vec<Self>, Error> = element
            .all("Node")
            .map(|child| Self::read(child, fields, scores, n_nodes, depth + 1))
            .collect();
        let default_child = match element.find("defaultChild") {
            None => None,
            Some(id) => {
                let position = element.all("Node").position(|child| child.find("id") == Some(id));
                Some(position.ok_or_else(|| element.malformed(format!("no child `{id}`")))?)
            }
        };
        Ok(Self {
            element,
            predicate: Predicate::within(element, fields)?,
            children: children?,
            values: scores.of(element)?,
            number,
            default_child,
        })
    }
}

impl Scores<'_> {
    fn of(&self, node: &Element) -> Result<Option<Vec<f64>>, Error> {
        let class = |name: &str, classes: &[String]| {
            let position = classes.iter().position(|class| class == name);
            position.ok_or_else(|| node.malformed(format!("no class `{name}`")))
        };
        match self {
            Self::Value => Ok(node.find_number("score")?.map(|score| vec![score])),
            Self::Vote(classes) => {
                let Some(score) = node.find("score") else { return Ok(None) };
                let mut values = vec![0.0; classes.len()];
                let winner = class(score, classes)?;
                values.iter_mut().skip(winner).take(1).for_each(|value| *value = 1.0);
                Ok(Some(values))
            }
            Self::Probabilities(classes) => {
                let mut values = vec![0.0; classes.len()];
                let mut is_empty = true;
                for distribution in node.all("ScoreDistribution") {
                    is_empty = false;
                    let count = match distribution.find_number("probability")? {
                        Some(probability) => probability,
                        None => distribution.number("recordCount")?,
                    };
                    let position = class(distribution.attribute("value")?, classes)?;
                    values.iter_mut().skip(position).take(1).for_each(|value| *value = count);
                }
                if is_empty {
                    return Self::Vote(classes).of(node);
                }
                let sum: f64 = values.iter().sum();
                if !(sum > 0.0 && sum.is_finite()) || values.iter().any(|value| *value < 0.0) {
                    return Err(node.malformed("a distribution without records"));
                }
                Ok(Some(values.into_iter().map(|value| value / sum).collect()))
            }
        }
    }
}

impl Compiler<'_> {
    /// What happens at a node, as far as the facts decide it.
    fn next(&self, at: &Branching<'_>, facts: &Facts) -> Next {
        if at.children.is_empty() {
            return Next::Leaf;
        }
        for (index, child) in at.children.iter().enumerate() {
            match child.predicate.evaluate(facts, self.fields) {
                Err(question) => return Next::Ask(question),
                Ok(Some(true)) => return Next::Child(index),
                Ok(Some(false)) => {}
                Ok(None) => match self.missing {
                    MissingStrategy::None => {}
                    MissingStrategy::LastPrediction => return Next::Leaf,
                    MissingStrategy::NullPrediction => return Next::Nothing,
                    MissingStrategy::DefaultChild => {
                        return at.default_child.map_or(Next::Nothing, Next::Child);
                    }
                },
            }
        }
        if self.returns_last { Next::Leaf } else { Next::Nothing }
    }

    /// Adds the nodes for a node of the document. `last` is the last score above it. Returns the position.
    fn node(
        &mut self,
        at: &Branching<'_>,
        last: Option<&[f64]>,
        facts: &Facts,
        depth: usize,
    ) -> Result<u32, Error> {
        if !self.fields.spend_node() {
            return Err(at.element.too_large("trees whose predicates become too many splits"));
        }
        if depth > 2 * MAX_DEPTH {
            return Err(at.element.too_large(format!("more than {} questions", 2 * MAX_DEPTH)));
        }
        let last = at.values.as_deref().or(last);
        match self.next(at, facts) {
            Next::Child(index) => {
                let child = at.children.get(index);
                let child = child.ok_or_else(|| at.element.malformed("no such child"))?;
                self.node(child, last, facts, depth + 1)
            }
            Next::Leaf => match last {
                Some(values) => {
                    let position = number(self.nodes.len())?;
                    self.nodes.push(Node::Leaf { leaf: number(self.leaf_numbers.len())? });
                    self.leaves.extend_from_slice(values);
                    self.leaf_numbers.push(at.number);
                    Ok(position)
                }
                None => self.nothing(at, facts),
            },
            Next::Nothing => self.nothing(at, facts),
            Next::Ask(question) => self.split(at, last, facts, question, depth),
        }
    }

    /// No prediction: missing values and unseen levels are refused, if there are any.
    fn nothing(&self, at: &Branching<'_>, facts: &Facts) -> Result<u32, Error> {
        facts.missing().for_each(|feature| self.fields.require(feature));
        facts.unseen(self.fields).for_each(|feature| self.fields.refuse_unseen(feature));
        Err(at.element.unsupported("rows that reach no score"))
    }

    fn split(
        &mut self,
        at: &Branching<'_>,
        last: Option<&[f64]>,
        facts: &Facts,
        question: Question,
        depth: usize,
    ) -> Result<u32, Error> {
        let fields = self.fields;
        let (Question::Missing(feature)
        | Question::AtMost(feature, _)
        | Question::OneOf(feature, _)) = question;
        let input = number(feature)?;
        let known = facts.of(feature, fields).is_missing;
        if let (None, Question::AtMost(..) | Question::OneOf(..)) = (known, &question) {
            // Where a missing value goes, compared with both answers.
            let missing =
                self.next(at, &facts.with(&Question::Missing(feature), true, Some(true), fields));
            let goes = |answer| self.next(at, &facts.with(&question, answer, Some(false), fields));
            let side = [(true, Side::Left), (false, Side::Right)]
                .into_iter()
                .find(|(answer, _)| !matches!(missing, Next::Ask(_)) && goes(*answer) == missing);
            let Some((with_missing, side)) = side else {
                return self.split(at, last, facts, Question::Missing(feature), depth);
            };
            let of_side = |answer| Some(false).filter(|_| answer != with_missing);
            let left = facts.with(&question, true, of_side(true), fields);
            let right = facts.with(&question, false, of_side(false), fields);
            return self.both(at, last, (input, &question, side), (&left, &right), depth);
        }
        let (left, right) = match question {
            // What is present goes to the left.
            Question::Missing(_) => (
                facts.with(&question, false, Some(false), fields),
                facts.with(&question, true, Some(true), fields),
            ),
            Question::AtMost(..) | Question::OneOf(..) => (
                facts.with(&question, true, Some(false), fields),
                facts.with(&question, false, Some(false), fields),
            ),
        };
        self.both(at, last, (input, &question, Side::Right), (&left, &right), depth)
    }

    fn both(
        &mut self,
        at: &Branching<'_>,
        last: Option<&[f64]>,
        (input, question, default_child): (u32, &Question, Side),
        (left_facts, right_facts): (&Facts, &Facts),
        depth: usize,
    ) -> Result<u32, Error> {
        let position = self.nodes.len();
        let (mut left, mut right) = (0, 0);
        let node = |left, right| match question {
            Question::AtMost(_, threshold) => {
                Node::Split { input, threshold: *threshold, left, right, default_child }
            }
            Question::Missing(_) => {
                Node::Split { input, threshold: f64::MAX, left, right, default_child }
            }
            Question::OneOf(_, levels) => {
                let levels = levels.clone();
                Node::SplitLevels { input, levels, left, right, default_child }
            }
        };
        self.nodes.push(node(left, right));
        left = self.child(at, last, left_facts, depth)?;
        right = self.child(at, last, right_facts, depth)?;
        self.nodes.iter_mut().skip(position).take(1).for_each(|place| *place = node(left, right));
        number(position)
    }

    fn child(
        &mut self,
        at: &Branching<'_>,
        last: Option<&[f64]>,
        facts: &Facts,
        depth: usize,
    ) -> Result<u32, Error> {
        self.node(at, last, facts, depth + 1)
    }
}
