//! Whether a version may move to a stage: approvals, rejections and limits.

use super::State;
use super::model::{Review, VersionRecord};
use crate::error::{Refusal, Rule};
use crate::limits::{Impact, Limit, Measures, impact_text};
use crate::policy::{Approvals, Stage};
use crate::role::{Role, list};

/// Refuses a version that lacks what `stage` requires.
pub(super) fn check(
    state: &State,
    model: &str,
    version: &VersionRecord,
    stage: &Stage,
) -> Result<(), Refusal> {
    if !stage.approvals.is_empty() {
        check_rejections(state, version)?;
    }
    stage.approvals.iter().try_for_each(|needed| check_approvals(state, version, *needed))?;
    let lines = impact(state, model, version);
    if stage.limits && lines.iter().any(|line| !line.is_within) {
        return Err(Refusal::new(
            Rule::Limits,
            format!("the evaluation is not within the limits\n{}", impact_text(&lines)),
        ));
    }
    Ok(())
}

fn check_rejections(state: &State, version: &VersionRecord) -> Result<(), Refusal> {
    let mut reviews = version.reviews.iter();
    match reviews.find(|review| !review.is_approval && is_valid(state, review)) {
        None => Ok(()),
        Some(Review { notice, .. }) => Err(Refusal::new(
            Rule::Rejected,
            format!(
                "{} rejected the version in entry {}: {}",
                notice.person, notice.entry, notice.reason
            ),
        )),
    }
}

fn check_approvals(
    state: &State,
    version: &VersionRecord,
    needed: Approvals,
) -> Result<(), Refusal> {
    let Approvals { role, n } = needed;
    let mut valid = Vec::new();
    let mut invalid = Vec::new();
    for review in version.reviews.iter().filter(|review| review.is_approval) {
        let person = &review.notice.person;
        match why_not_counted(state, review, role) {
            None => valid.push(person),
            Some(cause) => invalid.push(format!("{person} is not counted: {cause}")),
        }
    }
    // Reviews hold the last one of each person, so nobody is counted twice.
    if valid.len() >= usize::try_from(n).unwrap_or(usize::MAX) {
        return Ok(());
    }
    let mut detail = format!("found {} approvals by role {role}", valid.len());
    if !valid.is_empty() {
        detail.push_str(&format!(" ({})", list(&valid)));
    }
    detail.push_str(&format!(", expected {n} of distinct persons"));
    invalid.iter().for_each(|cause| detail.push_str(&format!("; {cause}")));
    Err(Refusal::new(Rule::Approvals, detail))
}

/// Why an approval is not one of `role`.
fn why_not_counted(state: &State, review: &Review, role: Role) -> Option<String> {
    if !review.roles.contains(&role) {
        return Some(format!("did not have the role {role} when approving"));
    }
    if !state.people().has_role(&review.notice.person, role) {
        return Some(format!("no longer has the role {role}"));
    }
    (!is_valid(state, review)).then(|| format!("key {} was revoked", review.notice.key))
}

/// Whether the key of a review was not revoked since.
fn is_valid(state: &State, review: &Review) -> bool {
    let key = state.people().keys().get(&review.notice.key);
    key.is_some_and(|key| key.revoked.is_none())
}

/// Each limit of the policy and of the version, with what the version and the one in use reach.
pub(super) fn impact(state: &State, model: &str, version: &VersionRecord) -> Vec<Impact> {
    let policy = state.policy(model);
    let none = Measures::new();
    let record = state.models().get(model);
    let in_use = record.and_then(|record| {
        let alias = record.aliases.values().find_map(|changes| changes.last()?.number)?;
        record.versions.get(&alias)
    });
    let measures = |version: &VersionRecord| -> Option<Measures> {
        Some(version.registration.evaluation.as_ref()?.measures.clone())
    };
    let (of_version, of_use) = (measures(version), in_use.and_then(measures));
    let (of_version, of_use) =
        (of_version.as_ref().unwrap_or(&none), of_use.as_ref().unwrap_or(&none));
    let limits: Vec<&Limit> = policy.limits.iter().chain(&version.registration.limits).collect();
    limits.into_iter().flat_map(|limit| limit.impact(of_version, of_use)).collect()
}
