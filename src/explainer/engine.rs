//! The engine of an explainer: its request, checked, with all its memory.

use alloc::vec::Vec;

use super::closed_form::ClosedForm;
use super::coalitions::Coalitions;
use super::permutations::Permutations;
use super::request::{Attribution, Explained, Flavour, Method, Request, Scale};
use super::task::{Readout, Task, times_players, unfit};
use crate::error::Error;
#[cfg(feature = "ffi")]
use crate::error::Place;
use crate::explanation::{Explanation, MAX_GROUPS, add_weighted};
use crate::intake::Cell;
use crate::memory;
#[cfg(feature = "ffi")]
use crate::model::OnRefusal;
use crate::model::{Model, check_subnormals};
use crate::scratch::Scratch;

/// The most pairs of permutations for each background row.
const MAX_PAIRS: u32 = 1000;

/// A request that fits its model, with the memory to serve it.
#[derive(Debug)]
pub(crate) struct Engine {
    readout: Readout,
    scale: Scale,
    /// The index of the group of each feature; none if players are features.
    groups: Option<Vec<u32>>,
    n_players: usize,
    scratch: Scratch<'static>,
    /// The admitted row, and a row that is partly a background row.
    row: Vec<f64>,
    hybrid: Vec<f64>,
    /// The explained numbers of each background row; none where they are not needed.
    at_background: Vec<f64>,
    base: Vec<f64>,
    explained: Vec<f64>,
    values: Vec<f64>,
    way: Way,
}

/// How values are computed.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one per explainer, and a box could not fail")]
enum Way {
    Coalitions(Coalitions),
    Permutations(Permutations),
    ClosedForm(ClosedForm),
}

/// What is explained, on which scale, and how many numbers that is.
fn readout(model: &Model, explained: Explained) -> Result<(Readout, Scale, usize), Error> {
    let n_outputs = model.schema().n_outputs();
    Ok(match (explained, model.schema().target().classes().len()) {
        (Explained::Outputs | Explained::Margin, 0) => (Readout::Outputs, Scale::Value, 1),
        (Explained::Outputs, _) => (Readout::Outputs, Scale::Probability, n_outputs),
        (Explained::Margin, 2) => (Readout::LogOdds, Scale::Margin, 1),
        (Explained::Margin, _) => (Readout::Logarithms, Scale::Margin, n_outputs),
        (Explained::Member(index), _) => match model.margins_of(index) {
            (_, 0) => return Err(unfit("there is no such member to explain")),
            (first, n_margins) => (Readout::Margins(first), Scale::Margin, n_margins),
        },
    })
}

impl Engine {
    /// Checks a request and allocates all the memory that explaining will ever need.
    ///
    /// # Errors
    ///
    /// `Option`, `FloatingPoint` or `OutOfMemory`.
    pub(crate) fn new(model: &Model, request: Request) -> Result<Self, Error> {
        check_subnormals()?;
        let n_features = model.schema().n_features();
        let (readout, scale, n_explained) = readout(model, request.explained)?;
        let background = model.explanation().filter(|explanation| explanation.n_rows() > 0);
        let with_background =
            || background.ok_or_else(|| unfit("the bundle has no background rows to compare with"));
        let mut groups = None;
        let mut n_players = n_features;
        let mut scratch = Scratch::new(model.scratch_layout())?;
        let way = match request.method {
            Method::Groups => {
                let declared = &with_background()?.groups;
                if !declared.is_empty() {
                    groups = Some(with_background()?.group_of_each(n_features)?);
                    n_players = declared.len();
                } else if n_features > MAX_GROUPS {
                    return Err(unfit(
                        "the bundle declares no groups, and has more than 12 features: use \
                         permutations",
                    ));
                }
                Way::Coalitions(Coalitions::new(n_players, n_explained)?)
            }
            Method::Permutations { n_pairs } if !(2..=MAX_PAIRS).contains(&n_pairs) => {
                return Err(unfit("the number of pairs of permutations, expected 2 to 1,000"));
            }
            Method::Permutations { n_pairs } => {
                with_background()?;
                Way::Permutations(Permutations::new(n_pairs, n_players, n_explained)?)
            }
            Method::Interventional | Method::PathDependent => {
                let Explained::Member(member) = request.explained else {
                    return Err(unfit("only members have a closed form"));
                };
                let against = match request.method {
                    Method::PathDependent => None,
                    Method::Interventional | Method::Groups | Method::Permutations { .. } => {
                        Some(with_background()?)
                    }
                };
                Way::ClosedForm(ClosedForm::new(model, member, against, &mut scratch)?)
            }
        };
        let mut engine = Self {
            readout,
            scale,
            groups,
            n_players,
            scratch,
            row: memory::filled(0.0, n_features)?,
            hybrid: memory::filled(0.0, n_features)?,
            at_background: Vec::new(),
            base: memory::filled(0.0, n_explained)?,
            explained: memory::filled(0.0, n_explained)?,
            values: memory::filled(0.0, times_players(n_explained, n_players)?)?,
            way,
        };
        match &engine.way {
            Way::ClosedForm(closed_form) => engine.base.copy_from_slice(closed_form.base()),
            Way::Coalitions(_) | Way::Permutations(_) => {
                engine.read_background(model, with_background()?)?;
            }
        }
        Ok(engine)
    }

