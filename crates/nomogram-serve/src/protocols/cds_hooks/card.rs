//! Predictions and refusals as cards.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::message::{Card, Source};
use crate::mapping::Coding;
use crate::problem::Problem;
use crate::protocols::fhir::{percent, remarks};
use crate::scored::Scored;
use crate::served::Served;

/// The most characters of a summary.
const MAX_SUMMARY: usize = 140;
/// The system of the reasons to override a card.
const REASONS: &str = "urn:nomogram:override-reason";
/// The extension with the numbers of a card.
const PREDICTION: &str = "org.nomogram.prediction";

/// The card of a prediction.
pub(super) fn of_prediction(served: &Served, scored: &Scored, request_id: &str) -> Card {
    let target = served.model().schema().target();
    let last = target.classes().len().saturating_sub(1);
    let class = target.classes().get(last).map_or("", String::as_str);
    let risk = scored.outputs.get(last).copied().unwrap_or(f64::NAN);
    let is_positive = match scored.cutoffs.as_slice() {
        [] => scored.class == Some(last),
        cutoffs => cutoffs.contains(&true),
    };
    let mut details = vec![format!("Model {} {}.", served.name(), served.version())];
    for (class, probability) in target.classes().iter().zip(&scored.outputs) {
        details.push(format!("{class}: {:.1} %.", percent(*probability)));
    }
    details.extend(remarks(served, scored));
    let prediction = json!({
        "digest": served.digest(),
        "request": request_id,
        "classes": target.classes(),
        "probabilities": scored.outputs,
    });
    Card {
        uuid: uuid(request_id),
        summary: summary(&format!("Risk of {}: {class}: {:.1} %", target.name(), percent(risk))),
        detail: details.join("\n\n"),
        indicator: if is_positive { "warning" } else { "info" },
        source: source(served),
        override_reasons: override_reasons(),
        extension: BTreeMap::from([(PREDICTION, prediction)]),
    }
}

/// The card of a row that was refused: there is no risk, and why.
pub(super) fn of_refusal(served: &Served, problem: &Problem, request_id: &str) -> Card {
    let target = served.model().schema().target().name();
    Card {
        uuid: uuid(request_id),
        summary: summary(&format!("The risk of {target} was not computed")),
        detail: problem.detail().to_owned(),
        indicator: "info",
        source: source(served),
        override_reasons: Vec::new(),
        extension: BTreeMap::new(),
    }
}

fn source(served: &Served) -> Source {
    Source { label: format!("{} {}", served.name(), served.version()) }
}

/// At most as many characters as a summary may have.
fn summary(text: &str) -> String {
    text.chars().take(MAX_SUMMARY).collect()
}

/// Why a user may override a card.
fn override_reasons() -> Vec<Coding> {
    let reasons = [
        ("known", "The risk is known already"),
        ("data", "The data of the patient are wrong or old"),
        ("disagree", "The clinical judgement differs"),
    ];
    let coding = |(code, display): (&str, &str)| Coding {
        system: Some(REASONS.to_owned()),
        code: Some(code.to_owned()),
        display: Some(display.to_owned()),
    };
    reasons.into_iter().map(coding).collect()
}

/// A UUID of version 8, from the hash of the id of the request.
fn uuid(request_id: &str) -> String {
    let hash = Sha256::digest(request_id.as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = hashed);
    let number = u128::from_be_bytes(bytes) & !(0xF << 76) & !(3 << 62) | 8 << 76 | 2 << 62;
    let digits = format!("{number:032x}");
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
    groups.map(|group| digits.get(group).unwrap_or_default().to_owned()).join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        let uuid = uuid("0123456789abcdef-0000000000000001");
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'8');
        assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{uuid}");
    }

    #[test]
    fn a_summary_is_cut_between_characters() {
        assert_eq!(summary(&"é".repeat(200)).chars().count(), 140);
    }
}
