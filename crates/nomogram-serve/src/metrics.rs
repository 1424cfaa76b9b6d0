//! Metrics of requests and models, as Prometheus reads them.

use std::fmt::Write;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use crate::metric::{METRICS, labels, write_head};
use crate::models::Catalog;
use crate::scored::verdict_name;
use crate::served::Served;
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
    /// Reloads of the configuration.
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
        let mut registry = Registry::default();
        let requests = Family::default();
        let problems = Family::default();
        let durations = Family::new_with_constructor((|| Histogram::new(BINS)) as fn() -> _);
        let (in_flight, reloads, failed_reloads) =
            (Gauge::default(), Counter::default(), Counter::default());
        register(&mut registry, "nomogram_requests", &requests);
        register(&mut registry, "nomogram_problems", &problems);
        register(&mut registry, "nomogram_request_seconds", &durations);
        register(&mut registry, "nomogram_requests_in_flight", &in_flight);
        register(&mut registry, "nomogram_reloads", &reloads);
        register(&mut registry, "nomogram_failed_reloads", &failed_reloads);
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

/// Registers a metric of the list by the name of its family.
fn register(registry: &mut Registry, family: &str, metric: &(impl Metric + Clone)) {
    let listed = METRICS.iter().find(|listed| listed.family() == family);
    // The library adds the point.
    let help = listed.map_or("", |listed| listed.help.trim_end_matches('.'));
    registry.register(family, help, metric.clone());
}

fn write_models(text: &mut String, catalog: &Catalog) -> std::fmt::Result {
    let labels = |served: &Served| labels(served.name(), served.version());
    write_head(text, "nomogram_model_info");
    for served in catalog.served() {
        let (labels, digest) = (labels(served), served.digest());
        writeln!(text, "nomogram_model_info{{{labels},digest=\"{digest}\"}} 1")?;
    }
    write_head(text, "nomogram_rows_predicted_total");
    for served in catalog.served() {
        let (labels, count) = (labels(served), served.tally().n_predicted());
        writeln!(text, "nomogram_rows_predicted_total{{{labels}}} {count}")?;
    }
    write_head(text, "nomogram_verdicts_total");
    for served in catalog.served().filter(|served| served.model().uncertainty().is_some()) {
        for (verdict, count) in Tally::VERDICTS.into_iter().zip(served.tally().verdicts()) {
            let (labels, verdict) = (labels(served), verdict_name(verdict));
            writeln!(text, "nomogram_verdicts_total{{{labels},verdict=\"{verdict}\"}} {count}")?;
        }
    }
    write_head(text, "nomogram_rows_refused_total");
    for served in catalog.served() {
        for (status, count) in served.tally().refused() {
            let labels = labels(served);
            writeln!(text, "nomogram_rows_refused_total{{{labels},status=\"{status}\"}} {count}")?;
        }
    }
    Ok(())
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
        let served = Served::open(&bytes, crate::served::Approval::NotRecorded);
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
    }
}
