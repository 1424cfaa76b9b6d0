//! Fits what members read: preprocessing, fitted to the training rows alone.

mod principal_components;
mod standard_scaler;
mod summary;
mod yeo_johnson;

use ndarray::{Array2, ArrayView1};
use nomogram::{
    Action, Binner, Clip, Condition, FeatureKind, ImputeStatistic, Imputer, Inputs, Log1p,
    MinMaxScaler, OneHotEncoder, Projection, RobustScaler, Select, Spline, Step, YeoJohnson,
};

use crate::config::{ImputeConfig, PcaConfig, Statistic, StepConfig};
use crate::count::position;
use crate::data::Dataset;
use crate::error::Error;
use principal_components::principal_components;
pub use standard_scaler::fit_standard_scaler;
use summary::{mean, median, most_frequent, quantiles, sorted};
use yeo_johnson::most_likely_lambda;

/// Shares of the values below the knots of a spline (Harrell, Regression Modeling Strategies, 2015,
/// table 2.3), by the number of knots.
const KNOTS: [&[f64]; 5] = [
    &[0.1, 0.5, 0.9],
    &[0.05, 0.35, 0.65, 0.95],
    &[0.05, 0.275, 0.5, 0.725, 0.95],
    &[0.05, 0.23, 0.41, 0.59, 0.77, 0.95],
    &[0.025, 0.1833, 0.3417, 0.5, 0.6583, 0.8167, 0.975],
];

/// Fits steps to all rows of `dataset`, one after the other, and tells the rows as they encode them.
///
/// The answer depends on the rows alone, and is the same on every platform.
///
/// # Errors
///
/// `Data` with the number and the name of the step when the rows do not suffice for it, or have no
/// such column.
pub fn fit_steps(
    dataset: &Dataset,
    steps: &[StepConfig],
) -> Result<(Vec<Step>, Array2<f64>), Error> {
    let view = fit_view(dataset, steps)?;
    Ok((view.steps, view.values))
}

/// [`fit_steps`], with what the columns are.
pub(crate) fn fit_view<'a>(dataset: &'a Dataset, steps: &[StepConfig]) -> Result<View<'a>, Error> {
    let mut view = View::of(dataset)?;
    for (number, step) in steps.iter().enumerate() {
        view.fit(step)
            .map_err(|error| Error::Data(format!("step {number}: {}: {error}", step.name())))?;
    }
    Ok(view)
}

/// A statistic of a column; nothing of an empty one.
type OfColumn = fn(ArrayView1<'_, f64>) -> Option<f64>;

/// The rows as the steps so far encode them.
pub(crate) struct View<'a> {
    dataset: &'a Dataset,
    columns: Vec<Column>,
    pub(crate) values: Array2<f64>,
    pub(crate) steps: Vec<Step>,
}

/// A column of the encoded rows, and the feature that it comes from.
#[derive(Clone)]
struct Column {
    feature: String,
    kind: ColumnKind,
}

#[derive(Clone, Copy, PartialEq)]
enum ColumnKind {
    Number,
    /// The number of a level, of so many.
    Levels(u32),
    /// 0 or 1.
    Flag,
}

