//! The model: features, loss function, trees and bias, to an imported model.

use nomogram::{Forest, ForestShares, Link, Member, Node, Precision, Schema, Target, Tree};

use super::columns::Columns;
use super::loss;
use super::trees::{self, Trees};
use crate::comparison::Tolerance;
use crate::document::{Cursor, Value, json};
use crate::error::Error;
use crate::forests;
use crate::imported::{Imported, LeafNumbers};
use crate::limits::Limits;
use crate::options::{Options, Rounds, one_vs_rest};

/// Reads a model.
pub(crate) fn read(bytes: &[u8], options: &Options, limits: &Limits) -> Result<Imported, Error> {
    let document = json::read(bytes, limits)?;
    let root = Cursor::new(&document);
    let columns = Columns::read(&root.key("features_info")?, limits)?;
    let info = root.key("model_info")?;
    let loss = info.key("params")?.key("loss_function")?.key("type")?;
    let link = loss::link(&loss)?;
    let mut biases = scale_and_bias(&root)?;
    let mut n_margins = biases.len();
    let trees = trees::read(&root, &columns, n_margins, options.tree_shares, limits)?;
    let Trees { mut trees, has_leaf_numbers, mut left_shares } = trees;
    let n_trees = trees.len();
    if let Rounds::First(n_rounds) = options.rounds {
        trees.truncate(n_rounds);
        left_shares.truncate(n_rounds);
    }
    let n_taken = trees.len();
    let names = class_names(&info)?;
    let classes;
    if loss.text()? == loss::ONE_VS_ALL {
        let numbered = || (0..n_margins).map(|class| class.to_string()).collect();
        let names = names.filter(|names| names.len() == n_margins).unwrap_or_else(numbered);
        let index = options.index_of_class("loss function `MultiClassOneVsAll`", &names);
        let index = index.map_err(|error| loss.locate(error))?;
        for tree in trees.iter_mut().map(|numbered| &mut numbered.tree) {
            tree.leaves = tree.leaves.iter().copied().skip(index).step_by(n_margins).collect();
            tree.margin = Some(0);
        }
        biases = biases.into_iter().skip(index).take(1).collect();
        n_margins = 1;
        classes = names.get(index).map(|name| one_vs_rest(name).to_vec());
    } else {
        options.check_no_class()?;
        classes = names;
    }
    let (mut trees, leaf_numbers): (Vec<Tree>, Vec<Vec<u32>>) =
        trees.into_iter().map(|numbered| (numbered.tree, numbered.leaf_numbers)).unzip();
    if biases.iter().any(|bias| *bias != 0.0) {
        // The bias is added last: as a tree that is a leaf.
        let margin = (n_margins == 1).then_some(0);
        trees.push(Tree { margin, nodes: vec![Node::Leaf { leaf: 0 }], leaves: biases });
    }
    let schema = Schema::new(columns.features()?, target(classes, link, n_margins))?;
    let width = forests::number(columns.n_features())?;
    let forest = Forest::new(link, width, vec![0.0; n_margins], trees)?;
    let forest = Forest { precision: Precision::SingleInputs, ..forest };
    let mut imported = Imported::of_member("CatBoost", bytes, schema, Member::Forest(forest));
    if options.tree_shares {
        imported.keep_shares(vec![ForestShares { member: 0, shares: left_shares.concat() }]);
    }
    imported.leaf_numbers = has_leaf_numbers.then_some(LeafNumbers(leaf_numbers));
    // It adds the leaves of several trees at a time.
    imported.margin_tolerance = Tolerance::Relative(1e-12);
    imported.output_tolerance = Tolerance::Relative(1e-12);
    imported.notes.push(format!("loss function {}", loss.text()?));
    imported.notes.push(format!("{n_taken} of {n_trees} trees are taken"));
    Ok(imported)
}

/// The bias of each margin; the scale must be 1.
fn scale_and_bias(root: &Cursor<'_>) -> Result<Vec<f64>, Error> {
    let both = root.key("scale_and_bias")?;
    let items: Vec<Cursor<'_>> = both.items()?.collect();
    let [scale, bias] = items.as_slice() else {
        return Err(both.malformed(format!("{} items, expected 2", items.len())));
    };
    let found = scale.double()?;
    if found != 1.0 {
        return Err(scale.unsupported(format!("a scale of {found}, expected 1")));
    }
    let biases = match bias.value() {
        Value::List(_) => bias.doubles()?,
        _ => vec![bias.double()?],
    };
    if biases.is_empty() {
        return Err(bias.malformed("no bias, expected one per margin"));
    }
    Ok(biases)
}

fn target(names: Option<Vec<String>>, link: Link, n_margins: usize) -> Target {
    let is_of_classes = matches!(link, Link::Logit | Link::Softmax);
    if !is_of_classes {
        return Target::Number { name: "target".into(), unit: None };
    }
    let n_classes = if link == Link::Softmax { n_margins } else { 2 };
    let numbered = || (0..n_classes).map(|class| class.to_string()).collect();
    let names = names.filter(|names| names.len() == n_classes).unwrap_or_else(numbered);
    Target::of_classes("target", names)
}

/// The names of the classes, where the file has them.
fn class_names(info: &Cursor<'_>) -> Result<Option<Vec<String>>, Error> {
    let names = info.find("class_params").and_then(|classes| classes.find("class_names"));
    names.map(|names| names.items()?.map(|name| class_name(&name)).collect()).transpose()
}

fn class_name(name: &Cursor<'_>) -> Result<String, Error> {
    match name.value() {
        Value::Text(name) => Ok(name.clone()),
        Value::Boolean(true) => Ok("True".into()),
        Value::Boolean(false) => Ok("False".into()),
        _ => Ok(name.double()?.to_string()),
    }
}
