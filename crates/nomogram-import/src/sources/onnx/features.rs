//! Features: the inputs of the graph, column by column.

use std::cell::Cell;

use nomogram::{Action, Feature, FeatureKind, Policy, Range};

use super::answer::Part;
use super::model::Input;
use crate::columns::{Arithmetic, Column};
use crate::error::{Error, Place};
use crate::features;
use crate::limits::Limits;

/// What is known of a feature.
#[derive(Clone, Debug)]
struct Draft {
    name: String,
    kind: Kind,
    /// The levels of a text, from its encoders.
    levels: Vec<String>,
    /// Whether trees compare it for equality with codes.
    is_coded: Cell<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Single,
    Double,
    Integer,
    Boolean,
    Text,
}

/// The features of a graph.
#[derive(Clone, Debug)]
pub(super) struct Features {
    drafts: Vec<Draft>,
    is_cast_to_single: bool,
}

impl Features {
    /// One feature for each column of each input.
    ///
    /// # Errors
    ///
    /// `Unsupported` for inputs that are no tables of numbers or texts, `TooLarge`.
    pub(super) fn of_inputs(inputs: &[Input<'_>], limits: &Limits) -> Result<Self, Error> {
        let mut drafts = Vec::new();
        for input in inputs {
            let here = |error: Error| {
                error.within(Place::Key(input.name.to_owned())).within(super::model::key("input"))
            };
            let kind = match input.kind {
                1 => Kind::Single,
                11 => Kind::Double,
                6 | 7 => Kind::Integer,
                8 => Kind::Text,
                9 => Kind::Boolean,
                other => {
                    return Err(here(Error::unsupported(format!("elements of type {other}"))));
                }
            };
            let width = input.width.ok_or_else(|| {
                here(Error::unsupported("a shape other than rows and a known number of columns"))
            })?;
            limits.check_features(drafts.len() + width).map_err(here)?;
            for column in 0..width {
                let name = match width {
                    1 => input.name.to_owned(),
                    _ => format!("{}[{}]", input.name, column + 1),
                };
                drafts.push(Draft { name, kind, levels: Vec::new(), is_coded: Cell::new(false) });
            }
        }
        limits.check_features(drafts.len())?;
        Ok(Self { drafts, is_cast_to_single: false })
    }

    pub(super) fn len(&self) -> usize {
        self.drafts.len()
    }

    pub(super) fn has_texts(&self) -> bool {
        self.drafts.iter().any(|draft| draft.kind == Kind::Text)
    }

    pub(super) fn is_text(&self, column: &Column) -> bool {
        self.kind(column) == Some(Kind::Text)
    }

    pub(super) fn is_whole(&self, column: &Column) -> bool {
        matches!(self.kind(column), Some(Kind::Integer | Kind::Boolean))
    }

    fn kind(&self, column: &Column) -> Option<Kind> {
        self.drafts.get(column.feature).map(|draft| draft.kind)
    }

    /// Values are cast to single precision.
    pub(super) fn cast_to_single(&mut self) {
        self.is_cast_to_single = true;
    }

    /// Whether any value is in single precision.
    pub(super) fn is_single(&self) -> bool {
        self.is_cast_to_single || self.drafts.iter().any(|draft| draft.kind == Kind::Single)
    }

    pub(super) fn arithmetic(&self) -> Arithmetic {
        if self.is_single() { Arithmetic::Single } else { Arithmetic::Double }
    }

    /// Trees compare the feature for equality.
    pub(super) fn mark_coded(&self, feature: usize) {
        self.drafts.iter().skip(feature).take(1).for_each(|draft| draft.is_coded.set(true));
    }

    /// The levels of a text, after those that an encoder knows were added.
    pub(super) fn with_levels(&mut self, feature: usize, names: &[&str]) -> &[String] {
        let Some(draft) = self.drafts.get_mut(feature) else { return &[] };
        for name in names {
            // Encoders of few levels are usual; a long list is searched once for each name.
            if draft.levels.len() < features::MAX_UNNAMED_LEVELS
                && !draft.levels.iter().any(|level| level == name)
            {
                draft.levels.push((*name).to_owned());
            }
        }
        &draft.levels
    }

    /// The features, with the policies that ONNX Runtime's answers imply.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a text that no encoder reads.
    pub(super) fn schema(&self, parts: &[Part]) -> Result<Vec<Feature>, Error> {
        let mut takes_missing = vec![true; self.drafts.len()];
        for part in parts {
            let needs_all = !matches!(part.member, nomogram::Member::Forest(_));
            for column in part.columns.iter().filter(|column| column.keeps_missing()) {
                if let Some(takes) = takes_missing.get_mut(column.feature) {
                    *takes &= !needs_all;
                }
            }
        }
        self.drafts.iter().zip(takes_missing).map(|(draft, takes)| draft.feature(takes)).collect()
    }

    /// What a person must know of them.
    pub(super) fn notes(&self) -> Vec<String> {
        let coded = self.drafts.iter().filter(|draft| draft.is_coded.get());
        coded.map(|draft| format!("feature `{}` is a code: a whole number", draft.name)).collect()
    }
}

impl Draft {
    fn feature(&self, takes_missing: bool) -> Result<Feature, Error> {
        let lenient = if takes_missing { features::lenient_number() } else { Policy::default() };
        let largest = f64::from(f32::MAX);
        let of = |kind| Feature { policy: lenient, ..Feature::of_kind(&self.name, kind) };
        Ok(match self.kind {
            Kind::Single | Kind::Double | Kind::Integer if self.is_coded.get() => Feature {
                range: Some(Range { low: 0.0, high: 2_147_483_647.0 }),
                ..of(FeatureKind::Integer)
            },
            Kind::Single => Feature {
                range: Some(Range { low: -largest, high: largest }),
                ..of(FeatureKind::Number)
            },
            Kind::Double => of(FeatureKind::Number),
            Kind::Integer => Feature { policy: Policy::default(), ..of(FeatureKind::Integer) },
            Kind::Boolean => Feature { policy: Policy::default(), ..of(FeatureKind::Boolean) },
            Kind::Text if self.levels.is_empty() => {
                let error = Error::unsupported("a text that no encoder of known levels reads");
                return Err(error.within(Place::Feature(self.name.clone())));
            }
            Kind::Text => {
                let policy = Policy { unseen_level: Action::Take, ..Policy::default() };
                Feature { policy, ..features::category(&self.name, self.levels.clone()) }
            }
        })
    }
}
