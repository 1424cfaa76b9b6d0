//! How the predictions of a table move from one bundle to another.

mod lines;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use nomogram::{Model, Prediction, Session};
use nomogram_table::{Chunk, Columns, Row, Source, TableFormat, Wanted};
use serde::Serialize;

use super::Arguments;
use crate::bundle::OpenBundle;
use crate::error::Error;
use crate::refusal::Refusal;
use crate::workers;

/// The quantiles that are reported.
const QUANTILES: [(&str, f64); 5] =
    [("0.5", 0.5), ("0.9", 0.9), ("0.95", 0.95), ("0.99", 0.99), ("0.999", 0.999)];

/// How predictions move.
#[derive(Debug, Default, Serialize)]
pub(super) struct Movement {
    rows: u64,
    /// The number of rows that both predicted; the fields below are about these.
    compared: u64,
    refused_by_a_alone: u64,
    refused_by_b_alone: u64,
    refused_by_both: u64,
    /// Place and reason of the first row that either refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_refusal: Option<String>,
    /// How many rows have the same bits.
    unchanged: u64,
    max_change: f64,
    mean_change: f64,
    /// The smallest change that this share of the rows does not exceed.
    quantiles: Vec<(&'static str, f64)>,
    /// How many rows get another class.
    changed_class: u64,
    /// By cutoff of both bundles, how many rows change sides.
    changed_side: Vec<(String, u64)>,
    /// The rows that move the most.
    top: Vec<MovedRow>,
}

/// A row and how it moves.
#[derive(Clone, Debug, Serialize)]
struct MovedRow {
    /// Its line in a text, or its number.
    place: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    change: f64,
    /// The class whose probability changes the most; none for a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    a: f64,
    b: f64,
}

/// What one thread needs to predict rows with both.
#[derive(Clone)]
struct Worker {
    /// The name of the table in messages.
    table: String,
    models: [Arc<Model>; 2],
    columns: [Arc<Columns>; 2],
    /// The positions of the cutoffs that both have.
    cutoffs: Arc<[(usize, usize)]>,
    top: usize,
}

/// The result of a chunk. The writer sums, since it receives the rows in order.
#[derive(Default)]
struct Compared {
    movement: Movement,
    changes: Vec<f64>,
    changed_side: Vec<u64>,
}

/// Predicts every row with both.
pub(super) fn measure(
    arguments: &Arguments,
    data: &Path,
    bundles: [&OpenBundle; 2],
) -> Result<Movement, Error> {
    let [a, b] = bundles.map(|bundle| bundle.model.clone());
    if a.schema().target().classes() != b.schema().target().classes() {
        let detail = "the bundles do not predict the same classes, so --data compares nothing";
        return Err(Error::usage(detail));
    }
    let formats = formats(arguments, data, [&a, &b])?;
    let mut source = arguments.read.open(data, &formats[0])?;
    let columns = match_both(arguments, &mut source, [&a, &b], &formats)?;
    let cutoffs = common_cutoffs(&a, &b);
    let names = cutoffs.iter().filter_map(|(at, _)| a.cutoffs().get(*at));
    let changed_side = names.map(|cutoff| (cutoff.name.clone(), 0)).collect();
    let worker = Worker {
        table: data.display().to_string(),
        models: [a.clone(), b.clone()],
        columns: columns.map(Arc::new),
        cutoffs: cutoffs.into(),
        top: arguments.top,
    };
    let mut total = Movement { changed_side, ..Movement::default() };
    let mut changes = Vec::new();
    let workers =
        (0..workers::n_threads(arguments.threads)).map(|_| worker.for_a_thread()).collect();
    let next = move || Ok(source.next_chunk()?);
    workers::run(next, workers, |compared| {
        total.add(compared, arguments.top, &mut changes);
        Ok(())
    })?;
    if let (0, Some(refusal)) = (total.compared, &total.first_refusal) {
        let table = data.display().to_string();
        return Err(Error::Row { table, refusal: refusal.clone() });
    }
    total.finish(changes);
    Ok(total)
}

/// How each bundle reads the table. Both must cut it into the same cells.
fn formats(
    arguments: &Arguments,
    data: &Path,
    [a, b]: [&Model; 2],
) -> Result<[Arc<TableFormat>; 2], Error> {
    let of_a = arguments.read.written.for_model(a, data)?;
    let of_b = arguments.read.written.for_model(b, data)?;
    let cut =
        |format: &TableFormat| (format.delimiter_of(Some(data)), format.quote, format.encoding);
    if cut(&of_a) != cut(&of_b) {
        let detail = "the bundles expect tables that are written differently; state --delimiter, \
                      --quote and --encoding";
        return Err(Error::usage(detail));
    }
    Ok([of_a.into(), of_b.into()])
}

/// A column must be known to one of the two.
fn match_both(
    arguments: &Arguments,
    source: &mut Source,
    models: [&Model; 2],
    formats: &[Arc<TableFormat>; 2],
) -> Result<[Columns; 2], Error> {
    let matched = |(model, format): (&Model, &Arc<TableFormat>), ignore_others, others: &_| {
        let wanted = Wanted { id: arguments.id.as_deref(), keep: &[], ignore_others };
        let table = (source.name(), source.headers());
        Columns::new(table, model.schema(), wanted, format, others)
    };
    let [a, b] = [(models[0], &formats[0]), (models[1], &formats[1])];
    let ignore_others = arguments.read.ignore_other_columns;
    let of_a = matched(a, true, &BTreeSet::new())?;
    let of_b = matched(b, ignore_others, &of_a.used())?;
    let of_a = matched(a, ignore_others, &of_b.used())?;
    let mut both = of_a.clone();
    both.features.extend(of_b.features.iter().cloned());
    source.select(&both.used());
    Ok([of_a, of_b])
}

fn common_cutoffs(a: &Model, b: &Model) -> Vec<(usize, usize)> {
    let find = |name: &str| b.cutoffs().iter().position(|other| other.name == name);
    let of_a = a.cutoffs().iter().enumerate();
    of_a.filter_map(|(at, cutoff)| Some((at, find(&cutoff.name)?))).collect()
}

impl Worker {
    fn for_a_thread(
        &self,
    ) -> impl FnMut(Chunk) -> Result<Compared, Error> + Send + 'static + use<> {
        let own = self.clone();
        let mut sessions = self.models.clone().map(Session::new);
        move |chunk| {
            let mut compared = Compared::default();
            compared.changed_side.resize(own.cutoffs.len(), 0);
            chunk.each_row::<Error>(|row| own.compare(row, &mut sessions, &mut compared))?;
            Ok(compared)
        }
    }

