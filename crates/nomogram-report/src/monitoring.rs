//! A monitored model: one page for people, and a text for Prometheus.

use nomogram_monitor::analysis::{Analysis, Change, Miscalibration, PeriodAnalysis};
use nomogram_monitor::charts::Cusum;
use nomogram_monitor::recalibration::Recalibration;

use crate::charts::{self, Curve, short};
use crate::error::Error;

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}\
table{border-collapse:collapse;width:100%;font-size:14px}th,td{border-bottom:1px solid #d6d6d6;padding:.3em .6em;\
text-align:right}th:first-child,td:first-child{text-align:left}.alarm{border-left:6px solid #d55e00;padding:.5em 1em;\
background:#fdf2ea}.quiet{border-left:6px solid #009e73;padding:.5em 1em;background:#eef8f4}\
figure{display:inline-block;margin:0}svg{max-width:100%;height:auto}";

/// One HTML page that needs no other file and no network.
///
/// # Errors
///
/// `Chart`, which no analysis causes.
pub fn to_html(analysis: &Analysis) -> Result<String, Error> {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Monitoring: {0}</title>\
         <style>{STYLE}</style></head><body>\n<h1>Monitoring: {0}</h1>\n<p>Bundle {1}. {2} of {3} \
         periods.</p>\n",
        escaped(&analysis.model),
        escaped(&analysis.digest),
        analysis.periods.len(),
        analysis.horizon
    );
    page.push_str(&verdicts(analysis));
    page.push_str(&pictures(analysis)?);
    page.push_str(&table(analysis));
    page.push_str(
        "<p>A wager starts at 1 and grows when the counts contradict the training rows, or outcomes \
         contradict the predicted risks. Without a change, it reaches the alarm in at most 1 of 20 \
         horizons. The sizes of changes (PSI, Wasserstein) describe an alarm and never raise one. \
         Expected values assume that the risks are calibrated.</p>\n</body></html>\n",
    );
    Ok(page)
}

/// The alarms, or that there is none.
fn verdicts(analysis: &Analysis) -> String {
    let name = |period: usize| analysis.periods.get(period).map_or("", |period| &period.name);
    let mut text = String::new();
    match &analysis.drift_alarm {
        None => text.push_str("<p class=\"quiet\">Patients: no evidence of a change.</p>\n"),
        Some(alarm) => {
            text.push_str(&format!(
                "<div class=\"alarm\"><p><strong>Patients have changed.</strong> Alarm in {}; the change \
                 most likely began in {}.</p><table><tr><th>variable</th><th>share of the evidence</th>\
                 <th>PSI</th><th>Wasserstein</th></tr>",
                escaped(name(alarm.period)),
                escaped(name(alarm.start))
            ));
            for change in &alarm.variables {
                text.push_str(&format!(
                    "<tr><td>{}</td><td>{:.1} %</td><td>{}</td><td>{}</td></tr>",
                    escaped(&change.name),
                    100.0 * change.share,
                    short(&change.psi),
                    change.wasserstein.as_ref().map_or("–".into(), short)
                ));
            }
            text.push_str("</table></div>\n");
        }
    }
    let has_outcomes = analysis.periods.iter().any(|period| period.calibration.is_some());
    text.push_str(&match analysis.calibration_alarm {
        Some(period) => format!(
            "<p class=\"alarm\"><strong>Predicted risks no longer fit the outcomes.</strong> Alarm in \
             {}{}.</p>\n",
            escaped(name(period)),
            analysis.miscalibration.as_ref().map_or(String::new(), |of| miscalibration(
                of,
                name(of.start)
            ))
        ),
        None if has_outcomes => {
            "<p class=\"quiet\">Outcomes: no evidence against the predicted risks.</p>\n".into()
        }
        None => "<p>Outcomes: none are known yet.</p>\n".into(),
    });
    text
}

