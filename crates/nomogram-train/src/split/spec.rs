//! Which rows to test on, and how folds are dealt.

use serde::{Deserialize, Serialize};

use super::checks::is_share;
use super::kept_together::kept_together;
use super::partitions::{Partitions, refuse_shared_patients, require_column};
use super::{Split, each_group, grouped_folds, repeat_folds, stratified_folds, time_folds};
use crate::data::Dataset;
use crate::error::Error;
use crate::invalid::{Invalid, require};
use crate::yaml;

/// Each repeat draws all folds again.
const MAX_REPEATS: usize = 10_000;

/// How rows are split: a test partition that only the final evaluation may use, and folds of the
/// others.
///
/// ```
/// use nomogram_train::split::SplitSpec;
///
/// let yaml = "{ test: { share: 0.25 }, folds: { n: 10, repeats: 3, by: stratified } }";
/// let spec = SplitSpec::from_yaml(yaml)?;
/// assert_eq!(spec.folds.repeats, 3);
/// assert!(SplitSpec::from_yaml("{ folds: { n: 1, by: patient } }").is_err());
/// # Ok::<(), nomogram_train::Error>(())
/// ```
///
/// Where the data name patients, no split has rows of one patient on both sides: a share is then
/// taken of whole patients, and folds that would separate rows of a patient are an error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitSpec {
    /// The test partition; without it, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestSpec>,
    /// The folds of the training partition.
    pub folds: FoldsSpec,
}

/// Which rows are for testing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestSpec {
    /// This share of each class, drawn by the seed; of whole patients, where the data name them.
    Share(f64),
    /// The rows that the column `split` of the data marks; always `true`.
    Column(bool),
    /// This share, the latest by the column `time` of the data.
    Latest(f64),
}

/// How rows are dealt to folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldsSpec {
    /// The number of folds; absent where each patient is a fold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<usize>,
    /// How many times folds are drawn.
    #[serde(default = "one")]
    pub repeats: usize,
    /// What folds preserve.
    pub by: FoldsBy,
}

/// What folds preserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoldsBy {
    /// The shares of the classes.
    Stratified,
    /// The rows of a patient together, and about the shares of the classes.
    Patient,
    /// The order of time: rows held out are later than rows to fit to.
    Time,
    /// Each patient is a fold.
    EachPatient,
}

