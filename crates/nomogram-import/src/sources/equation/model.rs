//! The model: schema, outcome, linear member and worked examples.

use nomogram::{
    Action, Branch, Combiner, Cutoff, EnsembleMember, Feature, FeatureKind, Linear, Link, Member,
    Range, Schema, Target,
};

use super::file::{Cell, Equation, Example, FeatureEntry, OutOfRange, Outcome};
use super::{pipeline, r_table};
use crate::error::{Error, ErrorKind, Place};
use crate::imported::{ExpectedRow, Imported};
use crate::limits::Limits;
use crate::options::Options;

/// Reads an equation.
pub(crate) fn read(bytes: &[u8], _options: &Options, limits: &Limits) -> Result<Imported, Error> {
    limits.check_bytes(bytes.len())?;
    let text = std::str::from_utf8(bytes).map_err(|_| Error::malformed("not UTF-8"))?;
    let mut equation: Equation = serde_saphyr::from_str(text).map_err(|error| {
        let refused = Error::malformed(error.without_snippet().to_string());
        match error.location().map(|location| usize::try_from(location.line())) {
            Some(Ok(line)) => refused.within(Place::Line(line.saturating_sub(1))),
            Some(Err(_)) | None => refused,
        }
    })?;
    r_table::read_into(&mut equation, limits)?;
    let features = equation.features.iter().map(feature).collect();
    let (target, link, intercept) = outcome(&equation.outcome, equation.intercept)?;
    let schema = Schema::new(features, target)?;
    let encoding = pipeline::encode(&equation.terms, &schema)?;
    let linear = Linear::new(link, vec![intercept], encoding.coefficients)?;
    let mut imported =
        Imported::of_member("published equation", bytes, schema, Member::Linear(linear.clone()));
    let parts = &mut imported.parts;
    parts.branches = vec![Branch { name: "terms".into(), source: None, steps: encoding.steps }];
    parts.members =
        vec![EnsembleMember { name: "equation".into(), branch: 0, member: Member::Linear(linear) }];
    parts.combiner = Combiner::SoftVote { weights: vec![1.0] };
    for cutoff in &equation.cutoffs {
        let (name, probability) = (cutoff.name.clone(), cutoff.probability);
        parts.cutoffs.push(Cutoff { name, class: 1, probability });
    }
    let head = &equation.equation;
    parts.manifest.name.clone_from(&head.name);
    parts.manifest.version.clone_from(&head.version);
    parts.manifest.notes.insert("paper".into(), head.paper.clone());
    if let Some(doi) = &head.doi {
        parts.manifest.notes.insert("doi".into(), doi.clone());
    }
    imported.notes.extend(head.notes.clone());
    if equation.examples.is_empty() {
        let detail = "no worked example, expected at least 1 to check the typing";
        return Err(Error::new(ErrorKind::Schema, detail).within(Place::Key("examples".into())));
    }
    for (index, example) in equation.examples.iter().enumerate() {
        let expected = expected(example, &imported.parts.schema);
        imported.expected.push(expected.map_err(|error| {
            error.within(Place::Item(index)).within(Place::Key("examples".into()))
        })?);
    }
    Ok(imported)
}

fn feature(entry: &FeatureEntry) -> Feature {
    let kind = match &entry.levels {
        Some(levels) => FeatureKind::Category { levels: levels.clone() },
        None if entry.whole => FeatureKind::Integer,
        None => FeatureKind::Number,
    };
    let mut feature = Feature::of_kind(&entry.name, kind);
    feature.unit.clone_from(&entry.unit);
    feature.range = entry.range.map(|[low, high]| Range { low, high });
    feature.policy.out_of_range = match entry.out_of_range {
        OutOfRange::Refuse => Action::Refuse,
        OutOfRange::Clamp => Action::Clamp,
    };
    feature
}

/// The target, the link, and what the sum starts from.
fn outcome(outcome: &Outcome, intercept: f64) -> Result<(Target, Link, f64), Error> {
    let number = |name: &String, unit: &Option<String>| Target::Number {
        name: name.clone(),
        unit: unit.clone(),
    };
    Ok(match outcome {
        Outcome::Logistic { name, classes } => {
            (Target::of_classes(name, classes.clone()), Link::Logit, intercept)
        }
        Outcome::Survival { name, classes, baseline_survival, mean } => {
            if !(*baseline_survival > 0.0 && *baseline_survival < 1.0) {
                let detail = format!("{baseline_survival}, expected a number between 0 and 1");
                let error = Error::new(ErrorKind::Schema, detail);
                return Err(error.within(Place::Key("baseline_survival".into())));
            }
            // 1 − S ^ exp(x) is 1 − exp(−exp(x + ln(−ln S))).
            let hazard = nomogram::numeric::ln(-nomogram::numeric::ln(*baseline_survival));
            let target = Target::of_classes(name, classes.clone());
            (target, Link::ComplementaryLogLog, intercept - mean + hazard)
        }
        Outcome::Value { name, unit } => (number(name, unit), Link::Identity, intercept),
        Outcome::Exponential { name, unit } => (number(name, unit), Link::Log, intercept),
    })
}

#[allow(clippy::cast_precision_loss, reason = "levels are few")]
fn expected(example: &Example, schema: &Schema) -> Result<ExpectedRow, Error> {
    let refused = |detail: String| Error::new(ErrorKind::Schema, detail);
    let mut row = vec![f64::NAN; schema.n_features()];
    for (name, cell) in &example.row {
        let position = schema.feature_index(name);
        let position = position.ok_or_else(|| refused(format!("no feature `{name}`")))?;
        let levels = schema.features().get(position).map(Feature::levels).unwrap_or_default();
        let level = |text: &str| levels.iter().position(|level| level == text);
        let value = match cell {
            Cell::Number(value) => Some(*value),
            Cell::Boolean(value) => Some(f64::from(u8::from(*value))),
            Cell::Text(text) => level(text).map(|level| level as f64),
        };
        let value = value.ok_or_else(|| refused(format!("no such level of `{name}`")))?;
        if let Some(cell) = row.get_mut(position) {
            *cell = value;
        }
    }
    let mut outputs = vec![f64::NAN; schema.n_outputs()];
    if let Some(output) = outputs.last_mut() {
        *output = example.prediction;
    }
    let within = Some(example.within);
    Ok(ExpectedRow {
        row,
        outputs: Some(outputs),
        within,
        is_golden: true,
        ..ExpectedRow::default()
    })
}
