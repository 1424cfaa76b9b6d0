//! All that a row gets back, bit by bit.

use nomogram::{Error, Model, Place, Prediction, Uncertain, Verdict};

/// The prediction of a row, bit by bit, as a case expects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The lines of a case, in their order.
    pub lines: Vec<String>,
}

impl Answer {
    /// The answer of a row that was predicted or refused.
    #[must_use]
    pub fn of(answer: &Result<Prediction<'_>, Error>, model: &Model) -> Self {
        match answer {
            Ok(prediction) => Self::of_prediction(prediction, model),
            Err(error) => Self::of_error(error, model),
        }
    }

    /// The answer of a row that was refused.
    #[must_use]
    pub fn of_error(error: &Error, model: &Model) -> Self {
        let status = error.kind().c_name().to_string_lossy();
        let mut lines = vec![format!("status {status}")];
        let feature = error.path().find_map(|place| match place {
            Place::Feature(index) => model.schema().features().get(index),
            _ => None,
        });
        lines.extend(feature.map(|feature| format!("at {}", feature.name)));
        Self { lines }
    }

    fn of_prediction(prediction: &Prediction<'_>, model: &Model) -> Self {
        let outputs = prediction.outputs();
        let decimals: Vec<String> = outputs.iter().map(|output| format!("{output:?}")).collect();
        let mut lines = vec![
            "status NOMO_OK".into(),
            format!("{}  # {}", bits("outputs", outputs), decimals.join(" ")),
        ];
        lines.extend(prediction.class().map(|class| format!("class {class}")));
        let flags = prediction.feature_flags().iter().map(|flags| flags.bits());
        let cutoffs = model.cutoffs().iter().map(|cutoff| u8::from(cutoff.is_reached_by(outputs)));
        let broken = prediction.broken_rules().iter().map(|broken| u8::from(*broken));
        lines.push(format!("flags {}", prediction.flags().bits()));
        lines.push(list("feature-flags", flags.map(|flags| flags.to_string())));
        lines.push(list("rules-broken", broken.map(|broken| broken.to_string())));
        lines.push(list("cutoffs-reached", cutoffs.map(|reached| reached.to_string())));
        lines.push(bits("members", &prediction.members().flatten().copied().collect::<Vec<_>>()));
        lines.push(bits("margins", prediction.margins()));
        if let Some(uncertain) = prediction.uncertain() {
            lines.extend(of_uncertain(&uncertain));
        }
        // A list without items, such as the broken rules of a model without rules, has no line.
        lines.retain(|line| line.contains(' '));
        Self { lines }
    }

    /// The line with this name, without the name.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    }
}

/// How uncertain a prediction is.
fn of_uncertain(uncertain: &Uncertain<'_>) -> Vec<String> {
    let verdict = match uncertain.verdict() {
        Verdict::Predicted => 0,
        Verdict::Ambiguous => 1,
        Verdict::Unlike => 2,
    };
    let p_values: Vec<f64> = uncertain.p_values().collect();
    let sets = (0..uncertain.n_levels()).flat_map(|level| uncertain.set(level));
    let sets = sets.map(|is_in_set| u8::from(is_in_set).to_string());
    let ends: Vec<f64> =
        uncertain.intervals().flat_map(|interval| [interval.low, interval.high]).collect();
    let furthest = uncertain.furthest();
    let feature = furthest.map(|furthest| furthest.feature.to_string());
    let times: Vec<f64> = furthest.iter().map(|furthest| furthest.times).collect();
    let distance: Vec<f64> = uncertain.distance_p_value().into_iter().collect();
    vec![
        format!("verdict {verdict}"),
        bits("p-values", &p_values),
        list("sets", sets),
        bits("intervals", &ends),
        bits("distance-p-value", &distance),
        list("furthest-feature", feature.into_iter()),
        bits("furthest-times", &times),
    ]
}

/// A name and the bits of numbers, which are never NaN.
fn bits(name: &str, numbers: &[f64]) -> String {
    list(name, numbers.iter().map(|number| format!("0x{:016x}", number.to_bits())))
}

fn list(name: &str, items: impl Iterator<Item = String>) -> String {
    items.fold(name.to_string(), |list, item| list + " " + &item)
}
