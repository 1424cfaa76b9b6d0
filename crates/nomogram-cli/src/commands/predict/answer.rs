//! The columns of the output, and their cells for each row.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use nomogram::{Attribution, Flags, Model, Prediction};
use nomogram_table::{Chunk, Columns, FileKind, Row, Source, is_plain};

use super::Arguments;
use super::uncertain::{UncertainPart, columns_of_uncertainty};
use crate::error::Error;
use crate::output::{BlockBuilder, Item, Layout};
use crate::refusal;
use crate::table::Format;

/// The columns of the output and their contents.
pub(super) struct Answer {
    pub(super) layout: Layout,
    parts: Vec<Part>,
    /// Whether kept columns are copied as whole arrays.
    keeps_arrays: bool,
}

/// The content of a column of the output.
#[derive(Clone, Copy)]
enum Part {
    Kept {
        column: usize,
    },
    Output(usize),
    Class,
    Cutoff(usize),
    Member {
        member: usize,
        output: usize,
    },
    Margin(usize),
    Uncertain(UncertainPart),
    Base,
    /// Of a feature or a group of features.
    Value(usize),
    StdError(usize),
    Flags,
    Status,
}

/// The names of flags in tables.
pub(super) const FLAGS: [(Flags, &str); 5] = [
    (Flags::IMPUTED, "imputed"),
    (Flags::CLAMPED, "clamped"),
    (Flags::UNSEEN_LEVEL, "unseen_level"),
    (Flags::OUT_OF_RANGE, "out_of_range"),
    (Flags::RULE_BROKEN, "rule_broken"),
];

impl Answer {
    /// # Errors
    ///
    /// `Usage` without the uncertainty that is asked for, when two columns would have one name, or a kept column does not fit into CSV.
    pub(super) fn new(
        arguments: &Arguments,
        delimiter: u8,
        model: &Arc<Model>,
        source: &Source,
        columns: &Columns,
    ) -> Result<Self, Error> {
        let output_format = Format::of_path(&arguments.output);
        let format = arguments.output_format.unwrap_or(output_format);
        let keeps_arrays = source.kind() != FileKind::Csv && format != Format::Csv;
        let kept = kept_columns(columns, keeps_arrays)?.into_iter().zip(&columns.kept);
        let mut named: Vec<(String, DataType, Part)> = kept
            .map(|((name, data_type), kept)| (name, data_type, Part::Kept { column: kept.column }))
            .collect();
        if arguments.uncertainty && model.uncertainty().is_none() {
            return Err(Error::usage("--uncertainty: the bundle has no uncertainty".to_owned()));
        }
        named.extend(predicted(arguments, model)?);
        check_names(named.iter().map(|(name, ..)| name))?;
        let parts = named.iter().map(|(_, _, part)| *part).collect();
        let named = named.into_iter().map(|(name, data_type, _)| (name, data_type)).collect();
        Ok(Self { layout: Layout::new(format, delimiter, named), parts, keeps_arrays })
    }

    pub(super) fn builder(&self, chunk: &Chunk) -> BlockBuilder {
        let kept = |part: &Part| match part {
            Part::Kept { column } => Some(*column),
            _ => None,
        };
        let kept: Vec<usize> =
            if self.keeps_arrays { self.parts.iter().map_while(kept).collect() } else { vec![] };
        self.layout.builder(kept_arrays(&kept, chunk))
    }

    /// Adds a row; without a prediction, only what does not need one.
    #[allow(
        clippy::type_complexity,
        reason = "a prediction, and perhaps which explanation is its own"
    )]
    pub(super) fn push(
        &self,
        builder: &mut BlockBuilder,
        row: Row<'_>,
        model: &Model,
        predicted: Result<(&Prediction<'_>, Option<&(Attribution<'_>, usize)>), &str>,
        scratch: &mut String,
    ) {
        let why = predicted.ok().and_then(|(_, why)| why);
        let predicted = predicted.map(|(prediction, _)| prediction);
        for (column, part) in self.parts.iter().enumerate() {
            let item = match (part, predicted) {
                (Part::Kept { .. }, _) if self.keeps_arrays => Item::None,
                (Part::Kept { column: kept }, _) => {
                    builder.push(column, Item::Bytes(row.text(*kept).as_bytes()));
                    continue;
                }
                (Part::Status, Ok(_)) => Item::Text(refusal::OK),
                (Part::Status, Err(status)) => Item::Text(status),
                (_, Err(_)) => Item::None,
                (Part::Output(at), Ok(prediction)) => number(prediction.outputs(), *at),
                (Part::Class, Ok(prediction)) => {
                    let class = prediction.class();
                    let class = class.and_then(|at| model.schema().target().classes().get(at));
                    class.map_or(Item::None, |class| Item::Text(class))
                }
                (Part::Cutoff(at), Ok(prediction)) => match model.cutoffs().get(*at) {
                    Some(cutoff) => Item::Boolean(cutoff.is_reached_by(prediction.probabilities())),
                    None => Item::None,
                },
                (Part::Member { member, output }, Ok(prediction)) => {
                    let outputs = prediction.members().nth(*member);
                    outputs.map_or(Item::None, |outputs| number(outputs, *output))
                }
                (Part::Margin(at), Ok(prediction)) => number(prediction.margins(), *at),
                (Part::Uncertain(part), Ok(prediction)) => match prediction.uncertain() {
                    Some(uncertain) => part.item(&uncertain, model, scratch),
                    None => Item::None,
                },
                (Part::Base, Ok(_)) => {
                    why.map_or(Item::None, |(why, nth)| number(why.base(), *nth))
                }
                (Part::Value(player), Ok(_)) => {
                    why.map_or(Item::None, |(why, nth)| number(why.values_of(*nth), *player))
                }
                (Part::StdError(player), Ok(_)) => match why {
                    Some((why, nth)) => {
                        let n_players = why.values_of(*nth).len();
                        number(why.std_errors().unwrap_or_default(), nth * n_players + player)
                    }
                    None => Item::None,
                },
                (Part::Flags, Ok(prediction)) => {
                    flags_text(prediction, model, scratch);
                    Item::Text(scratch)
                }
            };
            builder.push(column, item);
        }
        builder.end_row();
    }
}