impl SplitSpec {
    /// Reads it from YAML.
    ///
    /// # Errors
    ///
    /// `Configuration` when the text cannot be read or a value is invalid.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        yaml::read(text, yaml::UNNAMED, Self::check)
    }

    /// Refuses what is invalid whatever the data.
    ///
    /// # Errors
    ///
    /// With the place within this spec.
    pub fn check(&self) -> Result<(), Invalid> {
        let test = self.test.as_ref().map_or(Ok(()), TestSpec::check);
        test.map_err(|invalid| invalid.at("test"))?;
        self.folds.check().map_err(|invalid| invalid.at("folds"))
    }

    /// The partitions of a dataset.
    ///
    /// # Errors
    ///
    /// `Configuration` when the spec is invalid; `Data` when the data lack a column that it needs,
    /// when a partition would have no row of a class, or when several partitions would have rows of
    /// one patient.
    pub fn partitions(&self, dataset: &Dataset, seed: u64) -> Result<Partitions, Error> {
        self.check()?;
        let named = |error: Error| error.with_class_names(dataset.schema().target().classes());
        self.partitions_of(dataset, seed).map_err(named)
    }

    fn partitions_of(&self, dataset: &Dataset, seed: u64) -> Result<Partitions, Error> {
        let classes = dataset.classes();
        let split = match self.test {
            None => return Ok(Partitions::without_test(dataset.n_rows())),
            Some(TestSpec::Column(_)) => return Partitions::of_column(dataset),
            Some(TestSpec::Latest(share)) => {
                let times = require_column(dataset.times(), "time", "a split by time")?;
                Split::latest(classes, times, share)?
            }
            Some(TestSpec::Share(share)) => match dataset.patients() {
                Some(patients) => Split::grouped(classes, patients, share, seed)?,
                None => Split::stratified(classes, share, seed)?,
            },
        };
        let Split { train, test } = split;
        let partitions = Partitions { train, calibration: Vec::new(), test };
        partitions.refuse_shared_patients(dataset)?;
        Ok(partitions)
    }

    /// The folds of a dataset that has the training partition alone: the first repeat.
    ///
    /// # Errors
    ///
    /// As [`Self::repeats`].
    pub fn folds(&self, dataset: &Dataset, seed: u64) -> Result<Vec<Split>, Error> {
        let once = Self { folds: FoldsSpec { repeats: 1, ..self.folds }, ..*self };
        Ok(once.repeats(dataset, seed)?.into_iter().flatten().collect())
    }

    /// The folds of each repeat.
    ///
    /// # Errors
    ///
    /// `Configuration` when the spec is invalid; `Data` when the data lack a column that it needs,
    /// when a fold would separate rows of a patient, and as the functions that deal the folds.
    pub fn repeats(&self, dataset: &Dataset, seed: u64) -> Result<Vec<Vec<Split>>, Error> {
        self.check()?;
        let named = |error: Error| error.with_class_names(dataset.schema().target().classes());
        self.repeats_of(dataset, seed).map_err(named)
    }

    fn repeats_of(&self, dataset: &Dataset, seed: u64) -> Result<Vec<Vec<Split>>, Error> {
        let FoldsSpec { n, repeats, by } = self.folds;
        let n = n.unwrap_or_default();
        let classes = dataset.classes();
        let patients = || require_column(dataset.patients(), "patient", "folds by patient");
        let folds = match by {
            FoldsBy::Stratified => {
                // Copies of a row stay together. Patients do not: they are refused below.
                let copies = dataset.patients().map_or_else(|| kept_together(dataset), |_| None);
                repeat_folds(repeats, seed, |seed| match &copies {
                    None => stratified_folds(classes, n, seed),
                    Some(copies) => grouped_folds(classes, copies, n, seed),
                })?
            }
            FoldsBy::Patient => {
                let patients = patients()?;
                repeat_folds(repeats, seed, |seed| grouped_folds(classes, patients, n, seed))?
            }
            FoldsBy::Time => {
                let times = require_column(dataset.times(), "time", "folds by time")?;
                vec![time_folds(classes, times, n)?]
            }
            FoldsBy::EachPatient => vec![each_group(classes, patients()?)?],
        };
        folds.iter().try_for_each(|folds| refuse_shared_patients(folds, dataset))?;
        Ok(folds)
    }
}

impl TestSpec {
    fn check(&self) -> Result<(), Invalid> {
        let require_share = |share: f64, key: &str| {
            require(is_share(share), || Invalid::new(share, "between 0 and 1").at(key))
        };
        match *self {
            Self::Share(share) => require_share(share, "share"),
            Self::Latest(share) => require_share(share, "latest"),
            Self::Column(true) => Ok(()),
            Self::Column(false) => Err(Invalid::new(false, "true or another key").at("column")),
        }
    }
}

impl FoldsSpec {
    fn check(&self) -> Result<(), Invalid> {
        let Self { n, repeats, by } = *self;
        let is_drawn = match by {
            FoldsBy::Stratified | FoldsBy::Patient => true,
            FoldsBy::Time | FoldsBy::EachPatient => false,
        };
        match (by, n) {
            (FoldsBy::EachPatient, None) => {}
            (FoldsBy::EachPatient, Some(n)) => {
                return Err(Invalid::new(n, "no number: each patient is a fold").at("n"));
            }
            (FoldsBy::Stratified | FoldsBy::Patient | FoldsBy::Time, None) => {
                return Err(Invalid::because("no `n`, expected the number of folds"));
            }
            (FoldsBy::Stratified | FoldsBy::Patient | FoldsBy::Time, Some(n)) => {
                require(n >= 2, || Invalid::new(n, "at least 2").at("n"))?;
            }
        }
        let expected = if is_drawn { "1 or more" } else { "1: nothing is drawn by chance" };
        let expected = if repeats > MAX_REPEATS { "at most 10,000" } else { expected };
        require(repeats == 1 || ((2..=MAX_REPEATS).contains(&repeats) && is_drawn), || {
            Invalid::new(repeats, expected).at("repeats")
        })
    }
}

fn one() -> usize {
    1
}

#[cfg(test)]
mod tests;
