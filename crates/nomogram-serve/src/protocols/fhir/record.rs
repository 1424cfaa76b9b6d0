//! The resources of one patient, and the values of features in them.

use nomogram::{MissingReason, Value};

use super::resources::{Concept, Content, Observation, Patient, Quantity, Reference, Resource};
use crate::instant::Instant;
use crate::mapping::{LOINC, PatientElement, Source};
use crate::problem::{Problem, ProblemKind};

/// The system of the reasons why a value is absent.
const ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";

/// The resources of one patient.
#[derive(Debug, Default)]
pub(crate) struct Record {
    patient: Option<Patient>,
    observations: Vec<Observation>,
    subject: Option<Reference>,
}

/// The value of a feature.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found<'r> {
    Number(f64),
    NumberIn(f64, &'r str),
    Boolean(bool),
    Integer(i64),
    Text(&'r str),
    Missing(Option<MissingReason>),
}

impl Found<'_> {
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::NumberIn(number, unit) => Value::NumberIn(*number, unit),
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Integer(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text(text),
            Self::Missing(reason) => Value::Missing(*reason),
        }
    }
}

fn malformed(detail: &'static str) -> Problem {
    Problem::new(ProblemKind::Malformed, detail)
}

impl Record {
    /// Adds a resource, and what a bundle has.
    ///
    /// # Errors
    ///
    /// `Malformed` when the resources are of several patients.
    pub(crate) fn add(&mut self, resource: Resource) -> Result<(), Problem> {
        match resource {
            Resource::Bundle(bundle) => {
                for resource in bundle.entry.into_iter().filter_map(|entry| entry.resource) {
                    self.add(resource)?;
                }
                Ok(())
            }
            Resource::Patient(patient) => {
                if let Some(id) = &patient.id {
                    self.set_subject(Reference::new(format!("Patient/{id}")))?;
                }
                if self.patient.replace(patient).is_some() {
                    return Err(malformed("two resources of the type Patient, expected one"));
                }
                Ok(())
            }
            Resource::Observation(observation) => {
                if let Some(subject) = &observation.subject {
                    self.set_subject(subject.clone())?;
                }
                self.observations.push(*observation);
                Ok(())
            }
            Resource::OperationOutcome {} | Resource::Other => Ok(()),
        }
    }

    /// The patient that all resources are of, if any names it.
    pub(crate) fn subject(&self) -> Option<&Reference> {
        self.subject.as_ref()
    }

    /// Sets the patient that all resources are of.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is another one.
    pub(crate) fn set_subject(&mut self, subject: Reference) -> Result<(), Problem> {
        let Some(reference) = &subject.reference else { return Ok(()) };
        let known = self.subject.as_ref().and_then(|known| known.reference.as_deref());
        match known {
            None => {
                self.subject = Some(subject);
                Ok(())
            }
            Some(known) if id(known) == id(reference) => Ok(()),
            Some(_) => Err(malformed("resources of several patients, expected those of one")),
        }
    }

    /// The value of a feature, and the observation that has it; `None` when there is none.
    ///
    /// # Errors
    ///
    /// `Malformed` for a value that this service cannot use as it is meant, without the value.
    pub(crate) fn find<'r>(
        &'r self,
        source: &'r Source,
        unit: Option<&str>,
        now: Instant,
    ) -> Result<Option<(Found<'r>, Option<Reference>)>, &'static str> {
        if let Some(element) = source.patient {
            let found =
                self.patient.as_ref().map(|patient| of_patient(patient, element, source, now));
            return Ok(found.transpose()?.flatten().map(|found| (found, None)));
        }
        let Some(code) = source.loinc.as_deref() else { return Ok(None) };
        let newest = self
            .observations
            .iter()
            .filter(|observation| observation.is_usable())
            .filter_map(|observation| Some((observation, content(observation, code)?)))
            .max_by_key(|(observation, _)| observation.time());
        let Some((observation, content)) = newest else { return Ok(None) };
        let basis = observation.id.as_ref().map(|id| Reference::new(format!("Observation/{id}")));
        Ok(Some((of_content(content, source, unit)?, basis)))
    }
}

/// The id of a reference, whether it is relative, absolute or of one version.
fn id(reference: &str) -> &str {
    let reference = reference.split_once("/_history").map_or(reference, |(reference, _)| reference);
    reference.rsplit(['/', ':']).next().unwrap_or(reference)
}

/// What an observation, or a component of it, has for a code.
fn content<'o>(observation: &'o Observation, code: &str) -> Option<&'o Content> {
    if observation.code.has(LOINC, code) {
        return Some(&observation.content);
    }
    let component = observation.component.iter().find(|component| component.code.has(LOINC, code));
    component.map(|component| &component.content)
}

fn of_patient<'r>(
    patient: &'r Patient,
    element: PatientElement,
    source: &'r Source,
    now: Instant,
) -> Result<Option<Found<'r>>, &'static str> {
    match element {
        PatientElement::Age => {
            let Some(date) = &patient.birth_date else { return Ok(None) };
            let born = Instant::of_text(date).ok_or("birthDate: no date")?;
            Ok(Some(Found::Integer(born.years_until(now))))
        }
        PatientElement::Gender => {
            Ok(patient.gender.as_deref().map(|gender| Found::Text(level(gender, source))))
        }
    }
}

/// The level that a code or a text is.
fn level<'r>(text: &'r str, source: &'r Source) -> &'r str {
    source.levels.get(text).map_or(text, String::as_str)
}

fn of_content<'r>(
    content: &'r Content,
    source: &'r Source,
    unit: Option<&str>,
) -> Result<Found<'r>, &'static str> {
    if let Some(quantity) = &content.value_quantity {
        return of_quantity(quantity, unit);
    }
    if let Some(concept) = &content.value_codeable_concept {
        return of_concept(concept, source);
    }
    Ok(match content {
        Content { value_string: Some(text), .. } => Found::Text(level(text, source)),
        Content { value_boolean: Some(value), .. } => Found::Boolean(*value),
        Content { value_integer: Some(number), .. } => Found::Integer(*number),
        Content { data_absent_reason, .. } => Found::Missing(reason(data_absent_reason.as_ref())),
    })
}

fn of_quantity<'r>(quantity: &'r Quantity, unit: Option<&str>) -> Result<Found<'r>, &'static str> {
    let Some(value) = quantity.value else { return Ok(Found::Missing(None)) };
    if quantity.comparator.is_some() {
        return Err("a quantity with a comparator, expected a number that was measured");
    }
    match (quantity.code.as_deref(), unit) {
        (Some(code), Some(_)) => Ok(Found::NumberIn(value, code)),
        (None, Some(_)) => Err("a quantity without the code of its unit, expected one of UCUM"),
        // Nothing is known of the unit of the feature, so nothing can be converted.
        (_, None) => Ok(Found::Number(value)),
    }
}

fn of_concept<'r>(concept: &'r Concept, source: &'r Source) -> Result<Found<'r>, &'static str> {
    let codes = || concept.coding.iter().filter_map(|coding| coding.code.as_deref());
    let mapped = codes().find(|code| source.levels.contains_key(*code)).or_else(|| codes().next());
    let text = mapped.or(concept.text.as_deref());
    Ok(text.map_or(Found::Missing(None), |text| Found::Text(level(text, source))))
}

fn reason(concept: Option<&Concept>) -> Option<MissingReason> {
    let has =
        |reason: &&MissingReason| concept.is_some_and(|known| known.has(ABSENT, reason.code()));
    MissingReason::ALL.iter().find(has).copied()
}

#[cfg(test)]
mod tests;
