//! Settings of a network.

use core::f64::consts::PI;

use nomogram::{Activation, numeric};
use serde::{Deserialize, Serialize};

use crate::count::number;
use crate::invalid::{Invalid, Spec};
use crate::learners::checks::{at_least_one, not_negative, positive, require};
use crate::learners::class_weight::ClassWeight;
use crate::learners::early_stopping::EarlyStopping;
use crate::learners::fit_member::Smallest;

/// The largest number of networks that are averaged: more take time and memory, and change little.
const MAX_SEEDS: usize = 100;

/// A multi-layer perceptron with log loss, fitted by Adam (Kingma and Ba 2015).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// The widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// The function at the end of each hidden layer.
    pub activation: Activation,
    /// The strength of the L2 penalty on the weights, per row of a batch.
    pub l2: f64,
    /// The step size of Adam.
    pub learning_rate: f64,
    /// The rows of a batch.
    pub batch_rows: usize,
    /// The largest number of passes over the rows.
    pub max_epochs: usize,
    /// Stops when the loss of held-out rows no longer falls; without it every epoch is run.
    #[serde(default)]
    pub early_stopping: Option<EarlyStopping>,
    /// How the step size changes from epoch to epoch; without it, not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How much each row counts.
    #[serde(default, skip_serializing_if = "ClassWeight::is_equal")]
    pub class_weight: ClassWeight,
    /// The number of networks whose margins are averaged, 1 to 100; each has its own initial weights and
    /// batches.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub n_seeds: usize,
}

/// How the step size changes, counted from epoch 0; `e` is the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// `learning_rate · (1 + cos(π · e / max_epochs)) / 2` (Loshchilov and Hutter 2017).
    Cosine,
    /// `learning_rate · factor^e`.
    Exponential(f64),
    /// `learning_rate · factor^(e / every)`, the exponent rounded down.
    Step {
        /// Epochs between two changes.
        every: u32,
        /// The factor of the step size, above 0 and at most 1.
        factor: f64,
    },
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_one(count: &usize) -> bool {
    *count == 1
}

impl NetworkSpec {
    /// Hidden layers of these widths, and the defaults of scikit-learn's `MLPClassifier`.
    #[must_use]
    pub fn new(hidden: Vec<usize>) -> Self {
        Self {
            hidden,
            activation: Activation::Relu,
            l2: 1e-4,
            learning_rate: 1e-3,
            batch_rows: 200,
            max_epochs: 200,
            early_stopping: None,
            schedule: None,
            class_weight: ClassWeight::Equal,
            n_seeds: 1,
        }
    }

    /// The step size in an epoch.
    pub(super) fn learning_rate_in(&self, epoch: usize) -> f64 {
        let power = |factor, exponent: usize| {
            numeric::powi(factor, u32::try_from(exponent).unwrap_or(u32::MAX))
        };
        match self.schedule {
            None => self.learning_rate,
            Some(Schedule::Cosine) => {
                let share = number(epoch) / number(self.max_epochs);
                self.learning_rate * (1.0 + numeric::cos(PI * share)) / 2.0
            }
            Some(Schedule::Exponential(factor)) => self.learning_rate * power(factor, epoch),
            Some(Schedule::Step { every, factor }) => {
                self.learning_rate * power(factor, epoch / every.max(1) as usize)
            }
        }
    }
}

impl Smallest for NetworkSpec {
    fn smallest(self) -> Self {
        Self { max_epochs: 1, n_seeds: 1, ..self }
    }
}

impl Spec for NetworkSpec {
    fn validate(&self) -> Result<(), Invalid> {
        let mut widths = self.hidden.iter().enumerate();
        let zero = widths.find(|(_, width)| **width == 0);
        if let Some((layer, width)) = zero {
            return Err(Invalid::new(width, "at least 1").in_item(layer, None).at("hidden"));
        }
        has_slope(self.activation)?;
        not_negative(self.l2, "l2")?;
        positive(self.learning_rate, "learning_rate")?;
        at_least_one(self.batch_rows, "batch_rows")?;
        at_least_one(self.max_epochs, "max_epochs")?;
        let has_seeds = (1..=MAX_SEEDS).contains(&self.n_seeds);
        require(has_seeds, self.n_seeds, &format!("1 to {MAX_SEEDS}"), "n_seeds")?;
        self.schedule
            .map_or(Ok(()), Schedule::validate)
            .map_err(|invalid| invalid.at("schedule"))?;
        let stopping = self.early_stopping.as_ref().map_or(Ok(()), EarlyStopping::validate);
        stopping.map_err(|invalid| invalid.at("early_stopping"))
    }
}

