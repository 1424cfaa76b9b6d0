//! Transformers of a description, to steps.

mod curves;
mod encoders;

use nomogram::{
    Binner, ImputeStatistic, Imputer, Log1p, MinMaxScaler, OneHotEncoder, RobustScaler,
    SignedPower, StandardScaler, Step, YeoJohnson,
};

use super::features::Inputs;
use super::layout::{Block, Column, Layout};
use crate::document::{Cursor, Value};
use crate::error::Error;
use crate::forests::number;

/// Applies a list of transformers to a block, one after the other. Returns the block that they make.
///
/// # Errors
///
/// `Unsupported`, `Malformed` or `Model` with the step.
pub(super) fn apply_all(
    layout: &mut Layout,
    mut block: Block,
    steps: &Cursor<'_>,
    inputs: &Inputs,
) -> Result<Block, Error> {
    for step in steps.items()? {
        block = apply(layout, block, &step, inputs)?;
    }
    Ok(block)
}

fn apply(
    layout: &mut Layout,
    block: Block,
    step: &Cursor<'_>,
    inputs: &Inputs,
) -> Result<Block, Error> {
    let core = |error: nomogram::Error| step.locate(error.into());
    let kind = step.key("kind")?;
    let positions = || Layout::positions(block, 0..block.len);
    let numbers = |key: &str| -> Result<Vec<f64>, Error> {
        let list = step.key(key)?;
        check_len(&list, block.len)?;
        list.doubles()
    };
    match kind.text()? {
        "standard_scale" => {
            let scaler = StandardScaler::new(positions()?, numbers("means")?, numbers("scales")?);
            keep(layout, block, Step::StandardScale(scaler.map_err(core)?))
        }
        "robust_scale" => {
            let scaler = RobustScaler::new(positions()?, numbers("centers")?, numbers("scales")?);
            keep(layout, block, Step::RobustScale(scaler.map_err(core)?))
        }
        "min_max_scale" => {
            let scaler = MinMaxScaler::new(positions()?, numbers("scales")?, numbers("shifts")?);
            let scaler = scaler.map_err(core)?;
            let clip = match step.find("clip").map(|clip| clip.doubles()).transpose()? {
                None => None,
                Some(ends) => match ends.as_slice() {
                    [low, high] => Some(scaler.clip(*low, *high).map_err(core)?),
                    _ => return Err(step.key("clip")?.malformed("expected two numbers")),
                },
            };
            layout.push(Step::MinMaxScale(scaler));
            clip.into_iter().for_each(|clip| layout.push(Step::Clip(clip)));
            layout.no_levels(block);
            Ok(block)
        }
        "yeo_johnson" => {
            let power = YeoJohnson::new(positions()?, numbers("lambdas")?).map_err(core)?;
            layout.rounds = Some("a power transformation");
            keep(layout, block, Step::YeoJohnson(power))
        }
        "log1p" => {
            let log = Log1p::new(positions()?);
            layout.rounds = Some("a logarithm");
            keep(layout, block, Step::Log1p(log))
        }
        "log" => {
            // ln(x) is the logarithm of 1 plus (x − 1).
            let less_one =
                MinMaxScaler::new(positions()?, vec![1.0; block.len], vec![-1.0; block.len]);
            layout.push(Step::MinMaxScale(less_one.map_err(core)?));
            layout.push(Step::Log1p(Log1p::new(positions()?)));
            let zeros = vec![0.0; block.len];
            let divided = StandardScaler::new(positions()?, zeros, numbers("divisors")?);
            layout.rounds = Some("a logarithm");
            keep(layout, block, Step::StandardScale(divided.map_err(core)?))
        }
        "power" => {
            let power = SignedPower::new(positions()?, numbers("exponents")?).map_err(core)?;
            layout.rounds = Some("a power");
            keep(layout, block, Step::SignedPower(power))
        }
        "bin" => bin(layout, block, step),
        "curves" => curves::curves(layout, block, step),
        "impute" => impute(layout, block, step, inputs),
        "one_hot" => encoders::one_hot(layout, block, step, inputs),
        "encode_levels" => encoders::encode_levels(layout, block, step, inputs),
        "polynomial" => {
            let terms = step.key("terms")?;
            let terms: Result<Vec<Vec<usize>>, Error> = terms
                .items()?
                .map(|term| {
                    let columns = term.wholes()?;
                    match columns.iter().find(|column| **column >= block.len) {
                        None => Ok(columns),
                        Some(wrong) => {
                            let (found, last) = (wrong + 1, block.len);
                            Err(term.malformed(format!("column {found}, expected 1 to {last}")))
                        }
                    }
                })
                .collect();
            layout.multiply(block, terms?, step)
        }
        "project" => project(layout, block, step),
        "select" => {
            let chosen = step.key("columns")?;
            layout.select(block, &chosen.wholes()?, &chosen)
        }
        "union" => union(layout, block, step, inputs),
        other => Err(kind.unsupported(format!("step `{other}`"))),
    }
}

