//! How a dataset is split, as a configuration says it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Split, each_group, grouped_folds, repeated, require_share, stratified_folds, time_folds,
};
use crate::data::{Dataset, Part};
use crate::error::Error;

/// How rows are split: a test part that only the final evaluation may see, and folds of the rest.
///
/// ```
/// use nomogram_train::split::SplitConfig;
///
/// let yaml = "{ test: { share: 0.25 }, folds: { n: 10, repeats: 3, by: stratified } }";
/// let config = SplitConfig::from_yaml(yaml)?;
/// assert_eq!(config.folds.repeats, 3);
/// assert!(SplitConfig::from_yaml("{ folds: { n: 1, by: patient } }").is_err());
/// # Ok::<(), nomogram_train::Error>(())
/// ```
///
/// Where the data name patients, no split has rows of one patient on both sides: a share is then
/// taken of whole patients, and what would break this is refused.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// The test part; without it, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestPart>,
    /// The folds of the training part.
    pub folds: FoldsConfig,
}

/// Which rows are for testing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestPart {
    /// This share of each class, drawn by the seed; of whole patients, where the data name them.
    Share(f64),
    /// Those of which the column `split` of the data says so; always `true`.
    Column(bool),
    /// This share, the latest by the column `time` of the data.
    Latest(f64),
}

/// How rows are dealt to folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldsConfig {
    /// How many folds there are; nothing where each patient is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<usize>,
    /// How many times they are drawn anew.
    #[serde(default = "one")]
    pub repeats: usize,
    /// What they keep.
    pub by: FoldsBy,
}

/// What folds keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoldsBy {
    /// The shares of the classes.
    Stratified,
    /// The rows of a patient together, and about the shares of the classes.
    Patient,
    /// The order of time: each fold is later than what is learned from.
    Time,
    /// Each patient is a fold.
    EachPatient,
}

/// The rows of each part, in the order of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowParts {
    /// To learn from.
    pub train: Vec<usize>,
    /// To fit calibrators and to choose cutoffs; empty unless the table names them.
    pub calibration: Vec<usize>,
    /// For the final evaluation alone.
    pub test: Vec<usize>,
}