/// The size of the change of outcomes, as the end of a sentence.
fn miscalibration(of: &Miscalibration, start: &str) -> String {
    let Recalibration { n_rows, n_events, odds_factor, slope } = of.recalibration;
    let mut text = format!(
        "; the change most likely began in {}. Since then {n_events} of {n_rows} patients had the event",
        escaped(start)
    );
    if let Some(factor) = odds_factor {
        text.push_str(&format!(", and the odds were {factor:.2} times those predicted"));
    }
    if let Some(slope) = slope {
        text.push_str(&format!(" (calibration slope {slope:.2})"));
    }
    text
}

fn pictures(analysis: &Analysis) -> Result<String, Error> {
    let points = |pick: &dyn Fn(&PeriodAnalysis) -> Option<f64>| -> Vec<(f64, f64)> {
        let numbered = (1_u32..).zip(&analysis.periods);
        numbered.filter_map(|(number, period)| Some((f64::from(number), pick(period)?))).collect()
    };
    let log = |wager: f64| nomogram::numeric::ln(wager.max(1e-3)) / std::f64::consts::LN_10;
    let drift = points(&|period| Some(log(period.drift)));
    let calibration = points(&|period| period.calibration.map(log));
    let curves = [("patients", &drift), ("outcomes", &calibration)];
    let curves: Vec<Curve<'_>> = curves
        .into_iter()
        .filter(|(_, points)| !points.is_empty())
        .map(|(name, points)| Curve { name, points })
        .collect();
    let level = log(analysis.alarm_at);
    let wager = charts::periods(&curves, "wager (power of ten); alarm at the line", level)?;
    let mut text = format!("<figure>{wager}</figure>\n");
    if !calibration.is_empty() {
        let vlad = points(&|period| Some(period.vlad));
        let curve = [Curve { name: "expected − observed", points: &vlad }];
        let vlad = charts::periods(&curve, "events fewer than predicted (VLAD)", 0.0)?;
        let ratio = points(&|period| period.observed_expected.map(|of| of.ratio));
        let low = points(&|period| period.observed_expected.map(|of| of.low));
        let high = points(&|period| period.observed_expected.map(|of| of.high));
        let named = [("O/E", &ratio), ("95 % from", &low), ("95 % to", &high)];
        let curves = named.map(|(name, points)| Curve { name, points });
        let ratio = charts::periods(&curves, "observed per expected event", 1.0)?;
        let (more, fewer) = (
            points(&|period| Some(period.cusum.doubled)),
            points(&|period| Some(period.cusum.halved)),
        );
        let named = [("doubled odds", &more), ("halved odds", &fewer)];
        let curves = named.map(|(name, points)| Curve { name, points });
        let cusum = charts::periods(&curves, "risk-adjusted CUSUM", Cusum::LIMIT)?;
        let observed = points(&|period| period.brier_score);
        let expected = points(&|period| Some(period.expected?.brier_score));
        let named = [("of outcomes", &observed), ("expected", &expected)];
        let named = named.into_iter().filter(|(_, points)| !points.is_empty());
        let curves: Vec<_> = named.map(|(name, points)| Curve { name, points }).collect();
        let brier = charts::periods(&curves, "Brier score; 0 is the best", 0.0)?;
        for chart in [vlad, ratio, cusum, brier] {
            text.push_str(&format!("<figure>{chart}</figure>\n"));
        }
        if let Some(length) = analysis.cusum_run_length {
            text.push_str(&format!(
                "<p>A CUSUM is no alarm: with right risks, that for doubled odds reaches the line of {} \
                 after {length:.0} outcomes on average.</p>\n",
                Cusum::LIMIT
            ));
        }
    }
    Ok(text)
}

