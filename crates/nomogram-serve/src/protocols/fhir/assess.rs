//! From the resources of a patient to an assessment of the risk.

use std::sync::Arc;

use nomogram::Flags;

use super::record::Record;
use super::resources::{Annotation, Forecast, Identifier, OutConcept, Reference, RiskAssessment};
use crate::entry::Entry;
use crate::following;
use crate::instant::Instant;
use crate::mapping::{Coding, Mapping};
use crate::problem::{Problem, ProblemKind};
use crate::scored::{Options, Refusal, Scored, flag_name, verdict_name};
use crate::scoring::Scorer;
use crate::served::Served;
use crate::service::Service;

/// The system of ids of requests, which outcomes are sent with later.
const REQUEST_SYSTEM: &str = "urn:nomogram:request";
/// The system of digests of bundles.
const DIGEST_SYSTEM: &str = "urn:nomogram:bundle-digest";

/// A prediction with the observations that it is based on.
#[derive(Debug)]
pub(crate) struct Assessed {
    pub(crate) scored: Scored,
    pub(crate) basis: Vec<Reference>,
}

/// The mapping of a model: that of the configuration, else that of the bundle.
///
/// # Errors
///
/// `Unsupported` without one, or when the model predicts no probabilities.
pub(crate) fn mapping(served: &Served, configured: Option<&Mapping>) -> Result<Mapping, Problem> {
    let unsupported = |detail: String| Problem::new(ProblemKind::Unsupported, detail);
    match configured {
        Some(mapping) => Ok(mapping.clone()),
        None => Mapping::of_model(served.model()).map_err(unsupported)?.ok_or_else(|| {
            unsupported("neither the configuration nor the bundle maps features to FHIR".into())
        }),
    }
}

/// Predicts the row of a patient. A feature without a resource is missing.
///
/// # Errors
///
/// Why the row is refused.
pub(crate) fn assess(
    service: &Service,
    served: &Served,
    entry: &Arc<Entry>,
    mapping: &Mapping,
    record: &Record,
) -> Result<Assessed, Problem> {
    let mut scorer = following::scorer(service, served, Options::default(), entry)?;
    scorer.begin_row();
    let set = set_features(&mut scorer, mapping, record);
    let (set, basis) = match set {
        Ok(basis) => (Ok(()), basis),
        Err(refusal) => (Err(refusal), Vec::new()),
    };
    let scored = scorer.answer(set).map_err(|refusal| refusal.into_problem(served))?;
    Ok(Assessed { scored, basis })
}

/// Sets the features that a patient's record has. Returns the observations with their values.
fn set_features(
    scorer: &mut Scorer<'_>,
    mapping: &Mapping,
    record: &Record,
) -> Result<Vec<Reference>, Refusal> {
    let (served, mut basis, now) = (scorer.served(), Vec::new(), Instant::now());
    for (index, feature) in served.model().schema().features().iter().enumerate() {
        let Some(source) = mapping.features.get(&feature.name) else { continue };
        let misread = |detail: &str| {
            let name = &feature.name;
            let detail = format!("feature {}: `{name}`: {detail}", index + 1);
            Refusal::new("fhir_value", detail).of_feature(index)
        };
        let found = record.find(source, feature.unit.as_deref(), now).map_err(misread)?;
        let Some((found, reference)) = found else {
            scorer.set(index, nomogram::Value::Missing(None))?;
            continue;
        };
        scorer.set(index, found.value())?;
        basis.extend(reference.filter(|reference| !basis.contains(reference)));
    }
    Ok(basis)
}

/// A probability in percent, as the same decimal digits with the point moved: never 87.10000000000001.
#[must_use]
pub(crate) fn percent(probability: f64) -> f64 {
    format!("{probability}e2").parse().unwrap_or(f64::NAN)
}

impl RiskAssessment {
    /// The assessment of a patient's risk. Of two classes it has the second; of more, all.
    pub(crate) fn new(
        served: &Served,
        mapping: &Mapping,
        assessed: Assessed,
        subject: Reference,
        request_id: &str,
    ) -> Self {
        let target = served.model().schema().target();
        let n_classes = target.classes().len();
        let classes = target.classes().iter().zip(&assessed.scored.outputs).enumerate();
        let prediction = classes
            .filter(|(class, _)| n_classes > 2 || class + 1 == n_classes)
            .map(|(class, (name, probability))| Forecast {
                outcome: OutConcept {
                    coding: match (&mapping.outcome, class + 1 == n_classes) {
                        (Some(outcome), true) => vec![outcome.clone()],
                        (Some(_) | None, _) => Vec::new(),
                    },
                    text: format!("{}: {name}", target.name()),
                },
                probability_decimal: percent(*probability),
            })
            .collect();
        let digest = Coding {
            system: Some(DIGEST_SYSTEM.to_owned()),
            code: Some(served.digest().to_owned()),
            display: None,
        };
        Self {
            resource_type: "RiskAssessment",
            identifier: vec![Identifier { system: REQUEST_SYSTEM, value: request_id.to_owned() }],
            status: "final",
            method: OutConcept {
                coding: vec![digest],
                text: format!("{} {}", served.name(), served.version()),
            },
            code: OutConcept { coding: Vec::new(), text: target.name().to_owned() },
            subject,
            occurrence_date_time: Instant::now().to_text(),
            basis: assessed.basis,
            prediction,
            note: notes(served, &assessed.scored),
        }
    }
}

/// What was done to values, and whether the prediction should be referred. No value.
pub(crate) fn remarks(served: &Served, scored: &Scored) -> Vec<String> {
    let mut remarks = Vec::new();
    for (feature, flags) in &scored.flags {
        let name = served.feature_name(*feature).unwrap_or_default();
        let named = Flags::ALL.into_iter().filter(|flag| flags.contains(*flag)).map(flag_name);
        remarks.push(format!("{name}: {}", named.collect::<Vec<_>>().join(", ")));
    }
    for rule in &scored.broken_rules {
        remarks.push(format!("rule {} is broken", rule + 1));
    }
    if let Some(verdict) = scored.verdict {
        remarks.push(format!("verdict: {}", verdict_name(verdict)));
    }
    remarks
}

fn notes(served: &Served, scored: &Scored) -> Vec<Annotation> {
    remarks(served, scored).into_iter().map(|text| Annotation { text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_has_the_digits_of_its_probability() {
        let cases =
            [(0.871, 87.1), (0.07, 7.0), (1.0, 100.0), (0.0, 0.0), (5e-324, 5e-322), (0.29, 29.0)];
        for (probability, expected) in cases {
            assert_eq!(percent(probability), expected);
        }
        assert!(percent(1.0 - f64::EPSILON / 2.0) < 100.0 + f64::EPSILON);
    }
}
