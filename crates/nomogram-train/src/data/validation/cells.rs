//! Reads every cell, whether or not others are invalid.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView1};
use nomogram::{ErrorKind, Flags};
use nomogram_table::{shown, similar_name};

use super::{Check, Finding, Severity};
use crate::data::config::{DataConfig, FeatureConfig};
use crate::data::{Partition, Reader};
use crate::error::Error;
use crate::table::Table;

/// How many different cells a finding shows.
const MAX_SHOWN: usize = 3;

/// What could be read of a table.
#[derive(Debug)]
pub(super) struct CheckedTable<'a> {
    pub(super) reader: Reader<'a>,
    /// NaN where a value is missing or refused, or its column is not there.
    pub(super) values: Array2<f64>,
    /// Which features' columns are there.
    pub(super) is_there: Vec<bool>,
    /// Nothing where the class is not known.
    pub(super) classes: Vec<Option<usize>>,
    pub(super) patients: Option<Vec<Option<String>>>,
    pub(super) partitions: Option<Vec<Option<Partition>>>,
}

/// Cells that the same is wrong with, by what it is and what was expected.
#[derive(Debug, Default)]
struct Faults(BTreeMap<(Severity, Check, String), Fault>);

/// Some of the cells, and all of their lines.
#[derive(Debug, Default)]
struct Fault {
    shown: Vec<String>,
    lines: Vec<u64>,
}

impl<'a> CheckedTable<'a> {
    /// Reads all cells that can be read, and collects why the others cannot.
    pub(super) fn read(
        table: &'a Table,
        config: &'a DataConfig,
    ) -> Result<(Self, Vec<Finding>), Error> {
        let reader = Reader::new(table, config)?;
        let mut findings = Vec::new();
        check_columns(&reader, &mut findings);
        let (mut classes, mut patients, mut partitions) = (vec![None; table.n_rows()], None, None);
        let has = |column: &Option<String>| {
            column.as_ref().is_none_or(|column| table.columns().contains(column))
        };
        if let Ok(cells) = reader.classes() {
            classes =
                known(Some(cells.collect()), Check::Classes, &mut findings).unwrap_or_default();
        }
        if has(&config.patient) {
            patients = known(reader.patients()?, Check::Missing, &mut findings);
        }
        if has(&config.weight) {
            known(reader.weights()?, Check::Type, &mut findings);
        }
        if has(&config.time) {
            known(reader.times()?, Check::Type, &mut findings);
        }
        if has(&config.split) {
            partitions = known(reader.partitions()?, Check::Type, &mut findings);
        }
        let n_features = config.features.len();
        let mut values = Array2::from_elem((table.n_rows(), n_features), f64::NAN);
        let mut is_there = Vec::with_capacity(n_features);
        let columns = values.columns_mut().into_iter().zip(&config.features);
        for (index, (mut column, feature)) in columns.enumerate() {
            let there = reader.has_feature(index);
            is_there.push(there);
            if there {
                let read = read_feature(&reader, index, feature, &mut findings)?;
                column.iter_mut().zip(read).for_each(|(value, read)| *value = read);
            }
        }
        Ok((Self { reader, values, is_there, classes, patients, partitions }, findings))
    }

    /// The features whose columns are there, with their values.
    pub(super) fn features(
        &self,
    ) -> impl Iterator<Item = (usize, &'a FeatureConfig, ArrayView1<'_, f64>)> {
        let features = self.reader.config.features.iter().zip(self.values.columns());
        let features = features.zip(&self.is_there).enumerate();
        features
            .filter(|(_, (_, there))| **there)
            .map(|(index, ((feature, values), _))| (index, feature, values))
    }

    /// The line of each row.
    pub(super) fn lines(&self) -> Vec<u64> {
        self.reader.table.lines().collect()
    }
}

