//! Answers to a batch, in each form.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};

use super::form::Form;
use crate::answer::{write_model, write_row};
use crate::batch::Answer;
use crate::json_writer::JsonWriter;
use crate::problem::{Problem, ProblemKind};
use crate::scored::{Options, verdict_name};
use crate::served::Served;

/// Writes the answers to the rows of a batch.
pub(super) struct BatchWriter {
    served: Arc<Served>,
    request_id: String,
    out: Vec<u8>,
    form: FormState,
    is_first: bool,
}

enum FormState {
    Json,
    Ndjson,
    Csv,
    Arrow(Box<ArrowState>),
    Events { n_rows: u64, n_refused: u64 },
}

struct ArrowState {
    schema: Arc<Schema>,
    writer: StreamWriter<Vec<u8>>,
    outputs: Vec<Float64Builder>,
    class: StringBuilder,
    verdict: StringBuilder,
    status: StringBuilder,
}

impl BatchWriter {
    /// A writer in a form.
    ///
    /// # Errors
    ///
    /// `Unsupported` for options that a table has no columns for.
    pub(super) fn new(
        served: Arc<Served>,
        form: Form,
        options: Options,
        request_id: &str,
    ) -> Result<Self, Problem> {
        let is_table = matches!(form, Form::Csv | Form::Arrow);
        if is_table && options != Options::default() {
            let detail = "options for an answer as a table; expected an answer of JSON";
            return Err(Problem::new(ProblemKind::Unsupported, detail));
        }
        let form = match form {
            Form::Json => FormState::Json,
            Form::Ndjson => FormState::Ndjson,
            Form::Csv => FormState::Csv,
            Form::Arrow => FormState::Arrow(Box::new(ArrowState::new(&served)?)),
            Form::Events => FormState::Events { n_rows: 0, n_refused: 0 },
        };
        let request_id = request_id.to_owned();
        Ok(Self { served, request_id, out: Vec::new(), form, is_first: true })
    }

    /// Writes the answer to the next row.
    pub(super) fn push(&mut self, answer: &Answer) {
        let Self { served, out, form, is_first, .. } = self;
        match form {
            FormState::Json | FormState::Events { .. } => {
                let is_begin = std::mem::replace(is_first, false);
                if is_begin && matches!(form, FormState::Json) {
                    begin_json(out, served, &self.request_id);
                } else if is_begin {
                    out.extend_from_slice(b"event: rows\ndata: [");
                } else {
                    out.push(b',');
                }
                write_row(&mut JsonWriter::new(out), served, answer);
                if let FormState::Events { n_rows, n_refused } = form {
                    *n_rows += 1;
                    *n_refused += u64::from(answer.is_err());
                }
            }
            FormState::Ndjson => {
                write_row(&mut JsonWriter::new(out), served, answer);
                out.push(b'\n');
            }
            FormState::Csv => {
                if std::mem::replace(is_first, false) {
                    write_csv_header(out, served);
                }
                write_csv_row(out, served, answer);
            }
            FormState::Arrow(state) => state.push(served, answer),
        }
    }

    /// How many bytes were written and not taken.
    pub(super) fn n_bytes(&self) -> usize {
        self.out.len()
    }

    /// Ends a block of rows.
    ///
    /// # Errors
    ///
    /// `Defect`.
    pub(super) fn end_block(&mut self) -> Result<(), Problem> {
        let Self { out, form, is_first, .. } = self;
        match form {
            FormState::Json | FormState::Ndjson | FormState::Csv => Ok(()),
            FormState::Arrow(state) => state.end_block(out),
            FormState::Events { n_rows, n_refused } => {
                if !std::mem::replace(is_first, true) {
                    out.extend_from_slice(b"]\n\n");
                    write_counts(out, "progress", (*n_rows, *n_refused));
                }
                Ok(())
            }
        }
    }

    /// Takes what was written.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Ends the answer, and returns the rest of it.
    ///
    /// # Errors
    ///
    /// `Defect`.
    pub(super) fn finish(mut self, counts: (u64, u64)) -> Result<Vec<u8>, Problem> {
        self.end_block()?;
        let Self { served, request_id, mut out, form, is_first } = self;
        match form {
            FormState::Json => {
                if is_first {
                    begin_json(&mut out, &served, &request_id);
                }
                out.extend_from_slice(
                    format!("],\"n_rows\":{},\"n_refused\":{}}}", counts.0, counts.1).as_bytes(),
                );
            }
            FormState::Ndjson => {}
            FormState::Csv if is_first => write_csv_header(&mut out, &served),
            FormState::Csv => {}
            FormState::Arrow(state) => out.extend(state.finish()?),
            FormState::Events { .. } => write_counts(&mut out, "done", counts),
        }
        Ok(out)
    }
}