    /// Reads the explained numbers of the background rows, and their mean.
    #[allow(clippy::indexing_slicing, reason = "there are as many numbers for every row")]
    fn read_background(&mut self, model: &Model, background: &Explanation) -> Result<(), Error> {
        let (n_rows, n_explained) = (background.n_rows(), self.base.len());
        self.at_background = memory::filled(0.0, times_players(n_rows, n_explained)?)?;
        let (numbers, readout) = (&mut self.at_background, self.readout);
        model.evaluate_rows(
            &mut self.scratch,
            n_rows,
            &mut self.hybrid,
            &mut |index, hybrid| hybrid.copy_from_slice(background.row(index)),
            &mut |index, prediction| {
                readout.write(prediction, &mut numbers[index * n_explained..][..n_explained]);
            },
        );
        let rows = self.at_background.chunks_exact(n_explained);
        for (row, weight) in rows.zip(&background.weights) {
            add_weighted(&mut self.base, *weight, row);
        }
        Ok(())
    }

    pub(crate) fn n_players(&self) -> usize {
        self.n_players
    }

    pub(crate) fn n_explained(&self) -> usize {
        self.base.len()
    }

    /// What the explained numbers are without a row.
    #[cfg(feature = "ffi")]
    pub(crate) fn base(&self) -> &[f64] {
        &self.base
    }

    /// Whether players are groups that the bundle declares.
    #[cfg(feature = "ffi")]
    pub(crate) fn has_groups(&self) -> bool {
        self.groups.is_some()
    }

    #[cfg(feature = "ffi")]
    pub(crate) fn is_sampled(&self) -> bool {
        self.flavour() == Flavour::Sampled
    }

    /// Fails with the first of many rows that is refused, if that is to stop them all. `cell` returns the
    /// value of a row and a feature.
    ///
    /// # Errors
    ///
    /// `FloatingPoint`; a kind of the class `Value`, with the row.
    #[cfg(feature = "ffi")]
    pub(crate) fn check_rows(
        &mut self,
        model: &Model,
        on_refusal: OnRefusal,
        n_rows: usize,
        cell: &dyn Fn(usize, usize) -> Cell,
    ) -> Result<(), Error> {
        check_subnormals()?;
        if on_refusal == OnRefusal::GoOn {
            return Ok(());
        }
        let n_features = self.row.len();
        for row in 0..n_rows {
            let mut cells = (0..n_features).map(|feature| cell(row, feature));
            let admitted =
                model.admit_row(&mut self.scratch, n_features, &mut cells, &mut self.row);
            admitted.map_err(|e| e.within(Place::Row(row)))?;
        }
        Ok(())
    }

    pub(crate) fn scale(&self) -> Scale {
        self.scale
    }

    pub(crate) fn flavour(&self) -> Flavour {
        match self.way {
            Way::Permutations(_) => Flavour::Sampled,
            Way::Coalitions(_) | Way::ClosedForm(_) => Flavour::Exact,
        }
    }

    pub(crate) fn player_name<'m>(&self, model: &'m Model, player: usize) -> Option<&'m str> {
        match &self.groups {
            Some(_) => Some(&model.explanation()?.groups.get(player)?.name),
            None => Some(&model.schema().features().get(player)?.name),
        }
    }

    /// Explains the prediction of a row. Never allocates.
    ///
    /// # Errors
    ///
    /// `FloatingPoint`; `FeatureCount`; a kind of the class `Value`, with the feature or the rule.
    pub(crate) fn explain(
        &mut self,
        model: &Model,
        n_values: usize,
        cells: &mut dyn Iterator<Item = Cell>,
    ) -> Result<Attribution<'_>, Error> {
        check_subnormals()?;
        model.admit_row(&mut self.scratch, n_values, cells, &mut self.row)?;
        let Self { readout, groups, scratch, row, hybrid, at_background, base, .. } = self;
        let (readout, explained, values) = (*readout, &mut self.explained, &mut self.values);
        if let Way::ClosedForm(closed_form) = &mut self.way {
            closed_form.explain(model, scratch, row, explained, values);
        } else if let Some(background) = model.explanation() {
            hybrid.copy_from_slice(row);
            model.evaluate_rows(scratch, 1, hybrid, &mut |_, _| {}, &mut |_, prediction| {
                readout.write(prediction, explained);
            });
            let task = Task {
                model,
                background,
                readout,
                groups: groups.as_deref(),
                row,
                at_background,
                base,
                explained,
            };
            match &mut self.way {
                Way::Coalitions(coalitions) => coalitions.explain(&task, scratch, hybrid, values),
                Way::Permutations(pairs) => pairs.explain(&task, scratch, hybrid, values),
                Way::ClosedForm(_) => {}
            }
        }
        Ok(Attribution {
            values: &self.values,
            base: &self.base,
            explained: &self.explained,
            std_errors: match &self.way {
                Way::Permutations(permutations) => Some(permutations.std_errors()),
                Way::Coalitions(_) | Way::ClosedForm(_) => None,
            },
        })
    }
}
