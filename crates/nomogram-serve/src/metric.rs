//! The list of all metrics: exposition, dashboard and alert rules have names and sentences from it.

use std::fmt::Write as _;

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

/// Every metric of the service: first those of the watch.
pub const METRICS: [Metric; 28] = [
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
        help: "How long requests took; the panel has the time of 99 % of them.",
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
    gauge("nomogram_registry_entries", "Verified entries of the registry's log."),
    gauge("nomogram_decision_log_writable", "1 while decisions can be logged."),
    gauge("nomogram_requests_in_flight", "Requests at this moment."),
    Metric {
        name: "nomogram_verdicts_total",
        kind: MetricKind::Counter,
        help: "Verdicts of predicted rows.",
        query: "sum by (model, version, verdict) (rate(nomogram_verdicts_total[5m]))",
    },
    Metric {
        name: "nomogram_cards_total",
        kind: MetricKind::Counter,
        help: "Cards of CDS Hooks that users accepted or overrode.",
        query: "sum by (model, outcome) (increase(nomogram_cards_total[1d]))",
    },
    Metric {
        name: "nomogram_arm_requests_total",
        kind: MetricKind::Counter,
        help: "Requests that an arm of a trial was chosen for.",
        query: "sum by (model, version) (rate(nomogram_arm_requests_total[5m]))",
    },
    gauge("nomogram_arm_stopped", "1 once an arm of a trial was stopped."),
    Metric {
        name: "nomogram_reloads_total",
        kind: MetricKind::Counter,
        help: "Reloads of the configuration.",
        query: "increase(nomogram_reloads_total[1h])",
    },
    Metric {
        name: "nomogram_failed_reloads_total",
        kind: MetricKind::Counter,
        help: "Reloads of the configuration that failed.",
        query: "increase(nomogram_failed_reloads_total[1h])",
    },
    Metric {
        name: "nomogram_log_lines_dropped_total",
        kind: MetricKind::Counter,
        help: "Lines that the log had no room for, or that could not be written.",
        query: "increase(nomogram_log_lines_dropped_total[1h])",
    },
];

impl Metric {
    /// The name of its family, as `OpenMetrics` has it: without the end that the kind adds.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.name.strip_suffix(self.kind.suffix()).unwrap_or(self.name)
    }
}

impl MetricKind {
    /// Its name in the exposition.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Gauge => "",
            Self::Counter => "_total",
            Self::Histogram => "_bucket",
            Self::Info => "_info",
        }
    }
}

/// Writes what comes before the values of a metric of the list.
pub(crate) fn write_head(text: &mut String, name: &str) {
    for metric in METRICS.iter().filter(|metric| metric.name == name) {
        let (family, kind) = (metric.family(), metric.kind.name());
        // Writing to a text does not fail.
        let _written = writeln!(text, "# HELP {family} {}\n# TYPE {family} {kind}", metric.help);
    }
}

/// Writes a metric of the list that has one value.
pub(crate) fn write_one(text: &mut String, name: &str, value: u64) {
    write_head(text, name);
    let _written = writeln!(text, "{name} {value}");
}

/// The labels of a model.
pub(crate) fn labels(model: &str, version: &str) -> String {
    let (model, version) = (escaped(model), escaped(version));
    format!("model=\"{model}\",version=\"{version}\"")
}

/// A text as the value of a label.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_heads_are_those_of_the_family() {
        assert_eq!(escaped("a\"b\\\n"), "a\\\"b\\\\\\n");
        let mut text = String::new();
        write_one(&mut text, "nomogram_log_lines_dropped_total", 3);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let expected =
            ["# TYPE nomogram_log_lines_dropped counter", "nomogram_log_lines_dropped_total 3"];
        assert_eq!(lines, expected);
    }
}
