//! The learner: parameters, objective and booster, to an imported model.

use nomogram::{
    Aggregate, Combiner, Comparison, Forest, ForestShares, Link, Member, Precision, Schema, Target,
};

use super::base_score;
use super::columns;
use super::linear;
use super::objective::Objective;
use super::trees::{self, Trees};
use crate::comparison::Tolerance;
use crate::document::{Cursor, Number, Value};
use crate::error::Error;
use crate::imported::{Imported, LeafNumbers};
use crate::limits::Limits;
use crate::options::{Options, Rounds};

/// The trees of a booster, and the weights that DART gives them.
struct Booster<'d> {
    model: Cursor<'d>,
    weights: Option<Vec<Number>>,
}

/// Reads a document.
pub(super) fn read(
    document: &Value,
    bytes: &[u8],
    options: &Options,
    limits: &Limits,
) -> Result<Imported, Error> {
    let root = Cursor::new(document);
    let learner = root.key("learner")?;
    let parameters = learner.key("learner_model_param")?;
    let count = |key: &str| parameters.find(key).map_or(Ok(0), |count| count.whole());
    let n_features = count("num_feature")?;
    limits.check_features(n_features)?;
    if count("num_target")? > 1 {
        return Err(parameters.key("num_target")?.unsupported("several targets in one model"));
    }
    let n_groups = count("num_class")?.max(1);
    limits.check_features(n_groups)?;
    let objective = Objective::of_name(&learner.key("objective")?.key("name")?)?;
    if (objective == Objective::Softmax) != (n_groups > 1) {
        let detail = format!("{n_groups} classes do not fit the objective");
        return Err(parameters.malformed(detail));
    }
    let bases = base_score::of_groups(&parameters.key("base_score")?, n_groups)?;
    let link = objective.link(options.double_link);
    let bases: Vec<f32> = bases.iter().map(|base| objective.margin_of(*base)).collect();
    let target = target(objective, n_groups);
    let booster = learner.key("gradient_booster")?;
    let mut imported = if booster.key("name")?.text()? == "gblinear" {
        let member = linear::member(&booster, link, &bases, n_features, options.rounds)?;
        let mut features = columns::features(&learner, n_features, &Trees::default())?;
        let is_limited = linear::limit_ranges(&mut features, &member, link)?;
        let schema = Schema::new(features, target)?;
        let member = Member::LinearSingle(member);
        let mut imported = Imported::of_member("XGBoost", bytes, schema, member);
        imported.notes.extend(is_limited.then(|| linear::LIMITED.into()));
        imported
    } else {
        let booster = Booster::of(&booster)?;
        let n_trees = booster.n_trees(&learner, n_groups, options.rounds)?;
        let weights = booster.weights.as_deref();
        let tree_shares = options.tree_shares;
        let n_taken = n_trees.taken;
        let trees = trees::read(&booster.model, weights, n_taken, n_groups, tree_shares, limits)?;
        let schema = Schema::new(columns::features(&learner, n_features, &trees)?, target)?;
        let Trees { trees, leaf_numbers, left_shares, .. } = trees;
        let bases = bases.into_iter().map(f64::from).collect();
        let member = Member::Forest(Forest {
            comparison: Comparison::Below,
            precision: Precision::Single,
            aggregate: Aggregate::Sum,
            ..Forest::new(link, crate::forests::number(n_features)?, bases, trees)?
        });
        let mut imported = Imported::of_member("XGBoost", bytes, schema, member);
        imported.leaf_numbers = Some(LeafNumbers(leaf_numbers));
        if tree_shares {
            imported.keep_shares(vec![ForestShares { member: 0, shares: left_shares }]);
        }
        let TreeCount { all, taken } = n_trees;
        imported.notes.push(format!("{taken} of {all} trees are taken"));
        imported
    };
    imported.margin_tolerance = Tolerance::Bits;
    imported.output_tolerance = output_tolerance(link);
    if objective == Objective::Hinge {
        // The share of the votes is 1 for the class on whose side the margin is.
        imported.parts.combiner = Combiner::HardVote { weights: vec![1.0] };
    }
    notes(&mut imported, &learner, objective, options);
    Ok(imported)
}