/// Adds a step whose outputs are numbers at the positions of its inputs.
fn keep(layout: &mut Layout, block: Block, step: Step) -> Result<Block, Error> {
    layout.push(step);
    layout.no_levels(block);
    Ok(block)
}

/// Refuses a list that has not one item for each column.
fn check_len(list: &Cursor<'_>, expected: usize) -> Result<(), Error> {
    match list.n_items()? {
        found if found == expected => Ok(()),
        found => Err(list.malformed(format!("{found} items, expected {expected}"))),
    }
}

fn bin(layout: &mut Layout, block: Block, step: &Cursor<'_>) -> Result<Block, Error> {
    if let Some(rounds) = layout.rounds {
        return Err(step.unsupported(format!("bins after {rounds}, which may round differently")));
    }
    let edges = step.key("edges")?;
    check_len(&edges, block.len)?;
    let edges: Result<Vec<Vec<f64>>, Error> = edges.items()?.map(|list| list.doubles()).collect();
    let edges = edges?;
    let n_bins: Result<Vec<u32>, Error> = edges.iter().map(|list| number(list.len() + 1)).collect();
    let n_bins = n_bins?;
    let binner = Binner::new(Layout::positions(block, 0..block.len)?, edges)
        .map_err(|error| step.locate(error.into()))?;
    layout.push(Step::Bin(binner));
    layout.no_levels(block);
    if !step.key("one_hot")?.boolean()? {
        return Ok(block);
    }
    one_hot(layout, block, n_bins, step)
}

/// One value for each of so many levels takes the place of each column of a block.
fn one_hot(
    layout: &mut Layout,
    block: Block,
    n_levels: Vec<u32>,
    here: &Cursor<'_>,
) -> Result<Block, Error> {
    let before = layout.of_block(block).to_vec();
    let columns = before.iter().zip(&n_levels).flat_map(|(column, n_levels)| {
        let column = Column { level_of: None, ..*column };
        std::iter::repeat_n(column, *n_levels as usize)
    });
    let n_columns: usize = n_levels.iter().map(|n| *n as usize).sum();
    if n_columns > 1 << 16 {
        return Err(here.malformed(format!("{n_columns} columns, expected at most 65536")));
    }
    let columns = columns.collect();
    let encoder = OneHotEncoder::new(Layout::positions(block, 0..block.len)?, n_levels, false)
        .map_err(|error| here.locate(error.into()))?;
    let block = layout.replace(block, columns, here)?;
    layout.push(Step::OneHot(encoder));
    Ok(block)
}

