//! From what a caller says of a patient to a row that the model can take.
//!
//! Each value of a caller is a [`Cell`]: a number and what is known of it. The intake applies the
//! feature's policy to it, notes what it did as [`Flags`], and judges the rules. It fails without
//! allocating, and no error tells a value.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::domain::Domain;
use crate::error::{Error, ErrorKind, Place};
use crate::numeric::is_whole;
use crate::schema::{
    Action, Condition, Feature, FeatureKind, MAX_WHOLE, MissingReason, Range, Rule, RuleAction,
    Schema, Unit, count,
};

/// One value as a caller states it, by its feature's kind.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A number in the feature's own unit. For an integer it must be whole, for a boolean 0 or 1,
    /// for a category the number of a level.
    Number(f64),
    /// A number in another unit of the feature, named by its UCUM code.
    NumberIn(f64, &'a str),
    /// A whole number. For a boolean 0 or 1, for a category the number of a level.
    Integer(i64),
    /// False or true.
    Boolean(bool),
    /// The name of a level.
    Text(&'a str),
    /// There is no value, perhaps for a reason.
    Missing(Option<MissingReason>),
}

/// A number, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    /// The number in the feature's own unit; where there is none, anything.
    pub(crate) number: f64,
    pub(crate) mark: Mark,
}

/// What is known of a caller's value before its policy is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nobody said anything.
    Unset,
    /// There is a number; it may still be implausible, or unfit for its kind.
    Number,
    /// There is none, perhaps for a reason.
    Missing(Option<MissingReason>),
    /// A text that is no level.
    UnseenLevel,
    /// A value of another kind.
    WrongType,
}

/// What was done to a value, or to a row, so that it could be predicted. Bits; 0 is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// It counts as missing, and the model filled it in.
    pub const IMPUTED: Self = Self(1);
    /// It was moved to the nearest end of its plausible range.
    pub const CLAMPED: Self = Self(2);
    /// It is no level of its category.
    pub const UNSEEN_LEVEL: Self = Self(4);
    /// It lay outside of its plausible range.
    pub const OUT_OF_RANGE: Self = Self(8);
    /// The row breaks a rule. Never of a single value.
    pub const RULE_BROKEN: Self = Self(16);
    /// Every flag, in the order of their bits.
    pub const ALL: [Self; 5] =
        [Self::IMPUTED, Self::CLAMPED, Self::UNSEEN_LEVEL, Self::OUT_OF_RANGE, Self::RULE_BROKEN];

    /// The flags as bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every flag of `other` is among them.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A schema, ready to take rows: what a session does with a row before the model gets it, for tools
/// that read rows without a model.
///
/// ```
/// use nomogram::{Action, Feature, Flags, Intake, Range, Schema, Target, Value};
///
/// let mut age = Feature::number("age");
/// age.range = Some(Range { low: 18.0, high: 90.0 });
/// age.policy.out_of_range = Action::Clamp;
/// let schema = Schema::new(vec![age], Target::of_classes("outcome", ["no", "yes"]))?;
/// let intake = Intake::of_schema(&schema)?;
/// assert_eq!(intake.take(0, Value::Number(95.0))?, (90.0, Flags::OUT_OF_RANGE.union(Flags::CLAMPED)));
/// assert!(intake.take(0, Value::Missing(None)).is_err());
/// # Ok::<(), nomogram::Error>(())
/// ```
#[derive(Debug)]
pub struct Intake {
    /// Of each feature, the numbers that pass without any question but whether they are whole.
    plain: Vec<Domain>,
    gates: Vec<Gate>,
    rules: Vec<(Arc<str>, Rule)>,
}

/// What is asked at the entrance of one feature.
#[derive(Debug)]
struct Gate {
    name: Arc<str>,
    feature: Feature,
    /// Where plausible values lie.
    plausible: Domain,
    /// What values of the kind there are.
    kind: Domain,
}

