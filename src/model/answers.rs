//! Golden answers: the intake, the rules and the cutoffs answer as they did when sealed.

use super::Model;
use crate::budget::times;
use crate::bundle::{Answers, Digest, GoldenCase, Transcript};
use crate::ensemble::Cutoff;
use crate::error::{Error, ErrorKind, Place};
use crate::intake::Value;
use crate::schema::{Condition, Feature, FeatureKind, Quantity, Rule, RuleAction, Target};

/// Values that every feature is probed with, in its own unit and in each other one: none of them is a
/// value of a patient.
const PROBES: [f64; 8] = [0.0, 1.0, 0.5, 37.25, -3.0, 1e6, f64::INFINITY, f64::NAN];

/// How many levels and units of a feature are probed, and for how many cutoffs golden cases are
/// compared, so that the work stays linear in the size of the file. Names and numbers of all of them
/// count.
const MAX_PROBED: usize = 16;

impl Model {
    /// How the model answers now, in words, with golden cases that it predicted.
    pub(crate) fn answers(&self, cases: &[GoldenCase]) -> Answers {
        Answers {
            features: self.feature_answers().collect(),
            rules: self.rule_answers(cases).collect(),
            cutoffs: self.cutoff_answers(cases).collect(),
            names: self.names_answer(),
        }
    }

    /// What [`Self::check_answers`] computes, in steps of about a nanosecond.
    pub(super) fn answers_work(&self) -> u64 {
        /// Of the values that probe a feature.
        const FEATURE: u64 = 4096;
        let n_compared = self.schema().rules().len() + self.cutoffs.len().min(MAX_PROBED);
        let cases = times(self.golden_cases.len(), 16);
        match self.answers {
            None => 0,
            Some(_) => times(self.schema().n_features(), FEATURE) + times(n_compared, cases),
        }
    }

    fn feature_answers(&self) -> impl Iterator<Item = Digest> {
        let features = self.schema().features().iter().enumerate();
        features.map(|(index, feature)| self.feature_answer(index, feature))
    }

    fn rule_answers(&self, cases: &[GoldenCase]) -> impl Iterator<Item = Digest> {
        self.schema().rules().iter().map(move |rule| rule_answer(rule, cases))
    }

    fn cutoff_answers(&self, cases: &[GoldenCase]) -> impl Iterator<Item = Digest> {
        let cutoffs = self.cutoffs.iter().enumerate();
        cutoffs.map(move |(index, cutoff)| {
            cutoff_answer(cutoff, if index < MAX_PROBED { cases } else { &[] })
        })
    }

    /// Compares the answers with those that were sealed; a bundle may have none.
    ///
    /// # Errors
    ///
    /// `GoldenCase` with the first feature, rule or cutoff that answers differently.
    pub(super) fn check_answers(&self) -> Result<(), Error> {
        let Some(sealed) = &self.answers else { return Ok(()) };
        let cases = &self.golden_cases;
        check_each(self.feature_answers(), &sealed.features, Place::Feature)?;
        check_each(self.rule_answers(cases), &sealed.rules, Place::Rule)?;
        check_each(self.cutoff_answers(cases), &sealed.cutoffs, Place::Cutoff)?;
        if self.names_answer() == sealed.names {
            return Ok(());
        }
        let detail = "the names of target, classes and members are not as sealed";
        Err(Error::new(ErrorKind::GoldenCase, detail))
    }

