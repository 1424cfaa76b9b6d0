//! The columns of models with uncertainty.

use arrow_schema::DataType;
use nomogram::{Model, Uncertain, Verdict};

use crate::output::Item;

/// The content of a column of a model with uncertainty.
#[derive(Clone, Copy)]
pub(super) enum UncertainPart {
    Verdict,
    PValue(usize),
    /// The prediction set of a level.
    Set(usize),
    Low(usize),
    High(usize),
    DistancePValue,
    FurthestFeature,
    FurthestTimes,
}

/// The columns of a model with uncertainty.
pub(super) fn columns_of_uncertainty(model: &Model) -> Vec<(String, DataType, UncertainPart)> {
    use DataType::{Float64, Utf8};

    let Some(uncertainty) = model.uncertainty() else { return Vec::new() };
    let classes = model.schema().target().classes();
    let mut named = vec![("verdict".into(), Utf8, UncertainPart::Verdict)];
    for (at, class) in classes.iter().enumerate() {
        named.push((format!("p_value_{class}"), Float64, UncertainPart::PValue(at)));
    }
    for (at, level) in uncertainty.levels.iter().enumerate().filter(|_| !classes.is_empty()) {
        named.push((format!("set_{level}"), Utf8, UncertainPart::Set(at)));
    }
    for at in 0..uncertainty.n_intervals() {
        let of = match (classes.get(1), uncertainty.levels.get(at)) {
            (Some(class), _) => class.clone(),
            (None, Some(level)) => level.to_string(),
            (None, None) => String::new(),
        };
        named.push((format!("low_{of}"), Float64, UncertainPart::Low(at)));
        named.push((format!("high_{of}"), Float64, UncertainPart::High(at)));
    }
    if uncertainty.distance.is_some() {
        named.push(("distance_p_value".into(), Float64, UncertainPart::DistancePValue));
    }
    if !uncertainty.spreads.is_empty() {
        named.push(("furthest_feature".into(), Utf8, UncertainPart::FurthestFeature));
        named.push(("furthest_times".into(), Float64, UncertainPart::FurthestTimes));
    }
    named
}

impl UncertainPart {
    /// The cell of a row; `text` is room for a text.
    pub(super) fn item<'t>(
        self,
        uncertain: &Uncertain<'_>,
        model: &'t Model,
        text: &'t mut String,
    ) -> Item<'t> {
        let optional = |number: Option<f64>| number.map_or(Item::None, Item::Number);
        match self {
            Self::Verdict => Item::Text(match uncertain.verdict() {
                Verdict::Predicted => "predicted",
                Verdict::Ambiguous => "refer: ambiguous",
                Verdict::Unlike => "refer: unlike the training rows",
            }),
            Self::PValue(at) => optional(uncertain.p_values().nth(at)),
            Self::Set(level) => {
                let classes = model.schema().target().classes();
                let within = uncertain.set(level).zip(classes).filter(|(is_in_set, _)| *is_in_set);
                let names: Vec<&str> = within.map(|(_, class)| class.as_str()).collect();
                *text = names.join(" ");
                Item::Text(text)
            }
            Self::Low(at) => optional(uncertain.intervals().nth(at).map(|interval| interval.low)),
            Self::High(at) => optional(uncertain.intervals().nth(at).map(|interval| interval.high)),
            Self::DistancePValue => optional(uncertain.distance_p_value()),
            Self::FurthestFeature => {
                let furthest = uncertain.furthest();
                let feature = furthest.and_then(|f| model.schema().features().get(f.feature));
                feature.map_or(Item::None, |feature| Item::Text(&feature.name))
            }
            Self::FurthestTimes => optional(uncertain.furthest().map(|furthest| furthest.times)),
        }
    }
}
