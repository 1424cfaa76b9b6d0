//! One member of the ensemble.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Input;
use crate::invalid::{Invalid, Spec as _, require};
use crate::learners::Learner;
use crate::steps::StepSpec;

/// One member: what it reads, how it learns, and how much it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSpec {
    /// Its name, unique.
    pub name: String,
    /// What it reads.
    pub input: Input,
    /// Its weight in the ensemble.
    pub weight: f64,
    /// How it learns.
    pub learner: Learner,
}

impl MemberSpec {
    /// Refuses invalid values; `inputs` are those of the configuration.
    pub(super) fn check(&self, inputs: &BTreeMap<String, Vec<StepSpec>>) -> Result<(), Invalid> {
        require(self.weight >= 0.0 && self.weight.is_finite(), || {
            Invalid::new(self.weight, "0 or more").at("weight")
        })?;
        match &self.input {
            Input::Raw | Input::Scaled => {}
            Input::Named(name) => require(inputs.contains_key(name), || {
                let known = ["raw", "scaled"].into_iter().chain(inputs.keys().map(String::as_str));
                let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
                Invalid::new(format!("`{name}`"), known.join(", ")).at("input")
            })?,
        }
        let learner = self.learner.validate();
        learner.map_err(|invalid| invalid.at(self.learner.key()).at("learner"))
    }
}
