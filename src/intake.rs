//! Intake: from the values of a caller to a row that the model can take.
//!
//! Each value of a caller is a [`Cell`]. The intake applies the feature's policy to it, records what
//! it did as [`Flags`], and evaluates the rules. It fails without allocating, and no error contains
//! a value.

mod cell;
mod flags;

mod gate;

mod plain;

use alloc::sync::Arc;

use fearless_simd::Level;

pub(crate) use cell::Cell;
pub use cell::Value;
pub use flags::Flags;
pub(crate) use plain::LaneSet;

use crate::budget::{Budget, bytes_of};
use crate::error::{Error, ErrorKind, NameList, Place};
use crate::lanes::{Lanes, N_LANES};
use crate::schema::{Rule, RuleAction, Schema};
use gate::Gate;
use plain::PlainValues;

/// A schema, ready to take rows.
///
/// This is what a session does with a row before the model gets it, for tools that read rows without
/// a model.
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
    schema: Schema,
    plain: PlainValues,
    /// The names of the features, then those of the rules: errors share them.
    names: Arc<NameList>,
}

impl Intake {
    /// The intake of any schema.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the schema contradicts itself.
    pub fn of_schema(schema: &Schema) -> Result<Self, Error> {
        schema.check()?;
        Self::new(schema.clone(), &mut Budget::unlimited())
    }

    /// Applies the policy of a feature to a value. Returns the number that a model gets, NaN if it
    /// counts as missing, and what was done.
    ///
    /// # Errors
    ///
    /// `UnknownFeature`, `UnknownUnit`, or a kind of the class `Value`. No error contains the value.
    pub fn take(&self, feature: usize, value: Value<'_>) -> Result<(f64, Flags), Error> {
        let cell = self.cell(feature, value)?;
        if self.is_plain(feature, cell) {
            return Ok((cell.number, Flags::default()));
        }
        self.treat(feature, cell)
    }

    /// The positions of the rules that a row breaks; one value per feature, as [`Self::take`] returns
    /// them.
    ///
    /// # Errors
    ///
    /// `FeatureCount`.
    pub fn broken_rules(&self, row: &[f64]) -> Result<impl Iterator<Item = usize>, Error> {
        self.check_width(row.len())?;
        let rules = self.schema.rules().iter().enumerate();
        Ok(rules.filter(|(_, rule)| rule.is_broken_by(row)).map(|(index, _)| index))
    }