impl Intake {
    /// For any schema.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the schema contradicts itself.
    pub fn of_schema(schema: &Schema) -> Result<Self, Error> {
        schema.check()?;
        Ok(Self::new(schema))
    }

    /// Applies the policy of a feature to a value: the number that a model gets, NaN where it counts
    /// as missing, and what was done.
    ///
    /// # Errors
    ///
    /// `UnknownFeature`, `UnknownUnit`, or a kind of the class `Value`. No error tells the value.
    pub fn take(&self, feature: usize, value: Value<'_>) -> Result<(f64, Flags), Error> {
        let cell = self.cell(feature, value)?;
        match self.plain.get(feature) {
            Some(plain) if cell.is_plain(plain) => Ok((cell.number, Flags::default())),
            _ => self.treat(feature, cell),
        }
    }

    /// The positions of the rules that a row breaks, one value per feature as [`Self::take`] gives
    /// them.
    ///
    /// # Errors
    ///
    /// `FeatureCount`.
    pub fn broken_rules(&self, row: &[f64]) -> Result<impl Iterator<Item = usize>, Error> {
        self.check_width(row.len())?;
        let rules = self.rules.iter().enumerate();
        Ok(rules.filter(|(_, (_, rule))| rule.is_broken_by(row)).map(|(index, _)| index))
    }

    /// For a schema that was checked.
    pub(crate) fn new(schema: &Schema) -> Self {
        let gate = |feature: &Feature| {
            let kind = feature.kind_domain();
            let range = feature.range.unwrap_or(Range { low: kind.low, high: kind.high });
            Gate {
                name: feature.name.as_str().into(),
                feature: feature.clone(),
                plausible: Domain { low: range.low, high: range.high, ..kind },
                kind,
            }
        };
        let rule = |rule: &Rule| (rule.name.as_str().into(), rule.clone());
        let gates: Vec<Gate> = schema.features().iter().map(gate).collect();
        Self {
            plain: gates.iter().map(|gate| gate.plausible).collect(),
            gates,
            rules: schema.rules().iter().map(rule).collect(),
        }
    }

    pub(crate) fn n_features(&self) -> usize {
        self.gates.len()
    }

    pub(crate) fn n_rules(&self) -> usize {
        self.rules.len()
    }

    /// Refuses a row without one value per feature.
    pub(crate) fn check_width(&self, n_values: usize) -> Result<(), Error> {
        if n_values == self.n_features() {
            return Ok(());
        }
        Err(Error::count(ErrorKind::FeatureCount, n_values, self.n_features(), "values"))
    }

    /// The cell of a value.
    ///
    /// # Errors
    ///
    /// `UnknownFeature` or `UnknownUnit`; whatever else is wrong is left to the policy.
    pub(crate) fn cell(&self, feature: usize, value: Value<'_>) -> Result<Cell, Error> {
        let Some(gate) = self.gates.get(feature) else {
            let detail = "the model has no such feature";
            return Err(
                Error::new(ErrorKind::UnknownFeature, detail).within(Place::Feature(feature))
            );
        };
        gate.cell(value).map_err(|e| e.within(Place::Feature(feature)))
    }

    /// Applies the policies to a row's cells and judges the rules. Writes the row that the model
    /// gets, what was done to each value, and which rules are broken; tells what happened at all.
    ///
    /// # Errors
    ///
    /// A kind of the class `Value`, at the first feature that is refused, or at the first rule.
    pub(crate) fn admit(
        &self,
        cells: impl Iterator<Item = Cell>,
        row: &mut [f64],
        flags: &mut [Flags],
        broken: &mut [bool],
    ) -> Result<Flags, Error> {
        let mut happened = Flags::default();
        let outputs = row.iter_mut().zip(flags);
        for (index, ((plain, cell), (value, flag))) in
            self.plain.iter().zip(cells).zip(outputs).enumerate()
        {
            if cell.is_plain(plain) {
                (*value, *flag) = (cell.number, Flags::default());
                continue;
            }
            (*value, *flag) = self.treat(index, cell)?;
            happened = happened.union(*flag);
        }
        for (index, ((name, rule), broken)) in self.rules.iter().zip(broken).enumerate() {
            *broken = rule.is_broken_by(row);
            if *broken && rule.action == RuleAction::Refuse {
                return Err(self.rule_broken(name, rule).within(Place::Rule(index)));
            }
            if *broken {
                happened = happened.union(Flags::RULE_BROKEN);
            }
        }
        Ok(happened)
    }

