//! Factors and terms, to the steps of one branch.

use nomogram::{
    Clip, Inputs, LevelEncoder, Log1p, MinMaxScaler, Polynomial, Schema, Select, SignedPower,
    Spline, StandardScaler, Step,
};

use super::factor::Functions;
use super::file::{Factor, Term, Transform};
use crate::error::{Error, ErrorKind, Place};
use crate::forests::number;

/// The largest magnitude of a bound that is not given.
const UNBOUNDED: f64 = 1e300;

/// The steps that turn a row into the values of the terms, and the coefficient of each value.
pub(super) struct Encoding {
    pub(super) steps: Vec<Step>,
    pub(super) coefficients: Vec<f64>,
}

/// One column per factor, in the order of the terms.
struct Columns<'e> {
    factors: Vec<(usize, &'e Factor)>,
    functions: Vec<Functions>,
}

/// The encoding of a table of terms.
///
/// # Errors
///
/// `Schema` with the term, when it names no feature or level, or contradicts itself.
pub(super) fn encode(terms: &[Term], schema: &Schema) -> Result<Encoding, Error> {
    let mut columns = Columns { factors: Vec::new(), functions: Vec::new() };
    let mut positions = Vec::new();
    for (index, term) in terms.iter().enumerate() {
        let in_term = |error: Error| error.within(Place::Item(index)).within(key("terms"));
        check(term).map_err(in_term)?;
        let first = columns.factors.len();
        for factor in &term.factors {
            let index = schema.feature_index(&factor.feature);
            let feature = index.and_then(|index| schema.features().get(index));
            let (index, feature) = index
                .zip(feature)
                .ok_or_else(|| in_term(refused(format!("no feature `{}`", factor.feature))))?;
            columns.factors.push((index, factor));
            columns.functions.push(Functions::of(factor, feature).map_err(in_term)?);
        }
        positions.push(first..columns.factors.len());
    }
    let steps = columns.steps(schema)?;
    let mut encoding = Encoding { steps, coefficients: Vec::new() };
    encoding.add_terms(terms, &positions)?;
    Ok(encoding)
}

fn key(name: &str) -> Place {
    Place::Key(name.into())
}

fn refused(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Schema, detail)
}

fn check(term: &Term) -> Result<(), Error> {
    match (&term.knots, term.coefficient, &term.coefficients) {
        (None, Some(_), None) if !term.factors.is_empty() => Ok(()),
        (None, ..) => Err(refused("expected `coefficient` and at least one factor")),
        (Some(knots), None, Some(coefficients))
            if term.factors.len() == 1 && coefficients.len() + 1 == knots.len() =>
        {
            Ok(())
        }
        (Some(knots), ..) => Err(refused(format!(
            "knots, expected one factor and {} `coefficients`",
            knots.len().saturating_sub(1)
        ))),
    }
}