impl SplitConfig {
    /// Reads it from YAML.
    ///
    /// # Errors
    ///
    /// `Configuration` when the text does not say it, or says what makes no sense.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        let config: Self =
            serde_saphyr::from_str(text).map_err(|e| Error::Configuration(e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// Refuses what makes no sense whatever the data.
    ///
    /// # Errors
    ///
    /// `Configuration`.
    pub fn check(&self) -> Result<(), Error> {
        let refused = |detail: String| Err(Error::Configuration(format!("splits: {detail}")));
        match self.test {
            Some(TestPart::Share(share) | TestPart::Latest(share)) => {
                require_share(share).or_else(|error| refused(format!("test: {error}")))?;
            }
            Some(TestPart::Column(false)) => {
                return refused("test: column: false, expected true or another key".into());
            }
            Some(TestPart::Column(true)) | None => {}
        }
        let FoldsConfig { n, repeats, by } = self.folds;
        match (by, n) {
            (FoldsBy::EachPatient, None) => {}
            (FoldsBy::EachPatient, Some(_)) => {
                return refused("folds: `n`, but each patient is a fold".into());
            }
            (_, None) => return refused("folds: no `n`, expected the number of folds".into()),
            (_, Some(n)) if n < 2 => return refused(format!("folds: n: {n}, expected at least 2")),
            (_, Some(_)) => {}
        }
        let is_drawn = matches!(by, FoldsBy::Stratified | FoldsBy::Patient);
        if repeats == 0 || (repeats > 1 && !is_drawn) {
            return refused(format!(
                "folds: repeats: {repeats}, expected 1{}",
                if is_drawn { " or more" } else { ": nothing is drawn by chance" }
            ));
        }
        Ok(())
    }

    /// The parts of a dataset.
    ///
    /// # Errors
    ///
    /// `Configuration`; `Data` when the data do not tell what is asked for, when a part would have no
    /// row of a class, or when rows of one patient would stand in several parts.
    pub fn parts(&self, dataset: &Dataset, seed: u64) -> Result<RowParts, Error> {
        self.check()?;
        let classes = dataset.classes();
        let split = match self.test {
            None => {
                return Ok(RowParts {
                    train: (0..dataset.n_rows()).collect(),
                    ..Default::default()
                });
            }
            Some(TestPart::Column(_)) => return RowParts::of_column(dataset),
            Some(TestPart::Latest(share)) => {
                Split::latest(classes, told(dataset.times(), "time", "a split by time")?, share)?
            }
            Some(TestPart::Share(share)) => match dataset.patients() {
                Some(patients) => Split::grouped(classes, patients, share, seed)?,
                None => Split::stratified(classes, share, seed)?,
            },
        };
        let Split { train, test } = split;
        let parts = RowParts { train, calibration: Vec::new(), test };
        parts.refuse_shared_patients(dataset)?;
        Ok(parts)
    }

    /// The folds of a dataset, which holds the training part alone: of each repeat, of each fold, the
    /// rows to fit to and those held out.
    ///
    /// # Errors
    ///
    /// As [`Self::parts`], and as the folds that are asked for.
    pub fn folds(&self, dataset: &Dataset, seed: u64) -> Result<Vec<Vec<Split>>, Error> {
        self.check()?;
        let FoldsConfig { n, repeats, by } = self.folds;
        let n = n.unwrap_or_default();
        let classes = dataset.classes();
        let patients = || told(dataset.patients(), "patient", "folds by patient");
        let folds = match by {
            FoldsBy::Stratified => repeated(repeats, seed, |s| stratified_folds(classes, n, s))?,
            FoldsBy::Patient => {
                let patients = patients()?;
                repeated(repeats, seed, |seed| grouped_folds(classes, patients, n, seed))?
            }
            FoldsBy::Time => {
                let times = told(dataset.times(), "time", "folds by time")?;
                vec![time_folds(classes, times, n)?]
            }
            FoldsBy::EachPatient => vec![each_group(classes, patients()?)?],
        };
        for Split { train, test } in folds.iter().flatten() {
            refuse_shared(&[("the training rows", train), ("the held-out rows", test)], dataset)?;
        }
        Ok(folds)
    }
}

impl RowParts {
    /// The parts that the column `split` of the data names.
    ///
    /// # Errors
    ///
    /// `Data` when there is no such column, when the training or the test part has no row of a class,
    /// or when rows of one patient stand in several parts.
    pub fn of_column(dataset: &Dataset) -> Result<Self, Error> {
        let named = told(dataset.parts(), "split", "a given split")?;
        let mut parts = Self::default();
        for (row, part) in named.iter().enumerate() {
            match part {
                Part::Train => parts.train.push(row),
                Part::Calibration => parts.calibration.push(row),
                Part::Test => parts.test.push(row),
            }
        }
        super::require_classes(&parts.train, dataset.classes(), "the training part")?;
        super::require_classes(&parts.test, dataset.classes(), "the test part")?;
        parts.refuse_shared_patients(dataset)?;
        Ok(parts)
    }

    fn refuse_shared_patients(&self, dataset: &Dataset) -> Result<(), Error> {
        let parts = [
            ("the training part", &self.train),
            ("the calibration part", &self.calibration),
            ("the test part", &self.test),
        ];
        refuse_shared(&parts, dataset)
    }
}

/// Refuses patients, where there are any, of whom several parts have rows.
fn refuse_shared(parts: &[(&str, &Vec<usize>)], dataset: &Dataset) -> Result<(), Error> {
    let Some(patients) = dataset.patients() else { return Ok(()) };
    let mut part_of = BTreeMap::new();
    for (part, rows) in parts {
        for patient in rows.iter().filter_map(|row| patients.get(*row)) {
            let earlier = *part_of.entry(patient).or_insert(*part);
            if earlier != *part {
                return Err(Error::Data(format!(
                    "patient `{patient}` would have rows both in {earlier} and in {part}; split by \
                     patient"
                )));
            }
        }
    }
    Ok(())
}

fn told<'a, T: ?Sized>(column: Option<&'a T>, key: &str, what: &str) -> Result<&'a T, Error> {
    column.ok_or_else(|| {
        Error::Data(format!("{what} needs a column, name it as `{key}` under `data`"))
    })
}

fn one() -> usize {
    1
}

#[cfg(test)]
mod tests;
