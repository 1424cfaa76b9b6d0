//! Lines of answers as rows of the output.

use arrow_schema::DataType;
use nomogram_serve::json::{Fault, Kind, Reader};
use nomogram_table::{Chunk, Columns, FileKind, Row, Source};

use super::Arguments;
use super::answer::{FLAGS, check_names, kept_arrays, kept_columns};
use super::remote_model::Described;
use super::worker::Counts;
use crate::error::Error;
use crate::output::{BlockBuilder, Item, Layout};
use crate::refusal;
use crate::table::Format;

/// The answer to a row.
pub(super) enum RowAnswer {
    Predicted(Predicted),
    Refused { status: String, feature: String, detail: String },
}

/// A prediction, as the output needs it.
#[derive(Default)]
pub(super) struct Predicted {
    outputs: Vec<f64>,
    class: Option<String>,
    /// Features with their flags.
    flags: Vec<(String, Vec<String>)>,
    broken_rules: Vec<String>,
}

/// The columns of the output.
pub(super) struct RemoteAnswer {
    pub(super) layout: Layout,
    kept: Vec<usize>,
    n_outputs: usize,
    has_class: bool,
    has_flags: bool,
    keeps_arrays: bool,
}

impl RowAnswer {
    /// Reads a line. Numbers are read exactly, so that predictions are those of the service to the last bit.
    pub(super) fn read(line: &[u8], described: &Described) -> Result<Self, String> {
        let text = std::str::from_utf8(line).map_err(|_| "an answer that is not UTF-8")?;
        let mut reader = Reader::new(text);
        let classes = described.classes();
        let mut predicted =
            Predicted { outputs: vec![f64::NAN; classes.len().max(1)], ..Predicted::default() };
        let (mut refused, mut problem) = (None, None);
        let read = reader.object(|reader, name| {
            match name.as_ref() {
                "class" => predicted.class = Some(reader.text()?.into_owned()),
                "value" => predicted.outputs = vec![reader.number()?.value],
                "probabilities" => reader.object(|reader, class| {
                    let number = reader.number()?.value;
                    let at = classes.iter().position(|known| *known == class);
                    match at.and_then(|at| predicted.outputs.get_mut(at)) {
                        Some(output) => *output = number,
                        None => return Err(reader.fault("a class of the model")),
                    }
                    Ok(())
                })?,
                "flags" => reader.object(|reader, feature| {
                    predicted.flags.push((feature.into_owned(), texts(reader)?));
                    Ok::<(), Fault>(())
                })?,
                "broken_rules" => predicted.broken_rules = texts(reader)?,
                "refused" => refused = Some(members(reader)?),
                "problem" => problem = Some(members(reader)?),
                _ => reader.skip()?,
            }
            Ok::<(), Fault>(())
        });
        let read = read.and_then(|()| reader.end());
        read.map_err(|Fault { expected, .. }| format!("an answer without {expected}"))?;
        if let Some(problem) = problem {
            return Err(format!("the answer ends too early: {}", member(&problem, "detail")));
        }
        Ok(match refused {
            Some(refused) => Self::Refused {
                status: member(&refused, "status"),
                feature: member(&refused, "feature"),
                detail: member(&refused, "detail"),
            },
            None => Self::Predicted(predicted),
        })
    }
}

fn texts(reader: &mut Reader<'_>) -> Result<Vec<String>, Fault> {
    let mut texts = Vec::new();
    reader.array(|reader, _| {
        texts.push(reader.text()?.into_owned());
        Ok::<(), Fault>(())
    })?;
    Ok(texts)
}

/// The members of an object that are texts.
fn members(reader: &mut Reader<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut members = Vec::new();
    reader.object(|reader, name| {
        match reader.kind()? {
            Kind::Text => members.push((name.into_owned(), reader.text()?.into_owned())),
            Kind::Object | Kind::Array | Kind::Number | Kind::Boolean | Kind::Null => {
                reader.skip()?;
            }
        }
        Ok::<(), Fault>(())
    })?;
    Ok(members)
}