#[allow(clippy::indexing_slicing, reason = "positions are those of the columns")]
impl<'a> View<'a> {
    /// Of each column the feature that it comes from, and whether it has the numbers of levels.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, bool)> + Clone {
        self.columns
            .iter()
            .map(|own| (own.feature.as_str(), matches!(own.kind, ColumnKind::Levels(_))))
    }

    fn of(dataset: &'a Dataset) -> Result<Self, Error> {
        let column = |feature: &nomogram::Feature| -> Result<Column, Error> {
            let kind = match feature.kind {
                FeatureKind::Number | FeatureKind::Integer => ColumnKind::Number,
                _ if feature.levels().is_empty() => ColumnKind::Flag,
                _ => ColumnKind::Levels(position(feature.levels().len())?),
            };
            Ok(Column { feature: feature.name.clone(), kind })
        };
        let columns = dataset.schema().features().iter().map(column).collect::<Result<_, _>>()?;
        Ok(Self { dataset, columns, values: dataset.values().clone(), steps: Vec::new() })
    }

    fn push(&mut self, step: Step) -> Result<(), Error> {
        self.values = step.encode(self.values.view())?;
        self.steps.push(step);
        Ok(())
    }

    fn fit(&mut self, step: &StepConfig) -> Result<(), Error> {
        let is_number = |column: &Column| column.kind == ColumnKind::Number;
        let is_scalable = |column: &Column| !matches!(column.kind, ColumnKind::Levels(_));
        match step {
            StepConfig::Impute(config) => self.impute(config),
            StepConfig::OneHot(config) => self.one_hot(config.drops_first),
            StepConfig::Clip(config) => {
                let [low, high] = config.quantiles;
                let at = self.named(config.of.as_deref(), is_number)?;
                let bounds = self.each(&at, |column| quantiles(column, &[low, high]))?;
                let of = |end: usize| bounds.iter().map(|bounds| bounds[end]).collect();
                self.push(Step::Clip(Clip::new(inputs(&at)?, of(0), of(1))?))
            }
            StepConfig::Log1p(config) => {
                let at = self.named(config.of.as_deref(), is_number)?;
                let at = if config.keep { self.copy(at)? } else { at };
                self.push(Step::Log1p(Log1p::new(inputs(&at)?)))
            }
            StepConfig::YeoJohnson(config) => {
                let at = self.named(config.of.as_deref(), is_number)?;
                let at = if config.keep { self.copy(at)? } else { at };
                let lambdas = self.each(&at, most_likely_lambda)?;
                self.push(Step::YeoJohnson(YeoJohnson::new(inputs(&at)?, lambdas)?))
            }
            StepConfig::Spline(config) => {
                let at = self.named(config.of.as_deref(), is_number)?;
                let knots = self.each(&at, |column| quantiles(column, KNOTS[config.knots - 3]))?;
                let spline = Spline::new(inputs(&at)?, knots)
                    .map_err(|e| Error::Data(format!("{e}; fewer knots, or `of` others")))?;
                self.widen(&at, |column| vec![column.clone(); config.knots - 1]);
                self.push(Step::Spline(spline))
            }
            StepConfig::Bins(config) => {
                let at = self.named(config.of.as_deref(), is_number)?;
                let shares: Vec<f64> = (1..config.n)
                    .map(|nth| crate::count::number(nth) / crate::count::number(config.n))
                    .collect();
                let edges = self.each(&at, |column| {
                    let mut edges = quantiles(column, &shares)?;
                    edges.dedup();
                    Some(edges)
                })?;
                self.push(Step::Bin(Binner::new(inputs(&at)?, edges)?))
            }
            StepConfig::StandardScale(config) => {
                let at = self.named(config.of.as_deref(), is_scalable)?;
                let scaler = fit_standard_scaler(self.values.view(), &at)?;
                self.push(Step::StandardScale(scaler))
            }
            StepConfig::MinMaxScale(config) => {
                let at = self.named(config.of.as_deref(), is_scalable)?;
                let ends = self.each(&at, |column| quantiles(column, &[0.0, 1.0]))?;
                let scales: Vec<f64> =
                    ends.iter().map(|ends| 1.0 / not_zero(ends[1] - ends[0])).collect();
                let shifts = ends.iter().zip(&scales).map(|(ends, scale)| -ends[0] * scale);
                let shifts = shifts.collect();
                self.push(Step::MinMaxScale(MinMaxScaler::new(inputs(&at)?, scales, shifts)?))
            }
            StepConfig::RobustScale(config) => {
                let at = self.named(config.of.as_deref(), is_scalable)?;
                let quarters = self.each(&at, |column| quantiles(column, &[0.25, 0.5, 0.75]))?;
                let centers = quarters.iter().map(|own| own[1]).collect();
                let scales = quarters.iter().map(|own| not_zero(own[2] - own[0])).collect();
                self.push(Step::RobustScale(RobustScaler::new(inputs(&at)?, centers, scales)?))
            }
            StepConfig::Pca(config) => self.project(config),
        }
    }

    /// The positions of the columns of these features, or of all that a step can read.
    fn named(
        &self,
        of: Option<&[String]>,
        can_be_read: impl Fn(&Column) -> bool,
    ) -> Result<Vec<usize>, Error> {
        for feature in of.unwrap_or_default() {
            let own = self.columns.iter().find(|column| column.feature == *feature);
            match own {
                None => {
                    return Err(Error::Data(format!("of: `{feature}`, expected a feature")));
                }
                Some(own) if !can_be_read(own) => {
                    return Err(Error::Data(format!("of: `{feature}`, expected one of numbers")));
                }
                Some(_) => {}
            }
        }
        let is_meant = |column: &Column| of.is_none_or(|of| of.contains(&column.feature));
        let all = self.columns.iter().enumerate();
        let found: Vec<usize> = all
            .filter(|(_, column)| is_meant(column) && can_be_read(column))
            .map(|(at, _)| at)
            .collect();
        if found.is_empty() {
            return Err(Error::Data("no column to read, expected at least 1".into()));
        }
        Ok(found)
    }

    /// What `fit` finds for each of these columns; it finds nothing when nothing is there.
    fn each<T>(
        &self,
        at: &[usize],
        fit: impl Fn(ArrayView1<'_, f64>) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let fitted = |at: &usize| {
            fit(self.values.column(*at)).ok_or_else(|| {
                let feature = &self.columns[*at].feature;
                Error::Data(format!("`{feature}` is missing in every row to fit to"))
            })
        };
        at.iter().map(fitted).collect()
    }

    /// Puts copies of columns at the end of the row, and tells where.
    fn copy(&mut self, at: Vec<usize>) -> Result<Vec<usize>, Error> {
        let width = self.columns.len();
        let positions: Vec<u32> =
            (0..width).chain(at.iter().copied()).map(position).collect::<Result<_, _>>()?;
        self.columns.extend(at.iter().map(|at| self.columns[*at].clone()).collect::<Vec<_>>());
        self.push(Step::Select(Select::new(positions)?))?;
        Ok((width..self.columns.len()).collect())
    }

    /// Several columns take the place of one.
    fn widen(&mut self, at: &[usize], by: impl Fn(&Column) -> Vec<Column>) {
        let all = std::mem::take(&mut self.columns).into_iter().enumerate();
        self.columns = all
            .flat_map(|(own, column)| if at.contains(&own) { by(&column) } else { vec![column] })
            .collect();
    }

    /// Numbers get their median or mean, categories their most frequent level.
    fn impute(&mut self, config: &ImputeConfig) -> Result<(), Error> {
        let (statistic, of_numbers): (_, OfColumn) = match config.statistic {
            Statistic::Median => (ImputeStatistic::Median, median),
            Statistic::Mean => (ImputeStatistic::Mean, mean),
        };
        let features = self.dataset.schema().features().iter();
        let imputes = |feature: &&nomogram::Feature| {
            let action = |condition| feature.policy.action(condition);
            Condition::ALL.into_iter().any(|condition| action(condition) == Action::Impute)
        };
        let imputed: Vec<&str> = features.filter(imputes).map(|own| own.name.as_str()).collect();
        let is_imputed = |column: &Column| imputed.contains(&column.feature.as_str());
        let positions = |are_numbers: bool| -> Vec<usize> {
            let all = self.columns.iter().enumerate();
            let is_meant = |column: &Column| {
                is_imputed(column) && (column.kind == ColumnKind::Number) == are_numbers
            };
            all.filter(|(_, column)| is_meant(column)).map(|(at, _)| at).collect()
        };
        let kinds = [
            (positions(true), statistic, of_numbers),
            (positions(false), ImputeStatistic::Mode, most_frequent),
        ];
        for (at, statistic, fit) in kinds {
            if at.is_empty() {
                continue;
            }
            let values = self.each(&at, fit)?;
            let imputer = Imputer::new(inputs(&at)?, statistic, values, config.indicators)?;
            if config.indicators {
                let flag = |at: &usize| {
                    let feature = self.columns[*at].feature.clone();
                    Column { feature, kind: ColumnKind::Flag }
                };
                self.columns.extend(at.iter().map(flag).collect::<Vec<_>>());
            }
            self.push(Step::Impute(imputer))?;
        }
        Ok(())
    }

    fn one_hot(&mut self, drops_first: bool) -> Result<(), Error> {
        let levels = self.columns.iter().enumerate().filter_map(|(at, column)| match column.kind {
            ColumnKind::Levels(n_levels) => Some((at, n_levels)),
            _ => None,
        });
        let (at, n_levels): (Vec<usize>, Vec<u32>) = levels.unzip();
        if at.is_empty() {
            return Ok(());
        }
        let encoder = OneHotEncoder::new(inputs(&at)?, n_levels, drops_first)?;
        self.widen(&at, |column| {
            let ColumnKind::Levels(n_levels) = column.kind else { return Vec::new() };
            let n = n_levels as usize - usize::from(drops_first);
            vec![Column { kind: ColumnKind::Flag, ..column.clone() }; n]
        });
        self.push(Step::OneHot(encoder))
    }

    fn project(&mut self, config: &PcaConfig) -> Result<(), Error> {
        if let Some(((row, at), _)) = self.values.indexed_iter().find(|(_, own)| own.is_nan()) {
            let feature = &self.columns[at].feature;
            return Err(Error::Data(format!(
                "`{feature}` is missing in row {row}; impute it first"
            )));
        }
        let (width, n_components) = (self.values.ncols(), config.n_components);
        if n_components > width {
            return Err(Error::Data(format!(
                "n_components: {n_components}, expected at most the {width} values"
            )));
        }
        let found = principal_components(self.values.view());
        let components: Vec<f64> =
            found.components.into_iter().take(n_components).flatten().collect();
        let scale = |variance: f64| {
            if config.whiten { nomogram::numeric::sqrt(variance) } else { 1.0 }
        };
        let scales = found.variances.into_iter().take(n_components).map(scale).collect();
        let projection = Projection::new(found.means, components, scales)?;
        let column = |nth| Column { feature: format!("component {nth}"), kind: ColumnKind::Number };
        self.columns = (0..n_components).map(column).collect();
        self.push(Step::Project(projection))
    }
}

fn inputs(at: &[usize]) -> Result<Inputs, Error> {
    Ok(Inputs::new(at.iter().copied().map(position).collect::<Result<_, _>>()?)?)
}

/// What a constant column is divided by.
fn not_zero(width: f64) -> f64 {
    if width > 0.0 { width } else { 1.0 }
}
