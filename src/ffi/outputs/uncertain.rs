//! The outputs of models with uncertainty.

use super::{
    NOMO_CLASS_NONE, NOMO_VERDICT_AMBIGUOUS, NOMO_VERDICT_PREDICTED, NOMO_VERDICT_REFUSED,
    NOMO_VERDICT_UNLIKE, Output, as_u32,
};
use crate::model::{Model, Reads};
use crate::uncertainty::{Uncertain, Verdict};

/// How many elements a row has in each output: 0 for what a model does not have.
#[derive(Default)]
pub(in crate::ffi) struct Counts {
    pub(in crate::ffi) n_verdicts: usize,
    pub(in crate::ffi) n_levels: usize,
    pub(in crate::ffi) n_p_values: usize,
    pub(in crate::ffi) n_intervals: usize,
    pub(in crate::ffi) n_distances: usize,
    pub(in crate::ffi) n_furthest: usize,
}

impl Counts {
    pub(in crate::ffi) fn of(model: &Model) -> Self {
        let Some(uncertainty) = model.uncertainty() else { return Self::default() };
        Self {
            n_verdicts: 1,
            n_levels: uncertainty.levels.len(),
            n_p_values: uncertainty.n_p_values(),
            n_intervals: uncertainty.n_intervals(),
            n_distances: usize::from(uncertainty.distance.is_some()),
            n_furthest: usize::from(!uncertainty.spreads.is_empty()),
        }
    }
}

/// The caller's outputs, of checked lengths.
pub(super) struct UncertainOutputs<'a> {
    pub(super) verdicts: Option<Output<'a, u32>>,
    pub(super) p_values: Option<Output<'a, f64>>,
    pub(super) sets: Option<Output<'a, u8>>,
    pub(super) intervals: Option<Output<'a, f64>>,
    pub(super) distance_p_values: Option<Output<'a, f64>>,
    pub(super) furthest_features: Option<Output<'a, u32>>,
    pub(super) furthest_times: Option<Output<'a, f64>>,
}

impl UncertainOutputs<'_> {
    /// What has an output.
    pub(super) fn reads(&self) -> Reads {
        let has_others = self.p_values.is_some()
            || self.sets.is_some()
            || self.intervals.is_some()
            || self.furthest_features.is_some()
            || self.furthest_times.is_some();
        match self.verdicts.is_some() || self.distance_p_values.is_some() {
            true => Reads::Distance,
            false if has_others => Reads::AllButDistance,
            false => Reads::Nothing,
        }
    }

    /// Writes how uncertain a row is. Only what has an output is computed.
    pub(super) fn write(&mut self, row: usize, uncertain: Uncertain<'_>) {
        let needs_distance = self.reads() == Reads::Distance;
        let uncertain = if needs_distance { uncertain.measured() } else { uncertain };
        if self.verdicts.is_some() {
            Output::fill(&mut self.verdicts, row, verdict(uncertain.verdict()));
        }
        Output::write(&mut self.p_values, row, uncertain.p_values());
        let n_levels = uncertain.n_levels();
        let sets = (0..n_levels).flat_map(|level| uncertain.set(level)).map(u8::from);
        Output::write(&mut self.sets, row, sets);
        let ends = uncertain.intervals().flat_map(|interval| [interval.low, interval.high]);
        Output::write(&mut self.intervals, row, ends);
        if self.distance_p_values.is_some() {
            let p_value = uncertain.distance_p_value();
            Output::fill(&mut self.distance_p_values, row, p_value.unwrap_or(f64::NAN));
        }
        if self.furthest_features.is_some() || self.furthest_times.is_some() {
            let furthest = uncertain.furthest();
            let feature = furthest.map_or(NOMO_CLASS_NONE, |furthest| as_u32(furthest.feature));
            Output::fill(&mut self.furthest_features, row, feature);
            Output::fill(&mut self.furthest_times, row, furthest.map_or(0.0, |f| f.times));
        }
    }

    /// Marks a row whose input was refused.
    pub(super) fn refuse(&mut self, row: usize) {
        Output::fill(&mut self.verdicts, row, NOMO_VERDICT_REFUSED);
        Output::fill(&mut self.p_values, row, f64::NAN);
        Output::fill(&mut self.sets, row, 0);
        Output::fill(&mut self.intervals, row, f64::NAN);
        Output::fill(&mut self.distance_p_values, row, f64::NAN);
        Output::fill(&mut self.furthest_features, row, NOMO_CLASS_NONE);
        Output::fill(&mut self.furthest_times, row, f64::NAN);
    }
}

/// The number of a verdict in C.
pub(in crate::ffi) fn verdict(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Predicted => NOMO_VERDICT_PREDICTED,
        Verdict::Ambiguous => NOMO_VERDICT_AMBIGUOUS,
        Verdict::Unlike => NOMO_VERDICT_UNLIKE,
    }
}
