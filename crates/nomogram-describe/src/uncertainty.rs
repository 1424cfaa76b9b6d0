//! What is known of the uncertainty of predictions.

use nomogram::{Ambiguity, Difficulty, Parts, Ranks, Scores, Uncertainty};
use serde::Serialize;

use crate::words::count;

/// What is known of the uncertainty of predictions, in sentences.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UncertaintyDescription {
    /// The levels of coverage.
    pub levels: Vec<f64>,
    /// How many held-out rows p-values are based on: of each class by its name, or of a number.
    pub n_scores: Vec<(String, u32)>,
    /// A name and a line for each fitted thing.
    pub lines: Vec<(String, String)>,
}

impl UncertaintyDescription {
    pub(crate) fn new(uncertainty: &Uncertainty, parts: &Parts, classes: &[String]) -> Self {
        let rows = |ranks: &Ranks| {
            format!("{} held-out rows, {}", ranks.n_rows(), count(ranks.n_distinct(), "score"))
        };
        let levels: Vec<String> = uncertainty.levels.iter().map(f64::to_string).collect();
        let levels = if levels.is_empty() { "none".into() } else { levels.join(", ") };
        let mut lines = vec![("levels".to_owned(), levels)];
        let mut n_scores = Vec::new();
        match &uncertainty.scores {
            Scores::Classes { ranks } => {
                for (class, ranks) in classes.iter().zip(ranks) {
                    lines.push((format!("scores of {class}"), rows(ranks)));
                    n_scores.push((class.clone(), ranks.n_rows()));
                }
            }
            Scores::Number { ranks, difficulty } => {
                let of = match difficulty {
                    Difficulty::Constant => "absolute errors".to_owned(),
                    Difficulty::MemberRange { offset } => {
                        format!("errors by half the range of the members + {offset}")
                    }
                };
                lines.push(("scores".into(), format!("{}: {of}", rows(ranks))));
                n_scores.push((parts.schema.target().name().to_owned(), ranks.n_rows()));
                for level in &uncertainty.levels {
                    let bound = ranks.largest_within(*level);
                    let text = match difficulty {
                        _ if bound.is_infinite() => {
                            "infinite: too few held-out rows for this level".to_owned()
                        }
                        Difficulty::Constant => format!("± {bound}"),
                        Difficulty::MemberRange { .. } => format!("± {bound} times the difficulty"),
                    };
                    lines.push((format!("interval at {level}"), text));
                }
            }
        }
        if let Some(fitted) = &uncertainty.venn_abers {
            let text = format!("Venn–Abers, {}", count(fitted.steps.len(), "step"));
            lines.push(("interval".into(), text));
        }
        if let Some(distance) = &uncertainty.distance {
            let branch = parts.branches.get(distance.branch as usize);
            let branch = branch.map_or("?", |branch| branch.name.as_str());
            let values = count(distance.means.len(), "value");
            let text = format!("of {values} of {branch}, {}", rows(&distance.ranks));
            lines.push(("distance".into(), text));
        }
        let level =
            |level: u32| uncertainty.levels.get(level as usize).copied().unwrap_or(f64::NAN);
        let ambiguous = match uncertainty.referral.ambiguous {
            None => "never".into(),
            Some(Ambiguity::NotOneClass { level: own }) => {
                format!("the set at {} is not one class", level(own))
            }
            Some(Ambiguity::TooWide { level: own, max_width }) => {
                format!("the interval at {} is wider than {max_width}", level(own))
            }
        };
        lines.push(("refer: ambiguous".into(), ambiguous));
        let unlike = uncertainty.referral.unlike;
        let unlike =
            unlike.map_or("never".into(), |p| format!("p-value of the distance at most {p}"));
        lines.push(("refer: unlike".into(), unlike));
        Self { levels: uncertainty.levels.clone(), n_scores, lines }
    }
}
