//! What one row gets back, and how it is written as JSON.

use std::borrow::Cow;
use std::fmt;

use nomogram::{
    Attribution, Error, ErrorKind, Explainer, Flags, Interval, Model, Place, Prediction, Scale,
    Uncertain, Verdict,
};

use crate::problem::{Problem, ProblemKind};
use crate::served::Served;

/// What is asked for besides the prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// P-values, prediction sets, intervals and the distance from the training rows.
    pub uncertainty: bool,
    /// How much each feature moved the prediction.
    pub explanation: bool,
    /// The outputs of each member.
    pub members: bool,
}

/// The prediction of one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scored {
    /// The position of the most probable class; none when a number is predicted.
    pub class: Option<usize>,
    /// The probability of each class, or the one predicted number.
    pub outputs: Vec<f64>,
    /// Whether each cutoff of the bundle is reached.
    pub cutoffs: Vec<bool>,
    /// What to do with the prediction; none for a bundle without uncertainty.
    pub verdict: Option<Verdict>,
    /// Features whose value was changed or is unusual, by position.
    pub flags: Vec<(usize, Flags)>,
    /// The positions of the rules that the row breaks.
    pub broken_rules: Vec<usize>,
    /// The outputs of each member, if they were asked for.
    pub members: Vec<Vec<f64>>,
    /// How uncertain the prediction is, if it was asked for.
    pub uncertainty: Option<ScoredUncertainty>,
    /// Why, if it was asked for.
    pub explanation: Option<ScoredExplanation>,
}

/// How uncertain a prediction is.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredUncertainty {
    /// One p-value per class.
    pub p_values: Vec<f64>,
    /// For each level, whether each class is in the prediction set.
    pub sets: Vec<Vec<bool>>,
    /// Of two classes, that of the probability of class 1; of a number, one per level.
    pub intervals: Vec<Interval>,
    /// The p-value of the distance from the training rows.
    pub distance_p_value: Option<f64>,
    /// The feature that is the furthest from what was seen, and how many times as far as usual.
    pub furthest: Option<(usize, f64)>,
}

/// How much each feature, or group of features, moved the prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredExplanation {
    /// The names of the features or groups.
    pub players: Vec<String>,
    /// The mean over the background rows, of the last class or of the number.
    pub base: f64,
    /// What each player adds to it.
    pub values: Vec<f64>,
    /// The standard errors of sampled values.
    pub std_errors: Option<Vec<f64>>,
    /// The scale of base and values.
    pub scale: Scale,
}

/// Why a row was refused, without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the status in C without `NOMO_E`, in lower case, for example `value_missing`.
    pub status: Cow<'static, str>,
    /// The position of the feature, if it is about one.
    pub feature: Option<usize>,
    /// Place, what was found and what was expected.
    pub detail: Cow<'static, str>,
    /// `RefusedRow`; another kind is no fault of the row, and ends the whole request.
    pub kind: ProblemKind,
}

impl Scored {
    /// Copies a prediction.
    #[must_use]
    pub fn new(prediction: &Prediction<'_>, model: &Model, options: Options) -> Self {
        let mut scored = Self::default();
        scored.set(prediction, model, options);
        scored
    }

    /// Copies a prediction in place of another one, whose memory is used again.
    pub(crate) fn set(&mut self, prediction: &Prediction<'_>, model: &Model, options: Options) {
        let Self { class, outputs, cutoffs, verdict, flags, broken_rules, members, .. } = self;
        let uncertain = prediction.uncertain();
        *class = prediction.class();
        outputs.clear();
        outputs.extend_from_slice(prediction.outputs());
        cutoffs.clear();
        cutoffs.extend(model.cutoffs().iter().map(|cutoff| cutoff.is_reached_by(outputs)));
        *verdict = uncertain.map(|uncertain| uncertain.verdict());
        flags.clear();
        broken_rules.clear();
        if prediction.flags() != Flags::default() {
            let of_features = prediction.feature_flags().iter().copied().enumerate();
            flags.extend(of_features.filter(|(_, flags)| *flags != Flags::default()));
            let rules = prediction.broken_rules().iter().enumerate();
            broken_rules.extend(rules.filter(|(_, is_broken)| **is_broken).map(|(rule, _)| rule));
        }
        members.clear();
        if options.members {
            members.extend(prediction.members().map(<[f64]>::to_vec));
        }
        self.uncertainty = uncertain
            .filter(|_| options.uncertainty)
            .map(|uncertain| ScoredUncertainty::new(&uncertain));
        self.explanation = None;
    }
}

