//! The text: blocks of `key=value` lines, one for the model and one for each tree.

use std::collections::BTreeMap;

use crate::error::{Error, Place};
use crate::limits::{self, Limits};

/// One block: its entries with their lines.
#[derive(Debug, Default)]
pub(super) struct Block<'t> {
    /// The first line.
    line: usize,
    entries: BTreeMap<&'t str, (usize, &'t str)>,
}

/// The blocks of a file.
#[derive(Debug, Default)]
pub(super) struct Text<'t> {
    pub(super) header: Block<'t>,
    pub(super) trees: Vec<Block<'t>>,
    /// Whether its parameters have `refit_decay_rate`, as those of versions from 2.2.0 on.
    pub(super) has_refit_decay_rate: bool,
    /// The features that its parameters name as categories; none in old files.
    pub(super) categorical_features: Option<Vec<usize>>,
    /// The JSON after `pandas_categorical:`, with its line.
    pub(super) pandas_categorical: Option<(usize, &'t str)>,
}

/// Splits a file into its blocks.
///
/// # Errors
///
/// `Malformed` with the line; `TooLarge`.
pub(super) fn split<'t>(bytes: &'t [u8], limits: &Limits) -> Result<Text<'t>, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::malformed("not UTF-8"))?;
    let mut found = Text::default();
    let mut is_of_trees = true;
    for (line, content) in text.lines().enumerate() {
        if let Some(json) = content.strip_prefix("pandas_categorical:") {
            found.pandas_categorical = Some((line, json));
            continue;
        }
        found.has_refit_decay_rate |= content.starts_with("[refit_decay_rate:");
        if let Some(list) = content.strip_prefix("[categorical_feature:") {
            let positions = list.trim_end_matches(']').split(',').map(|text| text.trim().parse());
            found.categorical_features = positions.collect::<Result<_, _>>().ok();
        }
        // The oldest files have no line that ends the trees.
        let is_end = content == "end of trees" || content.starts_with("feature importances");
        is_of_trees &= !is_end;
        if !is_of_trees || content.is_empty() {
            continue;
        }
        let (key, value) = content.split_once('=').unwrap_or((content, ""));
        if key == "Tree" {
            limits::check(found.trees.len() + 1, limits.max_nodes, "trees")?;
            found.trees.push(Block { line, ..Block::default() });
            continue;
        }
        let block = found.trees.last_mut().unwrap_or(&mut found.header);
        block.entries.insert(key, (line, value));
    }
    if let Some(sizes) = found.header.find("tree_sizes") {
        let (n_stated, n_found) = (sizes.split_ascii_whitespace().count(), found.trees.len());
        if n_stated != n_found {
            let detail = format!("{n_stated} items, but the file has {n_found} trees");
            return Err(found.header.at("tree_sizes", Error::malformed(detail)));
        }
    }
    match found.header.entries.contains_key("tree") {
        true if is_of_trees => {
            Err(Error::malformed("the end of the file, expected `end of trees`"))
        }
        true => Ok(found),
        false => Err(Error::malformed("no line `tree`, expected it first")),
    }
}

impl<'t> Block<'t> {
    /// The value of a key.
    pub(super) fn find(&self, key: &str) -> Option<&'t str> {
        self.entries.get(key).map(|(_, value)| *value)
    }

    /// The value of a key that must be there.
    pub(super) fn get(&self, key: &str) -> Result<&'t str, Error> {
        self.find(key).ok_or_else(|| {
            Error::malformed(format!("`{key}` is absent")).within(Place::Line(self.line))
        })
    }

    /// The error at the line of a key.
    pub(super) fn at(&self, key: &str, error: Error) -> Error {
        let line = self.entries.get(key).map_or(self.line, |(line, _)| *line);
        error.within(Place::Key(key.into())).within(Place::Line(line))
    }

    /// A number.
    pub(super) fn number<T: std::str::FromStr>(&self, key: &str) -> Result<T, Error> {
        let text = self.get(key)?;
        text.trim().parse().map_err(|_| self.at(key, wrong(text)))
    }

    /// A list of `n` numbers, divided by spaces.
    pub(super) fn numbers<T: std::str::FromStr>(
        &self,
        key: &str,
        n: usize,
    ) -> Result<Vec<T>, Error> {
        let text = self.get(key)?;
        let mut numbers = Vec::new();
        for word in text.split_ascii_whitespace() {
            numbers.push(word.parse().map_err(|_| self.at(key, wrong(word)))?);
        }
        if numbers.len() != n {
            let detail = format!("{} numbers, expected {n}", numbers.len());
            return Err(self.at(key, Error::malformed(detail)));
        }
        Ok(numbers)
    }
}

fn wrong(text: &str) -> Error {
    let start: String = text.chars().take(40).collect();
    Error::malformed(format!("`{start}`, expected a number"))
}
