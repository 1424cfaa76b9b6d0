//! Tree models: compiled to splits.
//!
//! A node's children are tried in their order. Which one is true depends on the row: the first open question
//! becomes a split, and both sides go on with its answer. Where a missing value goes the same way as an
//! answer, it is the split's default side.

mod compiler;
mod winners;

use nomogram::{Node, Tree};

use super::fields::Fields;
use super::predicate::{Facts, Predicate, Question};
use crate::document::xml::Element;
use crate::error::Error;
pub(super) use winners::check_winners;

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
