//! The labels that a classifier predicts, and the names that encoders give them.

use std::collections::{BTreeMap, BTreeSet};

use super::node::Node;
use super::tensor::Tensor;
use crate::error::Error;

/// What is predicted for each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Labels {
    pub(super) names: Vec<String>,
    /// Whether a node took names in place of the labels of the classifier.
    pub(super) is_named: bool,
}

impl Labels {
    /// The labels of a classifier.
    pub(super) fn of_classes(names: Vec<String>) -> Self {
        Self { names, is_named: false }
    }

    /// The numbers of the classes, from 0 on.
    pub(super) fn of_numbers(n: usize) -> Self {
        Self::of_classes((0..n).map(|class| class.to_string()).collect())
    }

    /// After a `LabelEncoder`.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a label without a key and for two classes of one name, `Malformed`.
    pub(super) fn encoded(&self, node: &Node<'_>) -> Result<Self, Error> {
        let (keys, values) = (texts_of(node, "keys")?, texts_of(node, "values")?);
        let old = node.texts("classes_strings")?;
        if keys.is_empty() && !old.is_empty() {
            return self.chosen_from(&old);
        }
        if keys.is_empty() || keys.len() != values.len() {
            let detail = format!("{} keys and {} values of a label", keys.len(), values.len());
            return Err(Error::malformed(format!("{detail}, expected as many")));
        }
        let values: BTreeMap<&str, &str> =
            keys.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
        self.renamed(|label| values.get(label).copied())
    }

    /// The names at the positions that the labels are.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a label that is no such position and for two classes of one name.
    pub(super) fn chosen_from(&self, names: &[impl AsRef<str>]) -> Result<Self, Error> {
        self.renamed(|label| names.get(label.parse::<usize>().ok()?).map(AsRef::as_ref))
    }

    fn renamed<'n>(&self, name: impl Fn(&str) -> Option<&'n str>) -> Result<Self, Error> {
        let mut names = Vec::new();
        let mut known = BTreeSet::new();
        for label in &self.names {
            let name = name(label);
            let name = name.ok_or_else(|| {
                Error::unsupported(format!("no name for class `{label}`, expected one for each"))
            })?;
            if !known.insert(name) {
                return Err(Error::unsupported(format!("two classes with the name `{name}`")));
            }
            names.push(name.to_owned());
        }
        Ok(Self { names, is_named: true })
    }
}

/// The keys or values of an encoder, as texts.
fn texts_of(node: &Node<'_>, what: &str) -> Result<Vec<String>, Error> {
    if let Some(tensor) = node.tensor(&format!("{what}_tensor"))? {
        return Ok(Tensor::texts(&tensor));
    }
    let texts = node.texts(&format!("{what}_strings"))?;
    if !texts.is_empty() {
        return Ok(texts.into_iter().map(str::to_owned).collect());
    }
    let whole = node.integers(&format!("{what}_int64s"));
    if !whole.is_empty() {
        return Ok(whole.iter().map(i64::to_string).collect());
    }
    Ok(node.numbers(&format!("{what}_floats"))?.iter().map(f64::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_labels_and_not_their_order() {
        let labels = Labels::of_classes(vec!["2".to_owned(), "0".to_owned()]);
        let named = labels.chosen_from(&["a", "b", "c"]).unwrap();
        assert_eq!(named, Labels { names: vec!["c".into(), "a".into()], is_named: true });
        let refused = |labels: &Labels, names: &[&str]| {
            labels.chosen_from(names).unwrap_err().detail().to_owned()
        };
        assert_eq!(refused(&labels, &["a"]), "no name for class `2`, expected one for each");
        assert_eq!(refused(&labels, &["a", "b", "a"]), "two classes with the name `a`");
    }
}