fn table(analysis: &Analysis) -> String {
    let mut text = String::from(
        "<table><tr><th>period</th><th>rows</th><th>refused</th><th>wager on patients</th><th>largest \
         share</th><th>wager on outcomes</th><th>O/E (95 %)</th><th>Brier score</th><th>expected event \
         rate</th><th>expected Brier score</th><th>expected AUC</th></tr>\n",
    );
    let known = |number: Option<f64>| number.map_or("–".into(), |number| format!("{number:.3}"));
    for period in &analysis.periods {
        let refused: u64 = period.refused.iter().map(|(_, n)| n).sum();
        let largest = period.shares.first().map_or(String::new(), |(name, _)| escaped(name));
        let ratio = period
            .observed_expected
            .map_or("–".into(), |of| format!("{:.2} ({:.2}–{:.2})", of.ratio, of.low, of.high));
        let expected = period.expected;
        text.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td>{refused}</td><td>{}</td><td>{largest}</td><td>{}</td>\
             <td>{ratio}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            escaped(&period.name),
            period.n_rows,
            wager(period.drift),
            period.calibration.map_or("–".into(), wager),
            known(period.brier_score),
            known(expected.map(|of| of.event_rate)),
            known(expected.map(|of| of.brier_score)),
            known(expected.and_then(|of| of.auc)),
        ));
    }
    text.push_str("</table>\n");
    text
}

fn wager(value: f64) -> String {
    if value >= 1e4 { format!("{value:.1e}") } else { format!("{value:.2}") }
}

/// The last period in the text format of Prometheus.
#[must_use]
pub fn to_prometheus(analysis: &Analysis) -> String {
    let Some(last) = analysis.periods.last() else { return String::new() };
    let labels = format!("model=\"{}\",digest=\"{}\"", quoted(&analysis.model), analysis.digest);
    let refused: u64 = last.refused.iter().map(|(_, n)| n).sum();
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: f64| {
        head(&mut text, name, help);
        text.push_str(&format!("nomogram_{name}{{{labels}}} {value}\n"));
    };
    #[allow(clippy::cast_precision_loss, reason = "counts of patients")]
    let counts = (last.n_rows as f64, refused as f64);
    gauge("rows", "Rows that were predicted in the last period.", counts.0);
    gauge("rows_refused", "Rows that were refused in the last period.", counts.1);
    gauge("drift_wager", "Wager against unchanged patients; an alarm from 20 on.", last.drift);
    if let Some(calibration) = last.calibration {
        gauge("outcome_wager", "Wager against the risks; an alarm from 20 on.", calibration);
    }
    let alarm = |is_raised: bool| f64::from(u8::from(is_raised));
    gauge("drift_alarm", "1 if patients have changed.", alarm(analysis.drift_alarm.is_some()));
    let is_raised = analysis.calibration_alarm.is_some();
    gauge("outcome_alarm", "1 if the risks no longer fit the outcomes.", alarm(is_raised));
    if let Some(of) = last.observed_expected {
        gauge("observed_expected_ratio", "Observed per expected event.", of.ratio);
    }
    if let Some(score) = last.brier_score {
        gauge("brier_score", "Brier score of the outcomes of the last period.", score);
    }
    if let Some(expected) = last.expected {
        gauge("expected_event_rate", "Event rate if the risks are right.", expected.event_rate);
        gauge("expected_brier_score", "Brier score if the risks are right.", expected.brier_score);
        if let Some(auc) = expected.auc {
            gauge("expected_auc", "Area under the ROC curve if the risks are right.", auc);
        }
    }
    let mut of_variables = |name: &str, help: &str, pick: fn(&Change) -> Option<f64>| {
        head(&mut text, name, help);
        for change in &analysis.changes {
            let Some(value) = pick(change) else { continue };
            let variable = quoted(&change.name);
            text.push_str(&format!(
                "nomogram_{name}{{{labels},variable=\"{variable}\"}} {value}\n"
            ));
        }
    };
    of_variables("drift_share", "Share of a variable in the wager on patients.", |change| {
        Some(change.share)
    });
    of_variables(
        "drift_psi",
        "Population stability index; large by chance in few rows.",
        |change| Some(change.psi),
    );
    of_variables(
        "drift_wasserstein",
        "Mean distance that values moved, in their unit.",
        |change| change.wasserstein,
    );
    text
}

/// The two lines before the values of a gauge.
fn head(text: &mut String, name: &str, help: &str) {
    text.push_str(&format!("# HELP nomogram_{name} {help}\n# TYPE nomogram_{name} gauge\n"));
}

/// A value of a label.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
