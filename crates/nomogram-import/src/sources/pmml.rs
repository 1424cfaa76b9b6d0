//! PMML 4: regressions, trees, ensembles, scorecards, networks and naive Bayes.
//!
//! Fields become features, and derived fields columns ([`crate::columns`]). A tree's predicates have three
//! values, true, false and unknown, so each tree is compiled: what is known on a path decides the next
//! predicates, and only questions that are open become splits.

mod fields;

mod columns;

mod predicate;

mod outcome;

mod tree;

mod additive;
mod bayes;
mod network;
mod scorecard;

mod ensemble;

mod target;
mod verification;

use nomogram::{
    Action, Branch, Combiner, EnsembleMember, Feature, FeatureKind, Member, Precision, Range,
    Schema, Target,
};

use crate::comparison::Tolerance;
use crate::document::xml;
use crate::error::Error;
use crate::imported::{Imported, LeafNumbers};
use crate::limits::Limits;
use fields::Fields;

/// How often a model is read again because a feature must not be missing.
const MAX_ATTEMPTS: usize = 64;

/// Reads a document.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Imported, Error> {
    let root = xml::read(bytes, limits)?;
    let version = root.or("version", "");
    if root.name != "PMML" || !(version.starts_with("4.") || version.starts_with("3.")) {
        let detail = format!("`{}` version `{version}`, expected PMML 4", root.name);
        return Err(root.unsupported(detail));
    }
    let is_model =
        |name: &str| name.ends_with("Model") || name.ends_with("Network") || name == "Scorecard";
    let mut models = root.children.iter().filter(|child| is_model(&child.name));
    let model = models.next().ok_or_else(|| root.unsupported("a document without a model"))?;
    if let Some(second) = models.next() {
        return Err(second.unsupported("a second model"));
    }
    let mut fields = Fields::read(&root, model, limits)?;
    let mut attempt = 0;
    let outcome = loop {
        attempt += 1;
        columns::derive(&root, &mut fields)?;
        let n_required = fields.n_required();
        match ensemble::read(model, &fields, limits) {
            // A tree has no answer for a missing value: it is refused.
            Err(_) if fields.n_required() > n_required && attempt < MAX_ATTEMPTS => {}
            other => break other?,
        }
    };
    fields.check_marked(model)?;
    target::check(model, &fields, &outcome)?;
    let target = match &outcome.classes {
        Some(classes) => Target::of_classes(fields.target_name(), classes.clone()),
        None => Target::Number { name: fields.target_name().into(), unit: None },
    };
    let is_single = |member: &Member| matches!(member, Member::Forest(forest) if forest.precision != Precision::Double);
    let mut features = fields.schema();
    if outcome.parts.iter().any(|part| is_single(&part.member)) {
        features.iter_mut().for_each(limit_to_singles);
    }
    let schema = Schema::new(features, target)?;
    let Some(first) = outcome.parts.first() else {
        return Err(model.malformed("no members, expected at least 1"));
    };
    let mut imported = Imported::of_member("PMML", bytes, schema, first.member.clone());
    let parts = &mut imported.parts;
    parts.branches.clear();
    parts.members.clear();
    for part in &outcome.parts {
        let same = parts.branches.iter().position(|branch| branch.steps == part.steps);
        let index = same.unwrap_or(parts.branches.len());
        if same.is_none() {
            let name = format!("fields {}", index + 1);
            parts.branches.push(Branch { name, source: None, steps: part.steps.clone() });
        }
        let name = format!("model {}", parts.members.len() + 1);
        let branch = crate::forests::number(index)?;
        parts.members.push(EnsembleMember { name, branch, member: part.member.clone() });
    }
    let weights = outcome.parts.iter().map(|part| part.weight).collect();
    parts.combiner = if outcome.is_hard {
        Combiner::HardVote { weights }
    } else {
        Combiner::SoftVote { weights }
    };
    imported.margin_tolerance = Tolerance::Relative(1e-12);
    if let [one] = outcome.parts.as_slice() {
        imported.leaf_numbers = one.leaf_numbers.clone().map(LeafNumbers);
    }
    let name = model.find("modelName").filter(|name| !name.is_empty());
    name.into_iter().for_each(|name| imported.parts.manifest.name = name.to_owned());
    let application = root.child("Header").and_then(|header| header.child("Application"));
    if let Some(name) = application.and_then(|application| application.find("name")) {
        imported.notes.push(format!("made by {name}"));
    }
    imported.notes.extend(outcome.notes);
    imported.expected = verification::rows(model, &fields, &imported.parts.schema)?;
    Ok(imported)
}

/// Refuses numbers from the largest single on, where a field without bounds is compared in single precision:
/// splits between missing and present values compare with it.
fn limit_to_singles(feature: &mut Feature) {
    if feature.kind == FeatureKind::Number && feature.range.is_none() {
        let largest = f64::from(f32::MAX.next_down());
        feature.range = Some(Range { low: -largest, high: largest });
        feature.policy.out_of_range = Action::Refuse;
    }
}