impl Columns<'_> {
    fn steps(&self, schema: &Schema) -> Result<Vec<Step>, Error> {
        let selected: Result<Vec<u32>, Error> =
            self.factors.iter().map(|(feature, _)| number(*feature)).collect();
        let selected = selected?;
        let mut steps = Vec::new();
        if !selected.iter().copied().eq((0_u32..).take(schema.n_features())) {
            steps.push(Step::Select(Select::new(selected)?));
        }
        if let Some(step) = self.levels(schema)? {
            steps.push(step);
        }
        let column = |is_changed: &dyn Fn(&Factor) -> bool| -> Result<Vec<u32>, Error> {
            let factors = self.factors.iter().enumerate();
            let changed = factors.filter(|(_, (_, factor))| is_changed(factor));
            changed.map(|(index, _)| number(index)).collect()
        };
        let values = |at: &[u32], value: &dyn Fn(&Factor) -> f64| -> Vec<f64> {
            let factor = |at: &u32| self.factors.get(*at as usize).map(|(_, factor)| value(factor));
            at.iter().filter_map(factor).collect()
        };
        let is_scaled = |f: &Factor| f.subtract != 0.0 || f.divide != 1.0;
        let at = column(&is_scaled)?;
        if !at.is_empty() {
            let (means, divisors) = (values(&at, &|f| f.subtract), values(&at, &|f| f.divide));
            let scaler = StandardScaler::new(Inputs::new(at)?, means, divisors)?;
            steps.push(Step::StandardScale(scaler));
        }
        let at = column(&|f| f.at_least.is_some() || f.at_most.is_some())?;
        if !at.is_empty() {
            let lows = values(&at, &|f| f.at_least.unwrap_or(-UNBOUNDED));
            let highs = values(&at, &|f| f.at_most.unwrap_or(UNBOUNDED));
            steps.push(Step::Clip(Clip::new(Inputs::new(at)?, lows, highs)?));
        }
        self.add_functions(&mut steps)?;
        Ok(steps)
    }

    /// Logarithms, then powers.
    fn add_functions(&self, steps: &mut Vec<Step>) -> Result<(), Error> {
        let all = || self.factors.iter().map(|(_, factor)| *factor).zip(&self.functions);
        let column = |is_changed: &dyn Fn(&Factor, &Functions) -> bool| -> Result<Vec<u32>, Error> {
            let changed = all().enumerate().filter(|(_, (factor, f))| is_changed(factor, f));
            changed.map(|(index, _)| number(index)).collect()
        };
        let values = |at: &[u32], value: &dyn Fn(&Functions) -> f64| -> Vec<f64> {
            at.iter().filter_map(|at| self.functions.get(*at as usize).map(value)).collect()
        };
        let at = column(&|factor, _| factor.transform == Transform::Ln)?;
        if !at.is_empty() {
            // ln(x) is the logarithm of 1 plus (x − 1).
            let (scales, shifts) = (values(&at, &Functions::scale), vec![-1.0; at.len()]);
            steps.push(Step::MinMaxScale(MinMaxScaler::new(Inputs::new(at)?, scales, shifts)?));
        }
        let at = column(&|factor, _| factor.transform != Transform::None)?;
        if !at.is_empty() {
            steps.push(Step::Log1p(Log1p::new(Inputs::new(at)?)));
        }
        let at = column(&|_, functions| functions.doublings > 0)?;
        if !at.is_empty() {
            let of_doublings = |f: &Functions| f64::from(f.doublings) * std::f64::consts::LN_2;
            let (means, divisors) = (values(&at, &of_doublings), vec![1.0; at.len()]);
            let scaler = StandardScaler::new(Inputs::new(at)?, means, divisors)?;
            steps.push(Step::StandardScale(scaler));
        }
        let at = column(&|_, functions| functions.exponent != 1.0)?;
        if !at.is_empty() {
            let exponents = values(&at, &|functions| functions.exponent);
            steps.push(Step::SignedPower(SignedPower::new(Inputs::new(at)?, exponents)?));
        }
        if self.functions.iter().any(|functions| functions.is_squared) {
            let columns = (0_u32..).zip(&self.functions);
            let products = columns.map(|(at, f)| vec![at; if f.is_squared { 2 } else { 1 }]);
            steps.push(Step::Polynomial(Polynomial::new(products.collect())?));
        }
        Ok(())
    }

    /// 1 for the level of each factor that names one, 0 for the others.
    fn levels(&self, schema: &Schema) -> Result<Option<Step>, Error> {
        let (mut at, mut numbers) = (Vec::new(), Vec::new());
        for (index, (feature, factor)) in self.factors.iter().enumerate() {
            let feature = schema.features().get(*feature);
            let levels = feature.map(nomogram::Feature::levels).unwrap_or_default();
            let Some(level) = &factor.level else {
                if levels.is_empty() {
                    continue;
                }
                return Err(refused(format!("a category without `level`: `{}`", factor.feature)));
            };
            if !levels.contains(level) {
                let detail = format!("no level `{level}` of feature `{}`", factor.feature);
                return Err(refused(detail));
            }
            at.push(number(index)?);
            numbers.push(levels.iter().map(|name| f64::from(u8::from(name == level))).collect());
        }
        if at.is_empty() {
            return Ok(None);
        }
        let unseen = vec![0.0; at.len()];
        Ok(Some(Step::EncodeLevels(LevelEncoder::new(Inputs::new(at)?, numbers, unseen)?)))
    }
}

impl Encoding {
    /// Splines, then the product of each term.
    fn add_terms(
        &mut self,
        terms: &[Term],
        positions: &[std::ops::Range<usize>],
    ) -> Result<(), Error> {
        let (mut at, mut knots) = (Vec::new(), Vec::new());
        let mut products = Vec::new();
        // A spline replaces a column by several, which moves those after it.
        let mut n_more = 0;
        for (term, positions) in terms.iter().zip(positions) {
            let first = positions.start + n_more;
            match (&term.knots, &term.coefficients) {
                (Some(of_term), Some(coefficients)) => {
                    at.push(number(positions.start)?);
                    knots.push(of_term.clone());
                    for (nth, coefficient) in coefficients.iter().enumerate() {
                        products.push(vec![number(first + nth)?]);
                        self.coefficients.push(*coefficient);
                    }
                    n_more += coefficients.len() - 1;
                }
                _ => {
                    let columns = first..positions.end + n_more;
                    products.push(columns.map(number).collect::<Result<_, _>>()?);
                    self.coefficients.push(term.coefficient.unwrap_or(0.0));
                }
            }
        }
        if !at.is_empty() {
            self.steps.push(Step::Spline(Spline::new(Inputs::new(at)?, knots)?));
        }
        let is_one_column_each =
            products.iter().zip(0_u32..).all(|(columns, nth)| columns.as_slice() == [nth]);
        if !is_one_column_each {
            self.steps.push(Step::Polynomial(Polynomial::new(products)?));
        }
        Ok(())
    }
}