/// Refuses activations that the core has but whose derivative a fit does not compute.
fn has_slope(activation: Activation) -> Result<(), Invalid> {
    match activation {
        Activation::Identity | Activation::Relu | Activation::Tanh | Activation::Logistic => Ok(()),
        Activation::LeakyRelu { .. }
        | Activation::Gelu
        | Activation::GeluTanh
        | Activation::Softmax => {
            let expected = "identity, relu, tanh or logistic";
            Err(Invalid::new(activation.to_string(), expected).at("activation"))
        }
    }
}

impl Schedule {
    fn validate(self) -> Result<(), Invalid> {
        let factor_is_valid = |factor: f64, key| {
            require(factor > 0.0 && factor <= 1.0, factor, "above 0 and at most 1", key)
        };
        match self {
            Self::Cosine => Ok(()),
            Self::Exponential(factor) => factor_is_valid(factor, "exponential"),
            Self::Step { every, factor } => {
                let checked = factor_is_valid(factor, "factor")
                    .and_then(|()| require(every >= 1, every, "at least 1", "every"));
                checked.map_err(|invalid| invalid.at("step"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_size_follows_its_schedule() {
        let rates = |schedule| {
            let spec = NetworkSpec {
                learning_rate: 0.8,
                max_epochs: 4,
                schedule,
                ..NetworkSpec::new(Vec::new())
            };
            [0, 1, 2, 3].map(|epoch| spec.learning_rate_in(epoch))
        };
        assert_eq!(rates(None), [0.8; 4]);
        assert_eq!(rates(Some(Schedule::Exponential(0.5))), [0.8, 0.4, 0.2, 0.1]);
        let step = Schedule::Step { every: 2, factor: 0.5 };
        assert_eq!(rates(Some(step)), [0.8, 0.8, 0.4, 0.4]);
        let root = 0.5_f64.sqrt();
        let expected = [0.8, 0.4 * (1.0 + root), 0.4, 0.4 * (1.0 - root)];
        for (rate, expected) in rates(Some(Schedule::Cosine)).into_iter().zip(expected) {
            assert!((rate - expected).abs() < 1e-15, "{rate} {expected}");
        }
    }

    #[test]
    fn invalid_settings_are_named() {
        let plain = || NetworkSpec::new(vec![4]);
        let step = |every, factor| Some(Schedule::Step { every, factor });
        let cases = [
            (NetworkSpec::new(vec![4, 0]), "hidden: 2: 0, expected at least 1"),
            (
                NetworkSpec { activation: Activation::LeakyRelu { slope: 0.1 }, ..plain() },
                "activation: leaky ReLU with slope 0.1, expected identity, relu, tanh or logistic",
            ),
            (NetworkSpec { batch_rows: 0, ..plain() }, "batch_rows: 0, expected at least 1"),
            (NetworkSpec { n_seeds: 0, ..plain() }, "n_seeds: 0, expected 1 to 100"),
            (NetworkSpec { n_seeds: 101, ..plain() }, "n_seeds: 101, expected 1 to 100"),
            (NetworkSpec { l2: -1.0, ..plain() }, "l2: -1, expected 0 or more"),
            (
                NetworkSpec { schedule: step(0, 0.5), ..plain() },
                "schedule: step: every: 0, expected at least 1",
            ),
            (
                NetworkSpec { schedule: step(1, 2.0), ..plain() },
                "schedule: step: factor: 2, expected above 0 and at most 1",
            ),
            (
                NetworkSpec {
                    early_stopping: Some(EarlyStopping { fraction: 0.1, patience: 0 }),
                    ..plain()
                },
                "early_stopping: patience: 0, expected at least 1",
            ),
        ];
        for (spec, message) in cases {
            assert_eq!(spec.check().unwrap_err().to_string(), message);
        }
    }
}
