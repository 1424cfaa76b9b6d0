//! Metrics of each member and of the ensemble.

use serde::{Serialize, Serializer};

use super::rows::NamedProbabilities;
use crate::class_rows::ClassRows;
use crate::error::Error;
use crate::metrics::Metrics;

/// The name of the ensemble among its members.
pub const ENSEMBLE: &str = "ensemble";

/// The metrics of each member and of the ensemble on the same rows.
///
/// Serialises as a list: the members in order, then the ensemble.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberMetrics {
    members: Vec<NamedMetrics>,
    ensemble: NamedMetrics,
}

/// The metrics of one member, or of the ensemble.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedMetrics {
    /// The name of the member, or [`ENSEMBLE`].
    pub name: String,
    /// Its metrics.
    #[serde(flatten)]
    pub metrics: Metrics,
}

impl MemberMetrics {
    /// Compares predictions with the class of each row. `ensemble` are the rows with the probabilities
    /// of the ensemble.
    ///
    /// # Errors
    ///
    /// `Data` as in [`ClassRows::new`], with the name of the member.
    pub fn new(
        members: &[NamedProbabilities<'_>],
        ensemble: &ClassRows<'_>,
    ) -> Result<Self, Error> {
        let named = |name: &str, rows: &ClassRows<'_>| NamedMetrics {
            name: name.into(),
            metrics: Metrics::of(rows),
        };
        let of_member = |member: &NamedProbabilities<'_>| {
            let rows = ClassRows::new(ensemble.classes(), member.probabilities)
                .and_then(|rows| rows.weighted(ensemble.weights()))
                .map_err(|error| Error::Data(format!("`{}`: {error}", member.name)))?;
            Ok(named(member.name, &rows))
        };
        Ok(Self {
            members: members.iter().map(of_member).collect::<Result<_, Error>>()?,
            ensemble: named(ENSEMBLE, ensemble),
        })
    }

    /// The same metrics without the counts of each class by predicted class.
    #[must_use]
    pub fn without_counts(&self) -> Self {
        let bare = |named: &NamedMetrics| NamedMetrics {
            name: named.name.clone(),
            metrics: Metrics { counts: None, ..named.metrics.clone() },
        };
        Self { members: self.members.iter().map(bare).collect(), ensemble: bare(&self.ensemble) }
    }

    /// The metrics of each member in order, then those of the ensemble.
    pub fn iter(&self) -> impl Iterator<Item = &NamedMetrics> {
        self.members.iter().chain([&self.ensemble])
    }

    /// The metrics of the ensemble.
    #[must_use]
    pub fn ensemble(&self) -> &Metrics {
        &self.ensemble.metrics
    }
}

impl Serialize for MemberMetrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn members_come_first_and_the_ensemble_last() {
        let (classes, p) = ([0, 1], array![[0.75, 0.25], [0.5, 0.5]]);
        let members = [NamedProbabilities { name: "linear", probabilities: p.view() }];
        let rows = ClassRows::new(&classes, p.view()).unwrap();
        let metrics = MemberMetrics::new(&members, &rows).unwrap();
        let json = serde_json::to_value(&metrics).unwrap();
        assert_eq!((&json[0]["name"], &json[1]["name"]), (&"linear".into(), &"ensemble".into()));
        assert_eq!(json[1]["auc"].as_f64(), metrics.ensemble().auc);
        assert_eq!(json.as_array().unwrap().len(), 2);
    }

    #[test]
    fn the_member_that_does_not_fit_is_named() {
        let (p, wrong) = (array![[0.75, 0.25], [0.5, 0.5]], array![[0.75, 0.25]]);
        let members = [NamedProbabilities { name: "linear", probabilities: wrong.view() }];
        let rows = ClassRows::new(&[0, 1], p.view()).unwrap();
        let error = MemberMetrics::new(&members, &rows).unwrap_err().to_string();
        assert!(error.starts_with("`linear`: probabilities of 2 classes for 1 rows"), "{error}");
    }
}
