//! The stages of a version, and what each one requires.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::{Refusal, Rule};
use crate::limits::Limit;
use crate::role::{Role, list};

/// The stages of a registry or of a model, and what each one requires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The stages; a registered version is in the first one.
    pub stages: Vec<Stage>,
    /// What the evaluation of every version must reach, beside the limits that a version itself has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
}

/// A stage of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// The stages from which a version can move here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Who may move a version here: anybody with one of these roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub movers: Vec<Role>,
    /// The approvals that a version needs to move here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approvals>,
    /// Whether the evaluation must lie within the limits.
    #[serde(default)]
    pub limits: bool,
    /// Whether a version in this stage may carry an alias.
    #[serde(default)]
    pub alias: bool,
}

/// A number of approvals by distinct persons with a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// The role that they have, both when they approve and when the version moves.
    pub role: Role,
    /// How many persons.
    pub n: u32,
}

impl Default for Policy {
    /// `candidate → shadow → approved → retired`: two approvers approve, and the limits hold.
    fn default() -> Self {
        let stage = |name: &str, from: &[&str], movers: &[Role]| Stage {
            name: name.into(),
            from: from.iter().map(|&name| name.into()).collect(),
            movers: movers.into(),
            approvals: Vec::new(),
            limits: false,
            alias: false,
        };
        let approved = Stage {
            approvals: vec![Approvals { role: Role::Approver, n: 2 }],
            limits: true,
            alias: true,
            ..stage("approved", &["candidate", "shadow"], &[Role::Approver])
        };
        Self {
            stages: vec![
                stage("candidate", &[], &[]),
                stage("shadow", &["candidate"], &[Role::Trainer, Role::Approver]),
                approved,
                stage("retired", &["candidate", "shadow", "approved"], &[Role::Approver]),
            ],
            limits: Vec::new(),
        }
    }
}

impl Policy {
    /// The stage of that name.
    pub(crate) fn stage(&self, name: &str) -> Result<&Stage, Refusal> {
        self.stages.iter().find(|stage| stage.name == name).ok_or_else(|| {
            let names = list(self.stages.iter().map(|stage| &stage.name));
            Refusal::new(Rule::Unknown, format!("stage `{name}`: expected one of {names}"))
        })
    }

    /// The name of the stage in which a registered version is.
    pub(crate) fn first_stage(&self) -> String {
        self.stages.first().map_or_else(String::new, |stage| stage.name.clone())
    }

    /// Checks that the policy can be followed.
    ///
    /// # Errors
    ///
    /// `policy` when it has no stage, when a name appears twice or is unknown, or when nobody could
    /// move a version to a stage.
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |detail: String| Err(Refusal::new(Rule::Policy, detail));
        let mut names = BTreeSet::new();
        for stage in &self.stages {
            if !names.insert(stage.name.as_str()) {
                return refuse(format!("stage `{}` appears twice", stage.name));
            }
        }
        if self.stages.is_empty() {
            return refuse("found no stage, expected at least one".into());
        }
        for stage in &self.stages {
            let Stage { name, from, movers, approvals, .. } = stage;
            if let Some(other) = from.iter().find(|other| !names.contains(other.as_str())) {
                return refuse(format!("stage `{name}`: from `{other}`, which is no stage"));
            }
            if !from.is_empty() && movers.is_empty() {
                return refuse(format!("stage `{name}`: nobody may move a version here"));
            }
            let mut roles = BTreeSet::new();
            for Approvals { role, n } in approvals {
                if *n == 0 || !roles.insert(*role) {
                    let found = format!("stage `{name}`: {n} approvals by role {role}");
                    return refuse(format!("{found}, expected at least 1, and each role once"));
                }
            }
        }
        self.limits.iter().try_for_each(Limit::check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_policy_can_be_followed() {
        assert_eq!(Policy::default().check(), Ok(()));
    }

    #[test]
    fn a_policy_that_nobody_could_follow_is_refused() {
        let refusal = |change: fn(&mut Policy)| {
            let mut policy = Policy::default();
            change(&mut policy);
            policy.check().unwrap_err().to_string()
        };
        assert!(refusal(|p| p.stages.clear()).contains("no stage"));
        assert!(refusal(|p| p.stages[1].name = "candidate".into()).contains("appears twice"));
        assert!(refusal(|p| p.stages[1].from.push("nowhere".into())).contains("`nowhere`"));
        assert!(refusal(|p| p.stages[2].movers.clear()).contains("nobody may move"));
        assert!(refusal(|p| p.stages[2].approvals[0].n = 0).contains("at least 1"));
    }
}