fn check_columns(reader: &Reader<'_>, findings: &mut Vec<Finding>) {
    let Reader { table, config, .. } = reader;
    let feature = |column: &str| config.features.iter().position(|feature| feature.name == column);
    for (column, role) in config.columns().filter(|(_, role)| *role != "ignored") {
        let is_feature = feature(column).is_some_and(|index| reader.has_feature(index));
        if !is_feature && !table.columns().iter().any(|name| name == column) {
            let names = table.columns().iter().map(String::as_str);
            let found = match similar_name(column, names) {
                Some(similar) => format!("no such column; is it `{}`?", shown(similar)),
                None => "no such column".into(),
            };
            let expected = format!("a column for {role}");
            let finding = Finding::new(Severity::Error, Check::Columns, found, expected);
            findings.push(finding.of_column(column));
        }
    }
    for column in reader.unnamed_columns() {
        let found = "a column that is not in the configuration".to_owned();
        let expected = "its name under `features` or `ignored`";
        let finding = Finding::new(Severity::Error, Check::Columns, found, expected);
        findings.push(finding.of_column(column));
    }
    for (column, fault) in reader.faults() {
        let expected = "one column, in the unit of the feature";
        let finding = Finding::new(Severity::Error, Check::Unit, fault.clone(), expected);
        findings.push(finding.of_column(column));
    }
}

/// What is known of a column; the cells that are refused become findings.
fn known<T>(
    column: Option<Vec<Result<T, Error>>>,
    check: Check,
    findings: &mut Vec<Finding>,
) -> Option<Vec<Option<T>>> {
    let mut faults = Faults::default();
    let mut name = String::new();
    let mut keep = |cell: Result<T, Error>| match cell {
        Ok(value) => Some(value),
        Err(Error::Cell { place, column, found, expected, .. }) => {
            name = column;
            faults.add((Severity::Error, check, expected), found, place.number());
            None
        }
        Err(_) => None,
    };
    let known = column?.into_iter().map(&mut keep).collect();
    findings.extend(faults.findings(&name));
    Some(known)
}

/// A feature's values, NaN where they are missing or refused.
fn read_feature(
    reader: &Reader<'_>,
    index: usize,
    feature: &FeatureConfig,
    findings: &mut Vec<Finding>,
) -> Result<Vec<f64>, Error> {
    let mut faults = Faults::default();
    let cells = reader.cells(index)?;
    let mut values = Vec::with_capacity(reader.table.n_rows());
    for (cell, taken) in cells.zip(reader.feature(index)?) {
        values.push(match taken {
            Ok((value, flags)) => {
                let replaced = || {
                    let is_replaced = reader.is_replaced(index, flags, cell.cell);
                    is_replaced.then_some((Check::Type, ErrorKind::WrongType))
                };
                if let Some((check, kind)) = treated(flags).or_else(replaced) {
                    let (found, expected) = reader.found_and_expected(index, kind, cell.cell);
                    faults.add((Severity::Warning, check, expected), found, cell.place.number());
                }
                value
            }
            Err(refused) => {
                if let Error::Cell { place, found, expected, .. } = refused.error {
                    let what = (Severity::Error, check_of(refused.kind), expected);
                    faults.add(what, found, place.number());
                }
                f64::NAN
            }
        });
    }
    findings.extend(faults.findings(&feature.name));
    Ok(values)
}

fn check_of(kind: ErrorKind) -> Check {
    match kind {
        ErrorKind::Missing => Check::Missing,
        ErrorKind::OutOfRange => Check::Range,
        ErrorKind::UnseenLevel => Check::Levels,
        _ => Check::Type,
    }
}

/// What is wrong with a value that its policy accepts. Missing values are counted by column.
fn treated(flags: Flags) -> Option<(Check, ErrorKind)> {
    if flags.contains(Flags::UNSEEN_LEVEL) {
        return Some((Check::Levels, ErrorKind::UnseenLevel));
    }
    flags.contains(Flags::OUT_OF_RANGE).then_some((Check::Range, ErrorKind::OutOfRange))
}

impl Faults {
    fn add(&mut self, what: (Severity, Check, String), found: String, line: u64) {
        let Fault { shown, lines } = self.0.entry(what).or_default();
        // Keep one more than is shown, to know that there are more.
        if shown.len() <= MAX_SHOWN && !shown.contains(&found) {
            shown.push(found);
        }
        lines.push(line);
    }

    fn findings(self, column: &str) -> impl Iterator<Item = Finding> {
        self.0.into_iter().map(move |((severity, check, expected), Fault { mut shown, lines })| {
            let more = if shown.len() > MAX_SHOWN { ", …" } else { "" };
            shown.truncate(MAX_SHOWN);
            let found = format!("{}{more}", shown.join(", "));
            Finding::new(severity, check, found, expected).of_column(column).on_lines(lines)
        })
    }
}