/// The last piece of an answer that ends too early.
pub(super) fn last_piece(form: Form, problem: &Problem) -> Vec<u8> {
    let json = problem.to_json();
    match form {
        Form::Ndjson => [b"{\"problem\":", &json[..], b"}\n"].concat(),
        Form::Events => [b"event: problem\ndata: ", &json[..], b"\n\n"].concat(),
        // A table without its end, or an object without its bracket, is seen to be cut short.
        Form::Json | Form::Csv | Form::Arrow => Vec::new(),
    }
}

fn begin_json(out: &mut Vec<u8>, served: &Served, request_id: &str) {
    let mut json = JsonWriter::new(out);
    json.open(b'{');
    write_model(&mut json, served);
    json.named_text("request_id", request_id);
    json.name("rows");
    json.open(b'[');
}

fn write_counts(out: &mut Vec<u8>, event: &str, (n_rows, n_refused): (u64, u64)) {
    let text =
        format!("event: {event}\ndata: {{\"n_rows\":{n_rows},\"n_refused\":{n_refused}}}\n\n");
    out.extend_from_slice(text.as_bytes());
}

/// The names of the columns of outputs.
fn output_names(served: &Served) -> Vec<String> {
    match served.model().schema().target().classes() {
        [] => vec!["value".into()],
        classes => classes.iter().map(|class| format!("probability_{class}")).collect(),
    }
}

fn write_csv_header(out: &mut Vec<u8>, served: &Served) {
    for name in output_names(served) {
        write_csv_cell(out, &name);
        out.push(b',');
    }
    out.extend_from_slice(b"class,verdict,status\n");
}

fn write_csv_row(out: &mut Vec<u8>, served: &Served, answer: &Answer) {
    let schema = served.model().schema();
    match answer {
        Ok(scored) => {
            for output in &scored.outputs {
                out.extend_from_slice(format!("{output},").as_bytes());
            }
            let class = scored.class.and_then(|class| schema.target().classes().get(class));
            write_csv_cell(out, class.map_or("", String::as_str));
            out.push(b',');
            out.extend_from_slice(scored.verdict.map_or("", verdict_name).as_bytes());
            out.extend_from_slice(b",ok\n");
        }
        Err(refusal) => {
            out.extend(std::iter::repeat_n(b',', schema.n_outputs() + 2));
            out.extend_from_slice(refusal.status.as_bytes());
            out.push(b'\n');
        }
    }
}

fn write_csv_cell(out: &mut Vec<u8>, text: &str) {
    match text.contains([',', '"', '\n', '\r']) {
        true => out.extend_from_slice(format!("\"{}\"", text.replace('"', "\"\"")).as_bytes()),
        false => out.extend_from_slice(text.as_bytes()),
    }
}

impl ArrowState {
    fn new(served: &Served) -> Result<Self, Problem> {
        let names = output_names(served);
        let n_outputs = names.len();
        let outputs = names.into_iter().map(|name| Field::new(name, DataType::Float64, true));
        let texts = ["class", "verdict", "status"];
        let texts = texts.map(|name| Field::new(name, DataType::Utf8, name != "status"));
        let schema = Arc::new(Schema::new(outputs.chain(texts).collect::<Vec<Field>>()));
        let writer = StreamWriter::try_new(Vec::new(), &schema).map_err(|_| defect())?;
        Ok(Self {
            schema,
            writer,
            outputs: (0..n_outputs).map(|_| Float64Builder::new()).collect(),
            class: StringBuilder::new(),
            verdict: StringBuilder::new(),
            status: StringBuilder::new(),
        })
    }

    fn push(&mut self, served: &Served, answer: &Answer) {
        let classes = served.model().schema().target().classes();
        for (position, builder) in self.outputs.iter_mut().enumerate() {
            let scored = answer.as_ref().ok();
            builder.append_option(scored.and_then(|scored| scored.outputs.get(position).copied()));
        }
        let scored = answer.as_ref().ok();
        let class = scored.and_then(|scored| classes.get(scored.class?));
        self.class.append_option(class);
        self.verdict.append_option(scored.and_then(|scored| scored.verdict.map(verdict_name)));
        self.status.append_value(match answer {
            Ok(_) => "ok",
            Err(refusal) => &refusal.status,
        });
    }

    fn end_block(&mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        let outputs = self.outputs.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let mut columns: Vec<ArrayRef> = outputs.collect();
        columns.push(Arc::new(self.class.finish()));
        columns.push(Arc::new(self.verdict.finish()));
        columns.push(Arc::new(self.status.finish()));
        let batch =
            RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|_| defect())?;
        if batch.num_rows() > 0 {
            self.writer.write(&batch).map_err(|_| defect())?;
        }
        out.append(self.writer.get_mut());
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>, Problem> {
        self.writer.finish().map_err(|_| defect())?;
        self.writer.into_inner().map_err(|_| defect())
    }
}

fn defect() -> Problem {
    Problem::new(ProblemKind::Defect, "an answer that cannot be written as Arrow")
}
