//! Rules: values of a row are moved until it keeps the rules that would refuse it.

use nomogram::{Intake, Range, RuleAction, Schema};
use nomogram_stats::random::Random;

use super::space::{Allowed, Needs, Space, Values};

/// How many values of a feature are tried.
const N_TRIED: u32 = 32;
/// How often all rules are gone through.
const N_PASSES: usize = 3;

/// Moves values that nothing else needs; whether the row then keeps all rules that refuse.
pub(super) fn keep(
    schema: &Schema,
    intake: &Intake,
    spaces: &[Space],
    needs: &Needs,
    row: &mut [f64],
    random: &mut Random,
) -> bool {
    for _ in 0..N_PASSES {
        let broken = refusals(schema, intake, row);
        let Some(first) = broken.first().and_then(|rule| schema.rules().get(*rule)) else {
            return true;
        };
        let mut best = (broken.len(), row.to_vec());
        for feature in first.features() {
            let Some(space) = spaces.get(feature) else { continue };
            for tried in candidates(space, needs.get(&feature), random) {
                let mut moved = row.to_vec();
                moved.iter_mut().skip(feature).take(1).for_each(|value| *value = tried);
                let n_broken = refusals(schema, intake, &moved).len();
                if n_broken < best.0 {
                    best = (n_broken, moved);
                }
            }
        }
        row.copy_from_slice(&best.1);
    }
    refusals(schema, intake, row).is_empty()
}

/// The rules that refuse a row.
fn refusals(schema: &Schema, intake: &Intake, row: &[f64]) -> Vec<usize> {
    let refuses = |rule: &usize| {
        schema.rules().get(*rule).is_some_and(|rule| rule.action == RuleAction::Refuse)
    };
    intake.broken_rules(row).map_or(Vec::new(), |broken| broken.filter(refuses).collect())
}

/// Values of a feature: spread evenly, and drawn.
fn candidates(space: &Space, allowed: Option<&Allowed>, random: &mut Random) -> Vec<f64> {
    let mut tried: Vec<f64> = (0..N_TRIED).map(|_| space.draw(allowed, random)).collect();
    if let (Values::Numbers { range, is_whole }, allowed) = (space.values, allowed) {
        let Range { low, high } = match allowed {
            Some(Allowed::Numbers(range)) => *range,
            Some(Allowed::Levels(_) | Allowed::Missing) => return tried,
            None => range,
        };
        let even =
            (0..=N_TRIED).map(|nth| low + (high - low) * f64::from(nth) / f64::from(N_TRIED));
        let even = even.map(|value| if is_whole { value.round() } else { value });
        tried.extend(even.map(|value| value.clamp(low, high)));
    }
    tried
}