    /// A row of another length is refused as `predict` refuses it: its cells may be in other columns.
    fn compare(
        &self,
        row: Row<'_>,
        sessions: &mut [Session; 2],
        compared: &mut Compared,
    ) -> Result<(), Error> {
        let movement = &mut compared.movement;
        movement.rows += 1;
        let [columns_a, columns_b] = &self.columns;
        if let Some(refusal) = Refusal::of_length(row, columns_a) {
            return Err(Error::Row { table: self.table.clone(), refusal: refusal.line() });
        }
        let [a, b] = sessions;
        let stated_a = columns_a.state(row, a);
        let stated_b = columns_b.state(row, b);
        let of_a = stated_a.and_then(|()| a.predict());
        let of_b = stated_b.and_then(|()| b.predict());
        let [model_a, model_b] = &self.models;
        let (of_a, of_b) = match (&of_a, &of_b) {
            (Ok(of_a), Ok(of_b)) => (of_a, of_b),
            (Err(error), other) => {
                let counter = match other {
                    Err(_) => &mut movement.refused_by_both,
                    Ok(_) => &mut movement.refused_by_a_alone,
                };
                *counter += 1;
                let refusal = Refusal::new(error, row, columns_a, model_a.schema());
                movement.first_refusal.get_or_insert_with(|| refusal.line());
                return Ok(());
            }
            (Ok(_), Err(error)) => {
                movement.refused_by_b_alone += 1;
                let refusal = Refusal::new(error, row, columns_b, model_b.schema());
                movement.first_refusal.get_or_insert_with(|| refusal.line());
                return Ok(());
            }
        };
        movement.compared += 1;
        movement.changed_class += u64::from(of_a.class() != of_b.class());
        self.count_sides(of_a, of_b, &mut compared.changed_side);
        let moved = self.moved_row(row, of_a, of_b);
        let is_same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
        let is_unchanged = of_a.outputs().iter().zip(of_b.outputs()).all(is_same);
        compared.movement.unchanged += u64::from(is_unchanged);
        compared.changes.push(moved.change);
        compared.movement.push_top(moved, self.top);
        Ok(())
    }

