//! Kinds of section, with their numbers, flags and names.

/// Flag of a section without which the model must not be opened.
pub(super) const CRITICAL: u32 = 1;

/// The sections. Those of format 1, and all that change a prediction, are critical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bundle) enum SectionKind {
    Manifest = 1,
    Schema = 2,
    Pipeline = 3,
    Members = 4,
    Combiner = 5,
    GoldenCases = 6,
    Calibrator = 7,
    Cutoffs = 8,
    Card = 9,
    Answers = 10,
    Explanation = 11,
    Uncertainty = 12,
    Profile = 13,
    Signatures = 14,
}

impl SectionKind {
    pub(super) const ALL: [Self; 14] = [
        Self::Manifest,
        Self::Schema,
        Self::Pipeline,
        Self::Members,
        Self::Combiner,
        Self::GoldenCases,
        Self::Calibrator,
        Self::Cutoffs,
        Self::Card,
        Self::Answers,
        Self::Explanation,
        Self::Uncertainty,
        Self::Profile,
        Self::Signatures,
    ];

    /// The kind with this number, if this version knows it and the format has it.
    pub(super) fn of_number(number: u32, format: u32) -> Option<Self> {
        let is_of_format = |kind: &Self| format > 1 || (*kind as u32) <= Self::GoldenCases as u32;
        Self::ALL.into_iter().filter(is_of_format).find(|kind| *kind as u32 == number)
    }

    /// A model without its card, golden answers, explanation, uncertainty, profile or signatures predicts the
    /// same; without anything else, it does not.
    pub(super) fn flags(self) -> u32 {
        match self {
            Self::Card
            | Self::Answers
            | Self::Explanation
            | Self::Uncertainty
            | Self::Profile
            | Self::Signatures => 0,
            Self::Manifest
            | Self::Schema
            | Self::Pipeline
            | Self::Members
            | Self::Combiner
            | Self::GoldenCases
            | Self::Calibrator
            | Self::Cutoffs => CRITICAL,
        }
    }

    pub(in crate::bundle) fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Schema => "schema",
            Self::Pipeline => "pipeline",
            Self::Members => "members",
            Self::Combiner => "combiner",
            Self::GoldenCases => "golden cases",
            Self::Calibrator => "calibrator",
            Self::Cutoffs => "cutoffs",
            Self::Card => "model card",
            Self::Answers => "golden answers",
            Self::Explanation => "explanation",
            Self::Uncertainty => "uncertainty",
            Self::Profile => "profile",
            Self::Signatures => "signatures",
        }
    }
}
