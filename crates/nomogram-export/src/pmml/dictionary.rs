//! The data dictionary and the mining schema.

use std::fmt::Write;

use nomogram::{Action, Feature, FeatureKind, Target};

use super::escaped;
use crate::error::Error;
use crate::single_member::SingleMember;

fn data_type(feature: &Feature) -> (&'static str, &'static str) {
    match feature.kind {
        FeatureKind::Number => ("continuous", "double"),
        FeatureKind::Integer => ("continuous", "integer"),
        FeatureKind::Boolean => ("categorical", "boolean"),
        FeatureKind::Category { .. } => ("categorical", "string"),
    }
}

pub(super) fn dictionary(member: &SingleMember<'_>) -> Result<String, Error> {
    let mut text = String::from("<DataDictionary>\n");
    for feature in member.schema.features() {
        let (optype, data_type) = data_type(feature);
        let name = escaped(&feature.name);
        let _ = write!(
            text,
            "<DataField name=\"{name}\" optype=\"{optype}\" dataType=\"{data_type}\">"
        );
        for level in feature.levels() {
            let _ = write!(text, "<Value value=\"{}\"/>", escaped(level));
        }
        if let Some(range) = feature.range {
            let _ = write!(
                text,
                "<Interval closure=\"closedClosed\" leftMargin=\"{:e}\" rightMargin=\"{:e}\"/>",
                range.low, range.high
            );
        }
        text.push_str("</DataField>\n");
    }
    let target = escaped(member.schema.target().name());
    if member.schema.features().iter().any(|feature| feature.name == member.schema.target().name())
    {
        return Err(Error::unsupported("a target with the name of a feature"));
    }
    match member.schema.target() {
        Target::Classes { classes, .. } => {
            let _ = write!(
                text,
                "<DataField name=\"{target}\" optype=\"categorical\" dataType=\"string\">"
            );
            for class in classes {
                let _ = write!(text, "<Value value=\"{}\"/>", escaped(class));
            }
            text.push_str("</DataField>\n");
        }
        Target::Number { .. } => {
            let _ = writeln!(
                text,
                "<DataField name=\"{target}\" optype=\"continuous\" dataType=\"double\"/>"
            );
        }
    }
    text.push_str("</DataDictionary>\n");
    Ok(text)
}

pub(super) fn mining_schema(member: &SingleMember<'_>, has_target: bool) -> String {
    let mut text = String::from("<MiningSchema>");
    for feature in member.schema.features() {
        let policy = &feature.policy;
        let invalid = match (&feature.kind, feature.range.is_some()) {
            (FeatureKind::Category { .. }, _) => policy.unseen_level,
            (_, true) => policy.out_of_range,
            (_, false) => Action::Refuse,
        };
        let treatment = match invalid {
            Action::Take => "asIs",
            Action::Impute => "asMissing",
            Action::Refuse | Action::Clamp => "returnInvalid",
        };
        let name = escaped(&feature.name);
        let _ = write!(text, "<MiningField name=\"{name}\" invalidValueTreatment=\"{treatment}\"");
        if let (Action::Clamp, Some(range)) = (policy.out_of_range, feature.range) {
            // A value beyond the range becomes its end.
            let _ = write!(
                text,
                " outliers=\"asExtremeValues\" lowValue=\"{:e}\" highValue=\"{:e}\"",
                range.low, range.high
            );
        }
        text.push_str("/>");
    }
    if has_target {
        let target = escaped(member.schema.target().name());
        let _ = write!(text, "<MiningField name=\"{target}\" usageType=\"target\"/>");
    }
    text.push_str("</MiningSchema>\n");
    text
}
