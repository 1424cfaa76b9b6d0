//! The metrics of the watch, their alert rules and their dashboard: one list, three forms.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::failure::Failure;
use super::state::State;

/// A metric that the service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name as Prometheus stores it.
    pub name: &'static str,
    /// What it counts.
    pub kind: MetricKind,
    /// One sentence for people.
    pub help: &'static str,
    /// What a panel of the dashboard shows.
    pub query: &'static str,
}

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// A number that rises and falls.
    Gauge,
    /// A number that rises only.
    Counter,
    /// How many observations were at most as large as a bound.
    Histogram,
    /// What something is, in labels.
    Info,
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Gauge, help, query: name }
}

/// Every metric of the service that a dashboard shows: first those of the watch.
pub const METRICS: [Metric; 19] = [
    gauge("nomogram_drift_wager", "Wager on a change of patients; an alarm from 20 on."),
    gauge("nomogram_drift_alarm", "1 once patients are no longer those of the training."),
    gauge("nomogram_drift_share", "Share of each variable in the wager on a change of patients."),
    gauge("nomogram_outcome_wager", "Wager on risks that no longer fit; an alarm from 20 on."),
    gauge("nomogram_outcome_alarm", "1 once predicted risks no longer fit the outcomes."),
    gauge("nomogram_period_rows", "Rows that were predicted in the running period."),
    gauge("nomogram_period_rows_refused", "Rows that were refused in the running period."),
    gauge("nomogram_period_outcomes", "Outcomes that became known in the running period."),
    gauge("nomogram_periods", "Periods with rows since the model is watched."),
    gauge("nomogram_horizon_periods", "Periods for which the model is watched."),
    gauge("nomogram_watch_failing", "1 while counters of the model cannot be read or written."),
    Metric {
        name: "nomogram_requests_total",
        kind: MetricKind::Counter,
        help: "Requests that were answered.",
        query: "sum by (endpoint, status) (rate(nomogram_requests_total[5m]))",
    },
    Metric {
        name: "nomogram_request_seconds_bucket",
        kind: MetricKind::Histogram,
        help: "99 % of requests took at most so long.",
        query: "histogram_quantile(0.99, sum by (le, endpoint) (rate(nomogram_request_seconds_bucket[5m])))",
    },
    Metric {
        name: "nomogram_problems_total",
        kind: MetricKind::Counter,
        help: "Requests that were refused, by code.",
        query: "sum by (code) (rate(nomogram_problems_total[5m]))",
    },
    Metric {
        name: "nomogram_rows_predicted_total",
        kind: MetricKind::Counter,
        help: "Rows that were predicted.",
        query: "sum by (model, version) (rate(nomogram_rows_predicted_total[5m]))",
    },
    Metric {
        name: "nomogram_rows_refused_total",
        kind: MetricKind::Counter,
        help: "Rows that were refused, by status.",
        query: "sum by (model, version, status) (rate(nomogram_rows_refused_total[5m]))",
    },
    Metric {
        name: "nomogram_model_info",
        kind: MetricKind::Info,
        help: "Models that are served.",
        query: "nomogram_model_info",
    },
    gauge(
        "nomogram_registry_current",
        "1 while the registry of the models can be read and is what it was.",
    ),
    gauge("nomogram_decision_log_writable", "1 while decisions can be logged."),
];

/// Writes the metrics of the watch in the text format of Prometheus.
pub(super) fn write(text: &mut String, states: &[State], failures: &[Failure]) {
    // Writing to a text does not fail.
    let _written = write_all(text, states, failures);
}

fn write_all(text: &mut String, states: &[State], failures: &[Failure]) -> std::fmt::Result {
    let of_watch = METRICS.iter().take_while(|metric| metric.kind == MetricKind::Gauge);
    for metric in of_watch {
        writeln!(text, "# HELP {0} {1}\n# TYPE {0} gauge", metric.name, metric.help)?;
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

fn labels(model: &str, version: &str) -> String {
    let (model, version) = (escaped(model), escaped(version));
    format!("model=\"{model}\",version=\"{version}\"")
}

/// A text as the value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
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