/// The elementary functions of a C library differ from the core's by less than 1 ulp of single
/// precision. A quotient of them rounds once more: of the probabilities of 400,000 rows, XGBoost 3.2 computes 2
/// that are 2 ulp off, and earlier versions none.
fn output_tolerance(link: Link) -> Tolerance {
    match link {
        Link::LogSingle => Tolerance::SingleUlps(1),
        Link::LogitSingle | Link::SoftmaxSingle => Tolerance::SingleUlps(2),
        Link::Identity => Tolerance::Bits,
        // In double precision, against single precision of the source.
        _ => Tolerance::Relative(1e-6),
    }
}

/// How many trees there are, and how many are taken.
struct TreeCount {
    all: usize,
    taken: usize,
}

impl<'d> Booster<'d> {
    fn of(booster: &Cursor<'d>) -> Result<Self, Error> {
        let name = booster.key("name")?;
        match name.text()? {
            "gbtree" => Ok(Self { model: booster.key("model")?, weights: None }),
            "dart" => {
                let weights = booster.key("weight_drop")?.numbers()?;
                Ok(Self { model: booster.key("gbtree")?.key("model")?, weights: Some(weights) })
            }
            other => Err(name.unsupported(format!("booster `{other}`"))),
        }
    }

    fn n_trees(
        &self,
        learner: &Cursor<'_>,
        n_groups: usize,
        rounds: Rounds,
    ) -> Result<TreeCount, Error> {
        let all = self.model.key("trees")?.n_items()?;
        let parameters = self.model.key("gbtree_model_param")?;
        let n_parallel =
            parameters.find("num_parallel_tree").map_or(Ok(1), |count| count.whole())?.max(1);
        let attribute =
            |key: &str| learner.find("attributes").and_then(|attributes| attributes.find(key));
        let best = || attribute("best_iteration").map(|best| best.whole()).transpose();
        let n_rounds = match rounds {
            Rounds::All => None,
            Rounds::First(n_rounds) => Some(n_rounds),
            Rounds::Best => best()?.map(|best| best.saturating_add(1)),
            Rounds::AsSource if attribute("scikit_learn").is_some() => {
                best()?.map(|best| best.saturating_add(1))
            }
            Rounds::AsSource => None,
        };
        let Some(n_rounds) = n_rounds else { return Ok(TreeCount { all, taken: all }) };
        let taken = match self.model.find("iteration_indptr") {
            Some(ends) => ends.wholes()?.get(n_rounds).copied().unwrap_or(all),
            None => n_rounds.saturating_mul(n_groups).saturating_mul(n_parallel),
        };
        Ok(TreeCount { all, taken: taken.min(all) })
    }
}

fn target(objective: Objective, n_groups: usize) -> Target {
    if objective.is_of_classes() {
        let classes = (0..n_groups.max(2)).map(|class| class.to_string());
        Target::of_classes("target", classes)
    } else {
        Target::Number { name: "target".into(), unit: None }
    }
}

fn notes(imported: &mut Imported, learner: &Cursor<'_>, objective: Objective, options: &Options) {
    let name = learner.find("objective").and_then(|objective| objective.find("name"));
    let name = name.and_then(|name| name.text().ok()).unwrap_or_default().to_owned();
    imported.notes.insert(0, format!("objective {name}"));
    let mut note = |text: String| imported.notes.push(text);
    if objective == Objective::RawLogistic {
        note("the predicted number is the log odds, as XGBoost predicts it".into());
    }
    if options.double_link && objective.link(true) != objective.link(false) {
        note("the link is computed in double precision, XGBoost computes it in single".into());
    }
}
