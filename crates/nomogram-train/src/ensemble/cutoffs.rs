//! Named cutoffs, chosen on out-of-fold predictions.

use nomogram::Cutoff;
use serde::{Deserialize, Serialize};

use crate::count::position;
use crate::data::Dataset;
use crate::error::Error;
use crate::invalid::Invalid;
use crate::predictions::Predictions;
use nomogram_stats::Rows;
use nomogram_stats::cutoffs::CutoffRule;

/// A named cutoff, and the rule that chooses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutoffSpec {
    /// Its name, unique, for example `refer to biopsy`.
    pub name: String,
    /// The class whose probability is compared; without it, the positive one of two classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Which probability is best.
    pub rule: CutoffRule,
}

impl CutoffSpec {
    /// Refuses rules that no rows can satisfy.
    ///
    /// # Errors
    ///
    /// With the place within this spec.
    pub fn check(&self) -> Result<(), Invalid> {
        self.rule.check().map_err(|detail| Invalid::from(detail).at("rule"))
    }

    /// The cutoff that the rule chooses on these rows, with their weights.
    ///
    /// # Errors
    ///
    /// `Data` when there is no such class, when the predictions are of other rows or classes, or when no
    /// probability satisfies the rule.
    pub fn choose(&self, dataset: &Dataset, out_of_fold: &Predictions) -> Result<Cutoff, Error> {
        let class = self.class(dataset.schema().target().classes())?;
        let column = class as usize;
        out_of_fold
            .check(dataset.classes(), dataset.n_classes())
            .map_err(|error| self.refused(&error.to_string()))?;
        let outcomes: Vec<bool> =
            dataset.classes().iter().map(|of_row| *of_row == column).collect();
        let probabilities = out_of_fold.ensemble.column(column).to_vec();
        let rows =
            Rows::new(&outcomes, &probabilities).and_then(|rows| rows.weighted(dataset.weights()));
        let chosen = rows.and_then(|rows| self.rule.choose(rows));
        let probability = chosen.map_err(|e| self.refused(&e.to_string()))?.cutoff;
        Ok(Cutoff { name: self.name.clone(), class, probability })
    }

    /// The position of the class among the names of all.
    ///
    /// # Errors
    ///
    /// `Data` when there is no such class, or none is named and there are more than 2.
    pub(crate) fn class(&self, names: &[String]) -> Result<u32, Error> {
        let class = match &self.class {
            Some(name) => names.iter().position(|class| class == name),
            None => (names.len() == 2).then_some(1),
        };
        match class {
            Some(class) => position(class),
            None => {
                let named = self.class.as_ref().map_or("none".into(), |name| format!("`{name}`"));
                Err(self.refused(&format!("class: {named}, expected one of {names:?}")))
            }
        }
    }

    fn refused(&self, detail: &str) -> Error {
        Error::Data(format!("cutoff `{}`: {detail}", self.name))
    }
}
