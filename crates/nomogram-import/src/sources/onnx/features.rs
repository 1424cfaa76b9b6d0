//! Features: the inputs of the graph, column by column.

use std::cell::Cell;

use nomogram::{Action, Feature, FeatureKind, Policy, Range};

use super::answer::Part;
use super::model::Input;
use crate::columns::{Arithmetic, Column, Map};
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
    /// Whether its values are cast to single precision before anything else.
    is_cast: Cell<bool>,
    /// Whether it is scaled in another precision than single.
    is_scaled_beyond: Cell<bool>,
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
                drafts.push(Draft::new(name, kind));
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

    /// Columns are cast to single precision.
    pub(super) fn cast_to_single(&mut self, columns: &[Column]) {
        self.is_cast_to_single = true;
        for column in columns.iter().filter(|column| !is_scaled(column)) {
            self.draft(column).for_each(|draft| draft.is_cast.set(true));
        }
    }

    /// Columns are scaled by numbers of double precision, or by whole numbers.
    pub(super) fn scale_beyond_single(&self, columns: &[Column]) {
        for column in columns {
            self.draft(column).for_each(|draft| draft.is_scaled_beyond.set(true));
        }
    }

    /// A `Scaler` subtracts and multiplies in the precision of its columns. What it returns is in single precision.
    pub(super) fn scale_to_single(&mut self, columns: &[Column]) {
        self.is_cast_to_single = true;
        for column in columns {
            self.draft(column).for_each(|draft| match draft.kind {
                Kind::Double if !draft.is_cast.get() => draft.is_scaled_beyond.set(true),
                // Whole numbers are rounded first.
                Kind::Integer | Kind::Boolean if !is_scaled(column) => draft.is_cast.set(true),
                Kind::Single | Kind::Double | Kind::Integer | Kind::Boolean | Kind::Text => {}
            });
        }
    }

    fn draft(&self, column: &Column) -> impl Iterator<Item = &Draft> {
        self.drafts.iter().skip(column.feature).take(1)
    }

    /// Refuses columns of trees that are not in single precision, in a graph where others are.
    ///
    /// # Errors
    ///
    /// `Unsupported` with the feature.
    pub(super) fn check_precision(&self, columns: &[Column]) -> Result<(), Error> {
        for column in columns {
            for draft in self.draft(column) {
                let what = match (draft.kind, is_scaled(column)) {
                    (Kind::Single | Kind::Text, _) => continue,
                    (_, true) if draft.is_scaled_beyond.get() => "scaled values",
                    (Kind::Double, false) if !draft.is_cast.get() => "values",
                    (Kind::Double | Kind::Integer | Kind::Boolean, _) => continue,
                };
                let what = format!("trees of {what} in double precision beside single precision");
                return Err(Error::unsupported(what).within(Place::Feature(draft.name.clone())));
            }
        }
        Ok(())
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

fn is_scaled(column: &Column) -> bool {
    column.maps.iter().any(|map| matches!(map, Map::Standardize { .. } | Map::Affine { .. }))
}

impl Draft {
    fn new(name: String, kind: Kind) -> Self {
        let levels = Vec::new();
        let [is_coded, is_cast, is_scaled_beyond] = [false; 3].map(Cell::new);
        Self { name, kind, levels, is_coded, is_cast, is_scaled_beyond }
    }

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