    /// Applies the policy of a feature to a cell that is not plain.
    #[cold]
    fn treat(&self, feature: usize, cell: Cell) -> Result<(f64, Flags), Error> {
        let Some(gate) = self.gates.get(feature) else {
            return Ok((cell.number, Flags::default()));
        };
        let treated = gate.treat(cell.number, gate.condition(cell));
        treated.map_err(|e| e.within(Place::Feature(feature)))
    }

    /// Names the features too, as far as an error has room.
    fn rule_broken(&self, name: &Arc<str>, rule: &Rule) -> Error {
        let error = Error::named(ErrorKind::RuleViolated, name, "the values contradict each other");
        let features = || rule.features().filter(|at| *at < self.n_features());
        let mut places: [usize; 3] = [usize::MAX; 3];
        let mut n_places = 0;
        for feature in features() {
            if !places.contains(&feature)
                && let Some(next) = places.get_mut(n_places)
            {
                *next = feature;
                n_places += 1;
            }
        }
        places.iter().take(n_places).rev().fold(error, |e, at| e.within(Place::Feature(*at)))
    }
}

impl Gate {
    fn cell(&self, value: Value<'_>) -> Result<Cell, Error> {
        let number = |number| Cell { number, mark: Mark::Number };
        let marked = |mark| Cell { number: 0.0, mark };
        let is_category = !self.feature.levels().is_empty();
        Ok(match value {
            Value::Number(value) => number(value),
            Value::NumberIn(value, code) => {
                let unit = self.unit(code)?;
                number(unit.map_or(value, |unit| unit.convert(value)))
            }
            // A double would round it, so another number would be predicted.
            Value::Integer(value) if value.unsigned_abs() > 1 << 53 => marked(Mark::WrongType),
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Value::Integer(value) => number(value as f64),
            Value::Boolean(value) if self.feature.kind == FeatureKind::Boolean => {
                number(if value { 1.0 } else { 0.0 })
            }
            Value::Boolean(_) => marked(Mark::WrongType),
            Value::Text(text) if is_category => {
                match self.feature.levels().iter().position(|level| level == text) {
                    Some(level) => number(count(level)),
                    None => marked(Mark::UnseenLevel),
                }
            }
            Value::Text(_) => marked(Mark::WrongType),
            Value::Missing(reason) => marked(Mark::Missing(reason)),
        })
    }

    /// The alternative unit with this code; nothing for the feature's own.
    fn unit(&self, code: &str) -> Result<Option<&Unit>, Error> {
        if self.feature.unit.as_deref() == Some(code) {
            return Ok(None);
        }
        let known = self.feature.alternative_units.iter().find(|unit| unit.code == code);
        known.map(Some).ok_or_else(|| {
            Error::named(ErrorKind::UnknownUnit, &self.name, "cannot be stated in such a unit")
        })
    }

    /// What is wrong with a cell that is not plain.
    fn condition(&self, cell: Cell) -> Condition {
        match cell.mark {
            Mark::Unset => Condition::Unset,
            Mark::Missing(_) => Condition::Missing,
            Mark::UnseenLevel => Condition::UnseenLevel,
            Mark::WrongType => Condition::WrongType,
            Mark::Number if cell.number.is_nan() => Condition::NotANumber,
            Mark::Number if cell.number.is_infinite() => Condition::Infinite,
            Mark::Number if self.kind.is_whole && !is_whole(cell.number) => Condition::WrongType,
            Mark::Number => match self.feature.kind {
                FeatureKind::Number | FeatureKind::Integer => Condition::OutOfRange,
                FeatureKind::Boolean => Condition::WrongType,
                FeatureKind::Category { .. } => Condition::UnseenLevel,
            },
        }
    }