/// Fitted values take the place of missing ones; a column without a value is left out. Indicators of
/// some columns follow the block.
fn impute(
    layout: &mut Layout,
    block: Block,
    step: &Cursor<'_>,
    inputs: &Inputs,
) -> Result<Block, Error> {
    let statistic = step.key("statistic")?;
    let statistic = match statistic.text()? {
        "mean" => ImputeStatistic::Mean,
        "median" => ImputeStatistic::Median,
        "most_frequent" => ImputeStatistic::Mode,
        "constant" => ImputeStatistic::Constant,
        other => return Err(statistic.unsupported(format!("statistic `{other}`"))),
    };
    let list = step.key("values")?;
    check_len(&list, block.len)?;
    let columns = layout.of_block(block).to_vec();
    let mut kept = Vec::new();
    let mut values = Vec::new();
    for (index, (value, column)) in list.items()?.zip(&columns).enumerate() {
        if *value.value() != Value::Null {
            kept.push(index);
        }
        values.push(imputed(&value, column, inputs)?);
    }
    let indicators = step.key("indicators")?;
    let indicated = indicators.wholes()?;
    let ascend = indicated.is_sorted_by(|previous, next| previous < next);
    if !ascend || indicated.last().is_some_and(|last| *last >= block.len) {
        return Err(indicators.malformed(format!("expected ascending columns below {}", block.len)));
    }
    let others = (0..block.len).filter(|column| !indicated.contains(column)).collect::<Vec<_>>();
    let width = layout.columns.len();
    for (chosen, has_indicators) in [(&indicated, true), (&others, false)] {
        if chosen.is_empty() {
            continue;
        }
        let values = chosen.iter().filter_map(|column| values.get(*column).copied()).collect();
        let positions = Layout::positions(block, chosen.iter().copied())?;
        let imputer = Imputer::new(positions, statistic, values, has_indicators)
            .map_err(|error| step.locate(error.into()))?;
        layout.push(Step::Impute(imputer));
    }
    layout.of_block_mut(block).iter_mut().for_each(|column| column.may_be_missing = false);
    let end = Block { start: width, len: 0 };
    let indicator = Column { level_of: None, may_be_missing: false };
    layout.replace(end, vec![indicator; indicated.len()], step)?;
    let inside = kept.iter().map(|column| block.start + column);
    let new = width..width + indicated.len();
    let after = block.start + block.len..width;
    let positions: Vec<usize> = (0..block.start).chain(inside).chain(new).chain(after).collect();
    layout.rearrange(&positions, step)?;
    Ok(Block { start: block.start, len: kept.len() + indicated.len() })
}

/// The number that takes the place of a missing value: that of a level, if it is a text.
fn imputed(value: &Cursor<'_>, column: &Column, inputs: &Inputs) -> Result<f64, Error> {
    match (value.value(), column.level_of) {
        (Value::Null, _) => Ok(0.0),
        (Value::Text(text), Some(feature)) => {
            let levels = inputs.features.get(feature).map_or(&[][..], |feature| feature.levels());
            let level = levels.iter().position(|level| level == text).unwrap_or(levels.len());
            number(level).map(f64::from)
        }
        (Value::Text(_), None) => Err(value.malformed("a text, expected a number")),
        (_, Some(_)) => Err(value.unsupported("a number for missing levels of a category")),
        (_, None) => value.double(),
    }
}

fn project(layout: &mut Layout, block: Block, step: &Cursor<'_>) -> Result<Block, Error> {
    let means = step.key("means")?;
    check_len(&means, block.len)?;
    let components: Result<Vec<Vec<f64>>, Error> = step
        .key("components")?
        .items()?
        .map(|component| {
            check_len(&component, block.len)?;
            component.doubles()
        })
        .collect();
    let components = components?;
    let scales = step.key("scales")?;
    check_len(&scales, components.len())?;
    layout.project(block, &means.doubles()?, &components, &scales.doubles()?, step)
}

/// Parts of a block, each with its steps, side by side: `ColumnTransformer` and `FeatureUnion`.
fn union(
    layout: &mut Layout,
    block: Block,
    step: &Cursor<'_>,
    inputs: &Inputs,
) -> Result<Block, Error> {
    let parts = step.key("parts")?;
    let columns: Result<Vec<Vec<usize>>, Error> =
        parts.items()?.map(|part| part.key("columns")?.wholes()).collect();
    let columns = columns?;
    let block = layout.select(block, &columns.concat(), &parts)?;
    let mut start = block.start;
    for (part, columns) in parts.items()?.zip(&columns) {
        let of_part = Block { start, len: columns.len() };
        if of_part.len == 0 {
            continue;
        }
        let after = apply_all(layout, of_part, &part.key("steps")?, inputs)?;
        start += after.len;
    }
    Ok(Block { start: block.start, len: start - block.start })
}
