//! Answers as JSON, written without a tree of values.

use nomogram::{Flags, Model, Scale};

use crate::json_writer::JsonWriter;
use crate::scored::{
    Refusal, Scored, ScoredExplanation, ScoredUncertainty, flag_name, verdict_name,
};
use crate::served::Served;

/// Writes which model answers: the first members of every answer.
pub(crate) fn write_model(json: &mut JsonWriter<'_>, served: &Served) {
    json.named_text("model", served.name());
    json.named_text("version", served.version());
    json.named_text("digest", served.digest());
}

/// Writes the members of a prediction.
pub(crate) fn write_scored(json: &mut JsonWriter<'_>, served: &Served, scored: &Scored) {
    let model = served.model();
    let classes = model.schema().target().classes();
    if let Some(class) = scored.class {
        json.named_text("class", classes.get(class).map_or("", String::as_str));
        json.name("probabilities");
        json.object_of(classes.iter(), &scored.outputs);
    } else {
        json.name("value");
        json.number(scored.outputs.first().copied().unwrap_or(f64::NAN));
    }
    if let Some(verdict) = scored.verdict {
        json.named_text("verdict", verdict_name(verdict));
    }
    if !scored.cutoffs.is_empty() {
        json.name("cutoffs");
        json.open(b'{');
        for (cutoff, is_reached) in model.cutoffs().iter().zip(&scored.cutoffs) {
            json.name(&cutoff.name);
            json.boolean(*is_reached);
        }
        json.close(b'}');
    }
    write_flags(json, served, scored);
    if !scored.members.is_empty() {
        json.name("members");
        json.open(b'{');
        for (name, outputs) in model.member_names().zip(&scored.members) {
            json.name(name);
            match classes {
                [] => json.number(outputs.first().copied().unwrap_or(f64::NAN)),
                _ => json.object_of(classes.iter(), outputs),
            }
        }
        json.close(b'}');
    }
    if let Some(uncertainty) = &scored.uncertainty {
        write_uncertainty(json, model, uncertainty);
    }
    if let Some(explanation) = &scored.explanation {
        write_explanation(json, model, explanation);
    }
}

fn write_flags(json: &mut JsonWriter<'_>, served: &Served, scored: &Scored) {
    if !scored.flags.is_empty() {
        json.name("flags");
        json.open(b'{');
        for (feature, flags) in &scored.flags {
            json.name(served.feature_name(*feature).unwrap_or_default());
            json.open(b'[');
            for flag in Flags::ALL.into_iter().filter(|flag| flags.contains(*flag)) {
                json.text(flag_name(flag));
            }
            json.close(b']');
        }
        json.close(b'}');
    }
    if !scored.broken_rules.is_empty() {
        json.name("broken_rules");
        json.open(b'[');
        let rules = served.model().schema().rules();
        for rule in scored.broken_rules.iter().filter_map(|rule| rules.get(*rule)) {
            json.text(&rule.name);
        }
        json.close(b']');
    }
}

fn write_uncertainty(json: &mut JsonWriter<'_>, model: &Model, uncertain: &ScoredUncertainty) {
    let classes = model.schema().target().classes();
    let levels = model.uncertainty().map_or(&[][..], |fitted| &fitted.levels);
    json.name("uncertainty");
    json.open(b'{');
    if !uncertain.p_values.is_empty() {
        json.name("p_values");
        json.object_of(classes.iter(), &uncertain.p_values);
        json.name("sets");
        json.open(b'{');
        for (level, set) in levels.iter().zip(&uncertain.sets) {
            json.name(&level.to_string());
            json.open(b'[');
            for (class, _) in classes.iter().zip(set).filter(|(_, is_in_set)| **is_in_set) {
                json.text(class);
            }
            json.close(b']');
        }
        json.close(b'}');
    }
    if !uncertain.intervals.is_empty() {
        json.name("intervals");
        json.open(b'{');
        for (position, interval) in uncertain.intervals.iter().enumerate() {
            match classes.get(1) {
                Some(class) => json.name(class),
                None => {
                    json.name(&levels.get(position).map_or(String::new(), f64::to_string));
                }
            }
            json.open(b'[');
            json.number(interval.low);
            json.number(interval.high);
            json.close(b']');
        }
        json.close(b'}');
    }
    if let Some(p_value) = uncertain.distance_p_value {
        json.name("distance_p_value");
        json.number(p_value);
    }
    if let Some((feature, times)) = uncertain.furthest {
        let features = model.schema().features();
        json.name("furthest");
        json.open(b'{');
        json.named_text("feature", features.get(feature).map_or("", |known| &known.name));
        json.name("times");
        json.number(times);
        json.close(b'}');
    }
    json.close(b'}');
}

fn write_explanation(json: &mut JsonWriter<'_>, model: &Model, explanation: &ScoredExplanation) {
    json.name("explanation");
    json.open(b'{');
    if let Some(class) = model.schema().target().classes().last() {
        json.named_text("class", class);
    }
    json.named_text(
        "scale",
        match explanation.scale {
            Scale::Probability => "probability",
            Scale::Margin => "margin",
            Scale::Value => "value",
        },
    );
    json.name("base");
    json.number(explanation.base);
    json.name("values");
    json.object_of(explanation.players.iter(), &explanation.values);
    if let Some(std_errors) = &explanation.std_errors {
        json.name("std_errors");
        json.object_of(explanation.players.iter(), std_errors);
    }
    json.close(b'}');
}

/// Writes why a row was refused, as an object.
pub(crate) fn write_refusal(json: &mut JsonWriter<'_>, served: &Served, refusal: &Refusal) {
    json.open(b'{');
    json.named_text("status", &refusal.status);
    if let Some(feature) = refusal.feature.and_then(|feature| served.feature_name(feature)) {
        json.named_text("feature", feature);
    }
    json.named_text("detail", &refusal.detail);
    json.close(b'}');
}

/// Writes the answer to one row of a batch, as an object.
pub(crate) fn write_row(
    json: &mut JsonWriter<'_>,
    served: &Served,
    answer: &Result<Scored, Refusal>,
) {
    json.open(b'{');
    match answer {
        Ok(scored) => write_scored(json, served, scored),
        Err(refusal) => {
            json.name("refused");
            write_refusal(json, served, refusal);
        }
    }
    json.close(b'}');
}