    fn feature_answer(&self, index: usize, feature: &Feature) -> Digest {
        let mut transcript = Transcript::of(&feature.name);
        match &feature.kind {
            FeatureKind::Number => transcript.byte(0),
            FeatureKind::Integer => transcript.byte(1),
            FeatureKind::Boolean => transcript.byte(2),
            FeatureKind::Category { levels } => {
                transcript.byte(3);
                levels.iter().for_each(|level| transcript.text(level));
            }
        }
        Condition::ALL.iter().for_each(|condition| {
            transcript.byte(feature.policy.action(*condition) as u8);
        });
        let mut probe = |value| self.probe(index, value, &mut transcript);
        PROBES.iter().for_each(|number| probe(Value::Number(*number)));
        probe(Value::Missing(None));
        probe(Value::Boolean(true));
        probe(Value::Text(""));
        for end in feature.range.iter().flat_map(|range| [range.low, range.high]) {
            for number in [end.next_down(), end, end.next_up()] {
                probe(Value::Number(number));
            }
        }
        feature.levels().iter().take(MAX_PROBED).for_each(|level| probe(Value::Text(level)));
        transcript.text(feature.unit.as_deref().unwrap_or_default());
        for unit in &feature.alternative_units {
            transcript.text(&unit.code);
            transcript.number(unit.offset);
            transcript.number(unit.multiplier);
            transcript.number(unit.divisor);
        }
        for unit in feature.alternative_units.iter().take(MAX_PROBED) {
            for number in PROBES {
                self.probe(index, Value::NumberIn(number, &unit.code), &mut transcript);
            }
        }
        transcript.finish()
    }

    /// What the intake does with a value: the number and flags, or the status of the refusal.
    fn probe(&self, feature: usize, value: Value<'_>, transcript: &mut Transcript) {
        match self.intake.take(feature, value) {
            Ok((number, flags)) => {
                transcript.byte(flags.bits());
                transcript.yes_or_no(number.is_nan());
                // NaN has many bits.
                transcript.number(if number.is_nan() { 0.0 } else { number });
            }
            Err(error) => {
                transcript.byte(u8::MAX);
                transcript.number(f64::from(error.kind().status()));
            }
        }
    }

    fn names_answer(&self) -> Digest {
        let target = self.schema().target();
        let mut transcript = Transcript::of(target.name());
        match target {
            Target::Classes { classes, .. } => classes.iter().for_each(|c| transcript.text(c)),
            Target::Number { unit, .. } => transcript.text(unit.as_deref().unwrap_or_default()),
        }
        transcript.count(self.members.len());
        self.members.iter().for_each(|member| transcript.text(&member.name));
        transcript.finish()
    }
}

fn rule_answer(rule: &Rule, cases: &[GoldenCase]) -> Digest {
    let mut transcript = Transcript::of(&rule.name);
    transcript.yes_or_no(rule.action == RuleAction::Refuse);
    transcript.optional_number(rule.low);
    transcript.optional_number(rule.high);
    match &rule.quantity {
        Quantity::Ratio { factors, divisors, constant } => {
            transcript.byte(0);
            transcript.number(*constant);
            transcript.count(factors.len());
            transcript.count(divisors.len());
        }
        Quantity::Difference { .. } => transcript.byte(1),
    }
    rule.features().for_each(|feature| transcript.count(feature));
    let mut n_broken = 0;
    for (index, case) in cases.iter().enumerate() {
        if rule.is_broken_by(&case.row) {
            transcript.count(index);
            n_broken += 1;
        }
    }
    transcript.count(n_broken);
    transcript.finish()
}

fn cutoff_answer(cutoff: &Cutoff, cases: &[GoldenCase]) -> Digest {
    let mut transcript = Transcript::of(&cutoff.name);
    let class = cutoff.class as usize;
    transcript.count(class);
    transcript.number(cutoff.probability);
    for case in cases {
        let probability = case.outputs.get(class).map(|bits| f64::from_bits(*bits));
        transcript.yes_or_no(probability.is_some_and(|p| p >= cutoff.probability));
    }
    transcript.finish()
}

/// Refuses the first item that its answer differs from what was sealed.
fn check_each(
    answers: impl Iterator<Item = Digest>,
    sealed: &[Digest],
    place: impl Fn(usize) -> Place,
) -> Result<(), Error> {
    let refused = |index| {
        let error = Error::new(ErrorKind::GoldenCase, "its answer differs from what was sealed");
        Err(error.within(place(index)))
    };
    let mut n_answers = 0;
    for digest in answers {
        if sealed.get(n_answers) != Some(&digest) {
            return refused(n_answers);
        }
        n_answers += 1;
    }
    if n_answers == sealed.len() { Ok(()) } else { refused(n_answers) }
}