    /// The intake of a schema that was checked.
    pub(crate) fn new(schema: Schema, budget: &mut Budget) -> Result<Self, Error> {
        let plain = PlainValues::new(&schema, budget)?;
        let features = schema.features().iter().map(|feature| feature.name.as_str());
        let names = features.chain(schema.rules().iter().map(|rule| rule.name.as_str()));
        let n_bytes = names.clone().map(|name| name.len() as u64).sum::<u64>();
        budget.take(n_bytes + bytes_of::<usize>(names.clone().count()))?;
        // The C ABI lists the texts of each feature, and the features of each rule.
        let n_read = schema.rules().iter().map(|rule| rule.features().count()).sum::<usize>();
        budget.take(bytes_of::<[usize; 12]>(names.clone().count()) + bytes_of::<u32>(n_read))?;
        // One allocation of a fixed size, which cannot be made to fail with an error.
        let names = Arc::new(NameList::new(names)?);
        Ok(Self { plain, names, schema })
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn n_features(&self) -> usize {
        self.schema.n_features()
    }

    /// What admitting a row computes, in steps of about a nanosecond.
    pub(crate) fn work(&self) -> u64 {
        let of_rules = self.schema.rules().iter().map(|rule| rule.features().count() as u64);
        8 * (self.n_features() as u64 + of_rules.sum::<u64>())
    }

    fn gate(&self, feature: usize) -> Option<Gate<'_>> {
        self.schema.features().get(feature).map(Gate::new)
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
    /// `UnknownFeature` or `UnknownUnit`; anything else is left to the policy.
    pub(crate) fn cell(&self, feature: usize, value: Value<'_>) -> Result<Cell, Error> {
        let Some(gate) = self.gate(feature) else {
            let detail = "the model has no such feature";
            return Err(
                Error::new(ErrorKind::UnknownFeature, detail).within(Place::Feature(feature))
            );
        };
        gate.cell(value).map_err(|e| self.at_feature(e, feature))
    }

    /// Applies the policies to a row's cells and evaluates the rules. Writes the row that the model
    /// gets, what was done to each value, and which rules are broken; returns the flags of the row.
    ///
    /// # Errors
    ///
    /// A kind of the class `Value`, at the first feature that is refused, or at the first rule that
    /// is broken.
    pub(crate) fn admit(
        &self,
        cells: impl Iterator<Item = Cell>,
        row: &mut [f64],
        flags: &mut [Flags],
        broken: &mut [bool],
    ) -> Result<Flags, Error> {
        let mut row_flags = Flags::default();
        let outputs = row.iter_mut().zip(flags);
        for (index, (cell, (value, flag))) in cells.zip(outputs).enumerate() {
            if self.is_plain(index, cell) {
                (*value, *flag) = (cell.number, Flags::default());
                continue;
            }
            (*value, *flag) = self.treat(index, cell)?;
            row_flags = row_flags.union(*flag);
        }
        self.evaluate_rules(row, broken).map(|rule_flags| row_flags.union(rule_flags))
    }

    /// As [`Self::admit`], for a row of numbers, NaN where one is missing.
    ///
    /// # Errors
    ///
    /// As [`Self::admit`].
    pub(crate) fn admit_numbers(
        &self,
        level: Level,
        numbers: &[f64],
        row: &mut [f64],
        flags: &mut [Flags],
        broken: &mut [bool],
    ) -> Result<Flags, Error> {
        row.copy_from_slice(numbers);
        flags.fill(Flags::default());
        let mut row_flags = Flags::default();
        if !self.plain.have_all(level, &[numbers]) {
            for feature in self.plain.others(level, numbers) {
                if let (Some(value), Some(flag)) = (row.get_mut(feature), flags.get_mut(feature)) {
                    (*value, *flag) = self.treat(feature, Cell::of_array(*value))?;
                    row_flags = row_flags.union(*flag);
                }
            }
        }
        self.evaluate_rules(row, broken).map(|rule_flags| row_flags.union(rule_flags))
    }

    /// Whether it passes without applying the policy of its feature.
    fn is_plain(&self, feature: usize, cell: Cell) -> bool {
        cell.is_number() && self.plain.has(feature, cell.number)
    }

    /// Whether rows pass without applying a policy or evaluating a rule. Each holds one number per
    /// feature, NaN where there is none.
    pub(crate) fn are_plain_rows(&self, level: Level, rows: &[&[f64]]) -> bool {
        self.schema.rules().is_empty() && self.plain.have_all(level, rows)
    }

    /// Writes which rules a row breaks; returns the flags of the row.
    ///
    /// # Errors
    ///
    /// `RuleViolated`, at the first rule that refuses the row.
    #[inline]
    fn evaluate_rules(&self, row: &[f64], broken: &mut [bool]) -> Result<Flags, Error> {
        if self.schema.rules().is_empty() {
            Ok(Flags::default())
        } else {
            self.rule_flags(row, broken)
        }
    }

    fn rule_flags(&self, row: &[f64], broken: &mut [bool]) -> Result<Flags, Error> {
        let mut row_flags = Flags::default();
        for (index, (rule, broken)) in self.schema.rules().iter().zip(broken).enumerate() {
            *broken = rule.is_broken_by(row);
            if *broken && rule.action == RuleAction::Refuse {
                return Err(self.rule_broken(index, rule));
            }
            if *broken {
                row_flags = row_flags.union(Flags::RULE_BROKEN);
            }
        }
        Ok(row_flags)
    }

    /// Copies rows, of one number per feature, to a block.
    pub(crate) fn arrange(&self, level: Level, rows: &[&[f64]; N_LANES], block: &mut [Lanes]) {
        plain::arrange(level, rows, block);
    }

    /// Which rows of a block pass without applying a policy or evaluating a rule. `block` holds the
    /// caller's numbers of each feature, NaN where there is none.
    pub(crate) fn plain_rows(&self, level: Level, block: &[Lanes]) -> LaneSet {
        if !self.schema.rules().is_empty() {
            return LaneSet::NONE;
        }
        self.plain.rows_of(level, block)
    }

    /// A row that any model of this schema accepts: for lanes of a block without a row.
    pub(crate) fn placeholders(&self) -> &[f64] {
        self.plain.placeholders()
    }

    /// Applies the policy of a feature to a cell that is not plain.
    #[cold]
    fn treat(&self, feature: usize, cell: Cell) -> Result<(f64, Flags), Error> {
        let Some(gate) = self.gate(feature) else {
            return Ok((cell.number, Flags::default()));
        };
        gate.treat(cell).map_err(|e| self.at_feature(e, feature))
    }

    /// The error of a broken rule, with the first features that it reads.
    fn rule_broken(&self, index: usize, rule: &Rule) -> Error {
        /// As many as an error has room for.
        const MAX_FEATURES: usize = 3;
        let mut features = [usize::MAX; MAX_FEATURES];
        let mut n_features = 0;
        for feature in rule.features().filter(|feature| *feature < self.n_features()) {
            if !features.contains(&feature)
                && let Some(next) = features.get_mut(n_features)
            {
                *next = feature;
                n_features += 1;
            }
        }
        let error = Error::new(ErrorKind::RuleViolated, "the values contradict each other");
        let features = features.iter().take(n_features).rev();
        features.fold(error, |error, feature| error.within(Place::Feature(*feature))).within_listed(
            Place::Rule(index),
            &self.names,
            self.n_features() + index,
        )
    }

    /// The same error with the feature and its name.
    fn at_feature(&self, error: Error, feature: usize) -> Error {
        if feature < self.n_features() {
            return error.within_listed(Place::Feature(feature), &self.names, feature);
        }
        error.within(Place::Feature(feature))
    }
}

#[cfg(test)]
mod tests;