fn member(members: &[(String, String)], name: &str) -> String {
    members.iter().find(|(known, _)| known == name).map_or(String::new(), |(_, text)| text.clone())
}

impl Predicted {
    pub(super) fn count_flags(&self, counts: &mut Counts) {
        for (count, (_, name)) in counts.flags.iter_mut().zip(FLAGS) {
            let is_rule = name == "rule_broken" && !self.broken_rules.is_empty();
            let has = |flags: &[String]| flags.iter().any(|flag| flag == name);
            *count += u64::from(is_rule || self.flags.iter().any(|(_, flags)| has(flags)));
        }
    }

    fn flags_text(&self) -> String {
        let mut texts = Vec::new();
        for (feature, flags) in &self.flags {
            for (_, name) in FLAGS.iter().filter(|(_, name)| flags.iter().any(|f| f == name)) {
                texts.push(format!("{name}:{feature}"));
            }
        }
        texts.extend(self.broken_rules.iter().map(|rule| format!("rule_broken:{rule}")));
        texts.join(";")
    }
}

impl RemoteAnswer {
    pub(super) fn new(
        arguments: &Arguments,
        delimiter: u8,
        described: &Described,
        source: &Source,
        columns: &Columns,
    ) -> Result<Self, Error> {
        let output_format = Format::of_path(&arguments.output);
        let format = arguments.output_format.unwrap_or(output_format);
        let keeps_arrays = source.kind() != FileKind::Csv && format != Format::Csv;
        let mut named = kept_columns(columns, keeps_arrays)?;
        let classes = described.classes();
        let probabilities = classes.iter().map(|class| format!("probability_{class}"));
        named.extend(probabilities.map(|name| (name, DataType::Float64)));
        match classes {
            [] => named.push(("value".into(), DataType::Float64)),
            _ => named.push(("class".into(), DataType::Utf8)),
        }
        if arguments.flags {
            named.push(("flags".into(), DataType::Utf8));
        }
        named.push(("status".into(), DataType::Utf8));
        check_names(named.iter().map(|(name, _)| name))?;
        Ok(Self {
            layout: Layout::new(format, delimiter, named),
            kept: columns.kept.iter().map(|kept| kept.column).collect(),
            n_outputs: classes.len().max(1),
            has_class: !classes.is_empty(),
            has_flags: arguments.flags,
            keeps_arrays,
        })
    }

    pub(super) fn builder(&self, chunk: &Chunk) -> BlockBuilder {
        let kept = if self.keeps_arrays { self.kept.as_slice() } else { &[] };
        self.layout.builder(kept_arrays(kept, chunk))
    }

    /// Adds a row; without a prediction, only what does not need one.
    pub(super) fn push(
        &self,
        builder: &mut BlockBuilder,
        row: Row<'_>,
        answer: Result<&Predicted, &str>,
    ) {
        let mut column = 0;
        let mut push = |item: Item<'_>| {
            builder.push(column, item);
            column += 1;
        };
        for kept in &self.kept {
            match self.keeps_arrays {
                true => push(Item::None),
                false => push(Item::Bytes(row.text(*kept).as_bytes())),
            }
        }
        let predicted = answer.ok();
        for at in 0..self.n_outputs {
            let output = predicted.and_then(|predicted| predicted.outputs.get(at));
            push(output.map_or(Item::None, |output| Item::Number(*output)));
        }
        if self.has_class {
            let class = predicted.and_then(|predicted| predicted.class.as_deref());
            push(class.map_or(Item::None, Item::Text));
        }
        if self.has_flags {
            let flags = predicted.map(Predicted::flags_text);
            push(flags.as_deref().map_or(Item::None, Item::Text));
        }
        push(Item::Text(answer.err().unwrap_or(refusal::OK)));
        builder.end_row();
    }
}
