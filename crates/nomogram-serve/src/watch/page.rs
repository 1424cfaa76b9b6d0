//! The watch for people: one HTML page, and the same as JSON.

use std::fmt::Write as _;

use std::collections::BTreeMap;

use nomogram_monitor::analysis::{Analysis, PeriodAnalysis};
use serde::Serialize;

use super::state::State;
use crate::feedback::FeedbackCounts;

/// What is known of a model: its state now, and all periods.
#[derive(Debug, Serialize)]
struct Watched<'a> {
    state: &'a State,
    /// Left out once the horizon is over, and while wagers of before are computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<&'a Analysis>,
    /// What users did with cards of the model, whichever of its versions made them.
    #[serde(skip_serializing_if = "Option::is_none")]
    cards: Option<&'a FeedbackCounts>,
}

/// Cards by the name of the model.
type Cards = BTreeMap<String, FeedbackCounts>;

/// Every model as JSON.
#[must_use]
pub fn to_json(models: &[(State, Option<Analysis>)], cards: &Cards) -> Vec<u8> {
    let watched = models.iter().map(|(state, analysis)| Watched {
        state,
        analysis: analysis.as_ref(),
        cards: cards.get(&state.model),
    });
    serde_json::to_vec(&watched.collect::<Vec<_>>()).unwrap_or_default()
}

/// Every model on one page. It loads nothing.
#[must_use]
pub fn page(models: &[(State, Option<Analysis>)], cards: &Cards) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Nomogram: watch</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>\
         body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
         table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.2rem .6rem;\
         border-bottom:1px solid #bbb}th:first-child,td:first-child{text-align:left}\
         .alarm{font-weight:bold;color:#9b1c1c}</style></head><body><main><h1>Watch</h1>\n",
    );
    if models.is_empty() {
        page.push_str("<p>No model with a profile is watched.</p>\n");
    }
    for (state, analysis) in models {
        // Writing to a text does not fail.
        let _written = model(&mut page, state, analysis.as_ref());
    }
    let _written = of_cards(&mut page, cards);
    page.push_str("</main></body></html>\n");
    page
}

/// What users did with cards of CDS Hooks; nothing before the first feedback.
fn of_cards(page: &mut String, cards: &Cards) -> std::fmt::Result {
    if cards.is_empty() {
        return Ok(());
    }
    page.push_str(
        "<h2>Cards since the start</h2>\n<table><thead><tr><th scope=\"col\">Model</th>\
         <th scope=\"col\">Accepted</th><th scope=\"col\">Overridden</th></tr></thead><tbody>\n",
    );
    for (model, FeedbackCounts { accepted, overridden }) in cards {
        let model = escaped(model);
        writeln!(page, "<tr><td>{model}</td><td>{accepted}</td><td>{overridden}</td></tr>")?;
    }
    page.push_str("</tbody></table>\n");
    Ok(())
}

fn model(page: &mut String, state: &State, analysis: Option<&Analysis>) -> std::fmt::Result {
    let (name, version) = (escaped(&state.model), escaped(&state.version));
    writeln!(page, "<h2>{name} {version}</h2>")?;
    let digest = escaped(&state.digest);
    let (n_periods, horizon) = (state.n_periods, state.horizon);
    writeln!(page, "<p>Digest {digest}. Period {n_periods} of {horizon}.</p>")?;
    let alarm = |is_alarm: bool, text: &str| match is_alarm {
        true => format!("<p class=\"alarm\">Alarm: {text}</p>\n"),
        false => String::new(),
    };
    page.push_str(&alarm(state.drift_alarm, "patients are no longer those of the training."));
    page.push_str(&alarm(state.outcome_alarm, "predicted risks no longer fit the outcomes."));
    let Some(analysis) = analysis else {
        let n_left = state.n_uncomputed;
        return match state.is_over() {
            true => writeln!(page, "<p>The horizon is over: the model is no longer watched.</p>"),
            false => writeln!(page, "<p>Not yet computed since the start: {n_left} periods.</p>"),
        };
    };
    if let Some(alarm) = &analysis.drift_alarm {
        let names: Vec<_> = alarm.variables.iter().map(|change| escaped(&change.name)).collect();
        let since = analysis.periods.get(alarm.start).map_or("", |period| period.name.as_str());
        writeln!(page, "<p>Probably since {}: {}.</p>", escaped(since), names.join(", "))?;
    }
    page.push_str(
        "<table><thead><tr><th scope=\"col\">Period</th><th scope=\"col\">Rows</th>\
         <th scope=\"col\">Refused</th><th scope=\"col\">Wager on patients</th>\
         <th scope=\"col\">Wager on outcomes</th><th scope=\"col\">O/E (95 %)</th></tr></thead><tbody>\n",
    );
    for period in &analysis.periods {
        row(page, period)?;
    }
    page.push_str("</tbody></table>\n<p>A wager of 20 or more is an alarm.</p>\n");
    Ok(())
}

fn row(page: &mut String, period: &PeriodAnalysis) -> std::fmt::Result {
    let n_refused: u64 = period.refused.iter().map(|(_, n_rows)| n_rows).sum();
    let outcomes = period.calibration.map_or("–".into(), wager);
    let observed = period.observed_expected.as_ref().map_or("–".into(), |known| {
        format!("{:.2} ({:.2}–{:.2})", known.ratio, known.low, known.high)
    });
    writeln!(
        page,
        "<tr><td>{}</td><td>{}</td><td>{n_refused}</td><td>{}</td><td>{outcomes}</td><td>{observed}</td></tr>",
        escaped(&period.name),
        period.n_rows,
        wager(period.drift)
    )
}

/// A wager in a few characters: after an alarm it may have hundreds of digits.
fn wager(wager: f64) -> String {
    if wager < 1e5 { format!("{wager:.2}") } else { format!("{wager:.1e}") }
}

/// A text within HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