impl ScoredUncertainty {
    fn new(uncertain: &Uncertain<'_>) -> Self {
        Self {
            p_values: uncertain.p_values().collect(),
            sets: match uncertain.p_values().len() {
                0 => Vec::new(),
                _ => {
                    (0..uncertain.n_levels()).map(|level| uncertain.set(level).collect()).collect()
                }
            },
            intervals: uncertain.intervals().collect(),
            distance_p_value: uncertain.distance_p_value(),
            furthest: uncertain.furthest().map(|furthest| (furthest.feature, furthest.times)),
        }
    }
}

impl ScoredExplanation {
    /// Copies the attribution of the last class, or of the number.
    #[must_use]
    pub fn new(attribution: &Attribution<'_>, players: Vec<String>, scale: Scale) -> Self {
        let last = attribution.base().len().saturating_sub(1);
        let n_players = players.len();
        let of_last = |numbers: &[f64]| {
            numbers.chunks_exact(n_players.max(1)).nth(last).unwrap_or_default().to_vec()
        };
        Self {
            players,
            base: attribution.base().last().copied().unwrap_or(f64::NAN),
            values: attribution.values_of(last).to_vec(),
            std_errors: attribution.std_errors().map(of_last),
            scale,
        }
    }

    /// The names of an explainer's players.
    #[must_use]
    pub fn players(explainer: &Explainer) -> Vec<String> {
        let names = (0..explainer.n_players()).map(|player| explainer.player_name(player));
        names.map(|name| name.unwrap_or_default().to_owned()).collect()
    }
}

impl Refusal {
    /// A refusal that the core does not make.
    #[must_use]
    pub fn new(status: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let (status, detail) = (status.into(), detail.into());
        Self { status, feature: None, detail, kind: ProblemKind::RefusedRow }
    }

    /// A row that must not be answered, for a reason that ends the request.
    #[must_use]
    pub fn of_problem(problem: &Problem) -> Self {
        let (status, detail) = (problem.code().to_owned().into(), problem.detail().to_owned());
        Self { status, feature: None, detail: detail.into(), kind: problem.kind() }
    }

    /// Whether the row is the reason, so that other rows can be answered.
    #[must_use]
    pub fn is_of_row(&self) -> bool {
        self.kind == ProblemKind::RefusedRow
    }

    /// Of a row of a block, without the position in the block.
    #[must_use]
    pub fn of_row(error: &Error, row: usize) -> Self {
        let mut refusal = Self::from(error);
        let place = format!("{}: ", Place::Row(row));
        if let Some(detail) = refusal.detail.strip_prefix(&place) {
            refusal.detail = detail.to_owned().into();
        }
        refusal
    }

    /// About a feature.
    #[must_use]
    pub fn of_feature(self, feature: usize) -> Self {
        Self { feature: Some(feature), ..self }
    }

    /// The problem of a request that consists of this row.
    #[must_use]
    pub fn into_problem(self, served: &Served) -> Problem {
        let feature = self.feature.and_then(|feature| served.feature_name(feature));
        let feature = feature.map(str::to_owned);
        Problem::new(self.kind, self.detail).with_status(self.status).with_feature(feature)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Refusal {}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        let is_rule = error.kind() == ErrorKind::RuleViolated;
        let feature = error.path().find_map(|place| match place {
            Place::Feature(feature) if !is_rule => Some(feature),
            _ => None,
        });
        let status = status(error.kind()).into();
        let detail = error.to_string().into();
        Self { status, feature, detail, kind: ProblemKind::RefusedRow }
    }
}

/// The name of a kind in C without `NOMO_E`, in lower case, for example `value_missing`.
#[must_use]
pub fn status(kind: ErrorKind) -> String {
    let name = kind.c_name().to_string_lossy().to_ascii_lowercase();
    name.trim_start_matches("nomo_e").to_owned()
}

/// The name of a verdict.
#[must_use]
pub const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Predicted => "predicted",
        Verdict::Ambiguous => "ambiguous",
        Verdict::Unlike => "unlike",
    }
}

/// The name of a flag.
#[must_use]
pub fn flag_name(flag: Flags) -> &'static str {
    match flag {
        Flags::IMPUTED => "imputed",
        Flags::CLAMPED => "clamped",
        Flags::UNSEEN_LEVEL => "unseen_level",
        Flags::OUT_OF_RANGE => "out_of_range",
        Flags::RULE_BROKEN => "rule_broken",
        _ => "unknown",
    }
}
