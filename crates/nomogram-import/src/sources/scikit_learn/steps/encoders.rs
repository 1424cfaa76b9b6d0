//! Encoders of categories: one value for each category, or a fitted number.
//!
//! A column holds the number of a level in the schema: `0` to `n − 1`, `n` for a level that is none of
//! them. Encoders name categories by their texts and have orders and groups of their own, so each level
//! is looked up first.

use nomogram::{ImputeStatistic, Imputer, LevelEncoder, Step};

use super::super::features::Inputs;
use super::super::layout::{Block, Column, Layout};
use super::check_len;
use crate::document::{Cursor, Value};
use crate::error::Error;
use crate::forests::number;

/// The numbers of one column.
struct Encoded {
    /// Of each level of the schema, of an unseen level, and of a missing value.
    numbers: Vec<f64>,
    /// The value that takes the place of a missing one, to be encoded; none if it stays missing.
    missing_level: Option<f64>,
}

/// A fitted number for each category: `OrdinalEncoder` and `TargetEncoder`.
pub(super) fn encode_levels(
    layout: &mut Layout,
    block: Block,
    step: &Cursor<'_>,
    inputs: &Inputs,
) -> Result<Block, Error> {
    let entries = entries(layout, block, step)?;
    let mut encoded = Vec::new();
    for (entry, column) in entries.items()?.zip(layout.of_block(block).to_vec()) {
        let (names, list) = names_and(&entry, "numbers")?;
        encoded.push(lookup(
            &entry,
            (layout, &column),
            inputs,
            &names.texts()?,
            &list.doubles()?,
            None,
        )?);
    }
    push(layout, block, &encoded, step)?;
    layout.no_levels(block);
    Ok(block)
}

/// One value for each category, or for each group of categories: `OneHotEncoder`.
pub(super) fn one_hot(
    layout: &mut Layout,
    block: Block,
    step: &Cursor<'_>,
    inputs: &Inputs,
) -> Result<Block, Error> {
    let entries = entries(layout, block, step)?;
    let (mut encoded, mut n_outputs, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    let mut first = 0;
    for (entry, column) in entries.items()?.zip(layout.of_block(block).to_vec()) {
        let (names, list) = names_and(&entry, "outputs")?;
        let n = entry.key("n_outputs")?.whole()?;
        if !(1..=1 << 16).contains(&n) {
            return Err(entry.malformed(format!("{n} outputs, expected 1 to 65536")));
        }
        let outputs = list.doubles()?;
        #[allow(clippy::cast_precision_loss, reason = "at most 65536")]
        let none = n as f64;
        if outputs.iter().any(|output| !(*output >= 0.0 && *output < none)) {
            return Err(list.malformed(format!("an output, expected 0 to {}", n - 1)));
        }
        let missing_is_none = Some(none);
        encoded.push(lookup(
            &entry,
            (layout, &column),
            inputs,
            &names.texts()?,
            &outputs,
            missing_is_none,
        )?);
        let dropped = match entry.find("drop") {
            None => None,
            Some(drop) => Some(drop.whole()?),
        };
        kept.extend((0..n).filter(|output| Some(*output) != dropped).map(|output| first + output));
        n_outputs.push(number(n)?);
        first += n;
    }
    push(layout, block, &encoded, step)?;
    let block = super::one_hot(layout, block, n_outputs, step)?;
    layout.select(block, &kept, step)
}

/// The entries of an encoder, one for each column.
fn entries<'d>(layout: &Layout, block: Block, step: &Cursor<'d>) -> Result<Cursor<'d>, Error> {
    let entries = step.key("columns")?;
    check_len(&entries, layout.of_block(block).len())?;
    Ok(entries)
}

/// The levels of an entry, and as many of its numbers.
fn names_and<'d>(entry: &Cursor<'d>, key: &str) -> Result<(Cursor<'d>, Cursor<'d>), Error> {
    let (names, list) = (entry.key("levels")?, entry.key(key)?);
    check_len(&list, names.n_items()?)?;
    Ok((names, list))
}

/// Looks up the levels of the schema among the categories of an encoder.
///
/// `absent` is the number of an unseen level and of a missing value, unless the entry has others.
fn lookup(
    entry: &Cursor<'_>,
    (layout, column): (&Layout, &Column),
    inputs: &Inputs,
    names: &[&str],
    numbers: &[f64],
    absent: Option<f64>,
) -> Result<Encoded, Error> {
    let feature = column.level_of.and_then(|feature| inputs.features.get(feature));
    let Some(feature) = feature else {
        return Err(entry.unsupported("an encoder of values that earlier steps made"));
    };
    layout.charge(feature.levels().len(), entry)?;
    let given = |key: &str| match entry.find(key) {
        None => Ok(absent),
        Some(value) if *value.value() == Value::Null => Ok(absent),
        Some(value) => value.double().map(Some),
    };
    let (unseen, missing) = (given("unseen")?, given("missing")?);
    let takes_unseen = feature.policy.unseen_level == nomogram::Action::Take;
    if unseen.is_none() && takes_unseen {
        return Err(entry.malformed("no number for unseen levels, which the feature takes"));
    }
    let counts_as_missing = feature.policy.unseen_level == nomogram::Action::Impute;
    if counts_as_missing && unseen.is_some() && unseen != missing {
        return Err(entry.unsupported("a number for unseen levels that elsewhere count as missing"));
    }
    let known: std::collections::BTreeMap<&str, f64> =
        names.iter().copied().zip(numbers.iter().copied()).collect();
    let of_unseen = unseen.unwrap_or(0.0);
    let levels = feature.levels().iter();
    let mut numbers: Vec<f64> =
        levels.map(|level| known.get(level.as_str()).copied().unwrap_or(of_unseen)).collect();
    numbers.extend([of_unseen, missing.unwrap_or(0.0)]);
    let of_missing = f64::from(number(feature.levels().len() + 1)?);
    let missing_level = missing.filter(|_| column.may_be_missing).map(|_| of_missing);
    Ok(Encoded { numbers, missing_level })
}

/// Adds the steps that look up numbers.
fn push(
    layout: &mut Layout,
    block: Block,
    encoded: &[Encoded],
    here: &Cursor<'_>,
) -> Result<(), Error> {
    let core = |error: nomogram::Error| here.locate(error.into());
    let imputed: Vec<(usize, f64)> = encoded
        .iter()
        .enumerate()
        .filter_map(|(column, encoded)| encoded.missing_level.map(|level| (column, level)))
        .collect();
    if !imputed.is_empty() {
        let positions = Layout::positions(block, imputed.iter().map(|(column, _)| *column))?;
        let levels = imputed.iter().map(|(_, level)| *level).collect();
        let imputer = Imputer::new(positions, ImputeStatistic::Constant, levels, false);
        layout.push(Step::Impute(imputer.map_err(core)?));
        for (column, _) in imputed {
            let column = layout.of_block_mut(block).get_mut(column);
            column.into_iter().for_each(|column| column.may_be_missing = false);
        }
    }
    let positions = Layout::positions(block, 0..block.len)?;
    let unseen = encoded.iter().filter_map(|one| one.numbers.iter().rev().nth(1).copied());
    let numbers: Vec<Vec<f64>> = encoded.iter().map(|one| one.numbers.clone()).collect();
    let encoder = LevelEncoder::new(positions, numbers, unseen.collect()).map_err(core)?;
    layout.push(Step::EncodeLevels(encoder));
    Ok(())
}