/// The arrays of kept columns.
pub(super) fn kept_arrays(columns: &[usize], chunk: &Chunk) -> Vec<ArrayRef> {
    let array = |column: &usize| match chunk {
        Chunk::Typed(chunk) => chunk.array(*column).cloned(),
        _ => None,
    };
    columns.iter().map_while(array).collect()
}

/// The names and types of kept columns; as texts, unless arrays are kept.
///
/// # Errors
///
/// `Usage` when one does not fit into CSV.
pub(super) fn kept_columns(
    columns: &Columns,
    keeps_arrays: bool,
) -> Result<Vec<(String, DataType)>, Error> {
    let kept = columns.kept.iter().map(|kept| {
        let data_type = kept.header.data_type.clone().unwrap_or(DataType::Utf8);
        if !keeps_arrays && !is_plain(&data_type) {
            return Err(Error::usage(format!(
                "column `{}` is of type {data_type}, which CSV cannot hold; use \
                 --output-format parquet",
                kept.header.name
            )));
        }
        let data_type = if keeps_arrays { data_type } else { DataType::Utf8 };
        Ok((kept.header.name.clone(), data_type))
    });
    kept.collect()
}

/// Refuses a kept column with the name of a predicted one.
pub(super) fn check_names<'n>(mut names: impl Iterator<Item = &'n String>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match names.find(|name| !seen.insert(*name)) {
        Some(name) => Err(Error::usage(format!(
            "the output would have two columns `{name}`; rename that of the input"
        ))),
        None => Ok(()),
    }
}

/// The columns that hold what was predicted.
fn predicted(
    arguments: &Arguments,
    model: &Arc<Model>,
) -> Result<Vec<(String, DataType, Part)>, Error> {
    use DataType::{Boolean, Float64, Utf8};

    let classes = model.schema().target().classes();
    let mut named = Vec::new();
    for (index, class) in classes.iter().enumerate() {
        named.push((format!("probability_{class}"), Float64, Part::Output(index)));
    }
    if classes.is_empty() {
        named.push(("value".into(), Float64, Part::Output(0)));
    } else {
        named.push(("class".into(), Utf8, Part::Class));
    }
    if arguments.cutoffs {
        let cutoffs = model.cutoffs().iter().enumerate();
        named.extend(
            cutoffs.map(|(at, c)| (format!("cutoff_{}", c.name), Boolean, Part::Cutoff(at))),
        );
    }
    if arguments.members {
        for (member, name) in model.member_names().enumerate() {
            if classes.is_empty() {
                let part = Part::Member { member, output: 0 };
                named.push((format!("member_{name}"), Float64, part));
            }
            for (output, class) in classes.iter().enumerate() {
                let part = Part::Member { member, output };
                named.push((format!("member_{name}_{class}"), Float64, part));
            }
        }
    }
    if arguments.margins {
        let mut at = 0;
        for (name, n_margins) in model.member_names().zip(model.member_margins()) {
            for margin in 0..n_margins {
                let end = if n_margins == 1 { String::new() } else { format!("_{margin}") };
                named.push((format!("margin_{name}{end}"), Float64, Part::Margin(at)));
                at += 1;
            }
        }
    }
    if arguments.uncertainty {
        let parts = columns_of_uncertainty(model).into_iter();
        named.extend(parts.map(|(name, kind, part)| (name, kind, Part::Uncertain(part))));
    }
    if arguments.explain {
        let explaining = arguments.explanation.explainer(model)?;
        let players = explaining.players();
        named.push(("base".into(), Float64, Part::Base));
        for (at, name) in players.iter().enumerate() {
            named.push((format!("value_{name}"), Float64, Part::Value(at)));
        }
        for (at, name) in players.iter().enumerate().filter(|_| explaining.is_sampled()) {
            named.push((format!("std_error_{name}"), Float64, Part::StdError(at)));
        }
    }
    if arguments.flags {
        named.push(("flags".into(), Utf8, Part::Flags));
    }
    named.push(("status".into(), Utf8, Part::Status));
    Ok(named)
}

fn number(numbers: &[f64], at: usize) -> Item<'static> {
    numbers.get(at).map_or(Item::None, |number| Item::Number(*number))
}

/// What was done to which feature, and which rules are broken.
fn flags_text(prediction: &Prediction<'_>, model: &Model, text: &mut String) {
    text.clear();
    if prediction.flags() == Flags::default() {
        return;
    }
    let mut push = |flag: &str, name: &str| {
        if !text.is_empty() {
            text.push(';');
        }
        text.push_str(flag);
        text.push(':');
        text.push_str(name);
    };
    for (feature, flags) in model.schema().features().iter().zip(prediction.feature_flags()) {
        for (flag, name) in FLAGS {
            if flags.contains(flag) {
                push(name, &feature.name);
            }
        }
    }
    for (rule, is_broken) in model.schema().rules().iter().zip(prediction.broken_rules()) {
        if *is_broken {
            push("rule_broken", &rule.name);
        }
    }
}
