//! What to explain and how; what an explanation is.

/// Which numbers of a prediction are explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explained {
    /// The outputs of the ensemble: the probability of each class, or the predicted number.
    Outputs,
    /// Their logarithms: for two classes, the log odds of class 1; for more, the logarithm of each
    /// probability; the predicted number as it is. Probabilities below 10⁻³⁰⁰ count as that.
    Margin,
    /// The margins of the member at this index.
    Member(usize),
}

/// How numbers are explained. Every method but the last compares a row with the background rows of the
/// bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Every coalition of the groups of features that the bundle declares, or of the features
    /// themselves, if there are at most 12. Exact.
    Groups,
    /// So many pairs of a permutation of the features and its reverse for each background row, always
    /// the same ones. Sampled: values come with standard errors.
    Permutations {
        /// From 2 to 1,000.
        n_pairs: u32,
    },
    /// The closed form of a linear member or a forest. Exact.
    Interventional,
    /// Of a forest: compares a row with the shares of the training rows in its trees, as LightGBM,
    /// XGBoost and shap do without a background. Exact.
    PathDependent,
}

/// What to explain and how; by default, the outputs by [`Method::Groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which numbers.
    pub explained: Explained,
    /// How.
    pub method: Method,
}

impl Default for Request {
    fn default() -> Self {
        Self { explained: Explained::Outputs, method: Method::Groups }
    }
}

/// Whether values are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Shapley values within rounding.
    Exact,
    /// Estimates from a sample of permutations, with standard errors. They sum exactly all the same.
    Sampled,
}

/// The scale of explained numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Probabilities of classes.
    Probability,
    /// Margins: log odds, logarithms of probabilities, or the margins of a member.
    Margin,
    /// The predicted number, in its unit.
    Value,
}

/// The explanation of one row, valid until the explainer explains the next one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribution<'a> {
    pub(super) values: &'a [f64],
    pub(super) base: &'a [f64],
    pub(super) explained: &'a [f64],
    pub(super) std_errors: Option<&'a [f64]>,
}

impl<'a> Attribution<'a> {
    /// What each player adds to each explained number, shape `(n_explained, n_players)`, row-major.
    #[must_use]
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// What each player adds to one explained number; none if there is no such number.
    #[must_use]
    pub fn values_of(&self, explained: usize) -> &'a [f64] {
        let n_players = self.values.len() / self.base.len().max(1);
        self.values.chunks_exact(n_players.max(1)).nth(explained).unwrap_or_default()
    }

    /// What the explained numbers are without the row: their mean over the background rows, or over the
    /// shares of the training rows.
    #[must_use]
    pub fn base(&self) -> &'a [f64] {
        self.base
    }

    /// The explained numbers: base plus values, within rounding. Of a forest in single precision, the
    /// margin is summed in double precision here.
    #[must_use]
    pub fn explained(&self) -> &'a [f64] {
        self.explained
    }

    /// The standard error of each value, from the choice of permutations; none of exact values.
    #[must_use]
    pub fn std_errors(&self) -> Option<&'a [f64]> {
        self.std_errors
    }
}