    fn count_sides(&self, a: &Prediction<'_>, b: &Prediction<'_>, changed: &mut [u64]) {
        let [model_a, model_b] = &self.models;
        for (count, (at_a, at_b)) in changed.iter_mut().zip(self.cutoffs.iter()) {
            if let (Some(of_a), Some(of_b)) =
                (model_a.cutoffs().get(*at_a), model_b.cutoffs().get(*at_b))
            {
                let is_reached_in_a = of_a.is_reached_by(a.probabilities());
                *count += u64::from(is_reached_in_a != of_b.is_reached_by(b.probabilities()));
            }
        }
    }

    /// The class that changes the most; of two classes the second, as both change alike.
    fn moved_row(&self, row: Row<'_>, a: &Prediction<'_>, b: &Prediction<'_>) -> MovedRow {
        let [model, _] = &self.models;
        let [columns, _] = &self.columns;
        let classes = model.schema().target().classes();
        let id = columns.kept.first();
        let id = id.map(|id| row.text(id.column).into_owned());
        let place = row.place().number();
        let mut moved = MovedRow { place, id, change: -1.0, class: None, a: 0.0, b: 0.0 };
        let n_skipped = usize::from(classes.len() == 2);
        let outputs = a.outputs().iter().zip(b.outputs()).enumerate().skip(n_skipped);
        for (index, (of_a, of_b)) in outputs {
            let change = (of_a - of_b).abs();
            if change > moved.change {
                let class = classes.get(index).cloned();
                moved = MovedRow { change, class, a: *of_a, b: *of_b, ..moved };
            }
        }
        moved
    }
}

impl Movement {
    /// Keeps the rows that move the most; of equal ones, the first.
    fn push_top(&mut self, moved: MovedRow, n: usize) {
        let is_smaller = |last: &MovedRow| last.change >= moved.change;
        if n == 0
            || moved.change <= 0.0
            || (self.top.len() == n && self.top.last().is_some_and(is_smaller))
        {
            return;
        }
        let at = self.top.partition_point(|earlier| earlier.change >= moved.change);
        self.top.insert(at, moved);
        self.top.truncate(n);
    }

    fn add(&mut self, compared: Compared, n_top: usize, changes: &mut Vec<f64>) {
        let Compared { movement, changes: of_chunk, changed_side } = compared;
        self.rows += movement.rows;
        self.compared += movement.compared;
        self.refused_by_a_alone += movement.refused_by_a_alone;
        self.refused_by_b_alone += movement.refused_by_b_alone;
        self.refused_by_both += movement.refused_by_both;
        // In the order of the rows.
        self.first_refusal = self.first_refusal.take().or(movement.first_refusal);
        self.unchanged += movement.unchanged;
        self.changed_class += movement.changed_class;
        for ((_, count), of_chunk) in self.changed_side.iter_mut().zip(changed_side) {
            *count += of_chunk;
        }
        for moved in movement.top {
            self.push_top(moved, n_top);
        }
        // In the order of the rows, so that the mean does not depend on chunks and threads.
        self.mean_change = of_chunk.iter().fold(self.mean_change, |sum, change| sum + change);
        changes.extend(of_chunk);
    }

    /// Turns the sum into the mean, and adds the quantiles.
    fn finish(&mut self, mut changes: Vec<f64>) {
        changes.sort_unstable_by(f64::total_cmp);
        #[allow(clippy::cast_precision_loss, reason = "below 2^53 rows")]
        let n_rows = changes.len() as f64;
        self.max_change = changes.last().copied().unwrap_or(0.0);
        self.mean_change = if changes.is_empty() { 0.0 } else { self.mean_change / n_rows };
        for (name, share) in QUANTILES {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number of at most `n_rows`"
            )]
            let rank = (share * n_rows).ceil() as usize;
            if let Some(change) = changes.get(rank.saturating_sub(1)) {
                self.quantiles.push((name, *change));
            }
        }
    }
}
