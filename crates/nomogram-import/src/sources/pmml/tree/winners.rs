//! The scores of a classification tree, which a bundle takes from the probabilities.

use super::Scores;
use crate::document::xml::Element;
use crate::error::Error;

/// Checks that the score of each node that can be a result is its most probable class, the first of equal ones.
///
/// # Errors
///
/// `Unsupported` at the node, `Malformed`.
pub(in super::super) fn check_winners(model: &Element, classes: &[String]) -> Result<(), Error> {
    let ends_within = model.or("missingValueStrategy", "none") == "lastPrediction"
        || model.or("noTrueChildStrategy", "returnNullPrediction") == "returnLastPrediction";
    let mut pending: Vec<&Element> = model.all("Node").collect();
    while let Some(node) = pending.pop() {
        let children = || node.all("Node");
        // A node without a score has that of the node above it.
        let is_result = ends_within
            || children().next().is_none()
            || children().any(|child| child.find("score").is_none());
        if is_result {
            check(node, classes)?;
        }
        pending.extend(children());
    }
    Ok(())
}

fn check(node: &Element, classes: &[String]) -> Result<(), Error> {
    let (Some(score), Some(_)) = (node.find("score"), node.child("ScoreDistribution")) else {
        return Ok(());
    };
    let probabilities = Scores::Probabilities(classes).of(node)?.unwrap_or_default();
    let greatest = probabilities.iter().copied().fold(0.0, f64::max);
    let winner = probabilities.iter().position(|probability| *probability == greatest);
    let winner = winner.and_then(|winner| classes.get(winner));
    match winner {
        Some(winner) if winner != score => Err(node.unsupported(format!(
            "the score `{score}`, expected the most probable class, `{winner}`"
        ))),
        _ => Ok(()),
    }
}
