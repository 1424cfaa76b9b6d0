//! Columns: each a chain of functions of one feature, to the steps of a branch.
//!
//! Graphs of ONNX and fields of PMML give every value of an encoded row a name. As long as a value depends on
//! one feature, its chain is kept here; the steps are made when a member reads the columns.

mod pull_back;

use std::rc::Rc;

use nomogram::{
    Binner, Clip, Curve, Curves, ImputeStatistic, Imputer, Inputs, LevelEncoder, Log1p,
    MarkMissing, MinMaxScaler, Polynomial, Select, SignedPower, StandardScaler, Step,
};

use crate::error::{Error, ErrorKind};
use crate::forests::number;
pub(crate) use pull_back::{Arithmetic, Pulled, pull_back};

/// The most columns of an encoded row.
pub(crate) const MAX_COLUMNS: usize = 1 << 16;

/// The most numbers of all their maps: a short file must not become a large model.
const MAX_NUMBERS: usize = 1 << 22;

/// The bounds of a clip that has only one.
pub(crate) const UNBOUNDED: f64 = 1e300;

/// One value of the encoded row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) feature: usize,
    pub(crate) maps: Vec<Map>,
}

/// A function of one value. A missing value stays missing, except by `Impute`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Map {
    /// `(value − subtract) / divide`; `divide` is positive.
    Standardize { subtract: f64, divide: f64 },
    /// `value · factor + addend`.
    Affine { factor: f64, addend: f64 },
    /// The nearest value within bounds.
    Clip { low: f64, high: f64 },
    /// Nothing in place of a value within bounds.
    MarkMissing { low: f64, high: f64 },
    /// A number in place of a missing value.
    Impute(f64),
    /// The number of each level, and that of an unseen level.
    Levels { numbers: Rc<[f64]>, unseen: f64 },
    /// How many of these numbers are not above the value.
    Bin(Vec<f64>),
    /// `value²`.
    Square,
    /// The natural logarithm of a positive value.
    Ln,
    /// `sign(value) · |value|^exponent`.
    Power(f64),
    /// A polynomial between breaks.
    Curve(Rc<Curve>),
    /// The nearest single. Only thresholds are compared with it: no step is one.
    Single,
}

/// The kinds of maps, each one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Standardize,
    Affine,
    Clip,
    MarkMissing,
    Impute,
    Levels,
    Bin,
    Square,
    Ln,
    Power,
    Curve,
}

const KINDS: [Kind; 11] = [
    Kind::Standardize,
    Kind::Affine,
    Kind::Clip,
    Kind::MarkMissing,
    Kind::Impute,
    Kind::Levels,
    Kind::Bin,
    Kind::Square,
    Kind::Ln,
    Kind::Power,
    Kind::Curve,
];

impl Map {
    fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Standardize { .. } => Kind::Standardize,
            Self::Affine { .. } => Kind::Affine,
            Self::Clip { .. } => Kind::Clip,
            Self::MarkMissing { .. } => Kind::MarkMissing,
            Self::Impute(_) => Kind::Impute,
            Self::Levels { .. } => Kind::Levels,
            Self::Bin(_) => Kind::Bin,
            Self::Square => Kind::Square,
            Self::Ln => Kind::Ln,
            Self::Power(_) => Kind::Power,
            Self::Curve(_) => Kind::Curve,
            Self::Single => return None,
        })
    }
}

impl Column {
    /// A feature as it is.
    pub(crate) fn of_feature(feature: usize) -> Self {
        Self { feature, maps: Vec::new() }
    }

    /// The column after one more function.
    pub(crate) fn then(&self, map: Map) -> Self {
        let mut column = self.clone();
        column.maps.push(map);
        column
    }

    /// How many numbers its maps hold.
    pub(crate) fn n_numbers(&self) -> usize {
        let of_map = |map: &Map| match map {
            Map::Levels { numbers, .. } => numbers.len(),
            Map::Bin(edges) => edges.len(),
            Map::Curve(curve) => {
                curve.breaks.len() + curve.pieces.iter().map(Vec::len).sum::<usize>()
            }
            _ => 1,
        };
        1 + self.maps.iter().map(of_map).sum::<usize>()
    }

    /// Whether it is rounded to single precision. Numbers of levels are singles before a `Single` follows them.
    pub(crate) fn is_rounded(&self) -> bool {
        let before = std::iter::once(None).chain(self.maps.iter().map(Some));
        self.maps
            .iter()
            .zip(before)
            .any(|(map, before)| *map == Map::Single && !matches!(before, Some(Map::Levels { .. })))
    }

    /// Whether a missing value of the feature leaves the column missing.
    pub(crate) fn keeps_missing(&self) -> bool {
        !self.maps.iter().any(|map| matches!(map, Map::Impute(_)))
    }
}

