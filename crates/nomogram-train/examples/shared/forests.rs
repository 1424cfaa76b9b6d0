//! What the examples of trees share: tables of NumPy, and predictions without a bundle.

use std::error::Error;

use ndarray::Array2;
use nomogram::{Aggregate, Forest, Link, Node, Side, numeric};

/// Reads a matrix as NumPy writes it.
pub(crate) fn read(bytes: &[u8]) -> Result<Array2<f64>, Box<dyn Error>> {
    let (start, rest) = bytes.split_first_chunk::<10>().ok_or("not a .npy file")?;
    let [.., low, high] = *start;
    let length = usize::from(u16::from_le_bytes([low, high]));
    let (header, data) = rest.split_at_checked(length).ok_or("a header that is cut off")?;
    let header = std::str::from_utf8(header)?;
    let shape = header.split(['(', ')']).nth(1).ok_or("no shape")?;
    let shape: Vec<usize> = shape.split(',').map(|n| n.trim().parse()).collect::<Result<_, _>>()?;
    let [n_rows, n_columns] = shape.as_slice() else { return Err("not a matrix".into()) };
    if !header.contains("<f8") || header.contains("'fortran_order': True") {
        return Err("not <f8 in C order".into());
    }
    let (numbers, _) = data.as_chunks::<8>();
    let numbers = numbers.iter().map(|number| f64::from_le_bytes(*number)).collect();
    Ok(Array2::from_shape_vec((*n_rows, *n_columns), numbers)?)
}

/// The margins of a row, or its probabilities, walked node by node.
#[allow(clippy::indexing_slicing, reason = "a forest that was just fitted")]
pub(crate) fn outputs(forest: &Forest, row: &[f64]) -> Vec<f64> {
    let mut outputs = forest.base_margins.clone();
    for tree in &forest.trees {
        let mut at = 0;
        let side = |is_left: bool, value: f64, default: Side| {
            if value.is_nan() { default == Side::Left } else { is_left }
        };
        loop {
            let (goes_left, left, right) = match &tree.nodes[at] {
                Node::Split { input, threshold, left, right, default_child } => {
                    let value = row[*input as usize];
                    (side(value <= *threshold, value, *default_child), *left, *right)
                }
                Node::SplitLevels { input, levels, left, right, default_child } => {
                    let value = row[*input as usize];
                    let is_within = levels.iter().any(|level| f64::from(*level) == value);
                    (side(is_within, value, *default_child), *left, *right)
                }
                Node::Leaf { leaf } => {
                    let leaf = *leaf as usize;
                    match tree.margin {
                        Some(margin) => outputs[margin as usize] += tree.leaves[leaf],
                        None => {
                            let shares = &tree.leaves[leaf * outputs.len()..];
                            outputs.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
                        }
                    }
                    break;
                }
            };
            at = if goes_left { left } else { right } as usize;
        }
    }
    if forest.aggregate == Aggregate::Mean {
        outputs.iter_mut().for_each(|output| *output /= number(forest.trees.len()));
    }
    outputs
}

/// The log loss of a row; a probability of 0 counts as 2⁻⁵², as in scikit-learn.
#[allow(clippy::indexing_slicing, reason = "a class of the forest")]
pub(crate) fn log_loss(link: Link, outputs: &[f64], class: usize) -> f64 {
    if link == Link::Probability {
        return -numeric::ln(outputs[class].clamp(f64::EPSILON, 1.0 - f64::EPSILON));
    }
    if let [margin] = *outputs {
        return numeric::softplus(if class == 1 { -margin } else { margin });
    }
    let largest = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = outputs.iter().map(|margin| numeric::exp(margin - largest)).sum();
    numeric::ln(sum) + largest - outputs[class]
}

/// A count as a number.
#[allow(clippy::cast_precision_loss, reason = "far fewer than 2^53 rows")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}