    /// Applies the policy.
    fn treat(&self, number: f64, condition: Condition) -> Result<(f64, Flags), Error> {
        let reported = match condition {
            Condition::OutOfRange | Condition::Infinite => Flags::OUT_OF_RANGE,
            Condition::UnseenLevel => Flags::UNSEEN_LEVEL,
            _ => Flags::default(),
        };
        match self.feature.policy.action(condition) {
            Action::Impute => Ok((f64::NAN, reported.union(Flags::IMPUTED))),
            Action::Clamp if number < self.plausible.low => {
                Ok((self.plausible.low, reported.union(Flags::CLAMPED)))
            }
            Action::Clamp => Ok((self.plausible.high, reported.union(Flags::CLAMPED))),
            // The number after that of the last level stands for all that are unseen.
            Action::Take if condition == Condition::UnseenLevel => {
                Ok((self.kind.high + 1.0, reported))
            }
            Action::Take if number >= self.kind.low && number <= self.kind.high => {
                Ok((number, reported))
            }
            Action::Take | Action::Refuse => Err(self.refusal(number, condition)),
        }
    }

    fn refusal(&self, number: f64, condition: Condition) -> Error {
        let (kind, found) = match condition {
            Condition::Unset => (ErrorKind::Unset, "not set, and this model does not impute it"),
            Condition::Missing => {
                (ErrorKind::Missing, "missing, and this model does not impute it")
            }
            Condition::NotANumber => (ErrorKind::NotANumber, "not a number (NaN), expected one"),
            Condition::Infinite => {
                (ErrorKind::Infinite, "infinite value, expected a finite number")
            }
            Condition::OutOfRange if self.kind.is_whole && number.abs() > MAX_WHOLE => {
                (ErrorKind::Magnitude, "magnitude above 2^53, expected a smaller whole number")
            }
            Condition::OutOfRange if self.feature.range.is_none() || number.abs() > 1e100 => {
                (ErrorKind::Magnitude, "magnitude above 1e100, expected a measured number")
            }
            Condition::OutOfRange => (ErrorKind::OutOfRange, "outside of its plausible range"),
            Condition::UnseenLevel => (ErrorKind::UnseenLevel, "no level of this category"),
            Condition::WrongType => (
                ErrorKind::WrongType,
                match self.feature.kind {
                    FeatureKind::Number => "of another type, expected a number",
                    FeatureKind::Integer => "of another type, expected a whole number",
                    FeatureKind::Boolean => "of another type, expected false (0) or true (1)",
                    FeatureKind::Category { .. } => "of another type, expected a level",
                },
            ),
        };
        Error::named(kind, &self.name, found)
    }
}

impl Cell {
    /// Nobody said anything.
    pub(crate) const UNSET: Self = Self { number: 0.0, mark: Mark::Unset };

    /// Whether it passes without any question.
    #[inline]
    fn is_plain(self, plain: &Domain) -> bool {
        let is_within = self.number >= plain.low && self.number <= plain.high;
        self.mark == Mark::Number && is_within && (!plain.is_whole || is_whole(self.number))
    }

    /// Why there is no value, where that was said.
    pub(crate) fn missing_reason(self) -> Option<MissingReason> {
        match self.mark {
            Mark::Missing(reason) => reason,
            _ => None,
        }
    }

    /// The cell of a number in an array, where NaN means missing.
    pub(crate) fn of_array(number: f64) -> Self {
        let mark = if number.is_nan() { Mark::Missing(None) } else { Mark::Number };
        Self { number, mark }
    }
}

#[cfg(test)]
mod tests;
