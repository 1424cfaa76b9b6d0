//! Explainers: how much each feature moved a prediction away from the background.
//!
//! All methods give Shapley values: with `v(S)` the mean prediction over the background rows after the
//! features of `S` were replaced by those of the row, feature `i` gets the mean of `v(S ∪ i) − v(S)`
//! over all orders in which features can be replaced. They sum to the prediction minus the base.

mod request;

mod task;

mod closed_form;
mod coalitions;
mod permutations;

mod engine;

use alloc::sync::Arc;

use ndarray::ArrayView1;

pub(crate) use engine::Engine;
pub use request::{Attribution, Explained, Flavour, Method, Request, Scale};

use crate::error::{Error, ErrorKind};
use crate::intake::Cell;
use crate::model::Model;
use crate::session::Session;

/// A model and the memory of one thread to explain its predictions.
///
/// After it exists, explaining allocates nothing. The bits of an explanation depend on the bundle, the
/// request and the row only.
///
/// ```
/// use nomogram::{Explainer, Model, Request};
///
/// let model = Model::open(&nomogram_testkit::explained_bundle())?;
/// let mut explainer = Explainer::new(model.into(), Request::default())?;
/// let explained = explainer.explain_row(&[17.99, 10.38, 122.8])?;
/// // Class 1: what each feature adds to the mean probability over the background rows.
/// let sum: f64 = explained.base()[1] + explained.values_of(1).iter().sum::<f64>();
/// assert!((sum - explained.explained()[1]).abs() < 1e-12);
/// # Ok::<(), nomogram::Error>(())
/// ```
#[derive(Debug)]
pub struct Explainer {
    model: Arc<Model>,
    engine: Engine,
}

impl Explainer {
    /// An explainer for `model`, which it keeps alive.
    ///
    /// # Errors
    ///
    /// `Option` when the request does not fit the model, with what is missing; `FloatingPoint`;
    /// `OutOfMemory`.
    pub fn new(model: Arc<Model>, request: Request) -> Result<Self, Error> {
        Ok(Self { engine: Engine::new(&model, request)?, model })
    }

    /// The model whose predictions it explains.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// How many players share each explained number: features of the schema, or groups of features.
    #[must_use]
    pub fn n_players(&self) -> usize {
        self.engine.n_players()
    }

    /// The name of a player.
    #[must_use]
    pub fn player_name(&self, player: usize) -> Option<&str> {
        self.engine.player_name(&self.model, player)
    }

    /// How many numbers are explained: one per class, or one.
    #[must_use]
    pub fn n_explained(&self) -> usize {
        self.engine.n_explained()
    }

    /// Whether its values are exact.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.engine.flavour()
    }

    /// The scale of its values.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.engine.scale()
    }

    /// Explains the prediction of one row: one value per feature, in the order of the schema. NaN means
    /// missing; a category is the number of its level, a boolean 0 or 1.
    ///
    /// # Errors
    ///
    /// As [`Session::predict_row`](crate::Session::predict_row).
    pub fn explain_row(&mut self, values: &[f64]) -> Result<Attribution<'_>, Error> {
        self.explain_values(ArrayView1::from(values))
    }

    /// Explains the prediction of the row that was set by [`Session::set`].
    ///
    /// # Errors
    ///
    /// As [`Session::predict`]; `Option` for a session of another model.
    pub fn explain_set(&mut self, session: &Session) -> Result<Attribution<'_>, Error> {
        if !Arc::ptr_eq(&self.model, session.model()) {
            return Err(Error::new(ErrorKind::Option, "the session has another model"));
        }
        let n_features = self.model.schema().n_features();
        self.engine.explain(&self.model, n_features, &mut session.cells())
    }

    /// [`Self::explain_row`] for a row of any layout.
    ///
    /// # Errors
    ///
    /// As [`Self::explain_row`].
    pub fn explain_values(
        &mut self,
        values: ArrayView1<'_, f64>,
    ) -> Result<Attribution<'_>, Error> {
        let n_values = values.len();
        let mut cells = values.into_iter().map(|number| Cell::of_array(*number));
        self.engine.explain(&self.model, n_values, &mut cells)
    }
}
