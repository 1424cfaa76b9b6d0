//! Metrics of requests and models, as Prometheus reads them.

use std::fmt::Write;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::models::Catalog;
use crate::scored::verdict_name;
use crate::tally::Tally;

/// The media type of [`Metrics::encode`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The upper ends of the bins of durations, in seconds.
const BINS: [f64; 12] =
    [50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 100e-3, 1.0, 10.0];

/// Metrics of requests.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    problems: Family<ProblemLabels, Counter>,
    durations: Family<EndpointLabels, Histogram>,
    /// Requests at this moment.
    pub in_flight: Gauge,
    /// Reloads of the models.
    pub reloads: Counter,
    /// Reloads that failed.
    pub failed_reloads: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    endpoint: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProblemLabels {
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    endpoint: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("nomogram");
        let requests = Family::default();
        let problems = Family::default();
        let durations = Family::new_with_constructor((|| Histogram::new(BINS)) as fn() -> _);
        let (in_flight, reloads, failed_reloads) =
            (Gauge::default(), Counter::default(), Counter::default());
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register("problems", "Requests that were refused, by code", problems.clone());
        registry.register("request_seconds", "How long requests took", durations.clone());
        registry.register("requests_in_flight", "Requests at this moment", in_flight.clone());
        registry.register("reloads", "Reloads of the models", reloads.clone());
        registry.register("failed_reloads", "Reloads that failed", failed_reloads.clone());
        Self { registry, requests, problems, durations, in_flight, reloads, failed_reloads }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn count_request(&self, endpoint: &'static str, status: u16, duration: Duration) {
        self.requests.get_or_create(&RequestLabels { endpoint, status }).inc();
        let durations = self.durations.get_or_create(&EndpointLabels { endpoint });
        durations.observe(duration.as_secs_f64());
    }

    /// Counts a refused request.
    pub fn count_problem(&self, code: &str) {
        self.problems.get_or_create(&ProblemLabels { code: code.to_owned() }).inc();
    }

    /// All metrics as `OpenMetrics` writes them. `more` adds metrics of others.
    #[must_use]
    pub fn encode(&self, catalog: &Catalog, more: impl FnOnce(&mut String)) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        let _registry = encode_registry(&mut text, &self.registry);
        let _models = write_models(&mut text, catalog);
        more(&mut text);
        let _end = encode_eof(&mut text);
        text
    }
}

fn write_models(text: &mut String, catalog: &Catalog) -> std::fmt::Result {
    writeln!(text, "# HELP nomogram_model Models that are served.\n# TYPE nomogram_model info")?;
    for served in catalog.served() {
        let digest = served.digest();
        writeln!(text, "nomogram_model_info{{{},digest=\"{digest}\"}} 1", labels(served))?;
    }
    writeln!(
        text,
        "# HELP nomogram_rows_predicted Rows that were predicted.\n# TYPE nomogram_rows_predicted counter"
    )?;
    for served in catalog.served() {
        let count = served.tally().n_predicted();
        writeln!(text, "nomogram_rows_predicted_total{{{}}} {count}", labels(served))?;
    }
    writeln!(
        text,
        "# HELP nomogram_verdicts Verdicts of predicted rows.\n# TYPE nomogram_verdicts counter"
    )?;
    for served in catalog.served().filter(|served| served.model().uncertainty().is_some()) {
        for (verdict, count) in Tally::VERDICTS.into_iter().zip(served.tally().verdicts()) {
            let (labels, verdict) = (labels(served), verdict_name(verdict));
            writeln!(text, "nomogram_verdicts_total{{{labels},verdict=\"{verdict}\"}} {count}")?;
        }
    }
    writeln!(
        text,
        "# HELP nomogram_rows_refused Rows that were refused, by status.\n# TYPE nomogram_rows_refused counter"
    )?;
    for served in catalog.served() {
        for (status, count) in served.tally().refused() {
            let labels = labels(served);
            writeln!(text, "nomogram_rows_refused_total{{{labels},status=\"{status}\"}} {count}")?;
        }
    }
    Ok(())
}

fn labels(served: &crate::served::Served) -> String {
    let (name, version) = (escaped(served.name()), escaped(served.version()));
    format!("model=\"{name}\",version=\"{version}\"")
}

/// A text as the value of a label.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_written_with_their_labels() {
        let metrics = Metrics::default();
        metrics.count_request("predict", 200, Duration::from_micros(20));
        metrics.count_problem("value_missing");
        let bytes = nomogram_testkit::bundle_of_three_members();
        let served = crate::served::Served::open(&bytes, crate::served::Approval::NotRecorded);
        let served = served.unwrap();
        served.tally().count_predicted(None);
        served.tally().count_refused(&"value_missing".into());
        let mut catalog = Catalog::default();
        catalog.add(served.into());
        let text = metrics.encode(&catalog, |text| text.push_str("more\n"));
        for line in [
            "nomogram_requests_total{endpoint=\"predict\",status=\"200\"} 1\n",
            "nomogram_request_seconds_bucket{le=\"0.00005\",endpoint=\"predict\"} 1\n",
            "nomogram_problems_total{code=\"value_missing\"} 1\n",
            "status=\"value_missing\"} 1\n",
            "more\n# EOF\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert_eq!(escaped("a\"b\\\n"), "a\\\"b\\\\\\n");
    }
}
