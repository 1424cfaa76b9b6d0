//! Tables of coefficients that R prints: rows to terms.
//!
//! `summary` of `glm` and of `coxph`, and `print` of `rms::lrm`, print one row per coefficient: a name, then the
//! estimate in the first column, `Estimate`, `coef` or `Coef`. Names are those of R's model matrix: `age`,
//! `sexmale` or `sex=male`, `log(creatinine)`, `I(age^2)`, `age:sexmale` or `age * sex=male`, and `age'`
//! for the further terms of a restricted cubic spline. Digits that R did not print are lost: print with
//! `digits = 17`.

use std::collections::BTreeMap;

use super::file::{Equation, Factor, FeatureEntry, Term, Transform};
use crate::error::{Error, ErrorKind, Place};
use crate::limits::{self, Limits};

/// The highest power of `I(x^n)`.
const MAX_POWER: usize = 8;

/// Turns the table of an equation, if it has one, into its terms and intercept.
///
/// # Errors
///
/// `Schema` with the line of the table, `TooLarge`.
pub(super) fn read_into(equation: &mut Equation, limits: &Limits) -> Result<(), Error> {
    let Some(table) = equation.r_table.take() else { return Ok(()) };
    if !equation.terms.is_empty() || equation.intercept != 0.0 {
        return Err(refused("beside `terms` or `intercept`, expected one of them").within(key()));
    }
    let names = Names::of(&equation.features);
    let mut splines: BTreeMap<String, usize> = BTreeMap::new();
    for (line, name, estimate) in rows(&table)? {
        let in_line = |error: Error| error.within(Place::Line(line)).within(key());
        limits::check(equation.terms.len() + 1, limits.max_features, "terms").map_err(in_line)?;
        if matches!(name.as_str(), "(Intercept)" | "Intercept") {
            equation.intercept = estimate;
            continue;
        }
        let (feature, order) = spline_term(&name);
        if let Some(knots) = names.knots(feature) {
            let term = splines.get(feature).copied();
            add_to_spline(&mut equation.terms, term, (feature, order), knots, estimate)
                .map_err(in_line)?;
            splines.entry(feature.to_owned()).or_insert(equation.terms.len() - 1);
            continue;
        }
        let factors = names.factors(&name).map_err(in_line)?;
        let coefficient = Some(estimate);
        equation.terms.push(Term { coefficient, factors, knots: None, coefficients: None });
    }
    if equation.terms.is_empty() {
        return Err(
            refused("no coefficients, expected a table with `Estimate` or `coef`").within(key())
        );
    }
    Ok(())
}

fn key() -> Place {
    Place::Key("r_table".into())
}

fn refused(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Schema, detail)
}

/// Line, name and estimate of each row of the first table.
fn rows(table: &str) -> Result<Vec<(usize, String, f64)>, Error> {
    let is_header = |line: &str| {
        matches!(line.split_ascii_whitespace().next(), Some("Estimate" | "coef" | "Coef"))
    };
    let mut lines = table.lines().enumerate().skip_while(|(_, line)| !is_header(line));
    lines.next();
    let mut rows = Vec::new();
    for (index, line) in lines {
        if line.trim().is_empty() || line.starts_with("---") {
            break;
        }
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let estimate = |word: &&str| word.parse().ok().filter(|number: &f64| number.is_finite());
        // The name is the first word at least, and may have spaces inside.
        let at = (1..words.len()).find(|at| words.get(*at).and_then(estimate).is_some());
        let row = at.and_then(|at| Some((words.get(..at)?, words.get(at).and_then(estimate)?)));
        let Some((name, estimate)) = row else {
            let error = refused("a row without an estimate: R could not fit it, or cut the line");
            return Err(error.within(Place::Line(index)).within(key()));
        };
        rows.push((index, name.join(" "), estimate));
    }
    Ok(rows)
}

/// The feature of a spline's term, and which term it is: `rcs(age, 4)age''` is the third of `age`.
fn spline_term(name: &str) -> (&str, usize) {
    let name = match name.rfind(')') {
        Some(end) if name.starts_with("rcs(") => name.get(end + 1..).unwrap_or_default(),
        _ => name,
    };
    let feature = name.trim_end_matches('\'');
    (feature, name.len() - feature.len())
}

/// Adds the next coefficient to the spline's term, which the first coefficient makes.
fn add_to_spline(
    terms: &mut Vec<Term>,
    term: Option<usize>,
    (feature, order): (&str, usize),
    knots: &[f64],
    estimate: f64,
) -> Result<(), Error> {
    let known =
        term.and_then(|term| terms.get_mut(term)).and_then(|term| term.coefficients.as_mut());
    let n_known = known.as_ref().map_or(0, |known| known.len());
    if n_known != order {
        let detail = format!(
            "term {} of the spline of `{feature}`, expected term {}",
            order + 1,
            n_known + 1
        );
        return Err(refused(detail));
    }
    match known {
        Some(known) => known.push(estimate),
        None => terms.push(Term {
            coefficient: None,
            factors: vec![factor(feature)],
            knots: Some(knots.to_vec()),
            coefficients: Some(vec![estimate]),
        }),
    }
    Ok(())
}

