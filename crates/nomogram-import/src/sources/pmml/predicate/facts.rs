//! What is known of a row on a path, and the questions that are open.

use std::collections::BTreeMap;

use super::super::fields::Fields;

/// A question of a row that is open.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Question {
    Missing(usize),
    AtMost(usize, f64),
    OneOf(usize, Vec<u32>),
}

/// What is known of a row: of each feature that was asked for.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Facts(BTreeMap<usize, Fact>);

#[derive(Clone, Debug)]
pub(in super::super) struct Fact {
    /// Whether it is missing, if that is known.
    pub(in super::super) is_missing: Option<bool>,
    /// If it is present, it is above this.
    pub(super) above: f64,
    /// If it is present, it is at most this.
    pub(super) up_to: f64,
    /// If it is present, the levels that it may be.
    pub(super) levels: Option<Vec<bool>>,
}

impl Facts {
    /// What is known of a feature.
    pub(in super::super) fn of(&self, feature: usize, fields: &Fields) -> Fact {
        self.0.get(&feature).cloned().unwrap_or_else(|| Fact {
            is_missing: Some(false).filter(|_| !fields.may_be_missing(feature)),
            above: f64::NEG_INFINITY,
            up_to: f64::INFINITY,
            levels: None,
        })
    }

    /// The features that are missing.
    pub(in super::super) fn missing(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter(|(_, fact)| fact.is_missing == Some(true)).map(|(feature, _)| *feature)
    }

    /// The features whose value can only be one that is no level.
    pub(in super::super) fn unseen<'f>(
        &'f self,
        fields: &'f Fields,
    ) -> impl Iterator<Item = usize> + 'f {
        let is_unseen = |fact: &Fact| {
            let levels = fact.levels.as_deref().and_then(<[bool]>::split_last);
            levels.is_some_and(|(unseen, known)| *unseen && !known.contains(&true))
        };
        let facts = self.0.iter().filter(move |(_, fact)| is_unseen(fact));
        facts.map(|(feature, _)| *feature).filter(|feature| fields.takes_unseen(*feature))
    }

    /// The same, and an answer. `is_missing` replaces what is known of it.
    pub(in super::super) fn with(
        &self,
        question: &Question,
        answer: bool,
        is_missing: Option<bool>,
        fields: &Fields,
    ) -> Self {
        let (Question::Missing(feature)
        | Question::AtMost(feature, _)
        | Question::OneOf(feature, _)) = question;
        let mut fact = self.of(*feature, fields);
        fact.is_missing = is_missing;
        match question {
            Question::Missing(_) => {}
            Question::AtMost(_, threshold) if answer => fact.up_to = fact.up_to.min(*threshold),
            Question::AtMost(_, threshold) => fact.above = fact.above.max(*threshold),
            Question::OneOf(feature, chosen) => {
                let n = n_levels(*feature, fields);
                let before = fact.levels.unwrap_or_else(|| vec![true; n]);
                let levels = before.into_iter().zip(0_u32..);
                let kept = levels.map(|(may, level)| may && chosen.contains(&level) == answer);
                fact.levels = Some(kept.collect());
            }
        }
        let mut facts = self.clone();
        facts.0.insert(*feature, fact);
        facts
    }
}

pub(super) fn n_levels(feature: usize, fields: &Fields) -> usize {
    let n = if fields.is_boolean(feature) { 2 } else { fields.levels(feature).len() };
    n + usize::from(fields.takes_unseen(feature))
}
