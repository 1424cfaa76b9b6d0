//! How predictions are explained: the options of `explain` and of `predict --explain`.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use nomogram::{Explained, Explainer, Flavour, Method, Model, Request};

use crate::error::Error;

/// How values are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodName {
    /// Exact, over the groups of features that the bundle declares, or over at most 12 features
    Groups,
    /// Feature by feature from a sample of permutations, with standard errors
    Permutations,
    /// Exact, for a linear member or one of trees, against the background rows
    Interventional,
    /// Exact, for a member of trees, against the shares of the training rows in its trees
    PathDependent,
}

/// What is explained, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExplainOptions {
    /// How values are computed; by default groups, or permutations if the bundle has more than 12
    /// features and declares no groups
    #[arg(long, value_name = "METHOD", help_heading = "Explanation")]
    pub(crate) method: Option<MethodName>,
    /// Explain the margin of this member instead of the prediction
    #[arg(long, value_name = "NAME", help_heading = "Explanation")]
    pub(crate) member: Option<String>,
    /// Explain the logarithm (for two classes, the log odds) instead of the probability
    #[arg(long, conflicts_with = "member", help_heading = "Explanation")]
    pub(crate) margin: bool,
    /// Explain this class; by default the last one, which is the positive one of two
    #[arg(long, value_name = "CLASS", help_heading = "Explanation")]
    pub(crate) class: Option<String>,
    /// Pairs of permutations for each background row
    #[arg(long, value_name = "N", default_value_t = 4, help_heading = "Explanation")]
    #[arg(value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub(crate) pairs: u32,
}

/// An explainer, and which of its numbers is shown.
#[derive(Debug)]
pub(crate) struct Explaining {
    pub(crate) explainer: Explainer,
    pub(crate) number: usize,
}

impl ExplainOptions {
    /// # Errors
    ///
    /// `Usage` for an unknown member or class; the reason why the bundle cannot be explained that way.
    pub(crate) fn explainer(&self, model: &Arc<Model>) -> Result<Explaining, Error> {
        let explained = match &self.member {
            Some(name) => {
                let index = model.member_names().position(|member| member == name);
                let unknown = || Error::usage(format!("the model has no member `{name}`"));
                Explained::Member(index.ok_or_else(unknown)?)
            }
            None if self.margin => Explained::Margin,
            None => Explained::Outputs,
        };
        let permutations = Method::Permutations { n_pairs: self.pairs };
        let has_groups = model.explanation().is_some_and(|section| !section.groups.is_empty());
        let method = match self.method {
            None if has_groups || model.schema().n_features() <= 12 => Method::Groups,
            None | Some(MethodName::Permutations) => permutations,
            Some(MethodName::Groups) => Method::Groups,
            Some(MethodName::Interventional) => Method::Interventional,
            Some(MethodName::PathDependent) => Method::PathDependent,
        };
        let request = Request { explained, method };
        let explainer = Explainer::new(model.clone(), request)
            .map_err(|error| Error::usage(format!("cannot explain: {error}")))?;
        let last = explainer.n_explained().saturating_sub(1);
        let classes = model.schema().target().classes();
        let number = match &self.class {
            None => last,
            Some(class) => {
                let position = classes.iter().position(|known| known == class);
                let unknown = || Error::usage(format!("the model has no class `{class}`"));
                let position = position.ok_or_else(unknown)?;
                if explainer.n_explained() == 1 && position != 1 {
                    return Err(Error::usage("one margin is explained: that of the last class"));
                }
                position.min(last)
            }
        };
        Ok(Explaining { explainer, number })
    }
}

impl Explaining {
    /// The names of the players.
    pub(crate) fn players(&self) -> Vec<String> {
        let names = (0..self.explainer.n_players()).map(|at| self.explainer.player_name(at));
        names.map(|name| name.unwrap_or_default().to_owned()).collect()
    }

    /// Whether values come with standard errors.
    pub(crate) fn is_sampled(&self) -> bool {
        self.explainer.flavour() == Flavour::Sampled
    }
}
