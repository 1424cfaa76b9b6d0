//! Options of an import.

use crate::error::Error;

/// How a file is imported, where it can be done in more than one way.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// The name of the model; by default, that of the format.
    pub name: Option<String>,
    /// Which trees of a boosted model are taken.
    pub rounds: Rounds,
    /// Compute the link in double precision where the source computes it in single precision. The
    /// margins stay those of the source; outputs then differ from it in their eighth digit.
    pub double_link: bool,
    /// Keep the share of the training rows that goes to the left at each split, so that the bundle can
    /// be explained by path. A file without them is refused.
    pub tree_shares: bool,
    /// Keep the rows of the training data that a model stores: support vectors, and the rows among which nearest
    /// neighbours are found. They may be data of patients: without it, such a model is refused.
    pub training_rows: bool,
    /// Import this class of a one-vs-rest model (`multiclassova` of LightGBM, `MultiClassOneVsAll` of
    /// CatBoost), by its name, or by its number from 0 on where the file has no names. The bundle's classes
    /// are `not NAME` and `NAME`.
    pub class: Option<String>,
}

impl Options {
    /// The index of [`Self::class`] in a model of these classes.
    ///
    /// # Errors
    ///
    /// `Unsupported` without a class, since such probabilities do not sum to 1, or with one that the model
    /// does not have.
    pub(crate) fn index_of_class(&self, what: &str, classes: &[String]) -> Result<usize, Error> {
        let known = classes.join(", ");
        let Some(class) = &self.class else {
            return Err(Error::unsupported(format!(
                "{what}, whose probabilities do not sum to 1; choose one class ({known}) to import its \
                 probability against all others"
            )));
        };
        classes.iter().position(|name| name == class).ok_or_else(|| {
            Error::unsupported(format!("the option `class` is `{class}`, expected one of {known}"))
        })
    }

    /// Refuses a class of a model that predicts all classes together.
    pub(crate) fn check_no_class(&self) -> Result<(), Error> {
        match &self.class {
            None => Ok(()),
            Some(class) => Err(Error::unsupported(format!(
                "the option `class` is `{class}`, expected none: only models of `multiclassova` and \
                 `MultiClassOneVsAll` are imported class by class"
            ))),
        }
    }
}

/// The two classes of one class of a one-vs-rest model.
pub(crate) fn one_vs_rest(class: &str) -> [String; 2] {
    [format!("not {class}"), class.to_owned()]
}

/// Which rounds of boosting are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rounds {
    /// As the source predicts by default: XGBoost's classes for scikit-learn stop at the best round, a
    /// booster takes all; LightGBM takes all that were saved.
    #[default]
    AsSource,
    /// All of them.
    All,
    /// Up to the best one, where the file names it.
    Best,
    /// So many.
    First(usize),
}