/// The steps from the features to the columns.
///
/// # Errors
///
/// `Model` when the core refuses a step, `Malformed` for too many columns.
pub(crate) fn steps(columns: &[Column], n_features: usize) -> Result<Vec<Step>, Error> {
    if !(1..=MAX_COLUMNS).contains(&columns.len()) {
        let detail = format!("{} columns, expected 1 to {MAX_COLUMNS}", columns.len());
        return Err(Error::malformed(detail));
    }
    if columns.iter().any(Column::is_rounded) {
        let detail = "a value of type `float`, which a bundle only compares with thresholds";
        return Err(Error::unsupported(detail));
    }
    let n_numbers: usize = columns.iter().map(Column::n_numbers).sum();
    if n_numbers > MAX_NUMBERS {
        let detail = format!("{n_numbers} numbers of columns, expected at most {MAX_NUMBERS}");
        return Err(Error::new(ErrorKind::TooLarge, detail));
    }
    let mut steps = Vec::new();
    let is_whole_row = columns.len() == n_features
        && columns.iter().enumerate().all(|(index, column)| column.feature == index);
    if !is_whole_row {
        let positions: Result<Vec<u32>, Error> =
            columns.iter().map(|column| number(column.feature)).collect();
        steps.push(Step::Select(Select::new(positions?)?));
    }
    let n_stages = columns.iter().map(|column| column.maps.len()).max().unwrap_or(0);
    for stage in 0..n_stages {
        for kind in KINDS {
            let maps: Vec<(usize, &Map)> = columns
                .iter()
                .enumerate()
                .filter_map(|(index, column)| Some((index, column.maps.get(stage)?)))
                .filter(|(_, map)| map.kind() == Some(kind))
                .collect();
            if !maps.is_empty() {
                steps.push(step(kind, &maps, columns.len())?);
            }
        }
    }
    Ok(steps)
}

/// The step of all maps of a kind.
fn step(kind: Kind, maps: &[(usize, &Map)], n_columns: usize) -> Result<Step, Error> {
    let positions: Result<Vec<u32>, Error> =
        maps.iter().map(|(position, _)| number(*position)).collect();
    let positions = positions?;
    let inputs = Inputs::new(positions.clone())?;
    let pairs = || {
        maps.iter().map(|(_, map)| match map {
            Map::Standardize { subtract, divide } => (*subtract, *divide),
            Map::Affine { factor, addend } => (*factor, *addend),
            Map::Clip { low, high } | Map::MarkMissing { low, high } => (*low, *high),
            Map::Impute(value) | Map::Power(value) => (*value, 0.0),
            Map::Levels { unseen, .. } => (*unseen, 0.0),
            Map::Bin(_) | Map::Square | Map::Ln | Map::Curve(_) | Map::Single => (0.0, 0.0),
        })
    };
    let (first, second): (Vec<f64>, Vec<f64>) = pairs().unzip();
    Ok(match kind {
        Kind::Standardize => Step::StandardScale(StandardScaler::new(inputs, first, second)?),
        Kind::Affine => Step::MinMaxScale(MinMaxScaler::new(inputs, first, second)?),
        Kind::Clip => Step::Clip(Clip::new(inputs, first, second)?),
        Kind::MarkMissing => Step::MarkMissing(MarkMissing::new(inputs, first, second)?),
        Kind::Impute => {
            Step::Impute(Imputer::new(inputs, ImputeStatistic::Constant, first, false)?)
        }
        Kind::Levels => {
            let numbers = maps.iter().filter_map(|(_, map)| match map {
                Map::Levels { numbers, .. } => Some(numbers.to_vec()),
                _ => None,
            });
            Step::EncodeLevels(LevelEncoder::new(inputs, numbers.collect(), first)?)
        }
        Kind::Bin => {
            let edges = maps.iter().filter_map(|(_, map)| match map {
                Map::Bin(edges) => Some(edges.clone()),
                _ => None,
            });
            Step::Bin(Binner::new(inputs, edges.collect())?)
        }
        Kind::Square => {
            let term = |position: u32| match positions.binary_search(&position) {
                Ok(_) => vec![position, position],
                Err(_) => vec![position],
            };
            Step::Polynomial(Polynomial::new((0..number(n_columns)?).map(term).collect())?)
        }
        Kind::Ln => Step::Log1p(Log1p::new(inputs)),
        Kind::Power => Step::SignedPower(SignedPower::new(inputs, first)?),
        Kind::Curve => {
            let curves = maps.iter().filter_map(|(_, map)| match map {
                Map::Curve(curve) => Some(vec![Curve::clone(curve)]),
                _ => None,
            });
            Step::Curves(Curves::new(inputs, curves.collect())?)
        }
    })
}

/// The maps of a natural logarithm: `ln(x)` is the logarithm of 1 plus `x − 1`.
pub(crate) fn ln() -> [Map; 2] {
    [Map::Affine { factor: 1.0, addend: -1.0 }, Map::Ln]
}