/// The feature's value itself.
fn factor(feature: &str) -> Factor {
    Factor {
        feature: feature.to_owned(),
        level: None,
        subtract: 0.0,
        divide: 1.0,
        at_least: None,
        at_most: None,
        transform: Transform::None,
        power: None,
    }
}

/// What the names in a table can refer to.
struct Names<'e> {
    numbers: BTreeMap<&'e str, Option<&'e [f64]>>,
    /// Feature and level by both spellings; none where two levels have the same.
    levels: BTreeMap<String, Option<(&'e str, &'e str)>>,
}

impl<'e> Names<'e> {
    fn of(features: &'e [FeatureEntry]) -> Self {
        let mut names = Self { numbers: BTreeMap::new(), levels: BTreeMap::new() };
        for feature in features {
            let Some(levels) = &feature.levels else {
                names.numbers.insert(&feature.name, feature.knots.as_deref());
                continue;
            };
            for level in levels {
                for between in ["", "="] {
                    let spelled = format!("{}{between}{level}", feature.name);
                    let known = names.levels.insert(spelled.clone(), Some((&feature.name, level)));
                    if known.is_some() {
                        names.levels.insert(spelled, None);
                    }
                }
            }
        }
        names
    }

    fn knots(&self, feature: &str) -> Option<&'e [f64]> {
        self.numbers.get(feature).copied().flatten()
    }

    /// The factors of a product.
    fn factors(&self, name: &str) -> Result<Vec<Factor>, Error> {
        // A level's name may contain what separates factors elsewhere.
        if let Ok(factors) = self.one(name) {
            return Ok(factors);
        }
        let separator = if name.contains(" * ") { " * " } else { ":" };
        let mut factors = Vec::new();
        for one in name.split(separator) {
            factors.extend(self.one(one.trim())?);
        }
        Ok(factors)
    }

    /// The factors of one column of R's model matrix.
    fn one(&self, name: &str) -> Result<Vec<Factor>, Error> {
        match self.levels.get(name) {
            Some(Some((feature, level))) => {
                return Ok(vec![Factor { level: Some((*level).to_owned()), ..factor(feature) }]);
            }
            Some(None) => return Err(refused(format!("`{name}`, which could be two levels"))),
            None => {}
        }
        if self.numbers.contains_key(name) {
            return Ok(vec![factor(name)]);
        }
        let inside = |function: &str| name.strip_prefix(function)?.strip_suffix(')');
        let known = |feature: &str| self.numbers.contains_key(feature);
        if let Some(feature) = inside("log(").filter(|one| known(one)) {
            return Ok(vec![Factor { transform: Transform::Ln, ..factor(feature) }]);
        }
        if let Some(feature) = inside("log1p(").filter(|one| known(one)) {
            return Ok(vec![Factor { transform: Transform::Ln1p, ..factor(feature) }]);
        }
        if let Some((feature, power)) = inside("I(").and_then(|one| one.split_once('^'))
            && let (true, Ok(power)) = (known(feature.trim()), power.trim().parse::<usize>())
            && (1..=MAX_POWER).contains(&power)
        {
            return Ok(vec![factor(feature.trim()); power]);
        }
        Err(refused(format!("`{name}`, which is no feature, level or known function of one")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(table: &str) -> String {
        let row = |(line, name, estimate): (usize, String, f64)| {
            format!("{}: {name} {estimate}", line + 1)
        };
        rows(table).unwrap().into_iter().map(row).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn rows_end_where_the_table_ends() {
        let table = "Call:\nglm()\n\n            Estimate Std. Error z value Pr(>|z|)\n\
                     (Intercept)   -5.3      0.8 -6.60 4.1e-11 ***\nrcs(age, 4)age 2e-2 0.01 3 <2e-16\n---\nx 1 2";
        assert_eq!(rows_of(table), "5: (Intercept) -5.3; 6: rcs(age, 4)age 0.02");
        assert_eq!(rows_of("no table"), "");
        let error = rows("Estimate\nage NA NA").unwrap_err().to_string();
        assert!(error.starts_with("r_table: line 2: a row without an estimate"), "{error}");
    }

    #[test]
    fn terms_of_a_spline_are_counted_by_their_primes() {
        assert_eq!(spline_term("age"), ("age", 0));
        assert_eq!(spline_term("age''"), ("age", 2));
        assert_eq!(spline_term("rcs(age, c(30, 40, 50))age'"), ("age", 1));
    }
}
