//! The metrics of the watch, and the alert rules and the dashboard of all metrics.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::failure::Failure;
use super::state::State;
use crate::metric::{METRICS, MetricKind, escaped, labels, write_head};

/// Writes the metrics of the watch in the text format of Prometheus.
pub(super) fn write(text: &mut String, states: &[State], failures: &[Failure]) {
    // Writing to a text does not fail.
    let _written = write_all(text, states, failures);
}

fn write_all(text: &mut String, states: &[State], failures: &[Failure]) -> std::fmt::Result {
    let of_watch = METRICS.iter().take_while(|metric| metric.kind == MetricKind::Gauge);
    for metric in of_watch {
        write_head(text, metric.name);
        if metric.name == "nomogram_watch_failing" {
            let of_states = states.iter().map(|state| (labels(&state.model, &state.version), 0));
            let failing = failures.iter().map(|f| (labels(&f.model, &f.version), 1));
            // A model is there once, also when it fails.
            let values: BTreeMap<String, u8> = of_states.chain(failing).collect();
            for (labels, value) in values {
                writeln!(text, "{}{{{labels}}} {value}", metric.name)?;
            }
            continue;
        }
        for state in states {
            let labels = labels(&state.model, &state.version);
            if metric.name == "nomogram_drift_share" {
                for (variable, share) in &state.shares {
                    let variable = escaped(variable);
                    writeln!(text, "{}{{{labels},variable=\"{variable}\"}} {share}", metric.name)?;
                }
            } else if let Some(value) = value(metric.name, state) {
                writeln!(text, "{}{{{labels}}} {value}", metric.name)?;
            }
        }
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "counts of patients")]
fn value(metric: &str, state: &State) -> Option<f64> {
    Some(match metric {
        "nomogram_drift_wager" => state.drift?,
        "nomogram_drift_alarm" => f64::from(u8::from(state.drift_alarm)),
        "nomogram_outcome_wager" => state.outcomes?,
        "nomogram_outcome_alarm" => f64::from(u8::from(state.outcome_alarm)),
        "nomogram_period_rows" => state.n_rows as f64,
        "nomogram_period_rows_refused" => state.n_refused as f64,
        "nomogram_period_outcomes" => state.n_outcomes as f64,
        "nomogram_periods" => state.n_periods as f64,
        "nomogram_horizon_periods" => state.horizon as f64,
        _ => return None,
    })
}

/// The dashboard for Grafana: a panel per metric.
#[must_use]
pub fn dashboard() -> Value {
    let panels: Vec<Value> = METRICS
        .iter()
        .enumerate()
        .map(|(index, metric)| {
            let (x, y) = (index % 2 * 12, index / 2 * 8);
            json!({
                "id": index + 1,
                "type": if metric.kind == MetricKind::Info { "table" } else { "timeseries" },
                "title": metric.help,
                "datasource": {"type": "prometheus", "uid": "${datasource}"},
                "gridPos": {"h": 8, "w": 12, "x": x, "y": y},
                "targets": [{"refId": "A", "expr": metric.query}],
            })
        })
        .collect();
    json!({
        "title": "Nomogram",
        "uid": "nomogram",
        "schemaVersion": 39,
        "tags": ["nomogram"],
        "time": {"from": "now-7d", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    })
}

/// Alert rules: name, expression, how long it must hold, and what people read.
const RULES: [(&str, &str, &str, &str); 7] = [
    (
        "PatientsHaveChanged",
        "nomogram_drift_alarm == 1",
        "0m",
        "{{ $labels.model }} {{ $labels.version }}: patients are no longer those of the training",
    ),
    (
        "RisksNoLongerFit",
        "nomogram_outcome_alarm == 1",
        "0m",
        "{{ $labels.model }} {{ $labels.version }}: predicted risks no longer fit the outcomes",
    ),
    (
        "RowsAreRefused",
        "nomogram_period_rows_refused > 0.05 * (nomogram_period_rows + nomogram_period_rows_refused) > 1",
        "10m",
        "{{ $labels.model }} {{ $labels.version }}: more than 5 % of rows are refused",
    ),
    (
        "HorizonEnds",
        "nomogram_periods >= nomogram_horizon_periods",
        "0m",
        "{{ $labels.model }} {{ $labels.version }}: the last period of the horizon; decide on a new one",
    ),
    (
        "WatchIsFailing",
        "nomogram_watch_failing == 1",
        "5m",
        "{{ $labels.model }} {{ $labels.version }}: counters cannot be read or written, so no alarm may come; see the log",
    ),
    (
        "RegistryIsNotFollowed",
        "nomogram_registry_current == 0",
        "5m",
        "the registry was rolled back, is damaged or cannot be read; models stay as they were",
    ),
    (
        "DecisionsAreNotLogged",
        "nomogram_decision_log_writable == 0",
        "0m",
        "the decision log cannot be written, and no row is answered; make room on its disk",
    ),
];

/// The alert rules for Prometheus.
#[must_use]
pub fn alert_rules() -> String {
    let mut text = "# Made by the tests of nomogram-serve. Do not edit.\ngroups:\n  - name: nomogram\n    rules:\n".to_owned();
    for (name, expression, duration, summary) in RULES {
        text.push_str(&format!(
            "      - alert: {name}\n        expr: {expression}\n        for: {duration}\n        annotations:\n          summary: \"{summary}\"\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of metrics in a text.
    fn named(text: &str) -> Vec<&str> {
        let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let words = text.split(|character: char| !is_name(character));
        words.filter(|word| word.starts_with("nomogram_")).collect()
    }

    #[test]
    fn rules_and_dashboard_name_metrics_of_the_list_only() {
        let known: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
        let dashboard = dashboard().to_string();
        for text in [alert_rules(), dashboard.clone()] {
            for name in named(&text) {
                assert!(known.contains(&name), "{name}");
            }
        }
        for name in known {
            assert!(named(&dashboard).contains(&name), "no panel shows {name}");
        }
    }

    #[test]
    fn committed_rules_and_dashboard_are_current() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/monitoring");
        let dashboard = serde_json::to_string_pretty(&dashboard()).unwrap() + "\n";
        for (name, made) in [("dashboard.json", dashboard), ("alert-rules.yml", alert_rules())] {
            let path = format!("{folder}/{name}");
            if std::env::var_os("NOMOGRAM_UPDATE").is_some() {
                std::fs::write(&path, &made).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap();
            assert!(committed == made, "{path}: run the tests with NOMOGRAM_UPDATE=1");
        }
    }
}
