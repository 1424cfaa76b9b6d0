//! What explaining predictions needs.

use nomogram::{Explanation, Parts};
use serde::Serialize;

use crate::words::count;

/// The most players whose coalitions are all predicted, if the bundle declares no groups.
const MAX_PLAYERS: usize = 12;

/// What explaining predictions needs, and by which methods they can be explained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplanationDescription {
    /// How many background rows there are.
    pub n_background_rows: usize,
    /// Features that are explained together.
    pub groups: Vec<GroupDescription>,
    /// The methods for the outputs of the ensemble, and whether they are exact or sampled.
    pub methods: Vec<ExplanationMethod>,
    /// The members that have the shares of the training rows at each split, for path-dependent values.
    pub members_with_shares: Vec<String>,
}

/// Features that are explained together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupDescription {
    /// Its name.
    pub name: String,
    /// The names of its features.
    pub features: Vec<String>,
}

/// A method for the outputs of the ensemble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplanationMethod {
    /// Its name, for example `groups`.
    pub name: &'static str,
    /// Whether its values are exact; else they are sampled, with standard errors.
    pub is_exact: bool,
    /// Between how many features or groups it divides a prediction.
    pub n_players: usize,
}

impl ExplanationDescription {
    pub(crate) fn new(explanation: &Explanation, parts: &Parts) -> Self {
        let features = parts.schema.features();
        let (n_rows, n_groups) = (explanation.n_rows(), explanation.groups.len());
        let name_of = |at: &u32| features.get(*at as usize).map(|feature| feature.name.clone());
        let groups = explanation.groups.iter().map(|group| GroupDescription {
            name: group.name.clone(),
            features: group.features.iter().filter_map(name_of).collect(),
        });
        let n_players = if n_groups == 0 { features.len() } else { n_groups };
        let mut methods = Vec::new();
        if n_rows > 0 && n_players <= MAX_PLAYERS {
            methods.push(ExplanationMethod { name: "groups", is_exact: true, n_players });
        }
        if n_rows > 0 {
            let n_players = features.len();
            methods.push(ExplanationMethod { name: "permutations", is_exact: false, n_players });
        }
        let member = |at: u32| parts.members.get(at as usize).map(|member| member.name.clone());
        let members = explanation.left_shares.iter().filter_map(|shares| member(shares.member));
        Self {
            n_background_rows: n_rows,
            groups: groups.collect(),
            methods,
            members_with_shares: members.collect(),
        }
    }

    /// A name and a line for each thing.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, String)> {
        let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
        let method = |method: &ExplanationMethod| {
            let flavour = if method.is_exact { "exact" } else { "sampled" };
            // Without declared groups, each feature is one.
            let player =
                if method.is_exact && !self.groups.is_empty() { "group" } else { "feature" };
            format!("{} ({flavour}, {})", method.name, count(method.n_players, player))
        };
        let methods: Vec<String> = self.methods.iter().map(method).collect();
        let mut lines = vec![
            ("background".to_owned(), count(self.n_background_rows, "row")),
            ("methods".to_owned(), or_none(methods.join(", "))),
        ];
        for group in &self.groups {
            lines.push((format!("group {}", group.name), group.features.join(", ")));
        }
        lines.push(("path-dependent".to_owned(), or_none(self.members_with_shares.join(", "))));
        lines
    }
}

#[cfg(test)]
mod tests {
    use nomogram::{Model, unseal};

    use super::*;
    use crate::description::Description;
    use crate::difference::differences;

    fn described() -> (Parts, ExplanationDescription) {
        let parts = nomogram_testkit::explained();
        let explanation = parts.explanation.as_ref().unwrap();
        let description = ExplanationDescription::new(explanation, &parts);
        (parts, description)
    }

    #[test]
    fn rows_groups_and_methods_are_shown() {
        let (parts, description) = described();
        let line = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let (features, forest) = (parts.schema.features(), &parts.members[1].name);
        let size = format!("{}, {}", features[0].name, features[2].name);
        assert_eq!(
            description.lines(),
            [
                line("background", "3 rows"),
                line("methods", "groups (exact, 2 groups), permutations (sampled, 3 features)"),
                line("group size", &size),
                line("group texture", &features[1].name),
                line("path-dependent", forest),
            ]
        );
        let bytes = nomogram_testkit::explained_bundle();
        let (model, (parts, _)) = (Model::open(&bytes).unwrap(), unseal(&bytes).unwrap());
        let json = serde_json::to_value(Description::new(&model, &parts)).unwrap();
        assert_eq!(json["explanation"]["n_background_rows"], 3);
        assert_eq!(json["explanation"]["groups"][1]["name"], "texture");
        assert_eq!(json["explanation"]["methods"][1]["is_exact"], false);
    }

    #[test]
    fn without_rows_only_shares_are_left() {
        let (mut parts, _) = described();
        let mut explanation = parts.explanation.take().unwrap();
        (explanation.background, explanation.weights) = (vec![], vec![]);
        let lines = ExplanationDescription::new(&explanation, &parts).lines();
        assert_eq!(lines[0].1, "0 rows");
        assert_eq!(lines[1].1, "none");
        assert_eq!(lines[4].1, parts.members[1].name);
    }

    #[test]
    fn differences_of_rows_and_groups_are_shown() {
        let bytes = nomogram_testkit::explained_bundle();
        let (model, (parts, _)) = (Model::open(&bytes).unwrap(), unseal(&bytes).unwrap());
        let mut other = parts.clone();
        let explanation = other.explanation.as_mut().unwrap();
        explanation.background[0] = 12.5;
        explanation.groups[1].name = "surface".into();
        let lines: Vec<String> = differences((&model, &parts), (&model, &other))
            .iter()
            .map(crate::Difference::text)
            .collect();
        assert!(lines.iter().any(|line| line.starts_with("- explanation.groups.texture")));
        assert!(lines.iter().any(|line| line.starts_with("+ explanation.groups.surface")));
        assert!(
            lines.contains(&"~ explanation: 1 of 16 parameters differs".to_owned()),
            "{lines:?}"
        );
        let changed = "~ explanation.background[0]: 12.0 → 12.5".to_owned();
        assert!(lines.contains(&changed), "{lines:?}");
    }
}
